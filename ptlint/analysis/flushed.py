"""Which tables a flush of a range tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.evaluate import bare
from ptlint.analysis.fates import Fates
from ptlint.analysis.terms import Term
from ptlint.analysis.values import MISSED, State, Unlink
from ptlint.frontend import ir

if TYPE_CHECKING:
    from ptlint.program.border import Wait

__all__ = ["Flushed"]


class Flushed(Fates):
    """The part of a function's run that compares the range of a flush with where tables were unlinked."""

    def _elsewhere(self, wait: Wait, values: list[Term], where: ir.Place, state: State) -> bool:
        """Does a flush cover nothing, or begin where the range ends that this function works on, or a whole table's span later?"""
        if (flushed := _range(wait, values)) is None:
            return False
        start, end = flushed
        same = (start == end and start[0] in ("p", "v", "m")) or _alike(start, end, state)
        if same or (where, *wait.range_args) in self.flow.used_up:
            return True
        base = start
        if start[0] == "o" and start[1] == "+" and start[3][0] == "c":
            if start[3][1] >= self.border.table_span:
                return True
            base = start[2]
        return base[0] == "p" and base[1] in self.flow.limits

    def _leave_out(self, wait: Wait, values: list[Term], since: Mapping[Term, tuple[Unlink, frozenset[str]]], state: State) -> None:
        """Tables that a flush of a range misses were not told of: their waits are those from before it (``since``), and that it missed them."""
        if (flushed := _range(wait, values)) is None:
            return
        start, end = flushed
        left = {table: (unlink, waits | {MISSED}) for table, (unlink, waits) in since.items() if self._misses(table, start, end)}
        if left:
            state.since = {**state.since, **left}

    def _misses(self, table: Term, start: Term, end: Term) -> bool:
        """Does a range end where what the table maps begins, or before; or is it that of another address that this function was given?"""
        address = self._address(table)
        if address is None:
            return False
        before = end == address or (end[:3] == ("o", "-", address) and end[3][0] == "c")
        if before and start[:3] == ("o", "-", address) and start[3][0] == "c":
            return True
        other = start[0] == "p" and bare(start[2]) == bare(terms.type_of(address)) and start != address and start[1] not in self.flow.limits
        return other and end[:3] == ("o", "+", start) and end[3][0] == "c" and end[3][1] <= self.border.table_span

    def _address(self, table: Term) -> Term | None:
        """The parameter that says where a table's entry was looked up; where the entry itself is a parameter, the only address among the others."""
        if table[0] != "v" or table[1][0] != "d":
            return None
        entry = table[1][1]
        if entry[0] == "o" and entry[1] == "+" and entry[3][0] == "p":
            return entry[3] if entry[3][1] not in self.flow.limits else None
        if entry[0] != "p":
            return None
        given = [value for value in self.params.values() if bare(value[2]) == "unsigned long" and value[1] not in self.flow.limits]
        return given[0] if len(given) == 1 else None


def _range(wait: Wait, values: list[Term]) -> tuple[Term, Term] | None:
    """The begin and the end that a flush is given; None for one that takes no range."""
    if len(wait.range_args) != 2 or max(wait.range_args) >= len(values):
        return None
    start, end = wait.range_args
    return values[start], values[end]


def _alike(one: Term, other: Term, state: State) -> bool:
    """Does the path know that two values are the same? No path of the program leads where one is computed from the other."""
    if terms.contains(one, other) or terms.contains(other, one):
        return False
    pairs = ((one, other), (other, one))
    return any(state.facts.get(("o", "==", *pair)) is True or state.facts.get(("o", "!=", *pair)) is False for pair in pairs)
