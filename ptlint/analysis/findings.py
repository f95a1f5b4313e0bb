"""Findings of one build: frees that are reached with obligations left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ptlint.analysis.inventory import Contexts, emptied
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.result import Proof, RawFinding
from ptlint.analysis.values import Event, Hop, Unlink
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["findings"]

Runtimes = frozenset[str]
Names = Callable[[Runtimes], tuple[str, ...]]


def findings(ledger: Ledger, program: Program, border: Border, names: Names, user_rcu: bool) -> list[RawFinding]:
    """The findings of a build.

    Args:
        names: gives the variants of runtimes.
        user_rcu: does the tree have walkers that only a grace period waits for? Without them an IPI is all that is owed.
    """
    found = [*_linked(ledger, program, names), *_used(ledger, program, names)]
    if user_rcu:
        found += _semi_rcu(ledger, program, names)
        found += _page_batch(ledger, program, border, names)
        found += _immediate(ledger, program, names)
        found += _later(ledger, program, names)
    return found


def _semi_rcu(ledger: Ledger, program: Program, names: Names) -> Iterator[RawFinding]:
    """PTL002, at the call that frees after the IPI."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in ledger.ways.items():
        if kind == "semi-rcu":
            added = [index for index, hop in enumerate(event.chain) if hop.deferral == "semi-rcu"]
            ways.setdefault(event.chain[added[-1]], {})[event] = runtimes
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if _live(event)}
        chosen = live or events
        event = max(chosen, key=_weight)
        severity = "error" if live and "user" in {event.space for event in live} else "warning"
        message = "page table is freed after an IPI: walkers under rcu_read_lock() are not waited for"
        yield _finding("PTL002", severity, message, hop, event, ("rcu",), program, names(frozenset().union(*events.values())))


def _page_batch(ledger: Ledger, program: Program, border: Border, names: Names) -> Iterator[RawFinding]:
    """PTL003, where code that handles tables hands one to code that serves any page."""
    freed = emptied(ledger, Contexts(ledger))
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in ledger.ways.items():
        if kind == "put" and event.chain and "mmu-gather" in freed.get(event.extra, ()):
            handles = [index for index, hop in enumerate(event.chain) if hop.handles]
            ways.setdefault(event.chain[handles[-1] if handles else 0], {})[event] = runtimes
    by_ipi = _flushing_by_ipi(program, border)
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if _live(event)}
        event = max(live or events, key=_weight)
        runtimes = frozenset().union(*events.values())
        silent = runtimes - by_ipi
        severity = "error" if silent or live else "warning"
        missing = ("irq", "rcu") if silent else ("rcu",)
        what = "walkers under rcu_read_lock()" + (", and with interrupts off where a flush is no IPI," if silent else "")
        yield _finding(
            "PTL003",
            severity,
            f"page table goes into the page batch of the mmu_gather: {what} are not waited for",
            hop,
            event,
            missing,
            program,
            names(runtimes),
        )


def _later(ledger: Ledger, program: Program, names: Names) -> Iterator[RawFinding]:
    """PTL004, where the worker, or who empties the list, frees what was unlinked while others may walk."""
    contexts = Contexts(ledger)
    put = {
        event.extra: event for (kind, event), _ in sorted(ledger.ways.items(), key=repr) if kind == "put" and _live(event) and event.space == "user"
    }
    for cell, event in put.items():
        ways: dict[Hop, tuple[tuple[Hop, ...], Runtimes]] = {}
        for (chain, _), runtimes in ledger.drains.get(cell, {}).items():
            if contexts.refine(chain[0].deferral, chain[0].function) == "workqueue" and (chain[0] not in ways or len(chain) < len(ways[chain[0]][0])):
                ways[chain[0]] = (chain, runtimes)
        for hop, (chain, runtimes) in ways.items():
            message = "page table is freed from a worker: no grace period lies between the unlink and this"
            whole = event._replace(chain=(*event.chain, *chain))
            yield _finding("PTL004", "error", message, hop, whole, ("irq", "rcu"), program, names(runtimes))
    for (kind, event), runtimes in ledger.ways.items():
        if kind == "workqueue" and _live(event) and event.space == "user":
            message = "page table is handed to a worker and freed there: no grace period lies between the unlink and the free"
            yield _finding("PTL004", "error", message, event.chain[0], event, ("irq", "rcu"), program, names(runtimes))


