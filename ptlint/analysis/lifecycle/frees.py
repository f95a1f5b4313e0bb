"""PTL001, PTL002, PTL013 and PTL014: tables that are freed while others may be in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from ptlint.analysis.ledger import Suspect, Use
from ptlint.analysis.lifecycle.asked import asked_for
from ptlint.analysis.lifecycle.common import Build, Runtimes, all_of, finding, live_here, weight
from ptlint.analysis.noted import Noted
from ptlint.analysis.origins import Origins
from ptlint.analysis.proof import proof
from ptlint.analysis.result import Proof, RawFinding
from ptlint.analysis.values import FLUSHED, Event, Hop
from ptlint.frontend.ir import Place

__all__ = ["immediate", "left", "linked", "reachable", "semi_rcu", "twice", "used"]

_TWICE = "page table is freed or queued a second time on this path"


def immediate(build: Build) -> Iterator[RawFinding]:
    """PTL001: unlinked where others may walk, and freed with nothing but a flush."""
    seen: dict[tuple[Place | None, tuple[Hop, ...]], dict[Event, Runtimes]] = {}
    for suspect, runtimes in build.ledger.suspects.items():
        event = suspect.event
        if suspect.kind != "unlinked" or event.chain[0].deferral != "immediate" or event.space != "user":
            continue
        if suspect.told and not asked_for(build.program, suspect.function, suspect.told):
            continue
        if build.only_irq(event) and event.after & FLUSHED:
            # Walkers with interrupts off are all there are: a flush that interrupts every CPU where they may be waits for them.
            runtimes = runtimes - build.by_ipi
        if runtimes and (live_here(event, build.origins) or reachable(event, suspect.function, build.origins)):
            seen.setdefault((event.unlinked.place if event.unlinked else None, event.chain), {})[event] = runtimes
    missing = ("irq", "rcu") if build.user_rcu else ("irq",)
    ways: defaultdict[tuple[Hop, tuple[Hop, ...]], Noted[Event]] = defaultdict(Noted)
    for (place, chain), events in seen.items():
        if any((place, chain[index:]) in seen for index in range(1, len(chain))):
            continue  # said in the function that this one calls
        hop = next((hop for hop in chain for event in events if event.unlinked and hop.function == event.unlinked.function), chain[0])
        for event, runtimes in events.items():
            ways[(hop, chain)].add(event, runtimes)
    for (hop, _), events in ways.items():
        event = min(events, key=repr)
        message = "page table is unlinked and freed at once: software walkers may still be in it"
        yield finding("PTL001", "error", message, hop, event, missing, build, all_of(events.values()))


def reachable(event: Event, function: str, origins: Origins) -> bool:
    """Is the table one of a process, whose address space lives on? Nobody locked, but nothing says either that nobody could be there."""
    if (
        event.unlinked is None
        or event.unlinked.space in ("own", "kernel")
        or event.space != "user"
        or origins.dead(function)
        or origins.once(function)
    ):
        return False
    answers = origins.of(function, event.term)
    if any(origin.shelter == "dying" for origin in answers):
        return False
    return any(origin.space == "user" and origin.kind == "linked" for origin in answers)


def semi_rcu(build: Build) -> Iterator[RawFinding]:
    """PTL002, at the call that frees after the IPI."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        # An IPI that came before the unlink, or who knows when, is no sign of one that was meant for the free. For the kernel's own a flush will do.
        if (
            kind == "semi-rcu"
            and event.space != "kernel"
            and event.unlinked is not None
            and not event.alone
            and not build.origins.doomed(event.chain)
        ):
            added = [index for index, hop in enumerate(event.chain) if hop.deferral == "semi-rcu"]
            ways.setdefault(event.chain[added[-1]], {})[event] = runtimes
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if live_here(event, build.origins)}
        chosen = live or events
        event = max(chosen, key=weight)
        severity = "error" if live and "user" in {event.space for event in live} else "warning"
        message = "page table is freed after an IPI: walkers under rcu_read_lock() are not waited for"
        yield finding("PTL002", severity, message, hop, event, ("rcu",), build, all_of(events.values()))


