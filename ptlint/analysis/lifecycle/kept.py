"""PTL001 to PTL004 and PTL040, where a table is put into a container: a batch, a list, a slot."""

from __future__ import annotations

from collections.abc import Iterator

from ptlint.analysis.inventory import emptied
from ptlint.analysis.lifecycle.common import Build, Runtimes, all_of, finding, live_here, walked_by_hardware, weight
from ptlint.analysis.lifecycle.frees import reachable
from ptlint.analysis.noted import Noted
from ptlint.analysis.result import RawFinding
from ptlint.analysis.values import FLUSHED, GRACE, Event, Hop
from ptlint.frontend.ir import Place

__all__ = ["later", "page_batch", "recycled", "recycled_unflushed"]


def page_batch(build: Build) -> Iterator[RawFinding]:
    """PTL003, where code that handles tables hands one to code that serves any page."""
    freed = emptied(build.ledger, build.contexts)
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind == "put" and event.chain and "mmu-gather" in freed.get(event.extra, ()):
            handles = [index for index, hop in enumerate(event.chain) if hop.handles]
            ways.setdefault(event.chain[handles[-1] if handles else 0], {})[event] = runtimes
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if live_here(event, build.origins)}
        event = max(live or events, key=weight)
        runtimes = all_of(events.values())
        silent = runtimes - build.by_ipi
        if not build.user_rcu:
            # Walkers with interrupts off are all there are: the flush waits for them wherever it is an IPI.
            runtimes = silent
        if not runtimes:
            continue
        severity = "error" if silent or live else "warning"
        missing = tuple(word for word, owed in (("irq", silent), ("rcu", build.user_rcu)) if owed)
        silent_ones = "walkers with interrupts off where a flush is no IPI" if silent else ""
        what = " and ".join(filter(None, ("walkers under rcu_read_lock()" if build.user_rcu else "", silent_ones)))
        message = f"page table goes into the page batch of the mmu_gather: {what} are not waited for"
        yield finding("PTL003", severity, message, hop, event, missing, build, runtimes)


def later(build: Build) -> Iterator[RawFinding]:
    """PTL004, where the worker, or who empties the list, frees what was unlinked while others may walk."""
    by_ipi = frozenset() if build.user_rcu else build.by_ipi
    missing = ("irq", "rcu") if build.user_rcu else ("irq",)

    def met(event: Event) -> bool:
        if event.after & GRACE or (build.only_irq(event) and "ipi" in event.after):
            return False  # waited for before it was queued
        if event.space != "user" or "cookie" in event.after:
            return False  # who empties it asks whether the grace period since then is over
        # What is put where it was unlinked goes by no call.
        return live_here(event, build.origins) or (bool(event.chain) and reachable(event, event.chain[0].function, build.origins))

    said: set[Place] = set()
    queued: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind == "workqueue" and met(event):
            left = runtimes - by_ipi if event.after & FLUSHED else runtimes
            if left:
                said.update(hop.place for hop in event.chain)
                queued.setdefault([hop for hop in event.chain if hop.deferral == "workqueue"][-1], {})[event] = left
    for hop, events in queued.items():
        event = max(events, key=weight)
        message = "page table is handed to a worker or another callback and freed there: no grace period lies between the unlink and the free"
        yield finding("PTL004", "error", message, hop, event, missing, build, all_of(events.values()))
    put = {event.extra: event for (kind, event), _ in sorted(build.ledger.ways.items(), key=repr) if kind == "put" and met(event)}
    yield from _emptied_at_once(build, [(event, runtimes) for (kind, event), runtimes in build.ledger.ways.items() if kind == "put" and met(event)])
    for cell, event in put.items():
        ways: dict[Hop, tuple[tuple[Hop, ...], Runtimes]] = {}
        for _, nearest, word, runtimes in _drained(build, cell):
            if word == "workqueue" and (nearest[0] not in ways or len(nearest) < len(ways[nearest[0]][0])):
                ways[nearest[0]] = (nearest, runtimes - by_ipi)
        for hop, (chain, runtimes) in ways.items():
            if runtimes and hop.place not in said:
                message = "page table is freed from a worker: no grace period lies between the unlink and this"
                whole = event._replace(chain=(*event.chain, *chain))
                yield finding("PTL004", "error", message, hop, whole, missing, build, runtimes)


