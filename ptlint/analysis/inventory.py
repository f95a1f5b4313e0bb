"""The inventory of one build: every call on a way of a table to the allocator, with how it is deferred there."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.origins import Origins
from ptlint.analysis.safety import Verdict, judge
from ptlint.analysis.values import Hop
from ptlint.frontend.ir import Place
from ptlint.program.link import Program

__all__ = ["Contexts", "SiteSeen", "confirmed", "emptied", "sites"]

Runtimes = frozenset[str]
_CELL = "cell:"
_GRACE = [(Verdict("deferred", ""), "a grace period lies between the unlink and the free")]
_IPI = [(Verdict("ipi", ""), "an IPI to all CPUs lies between the unlink and the free")]
_WAITED = {"rcu": _GRACE, "sync-rcu": _GRACE, "semi-rcu": _IPI}


class SiteSeen(NamedTuple):
    """A site in one build, with one verdict. ``level`` is ``any`` where several go through it; ``reason`` says why it is safe, or what is open."""

    function: str
    file: str
    line: int
    column: int
    text: str
    role: str
    level: str
    deferral: str
    safety: str
    space: str
    reason: str


class _Row(NamedTuple):
    """What one hit says of a hop."""

    level: str
    space: str
    verdicts: dict[Verdict, str]
    runtimes: Runtimes


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
        # What an RCU callback hands on has been waited for.
        return "rcu" if deferral in ("workqueue", "semi-rcu") and contexts == {"rcu"} else deferral


def reached(ledger: Ledger, program: Program) -> dict[str, Runtimes]:
    """The runtimes of functions that are only ever called through tables of functions."""
    direct = {seen.callee for seen in ledger.calls if seen.kind == "call"}
    found: Noted[str] = Noted()
    for member in program.tables:
        for function, runtimes in program.targets(member).items():
            found.add(function, runtimes)
    through = {seen.callee for seen in ledger.calls if seen.kind == "pv_ops"}
    return {key: runtimes for key, runtimes in found.items() if key in through and key not in direct}


def sites(ledger: Ledger, program: Program, origins: Origins) -> dict[SiteSeen, Runtimes]:
    """All sites that a table goes through, with the runtimes of each verdict."""
    contexts = Contexts(ledger)
    emptied_by = emptied(ledger, contexts)
    rows = _rows(ledger, origins, contexts)
    result: Noted[SiteSeen] = Noted()
    reach = reached(ledger, program)
    for (hop, origin), found in rows.items():
        runtimes = frozenset().union(*(row.runtimes for row in found))
        runtimes = runtimes & reach.get(hop.function, runtimes) or runtimes
        level = _one({row.level for row in found})
        role = hop.role if hop.role != "wrapper" else "decision" if origin else "wrapper"
        words = (
            emptied_by.get(hop.deferral[len(_CELL) :], {"immediate"})
            if hop.deferral.startswith(_CELL)
            else {contexts.refine(hop.deferral, hop.function)}
        )
        verdicts = _settled(role, found)
        for word in sorted(words):
            for verdict, reason in _WAITED.get(word) or verdicts:
                space = verdict.space or _space(found)
                site = SiteSeen(
                    hop.function, hop.place.file, hop.place.line, hop.place.column, hop.text, role, level, word, verdict.safety, space, reason
                )
                result.add(site, runtimes)
    return result


def _rows(ledger: Ledger, origins: Origins, contexts: Contexts) -> dict[tuple[Hop, bool], list[_Row]]:
    """What is known of each hop."""
    found: dict[tuple[Hop, bool], list[_Row]] = {}
    put: dict[str, dict[Verdict, str]] = {}
    for hit, runtimes in sorted(ledger.hits.items(), key=repr):
        verdicts = judge(hit, origins)
        found.setdefault((hit.hop, hit.origin), []).append(_Row(hit.level, hit.space, verdicts, runtimes))
        if hit.hop.deferral.startswith(_CELL):
            put.setdefault(hit.hop.deferral[len(_CELL) :], {}).update(verdicts)
    holding = _holding(ledger)
    for cell, drains in ledger.drains.items():
        tables = holding.get(cell, frozenset())
        # A call that can see the container has a row of its own, where it comes first.
        first = {chain[0] for chain, _ in drains}
        for (chain, level), runtimes in drains.items():
            for hop in chain:
                if runtimes & tables and (hop is chain[0] or hop not in first):
                    gathered = cell in ledger.gathers and hop is chain[0] and contexts.refine(hop.deferral, hop.function) == "immediate"
                    space = "user" if cell in ledger.gathers else ""
                    kept = hop._replace(deferral="mmu-gather") if gathered else hop
                    verdicts = put.get(cell) or {Verdict("caller", space): f"taken out of {cell} at {hop.place.file}:{hop.place.line}"}
                    found.setdefault((kept, False), []).append(_Row(level or "any", space, verdicts, runtimes & tables))
    return found


def _settled(role: str, rows: list[_Row]) -> list[tuple[Verdict, str]]:
    """The verdicts that stand. Of a helper that serves several contexts it is the callers that decide."""
    found: dict[Verdict, str] = {}
    for row in rows:
        for verdict, reason in row.verdicts.items():
            found.setdefault(verdict, reason)
    words = {verdict.safety for verdict in found}
    if role not in ("wrapper", "leaf") or len(words) == 1 or words <= {"teardown", "exclusion", "caller"}:
        return sorted({verdict.safety: (verdict, reason) for verdict, reason in sorted(found.items())}.values())
    reason = "serves several contexts: " + "; ".join(f"{verdict.safety}: {reason}" for verdict, reason in sorted(found.items())[:4])
    return [(Verdict("caller", ""), reason)]


def _space(rows: list[_Row]) -> str:
    spaces = {space for row in rows for space in (row.space, *(verdict.space for verdict in row.verdicts)) if space in ("user", "kernel")}
    return next(iter(spaces)) if len(spaces) == 1 else "both"


def confirmed(ledger: Ledger) -> dict[tuple[str, Place], Runtimes]:
    """The calls that a table goes through: (function, place) with the runtimes."""
    found: Noted[tuple[str, Place]] = Noted()
    for hit, runtimes in ledger.hits.items():
        found.add((hit.hop.function, hit.hop.place), runtimes)
    holding = _holding(ledger)
    for cell, rows in ledger.drains.items():
        for (chain, _), runtimes in rows.items():
            for hop in chain:
                if here := runtimes & holding.get(cell, frozenset()):
                    found.add((hop.function, hop.place), here)
    return found


def _one(levels: set[str]) -> str:
    if len(levels) > 1:
        levels = levels - {"any"}
    return next(iter(levels)) if len(levels) == 1 else "any"


def _holding(ledger: Ledger) -> dict[str, Runtimes]:
    """The containers that tables are put into, with the runtimes in which they are."""
    found: Noted[str] = Noted()
    for cell, rows in ledger.puts.items():
        for (_, level), runtimes in rows.items():
            if level:
                for other in ledger.onward(cell):
                    found.add(other, runtimes)
    return found


def emptied(ledger: Ledger, contexts: Contexts) -> dict[str, set[str]]:
    """How what is in a container is freed."""
    found: dict[str, set[str]] = {}
    for cell, rows in ledger.drains.items():
        for chain, _ in rows:
            word = contexts.refine(chain[0].deferral, chain[0].function)
            if word == "immediate" and cell in ledger.gathers:
                word = "mmu-gather"
            found.setdefault(cell, set()).add(word)
    return found
