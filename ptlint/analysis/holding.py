"""Who walks tables, and by what they hold them while they do: top down, for a caller may hold what its callee walks."""

from __future__ import annotations

from collections.abc import Callable

from ptlint.analysis.evaluate import bare
from ptlint.analysis.ledger import Ledger, Walk
from ptlint.analysis.origins import Origins
from ptlint.analysis.result import FoundHolder
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["holders"]

Runtimes = frozenset[str]
_DEPTH = 24


def holders(
    ledger: Ledger, program: Program, border: Border, origins: Origins, names: Callable[[Runtimes], tuple[str, ...]]
) -> tuple[FoundHolder, ...]:
    """The functions that go from one table to the next, one row for each way of holding these: ``irq``, ``rcu``, ``lock``, or nothing seen.

    A function that takes an entry and gives a place in the table below it, and begins a section of RCU readers for that, walks for its callers.
    """
    held = _Held(ledger)
    found: dict[tuple[str, tuple[str, ...], str], list[tuple[Walk, Runtimes]]] = {}
    for walk, runtimes in ledger.walks.items():
        if origins.dead(walk.function):
            continue
        spaces = {origin.space for origin in origins.of(walk.function, walk.table)} & {"user", "kernel"}
        space = next(iter(spaces)) if len(spaces) == 1 else "both" if spaces else ""
        own = _words(walk.reading, walk.held)
        for words in {tuple(sorted(own | above)) for above in held.above(walk.function)}:
            found.setdefault((walk.function, words, space), []).append((walk, runtimes))
    rows = []
    for (key, words, space), walks in found.items():
        function = program.functions[key]
        levels = tuple(sorted({walk.level for walk, _ in walks}))
        first = min((walk.place for walk, _ in walks), key=lambda place: (place.file != function.place.file, place.line, place.column))
        variants = names(frozenset().union(*(runtimes for _, runtimes in walks)))
        rows.append(FoundHolder(first.file, first.line, function.name, levels, space or "both", words, variants))
    for key in ledger.rcu_walkers:
        function = program.functions[key]
        level = border.level_types.get(bare(function.result), "any")
        place = function.place
        rows.append(FoundHolder(place.file, place.line, function.name, (level,), "user", ("rcu",), names(frozenset(program.runtimes))))
    return tuple(sorted(set(rows)))


class _Held:
    """What may be held whenever a function is entered; each answer once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[str, frozenset[frozenset[str]]] = {}

    def above(self, function: str, depth: int = _DEPTH) -> frozenset[frozenset[str]]:
        """The sets of words, one for each way in."""
        known = self._known.get(function)
        if known is not None:
            return known
        self._known[function] = frozenset({frozenset()})  # for whom a recursion leads back to
        found: set[frozenset[str]] = set()
        for row in self._ledger.passes.get(function, ()):
            own = _words(row.reading, row.held)
            found |= {own | above for above in (self.above(row.caller, depth - 1) if depth else ())} or {own}
        self._known[function] = frozenset(found) or frozenset({frozenset()})
        return self._known[function]


def _words(reading: frozenset[str], held: bool) -> frozenset[str]:
    return reading | ({"lock"} if held else frozenset())