def _used(ledger: Ledger, program: Program, names: Names) -> Iterator[RawFinding]:
    """PTL013, at the use."""
    merged: dict[tuple[str, Place, str], tuple[Event, Runtimes]] = {}
    for use, runtimes in sorted(ledger.uses.items(), key=repr):
        key = (use.function, use.place, use.text)
        event, before = merged.get(key, (use.event, frozenset()))
        merged[key] = (event, before | runtimes)
    for (function, place, text), (event, runtimes) in merged.items():
        at = Proof(place.file, place.line, place.column, program.functions[function].name, text, "the table is used")
        path = tuple(_proof(hop, program, "the table goes this way") for hop in event.chain)
        message = "the page table is used after it was freed or queued: it may belong to somebody else by now"
        yield RawFinding("PTL013", "error", message, at, event.level or "any", event.space or "both", (), (*path, at), names(runtimes))


def _flushing_by_ipi(program: Program, border: Border) -> Runtimes:
    """The runtimes that flush other CPUs' TLBs by an IPI: all that do not put something else where the initialiser has such a flush."""
    found = frozenset(program.runtimes)
    interrupting = {name for name, wait in border.waits.items() if wait.kind == "flush" and "irq" in wait.classes}
    for member, fillers in program.tables.items():
        if any(filler.function.rsplit(":", 1)[-1] in interrupting for filler in fillers):
            for function, runtimes in program.targets(member).items():
                if function.rsplit(":", 1)[-1] not in interrupting:
                    found -= runtimes
    return found


def _immediate(ledger: Ledger, program: Program, names: Names) -> Iterator[RawFinding]:
    """PTL001: unlinked under a lock, so while others may walk, and freed with nothing but a flush."""
    seen: dict[tuple[Unlink | None, tuple[Hop, ...]], dict[Event, Runtimes]] = {}
    for suspect, runtimes in ledger.suspects.items():
        event = suspect.event
        if suspect.kind == "unlinked" and event.chain[0].deferral == "immediate" and _live(event) and event.space == "user":
            seen.setdefault((event.unlinked, event.chain), {})[event] = runtimes
    for (unlink, chain), events in seen.items():
        if any((unlink, chain[index:]) in seen for index in range(1, len(chain))):
            continue  # said in the function that this one calls
        event = min(events, key=repr)
        hop = next((hop for hop in chain if unlink is not None and hop.function == unlink.function), chain[0])
        message = "page table is unlinked and freed at once: software walkers may still be in it"
        yield _finding("PTL001", "error", message, hop, event, ("irq", "rcu"), program, names(frozenset().union(*events.values())))


def _linked(ledger: Ledger, program: Program, names: Names) -> Iterator[RawFinding]:
    """PTL001: freed while an entry still points to it."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for suspect, runtimes in ledger.suspects.items():
        if suspect.kind == "linked":
            ways.setdefault(suspect.event.chain[0], {})[suspect.event] = runtimes
    for hop, events in ways.items():
        event = max(events, key=_weight)
        severity = "error" if event.space == "user" else "warning"
        message = "page table is freed before the entry that points to it is cleared"
        yield _finding("PTL001", severity, message, hop, event, ("hw", "irq"), program, names(frozenset().union(*events.values())))


def _live(event: Event) -> bool:
    """Was the table unlinked under a lock? Who tears down what nobody can reach needs none."""
    return event.unlinked is not None and event.unlinked.locked and event.unlinked.space not in ("own", "kernel")


def _weight(event: Event) -> tuple[int, str]:
    return len(event.chain), repr(event.chain)


def _finding(
    rule: str, severity: str, message: str, at: Hop, event: Event, missing: tuple[str, ...], program: Program, variants: tuple[str, ...]
) -> RawFinding:
    path = []
    if event.unlinked is not None:
        place = event.unlinked.place
        function = program.functions.get(event.unlinked.function)
        path.append(Proof(place.file, place.line, place.column, function.name if function else event.unlinked.function, "", "the entry is cleared"))
    for index, hop in enumerate(event.chain):
        note = (
            "freed"
            if hop.role == "leaf"
            else "handed over"
            if hop.role == "handover"
            else f"calls {hop.text}"
            if index < len(event.chain) - 1
            else f"put by {hop.text}"
        )
        path.append(_proof(hop, program, note))
    return RawFinding(rule, severity, message, _proof(at, program, ""), event.level or "any", event.space or "both", missing, tuple(path), variants)


def _proof(hop: Hop, program: Program, note: str) -> Proof:
    function = program.functions.get(hop.function)
    return Proof(hop.place.file, hop.place.line, hop.place.column, function.name if function else hop.function, hop.text, note)