def _emptied_at_once(build: Build, puts: list[tuple[Event, Runtimes]]) -> Iterator[RawFinding]:
    """PTL004, where what was unlinked is put into a container, and what comes out of that is freed with nothing waited for; PTL002 after an IPI."""
    missing = ("irq", "rcu") if build.user_rcu else ("irq",)
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    waiting: dict[Hop, dict[Event, Runtimes]] = {}
    for event, runtimes in puts:
        cell = event.extra
        # The deposit of a huge page is withdrawn when no entry has led to it for long; a node of another page is of any list.
        record = f"{cell.rsplit('.', 1)[0]} *"
        if event.unlinked is None or cell in build.ledger.gathers or record in build.border.pages or record in build.border.tables:
            continue
        if cell in build.ledger.served and _too_early(event) and live_here(event, build.origins):
            continue  # the defect is where it is put there, as ``recycled`` says
        if not build.user_rcu and event.after & FLUSHED:
            runtimes = runtimes - build.by_ipi
        for chain, nearest, word, freed in _drained(build, cell):
            after_ipi = word == "semi-rcu" or (word == "immediate" and "ipi" in event.after)
            if after_ipi and freed and not build.only_irq(event):
                hops = [hop for hop in chain if hop.deferral == "semi-rcu"] or nearest[:1]
                waiting.setdefault(hops[-1], {})[event._replace(chain=(*event.chain, *chain))] = freed
            elif not after_ipi and word == "immediate" and runtimes & freed:
                ways.setdefault(nearest[0], {})[event._replace(chain=(*event.chain, *nearest))] = runtimes & freed
    for hop, events in ways.items():
        event = min(events, key=weight)
        message = "page table is kept for later, and freed with no grace period between the unlink and that"
        yield finding("PTL004", "error", message, hop, event, missing, build, all_of(events.values()))
    for hop, events in waiting.items():
        event = min(events, key=weight)
        message = "page table is kept for later, and freed after an IPI: walkers under rcu_read_lock() are not waited for"
        yield finding("PTL002", "error", message, hop, event, ("rcu",), build, all_of(events.values()))


def _drained(build: Build, cell: str) -> Iterator[tuple[tuple[Hop, ...], tuple[Hop, ...], str, Runtimes]]:
    """How what lies in a container is freed: the calls, these from the nearest function on that sees the container, the word for it, and where.

    The outermost caller that sees the container decides: it may wait between taking things out and freeing them.
    """
    rows = [row for other in sorted(build.ledger.onward(cell)) for row in build.ledger.drains.get(other, Noted()).items()]
    chains = {chain for (chain, _), _ in rows}
    inner = {chain[index:] for chain in chains for index in range(1, len(chain))}
    for (chain, _), runtimes in rows:
        if chain not in inner:
            nearest = next(chain[index:] for index in range(len(chain) - 1, -1, -1) if chain[index:] in chains)
            yield chain, nearest, build.contexts.refine(chain[0].deferral, chain[0].function), runtimes


def recycled(build: Build) -> Iterator[RawFinding]:
    """PTL001: unlinked where others may walk, and put where new tables are taken from: in service again at once.

    So is a deposit, but for who is kept away by the locks of its range: that leaves those who turn interrupts off.
    """
    ways: dict[tuple[str, Place | None], dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        deposit = event.extra in build.ledger.returned
        if deposit and event.term[0] == "v" and event.term[1][0] == "f":
            continue  # what is taken out of a deposit is another table than the one that lay there before
        again = deposit or event.extra in build.ledger.served
        if kind == "put" and again and _too_early(event):
            if event.after & FLUSHED and (deposit or not build.user_rcu):
                runtimes = runtimes - build.by_ipi
            if runtimes and live_here(event, build.origins):
                ways.setdefault((event.extra, event.unlinked.place if event.unlinked else None), {})[event] = runtimes
    for events in ways.values():
        event = min(events, key=weight)
        deposit = event.extra in build.ledger.returned
        missing = ("irq",) if deposit or not build.user_rcu else ("irq", "rcu")
        where = "deposited" if deposit else "put where new ones are taken from"
        message = f"page table is unlinked and {where}: software walkers may still be in it"
        hop = _where_put(event)
        yield finding("PTL001", "error", message, hop, event, missing, build, all_of(events.values()))


def _too_early(event: Event) -> bool:
    """Was a table of a process unlinked before it was put somewhere, and no software walker waited for?"""
    return event.unlinked is not None and not event.after & (GRACE | {"ipi"}) and event.space == "user"


def recycled_unflushed(build: Build) -> Iterator[RawFinding]:
    """PTL040: put where new tables are taken from, with no flush since it was unlinked. Of a live process's table PTL001 says so already."""
    ways: dict[tuple[str, Place], dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind != "put" or event.extra not in build.ledger.served or event.unlinked is None or event.after or event.unlinked.space == "own":
            continue
        function = event.unlinked.function
        if event.space == "user" or build.origins.dead(function) or build.origins.once(function):
            continue
        if walked_by_hardware(build.origins.of(function, event.term)):
            ways.setdefault((event.extra, event.unlinked.place), {})[event] = runtimes
    for events in ways.values():
        event = min(events, key=weight)
        message = "page table is put where new ones are taken from, with no TLB flush since it was unlinked: a CPU may still walk it"
        hop = _where_put(event)
        yield finding("PTL040", "error", message, hop, event, ("hw",), build, all_of(events.values()))


def _where_put(event: Event) -> Hop:
    """The call that leads to the put, in the function that unlinks; the unlink where that function puts by itself."""
    unlink = event.unlinked
    if unlink is None:
        return event.chain[0]
    here = Hop(unlink.function, unlink.place, "", "immediate", "handover", True)
    return next((hop for hop in event.chain if hop.function == here.function), event.chain[0] if event.chain else here)