def linked(build: Build) -> Iterator[RawFinding]:
    """PTL001: freed while an entry still points to it. In a tree that is neither a process's nor the kernel's, fewer may meet it."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    reached: set[Hop] = set()
    for suspect, runtimes in _nearest(build, "linked"):
        event = suspect.event
        spaces = {origin.space for origin in build.origins.of(suspect.function, event.term)}
        event = event._replace(space=event.space or ("kernel" if "kernel" in spaces else ""))
        ways.setdefault(event.chain[0], {})[event] = runtimes
        if event.space in ("user", "kernel"):
            reached.add(event.chain[0])
    for hop, events in ways.items():
        event = max(events, key=weight)
        severity = "error" if hop in reached else "warning"
        message = f"page table {_goes(event)} before the entry that points to it is cleared"
        yield finding("PTL001", severity, message, hop, event, ("hw", "irq"), build, all_of(events.values()))


def left(build: Build) -> Iterator[RawFinding]:
    """PTL001: the entry that points to a table of a process is not cleared, on this way."""
    # Where flags were forgotten, one may have said that what is not cleared is not freed.
    vague = build.ledger.guessed & build.ledger.clearing
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for suspect, runtimes in _nearest(build, "left"):
        event, function = suspect.event, suspect.function
        if event.space != "user" or not vague.isdisjoint(hop.place for hop in event.chain) or build.border.drops(event.chain[-1].text):
            continue
        answers = build.origins.of(function, event.term)
        if build.origins.dead(function) or build.origins.once(function) or any(o.shelter == "dying" or o.space == "own" for o in answers):
            continue
        # The last call that is given an entry, and no table yet.
        hop = next((hop for hop, below in pairwise(event.chain) if build.takes_page(below.function)), event.chain[-1])
        ways.setdefault(hop, {})[event] = runtimes
    for hop, events in ways.items():
        event = min(events, key=weight)
        message = f"page table {_goes(event)}, and the entry that points to it is not cleared"
        yield finding("PTL001", "error", message, hop, event, ("hw", "irq"), build, all_of(events.values()))


def _nearest(build: Build, kind: str) -> list[tuple[Suspect, Runtimes]]:
    """The suspects of a kind, but for those of callers: what a callee sees for itself is said there."""
    suspects = [(suspect, runtimes) for suspect, runtimes in build.ledger.suspects.items() if suspect.kind == kind]
    seen_by = {suspect.event.chain[0].place for suspect, _ in suspects}
    return [(suspect, runtimes) for suspect, runtimes in suspects if seen_by.isdisjoint(hop.place for hop in suspect.event.chain[1:])]


def _goes(event: Event) -> str:
    return "is freed" if event.kind == "free" else "goes into the mmu_gather"


def used(build: Build) -> Iterator[RawFinding]:
    """PTL013, at the first use in a function after a free; a second free is PTL014's."""
    again = {double.second.chain[0].place for double in build.ledger.doubles}
    ways: dict[tuple[str, Hop], list[tuple[Use, Runtimes]]] = {}
    for use, runtimes in sorted(build.ledger.uses.items(), key=repr):
        if use.place not in again:
            ways.setdefault((use.function, use.event.chain[0]), []).append((use, runtimes))
    for uses in ways.values():
        function, place, text, event = min((use for use, _ in uses), key=lambda use: (use.place.file, use.place.line, not use.text, use.place.column))
        runtimes = all_of(runtimes for _, runtimes in uses)
        at = Proof(place.file, place.line, place.column, build.program.name(function), text, "the table is used")
        path = tuple(proof(hop, build.program, "the table goes this way") for hop in event.chain)
        message = "the page table is used after it was freed or queued: it may belong to somebody else by now"
        yield RawFinding("PTL013", "error", message, at, event.level or "any", event.space or "both", (), (*path, at), build.names(runtimes))


def twice(build: Build) -> Iterator[RawFinding]:
    """PTL014, at the second free."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for double, runtimes in build.ledger.doubles.items():
        table = double.second._replace(chain=(*double.first.chain[:1], *double.second.chain))
        ways.setdefault(double.second.chain[0], {})[table] = runtimes
    for hop, events in ways.items():
        event = min(events, key=weight)
        queued = event.chain[0].deferral == "pending"
        message = "page table is freed while a node in it is queued for something else" if queued else _TWICE
        yield finding("PTL014", "error", message, hop, event, (), build, all_of(events.values()))
