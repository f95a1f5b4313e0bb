"""What one function's run asks of the rest of the program.

A run is given the function and this, and nothing else that differs from tree to tree. Every question is noted with a digest of its answer: where
they would all be answered alike, the run would give the same again, and need not be made (see ``kept.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from ptlint.analysis.evaluate import bare
from ptlint.analysis.relevance import Relevance
from ptlint.analysis.values import Runtimes, Summary
from ptlint.frontend import ir
from ptlint.program.link import Program
from ptlint.program.walk import sub

__all__ = ["Answers", "Asked", "Question", "digest"]

Question = tuple[Any, ...]
"""What is asked, and of what: ``("summary", KEY)``."""


def digest(data: bytes) -> bytes:
    """Equal for equal bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


class Answers:
    """The answers of one program; each is found once.

    Args:
        summary: gives a function's summary.
        digested: gives the digest of that.
    """

    def __init__(self, program: Program, relevance: Relevance, summary: Callable[[str], Summary], digested: Callable[[str], bytes]) -> None:
        self._program = program
        self._relevance = relevance
        self._completions = relevance.border.completions
        self._everywhere = frozenset(program.runtimes)
        self.summary = summary
        self._digested = digested
        self._known: dict[Question, Any] = {}
        self._digests: dict[Question, bytes] = {}

    def of(self, question: Question) -> Any:
        """The answer to anything but ``summary``."""
        if question not in self._known:
            self._known[question] = self._found(question)
        return self._known[question]

    def _found(self, question: Question) -> Any:
        program = self._program
        match question:
            case ("takes", key):
                function = program.functions.get(key)
                return None if function is None else tuple(param.type for param in function.params)
            case ("gives", key):
                return program.functions[key].result
            case ("targets", member):
                return program.targets(member)
            case ("offered", member):
                return member in program.tables
            case ("offers", key):
                return key in program.fillers
            case ("given", key, index):
                given = {given for given, _ in program.given.to(key, index) if given in program.functions}
                return tuple(sorted(given, key=program.stands))
            case ("holds", variable):
                known = program.globals.get(variable)
                named = () if known is None or known.init is None else (node.key for node in sub(known.init) if isinstance(node, ir.FunctionRef))
                return tuple(key for key in named if key in program.functions)
            case ("type", member):
                return bare(program.member_types.get(member, ""))
            case ("keeps", member):
                return member in self._relevance.kept
            case ("completes", key):
                return not self._completions.isdisjoint(program.callees.get(key, ()))
            case ("enter", key, table, place):
                return self._relevance.enter(key, table=table, place=place)
        raise AssertionError(question)

    def _plain(self, question: Question) -> bytes:
        answer = self.of(question)
        if isinstance(answer, dict):
            # A build that has one runtime and one that has many agree in what holds in all they have.
            answer = [(key, "*" if runtimes == self._everywhere else sorted(runtimes)) for key, runtimes in answer.items()]
        return digest(msgspec.msgpack.encode(answer))

    def digest(self, question: Question) -> bytes:
        """Equal for equal answers, of whichever build."""
        if question[0] == "summary":
            return self._digested(question[1])
        if question not in self._digests:
            self._digests[question] = self._plain(question)
        return self._digests[question]


class Asked:
    """The questions of one run, with the answers. ``noted`` are the questions, in the order in which they were first asked."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._noted: dict[Question, None] = {}

    @property
    def noted(self) -> tuple[tuple[Question, bytes], ...]:
        """Each question with the digest of its answer."""
        return tuple((question, self._answers.digest(question)) for question in self._noted)

    def _ask(self, *question: Any) -> Any:
        self._noted[question] = None
        return self._answers.of(question)

    def summary(self, key: str) -> Summary:
        """The summary of a function that has a body."""
        self._noted[("summary", key)] = None
        return self._answers.summary(key)

    def takes(self, key: str) -> tuple[str, ...] | None:
        """The types of a function's parameters; None where it has no body."""
        found: tuple[str, ...] | None = self._ask("takes", key)
        return found

    def gives(self, key: str) -> str:
        """The type of a function's result. The function has a body."""
        return str(self._ask("gives", key))

    def targets(self, member: str) -> dict[str, Runtimes]:
        """The functions that a call through a member may reach, each with the runtimes in which it does."""
        found: dict[str, Runtimes] = self._ask("targets", member)
        return found

    def offered(self, member: str) -> bool:
        """Does a table of functions fill this member?"""
        return bool(self._ask("offered", member))

    def offers(self, key: str) -> bool:
        """Does some table of functions hold this function?"""
        return bool(self._ask("offers", key))

    def given(self, key: str, index: int) -> tuple[str, ...]:
        """The functions, with a body, that the callers of a function give it as an argument."""
        found: tuple[str, ...] = self._ask("given", key, index)
        return found

    def holds(self, variable: str) -> tuple[str, ...]:
        """The functions, with a body, that a global variable's initialiser names."""
        found: tuple[str, ...] = self._ask("holds", variable)
        return found

    def type_of(self, member: str) -> str:
        """The type of a member (``struct list_head.next``); empty where no function names it."""
        return str(self._ask("type", member))

    def keeps(self, member: str) -> bool:
        """Is a member known to be given tables, whatever its type says?"""
        return bool(self._ask("keeps", member))

    def completes(self, key: str) -> bool:
        """Does a function let somebody go on who waits?"""
        return bool(self._ask("completes", key))

    def enter(self, key: str, *, table: bool, place: bool) -> bool:
        """Go into a call? See ``Relevance``."""
        return bool(self._ask("enter", key, table, place))
