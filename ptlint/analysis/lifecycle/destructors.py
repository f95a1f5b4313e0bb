"""PTL020 and PTL021: the constructor's state is taken, and not before its time."""

from __future__ import annotations

from collections.abc import Iterator

from ptlint.analysis.lifecycle.common import Build, all_of, finding, live_here, weight
from ptlint.analysis.noted import Noted
from ptlint.analysis.origins import Answers
from ptlint.analysis.result import RawFinding
from ptlint.analysis.values import Event, Hop
from ptlint.frontend.ir import Place
from ptlint.words import SEVERITIES

__all__ = ["destroyed_twice", "early_destructor", "no_destructor"]

_EARLY = "the destructor runs before walkers are waited for: they may take the table's lock yet"
_AGAIN = "the destructor runs twice for one table: its accounting goes wrong, and a lock that lies apart is freed twice"


def early_destructor(build: Build) -> Iterator[RawFinding]:
    """PTL020, where one function runs the destructor and queues the table."""
    ways: dict[Hop, Noted[tuple[str, Event]]] = {}
    for early, runtimes in build.ledger.early.items():
        shared = [hop for hop, other in zip(early.strip.chain, early.event.chain, strict=False) if hop.function == other.function]
        if not shared:
            continue
        hop = shared[-1]
        # What goes to the gather may be of an mm that is torn down, and only its accounting is early where the lock lies in the descriptor.
        live = live_here(early.event, build.origins) and early.event.space == "user"
        least = "warning" if _again(build, early.event) else "note"
        severity = least if not live else "warning" if early.event.kind == "put" or build.takes_gather(hop.function) else "error"
        key = (severity, early.event._replace(chain=(*early.event.chain[: len(shared)], hop)))
        ways.setdefault(hop, Noted()).add(key, runtimes)
    for hop, events in ways.items():
        severity = min((severity for severity, _ in events), key=SEVERITIES.index)
        event = min((event for word, event in events if word == severity), key=weight)
        message = _AGAIN if _again(build, event) else _EARLY
        yield finding("PTL020", severity, message, hop, event, ("rcu",), build, all_of(events.values()))


def _again(build: Build, event: Event) -> bool:
    """Does whoever empties the batch that a table is put into run the destructor too?"""
    return event.kind == "put" and event.extra in build.ledger.stripped_cells


def destroyed_twice(build: Build) -> Iterator[RawFinding]:
    """PTL020, where one function has the destructor run twice for one table. Where it runs before walkers are waited for, that is said already."""
    said = {early.event.chain[0] for early in build.ledger.early}
    ways: dict[Hop, Noted[Event]] = {}
    for (function, event), runtimes in build.ledger.restripped.items():
        if event.chain[0] not in said and not build.origins.dead(function):
            ways.setdefault(event.chain[0], Noted()).add(event, runtimes)
    for hop, events in ways.items():
        event = min(events, key=weight)
        yield finding("PTL020", "warning", _AGAIN, hop, event, (), build, all_of(events.values()))


def no_destructor(build: Build) -> Iterator[RawFinding]:
    """PTL021, at the call that leads to the free."""
    ledger, origins = build.ledger, build.origins
    calls: dict[Place, Noted[Event]] = {}
    noted = {event.chain for _, event in ledger.unstripped}
    late = {event.chain for function, event in ledger.unstripped if (function, event.term) in ledger.stripped_late}
    for (function, event), runtimes in ledger.unstripped.items():
        # Where it is done, or by whom that is called, it may be known that the destructor runs yet.
        runs = any(event.chain[index:] in late for index in range(len(event.chain)))
        if event.level not in ledger.made or runs or origins.dead(function):
            continue
        # What is put where other things than the allocator take it out again is kept, not freed.
        kept = event.extra in ledger.stripped_cells or event.extra not in ledger.drains or event.chain[-1].role != "handover"
        if event.kind == "put" and (kept or f"{event.extra.rsplit('.', 1)[0]} *" in build.border.pages):
            continue  # a node of another page: whose list that is, is not known
        if event.term[0] == "v":
            answers = origins.of(function, event.term)
            if not _constructed(build, function, event, answers):
                continue
            spaces = {origin.space for origin in answers}
            # Whose it is the callers know better than the way that it was found by.
            event = event._replace(space="kernel" if spaces == {"kernel"} else event.space or ("kernel" if "kernel" in spaces else ""))
        # It is said where it is done, whoever knows that the constructor ran.
        nearest = next(event.chain[index:] for index in range(len(event.chain) - 1, -1, -1) if event.chain[index:] in noted)
        calls.setdefault(nearest[0].place, Noted()).add(event._replace(chain=nearest), runtimes)
    # Where a table is put by a function that knows it, with no call, its callers add nothing.
    known = {event.extra for events in calls.values() for event in events if event.kind == "put" and not event.chain[0].text}
    for noted_here in calls.values():
        events = {event: runtimes for event, runtimes in noted_here.items() if event.extra not in known or not event.chain[0].text}
        if not events:
            continue
        event = min(events, key=repr)
        hop = event.chain[0]
        if event.kind == "put":
            event = event._replace(chain=(*event.chain, *min(chain for chain, _ in ledger.drains[event.extra])))
        message = "page table is freed, and its destructor never ran: its lock, type and accounting are left"
        # What is left while the kernel boots is left once, and where it boots on.
        kernel = all(event.space == "kernel" for event in events)
        severity = "note" if origins.once(hop.function) else "warning" if kernel else "error"
        yield finding("PTL021", severity, message, hop, event, (), build, all_of(events.values()))


def _constructed(build: Build, function: str, event: Event, answers: Answers) -> bool:
    """Did the constructor run for what ``function`` frees?

    For tables of processes it does; for one of the kernel, where those that get there make such tables, too.
    """
    kept = [origin for origin in answers if origin.kind in ("linked", "kept")]
    spaces = {origin.space for origin in answers}
    if "user" in spaces and spaces <= {"user", "own"} and all(origin in kept for origin in answers):
        return True
    kernel = [origin for origin in kept if origin.space == "kernel"]
    if not kernel or any(origin.space == "user" for origin in answers):
        return False
    makers = {maker for maker, level in build.ledger.makers if level == event.level}
    plain = {maker for maker, level in build.ledger.plain_makers - build.ledger.makers if level == event.level}
    # One that a maker is called by may have lost sight of the constructor.
    plain = {maker for maker in plain if makers.isdisjoint(build.program.callees.get(maker, ()))}
    starts = {build.program.around(where) or function if where is not None else function for where, _ in map(answers.__getitem__, kernel)}
    return all(not makers.isdisjoint(below) and plain.isdisjoint(below) for below in map(build.program.below, starts))
