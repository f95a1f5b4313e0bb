"""From a callee's terms to its caller's."""

from __future__ import annotations

from typing import Protocol

from ptlint.analysis import terms
from ptlint.analysis.terms import Term
from ptlint.analysis.values import State
from ptlint.frontend import ir

__all__ = ["Substitute"]


class Loads(Protocol):
    """Who knows what lies in a place."""

    def load(self, place: Term, state: State) -> Term:
        """What lies in ``place``."""

    def entry_at(self, pointer: Term, kind: str) -> str:
        """The type of what a pointer leads to, which was taken for ``kind``."""


class Substitute:
    """Puts a caller's values for a callee's parameters. What a callee allocated, or does not know, is told apart by the place of the call."""

    def __init__(self, run: Loads, values: list[Term], state: State, place: ir.Place, before: dict[Term, Term] | None = None) -> None:
        self.run = run
        self.values = values
        self.at = place
        self.numbers: dict[Term, int] = {}
        self.known: dict[Term, Term] = {}
        # Values are those on entry: loads must not see what this call stores.
        self.before = State(state.runtimes)
        self.before.memory = dict(state.memory) if before is None else before

    def term(self, term: Term) -> Term:
        """The caller's term for the callee's."""
        kind = term[0]
        if kind in ("c", "g", "fn"):
            return term
        if kind == "p":
            return self.values[term[1]] if term[1] < len(self.values) else ("n", (self.at, "missing", term[1]), str(term[2]))
        known = self.known.get(term)
        if known is None:
            known = self.known[term] = self._composed(kind, term)
        return known

    def _composed(self, kind: str, term: Term) -> Term:
        if kind == "v":
            place = self.place(term[1])
            return self.run.load(place, self.before) if terms.is_place(place) else ("v", place)
        if kind in ("n", "m"):
            return (kind, (self.at, self.numbers.setdefault(term, len(self.numbers))), term[2])
        if kind == "up":
            return terms.up(self.term(term[1]), term[2])
        if kind in ("leaf", "kernel"):
            return (kind, self.term(term[1]))
        if kind == "o":
            if term[1] == "!":
                return terms.negated(self.term(term[2]))
            return terms.op(term[1], self.term(term[2]), self.term(term[3]))
        return self.place(term)

    def place(self, place: Term) -> Term:
        kind = place[0]
        if terms.is_element(place):
            return terms.element(self.term(place[1]), place[-1], place[-2])
        if kind == "f":
            return terms.field(self.term(place[1]), place[2], place[3])
        if kind == "d":
            pointer = self.term(place[1])
            return terms.deref(pointer, self.run.entry_at(pointer, place[2]))
        if kind == "a":
            return ("n", (self.at, "local", place[1]), "")
        return self.term(place) if kind != "g" else place
