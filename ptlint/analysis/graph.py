"""The call graph of one build: who passes a table on, or waits for one."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from ptlint.analysis.inventory import Contexts, confirmed, emptied
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.result import Link, Spot
from ptlint.analysis.values import Hop
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["frees", "links"]

Runtimes = frozenset[str]
_DEPTH = 4


def links(ledger: Ledger, program: Program, border: Border, names: Callable[[Runtimes], tuple[str, ...]]) -> tuple[Link, ...]:
    """The edges, with the variants of each; a macro between two functions is a node."""
    carrying = confirmed(ledger)
    waiting = _waiting(ledger, border)
    slow = _slow(ledger, carrying)
    found: Noted[tuple[Spot, Spot, str, Place, str]] = Noted()
    for seen, runtimes in ledger.calls.items():
        if seen.callee not in program.functions or seen.function not in program.functions:
            continue
        here = carrying.get((seen.function, seen.place), frozenset()) & runtimes
        if seen.callee in waiting or (seen.kind == "callback" and here):
            here = runtimes
        if not here:
            continue
        stops = [
            _spot(program, seen.function),
            *(Spot(f"{place.file}:{name}", name, place.file, place.line) for name, place in seen.macros),
            _spot(program, seen.callee),
        ]
        label = slow.get((seen.function, seen.place), "")
        for index, (source, target) in enumerate(itertools.pairwise(stops)):
            kind = seen.kind if index == len(stops) - 2 else "call"
            place = seen.place if index == 0 else seen.macros[index - 1][1]
            found.add((source, target, kind, place, label if index == 0 else ""), here)
    return tuple(
        sorted(Link(source, target, kind, place, label, names(runtimes)) for (source, target, kind, place, label), runtimes in found.items())
    )


def _spot(program: Program, key: str) -> Spot:
    function = program.functions[key]
    return Spot(key, function.name, function.place.file, function.place.line)


def _waiting(ledger: Ledger, border: Border) -> frozenset[str]:
    """The functions that come to a flush, an IPI or a grace period within a few calls."""
    callers: dict[str, set[str]] = {}
    for seen in ledger.calls:
        callers.setdefault(seen.callee, set()).add(seen.function)
    reached: set[str] = set()
    edge = {name for name in callers if name.rsplit(":", 1)[-1] in border.waits}
    for _ in range(_DEPTH):
        edge = {caller for key in edge for caller in callers.get(key, ())} - reached
        reached |= edge
    return frozenset(reached)


def _slow(ledger: Ledger, carrying: dict[tuple[str, Place], Runtimes]) -> dict[tuple[str, Place], str]:
    """What a call's branch means, where a function does one thing with memory and another without."""
    without: dict[str, set[Place]] = {}
    others: dict[str, set[Place]] = {}
    for seen in ledger.calls:
        (without if seen.no_memory else others).setdefault(seen.function, set()).add(seen.place)
    found = {}
    for function, places in without.items():
        rest = others.get(function, set())
        only = places - rest
        carried = {place for place in only if (function, place) in carrying}
        if carried:
            found.update({(function, place): "no-free-memory slowpath" for place in only})
            found.update({(function, place): "fastpath" for place in rest - places if (function, place) in carrying})
    return found


def frees(ledger: Ledger, program: Program) -> dict[str, str]:
    """How a function frees, by what it adds itself: its own call into the border, or a wait before its call."""
    words = emptied(ledger, Contexts(ledger))
    tables = confirmed(ledger)
    called: dict[tuple[str, Place], str] = {}
    for seen in sorted(ledger.calls):
        called.setdefault((seen.function, seen.place), seen.callee)
    found: dict[str, set[str]] = {}
    for chain in _chains(ledger):
        for index, hop in enumerate(chain):
            if (hop.function, hop.place) not in tables:
                continue
            inner = chain[index + 1].deferral if index + 1 < len(chain) else "immediate"
            if hop.deferral.startswith("cell:"):
                if index + 1 == len(chain) and words.get(hop.deferral[5:]) == {"mmu-gather"}:
                    callee = called.get((hop.function, hop.place), "")
                    if callee in program.functions:
                        found.setdefault(callee, set()).add("mmu-gather")
            elif hop.role in ("leaf", "handover") or hop.deferral != inner:
                found.setdefault(hop.function, set()).add(hop.deferral)
    order = ("rcu", "sync-rcu", "semi-rcu", "mmu-gather", "workqueue", "immediate")
    return {key: min(value, key=order.index) for key, value in sorted(found.items())}


def _chains(ledger: Ledger) -> set[tuple[Hop, ...]]:
    found = {event.chain for _, event in ledger.ways}
    found.update(chain for rows in ledger.drains.values() for chain, _ in rows)
    found.update(ledger.chains)
    return found
