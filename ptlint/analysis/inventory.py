"""The inventory of one build: every call on a way of a table to the allocator, with how it is deferred there."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.ledger import Ledger
from ptlint.analysis.values import Hop
from ptlint.program.link import Program

__all__ = ["Contexts", "SiteSeen", "sites"]

Runtimes = frozenset[str]
_CELL = "cell:"


class SiteSeen(NamedTuple):
    """A site in one build, with one verdict. ``level`` is ``any`` where several go through it."""

    function: str
    file: str
    line: int
    column: int
    text: str
    role: str
    level: str
    deferral: str
    fresh: bool


class Contexts:
    """In which contexts a function runs: ``immediate`` when it is called from anywhere, else what its callbacks wait for."""

    def __init__(self, ledger: Ledger) -> None:
        self._callbacks: dict[str, set[str]] = {}
        for key, kind in ledger.callbacks:
            self._callbacks.setdefault(key, set()).add(kind)
        self._callers: dict[str, set[str]] = {}
        for seen in ledger.calls:
            if seen.kind != "callback":
                self._callers.setdefault(seen.callee, set()).add(seen.function)
        self._known: dict[str, frozenset[str]] = {}

    def of(self, key: str) -> frozenset[str]:
        """The contexts of a function."""
        known = self._known.get(key)
        if known is not None:
            return known
        self._known[key] = frozenset()
        found = set(self._callbacks.get(key, ()))
        for caller in sorted(self._callers.get(key, ())):
            found |= self.of(caller)
        if not found:
            found.add("immediate")
        self._known[key] = frozenset(found)
        return self._known[key]

    def refine(self, deferral: str, function: str) -> str:
        """What a call that defers nothing itself comes to in its function's only context."""
        contexts = self.of(function)
        if deferral == "immediate" and len(contexts) == 1:
            return next(iter(contexts))
        return deferral


def sites(ledger: Ledger, program: Program) -> dict[SiteSeen, Runtimes]:
    """All sites that a table goes through, with the runtimes of each verdict."""
    contexts = Contexts(ledger)
    holding = _holding(ledger)
    emptied = _emptied(ledger, contexts)
    found: dict[tuple[Hop, bool, bool], dict[str, Runtimes]] = {}

    def add(hop: Hop, level: str, fresh: bool, origin: bool, runtimes: Runtimes) -> None:
        levels = found.setdefault((hop._replace(type=""), fresh, origin), {})
        levels[level] = levels.get(level, frozenset()) | runtimes

    for hit, runtimes in ledger.hits.items():
        add(hit.hop, hit.level, hit.fresh, hit.origin, runtimes)
    for cell, rows in ledger.drains.items():
        tables = holding.get(cell, frozenset())
        for (chain, level), runtimes in rows.items():
            for hop in chain:
                if runtimes & tables:
                    gathered = cell in ledger.gathers and hop.deferral == "immediate" and contexts.of(hop.function) == {"immediate"} and hop is chain[0]
                    add(hop._replace(deferral="mmu-gather") if gathered else hop, level or "any", False, False, runtimes & tables)
    result: dict[SiteSeen, Runtimes] = {}
    for (hop, fresh, origin), levels in found.items():
        level = next(iter(levels)) if len(levels) == 1 else _one(set(levels))
        runtimes = frozenset().union(*levels.values())
        words = emptied.get(hop.deferral[len(_CELL) :], {"immediate"}) if hop.deferral.startswith(_CELL) else {contexts.refine(hop.deferral, hop.function)}
        for word in sorted(words):
            role = hop.role if hop.role != "wrapper" else "decision" if origin else "wrapper"
            site = SiteSeen(hop.function, hop.place.file, hop.place.line, hop.place.column, hop.text, role, level, word, fresh)
            result[site] = result.get(site, frozenset()) | runtimes
    return result


def _one(levels: set[str]) -> str:
    levels = levels - {"any"}
    return next(iter(levels)) if len(levels) == 1 else "any"


def _holding(ledger: Ledger) -> dict[str, Runtimes]:
    """The containers that tables are put into, with the runtimes in which they are."""
    found: dict[str, Runtimes] = {}
    for cell, rows in ledger.puts.items():
        for (_, level), runtimes in rows.items():
            if level:
                found[cell] = found.get(cell, frozenset()) | runtimes
    return found


def _emptied(ledger: Ledger, contexts: Contexts) -> dict[str, set[str]]:
    """How what is in a container is freed."""
    found: dict[str, set[str]] = {}
    for cell, rows in ledger.drains.items():
        for chain, _ in rows:
            word = contexts.refine(chain[0].deferral, chain[0].function)
            if word == "immediate" and cell in ledger.gathers:
                word = "mmu-gather"
            found.setdefault(cell, set()).add(word)
    return found
