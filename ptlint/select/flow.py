"""Whether a function gives away what it was given: a look at names and assignments, with no types and no order of execution."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ptlint.select.split import Definition, closing
from ptlint.select.vocabulary import Vocabulary

__all__ = ["Flow"]

_WORD = re.compile(rb"[A-Za-z_]\w*")
_ASSIGNED = re.compile(rb"([A-Za-z_]\w*)(?:(?:->|\.)\w+|\[[^\]]*\])*[ \t\n]*=(?!=)([^;]*);")
_LOOP = re.compile(rb"\b\w*for_each\w*[ \t]*\(([^;{]*)\)")
_LIST = re.compile(rb"\bl?list_\w+")


class Flow:
    """What of one function's names comes from its parameters, from a list, or is an object that carries tables."""

    def __init__(self, text: bytes, definition: Definition, vocabulary: Vocabulary) -> None:
        """``text`` is the blanked text of the file."""
        self._body = text[definition.body:definition.end]
        head = text[definition.start:definition.body]
        self._given: set[bytes] = set()
        self._owners: set[bytes] = set()
        self._everything = definition.macro or definition.generated
        opening = head.find(definition.names[0].encode() + b"(") + len(definition.names[0]) if not self._everything else -1
        for parameter in _arguments(head, opening) if opening > 0 else ():
            words = _WORD.findall(parameter)
            if words and vocabulary.carrier.search(parameter):
                (self._owners if vocabulary.owner.search(parameter) else self._given).add(words[-1])
        if not self._everything:
            self._follow(vocabulary)

    def _follow(self, vocabulary: Vocabulary) -> None:
        for match in vocabulary.local.finditer(self._body):
            self._given.add(match[1])
        for match in _LOOP.finditer(self._body):
            self._given.update(_WORD.findall(match[1]))
        assigned = [(match[1], match[2]) for match in _ASSIGNED.finditer(self._body)]
        for _ in range(2):
            before = len(self._given)
            for name, value in assigned:
                if name not in self._given and not vocabulary.fresh.search(value) and (self._comes(value) or _LIST.search(value)):
                    self._given.add(name)
            if len(self._given) == before:
                break

    def _comes(self, value: bytes) -> bool:
        return not self._given.isdisjoint(_WORD.findall(value)) or not self._owners.isdisjoint(_WORD.findall(value))

    def gives(self, callee: str) -> bool:
        """Whether a call of ``callee`` has something given among its arguments, or ``callee`` is handed on as a pointer."""
        if self._everything:
            return True
        seen = False
        for match in re.finditer(rb"\b%s\b[ \t\n]*(\(?)" % re.escape(callee.encode()), self._body):
            if not match[1]:
                return True
            seen = True
            arguments = list(_arguments(self._body, match.end() - 1))
            for argument in arguments:
                words = _WORD.findall(argument)
                if not self._given.isdisjoint(words) or (not self._owners.isdisjoint(words) and (len(words) > 1 or len(arguments) == 1)):
                    return True
        return not seen


def _arguments(text: bytes, opening: int) -> Iterator[bytes]:
    """The arguments of the parenthesis at ``opening``."""
    depth, begin = 0, opening + 1
    end = closing(text, opening)
    for position in range(opening + 1, end):
        byte = text[position]
        if byte == 44 and not depth:
            yield text[begin:position]
            begin = position + 1
        elif byte in b"([{":
            depth += 1
        elif byte in b")]}":
            depth -= 1
    yield text[begin:end]
