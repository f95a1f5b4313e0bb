"""Findings of one build: frees that are reached with obligations left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from ptlint.analysis.evaluate import bare
from ptlint.analysis.inventory import Contexts, emptied
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.origins import Answers, Origins
from ptlint.analysis.proof import proof
from ptlint.analysis.result import Proof, RawFinding
from ptlint.analysis.values import GRACE, Event, Hop
from ptlint.frontend import ir
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program
from ptlint.program.walk import nodes, sub
from ptlint.words import SEVERITIES

__all__ = ["findings"]

Runtimes = frozenset[str]
Names = Callable[[Runtimes], tuple[str, ...]]


class _Build(NamedTuple):
    """What every rule asks. ``by_ipi`` are the runtimes whose flushes interrupt other CPUs."""

    ledger: Ledger
    program: Program
    border: Border
    names: Names
    user_rcu: bool
    origins: Origins
    contexts: Contexts
    by_ipi: Runtimes

    def only_irq(self, event: Event) -> bool:
        """Are walkers with interrupts off all who may be in the table? Then an IPI is all that is owed."""
        return not self.user_rcu or event.alone


def findings(
    ledger: Ledger, program: Program, border: Border, names: Names, user_rcu: bool, origins: Origins, devices: bool = False
) -> list[RawFinding]:
    """The findings of a build.

    Args:
        names: gives the variants of runtimes.
        user_rcu: does the tree have walkers that only a grace period waits for? Without them an IPI is all that is owed.
        origins: where tables come from, and what keeps walkers away.
        devices: may others than CPUs walk the kernel's tables, and be told?
    """
    build = _Build(ledger, program, border, names, user_rcu, origins, Contexts(ledger), _flushing_by_ipi(program, border))
    found = [*_linked(build), *_used(build), *_immediate(build), *_recycled(build), *_recycled_unflushed(build), *_page_batch(build)]
    if user_rcu:
        found += _semi_rcu(build)
    found += _later(build)
    # That walkers under RCU are not waited for is another defect than that the MMU is not.
    taken = {(finding.at.file, finding.at.line) for finding in found if finding.rule != "PTL002"}
    found += _no_flush(build, taken)
    found += _untold(build)
    found += _twice(build)
    found += _early_destructor(build)
    found += _no_destructor(build)
    if devices:
        found += _device(build)
    return found


def _semi_rcu(build: _Build) -> Iterator[RawFinding]:
    """PTL002, at the call that frees after the IPI."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        # An IPI that came before the unlink, or who knows when, is no sign of one that was meant for the free.
        if kind == "semi-rcu" and event.unlinked is not None and not event.alone and not build.origins.doomed(event.chain):
            added = [index for index, hop in enumerate(event.chain) if hop.deferral == "semi-rcu"]
            ways.setdefault(event.chain[added[-1]], {})[event] = runtimes
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if _live_here(event, build.origins)}
        chosen = live or events
        event = max(chosen, key=_weight)
        severity = "error" if live and "user" in {event.space for event in live} else "warning"
        message = "page table is freed after an IPI: walkers under rcu_read_lock() are not waited for"
        yield _finding("PTL002", severity, message, hop, event, ("rcu",), build, _all(events.values()))


def _page_batch(build: _Build) -> Iterator[RawFinding]:
    """PTL003, where code that handles tables hands one to code that serves any page."""
    freed = emptied(build.ledger, build.contexts)
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind == "put" and event.chain and "mmu-gather" in freed.get(event.extra, ()):
            handles = [index for index, hop in enumerate(event.chain) if hop.handles]
            ways.setdefault(event.chain[handles[-1] if handles else 0], {})[event] = runtimes
    for hop, events in ways.items():
        live = {event: runtimes for event, runtimes in events.items() if _live_here(event, build.origins)}
        event = max(live or events, key=_weight)
        runtimes = _all(events.values())
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
        yield _finding("PTL003", severity, message, hop, event, missing, build, runtimes)


def _later(build: _Build) -> Iterator[RawFinding]:
    """PTL004, where the worker, or who empties the list, frees what was unlinked while others may walk."""
    by_ipi = frozenset() if build.user_rcu else build.by_ipi
    missing = ("irq", "rcu") if build.user_rcu else ("irq",)

    def met(event: Event) -> bool:
        if event.after & GRACE or (build.only_irq(event) and "ipi" in event.after):
            return False  # waited for before it was queued
        if event.space != "user" or "cookie" in event.after:
            return False  # who empties it asks whether the grace period since then is over
        # What is put where it was unlinked goes by no call.
        return _live_here(event, build.origins) or (bool(event.chain) and _reachable(event, event.chain[0].function, build.origins))

    said: set[Place] = set()
    queued: dict[Hop, dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind == "workqueue" and met(event):
            left = runtimes - by_ipi if "flush" in event.after else runtimes
            if left:
                said.update(hop.place for hop in event.chain)
                queued.setdefault([hop for hop in event.chain if hop.deferral == "workqueue"][-1], {})[event] = left
    for hop, events in queued.items():
        event = max(events, key=_weight)
        message = "page table is handed to a worker or another callback and freed there: no grace period lies between the unlink and the free"
        yield _finding("PTL004", "error", message, hop, event, missing, build, _all(events.values()))
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
                yield _finding("PTL004", "error", message, hop, whole, missing, build, runtimes)


def _used(build: _Build) -> Iterator[RawFinding]:
    """PTL013, at the use; a second free is PTL014's."""
    again = {double.second.chain[0].place for double in build.ledger.doubles}
    merged: dict[tuple[str, Place, str], tuple[Event, Runtimes]] = {}
    for use, runtimes in sorted(build.ledger.uses.items(), key=repr):
        key = (use.function, use.place, use.text)
        event, before = merged.get(key, (use.event, frozenset()))
        merged[key] = (event, before | runtimes)
    for (function, place, text), (event, runtimes) in merged.items():
        if place in again:
            continue
        at = Proof(place.file, place.line, place.column, build.program.name(function), text, "the table is used")
        path = tuple(proof(hop, build.program, "the table goes this way") for hop in event.chain)
        message = "the page table is used after it was freed or queued: it may belong to somebody else by now"
        yield RawFinding("PTL013", "error", message, at, event.level or "any", event.space or "both", (), (*path, at), build.names(runtimes))


def _emptied_at_once(build: _Build, puts: list[tuple[Event, Runtimes]]) -> Iterator[RawFinding]:
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
        if not build.user_rcu and "flush" in event.after:
            runtimes = runtimes - build.by_ipi
        for chain, nearest, word, freed in _drained(build, cell):
            by_ipi = word == "semi-rcu" or (word == "immediate" and "ipi" in event.after)
            if by_ipi and freed and not build.only_irq(event):
                hops = [hop for hop in chain if hop.deferral == "semi-rcu"] or nearest[:1]
                waiting.setdefault(hops[-1], {})[event._replace(chain=(*event.chain, *chain))] = freed
            elif not by_ipi and word == "immediate" and runtimes & freed:
                ways.setdefault(nearest[0], {})[event._replace(chain=(*event.chain, *nearest))] = runtimes & freed
    for hop, events in ways.items():
        event = min(events, key=_weight)
        message = "page table is kept for later, and freed with no grace period between the unlink and that"
        yield _finding("PTL004", "error", message, hop, event, missing, build, _all(events.values()))
    for hop, events in waiting.items():
        event = min(events, key=_weight)
        message = "page table is kept for later, and freed after an IPI: walkers under rcu_read_lock() are not waited for"
        yield _finding("PTL002", "error", message, hop, event, ("rcu",), build, _all(events.values()))


def _drained(build: _Build, cell: str) -> Iterator[tuple[tuple[Hop, ...], tuple[Hop, ...], str, Runtimes]]:
    """How what lies in a container is freed: the calls, these from the nearest function on that sees the container, the word for it, and where.

    The outermost caller that sees the container decides: it may wait between taking things out and freeing them.
    """
    rows = build.ledger.drains.get(cell, Noted())
    chains = {chain for chain, _ in rows}
    inner = {chain[index:] for chain in chains for index in range(1, len(chain))}
    for (chain, _), runtimes in rows.items():
        if chain not in inner:
            nearest = next(chain[index:] for index in range(len(chain) - 1, -1, -1) if chain[index:] in chains)
            yield chain, nearest, build.contexts.refine(chain[0].deferral, chain[0].function), runtimes


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


def _immediate(build: _Build) -> Iterator[RawFinding]:
    """PTL001: unlinked where others may walk, and freed with nothing but a flush."""
    seen: dict[tuple[Place | None, tuple[Hop, ...]], dict[Event, Runtimes]] = {}
    for suspect, runtimes in build.ledger.suspects.items():
        event = suspect.event
        if suspect.kind != "unlinked" or event.chain[0].deferral != "immediate" or event.space != "user":
            continue
        if build.only_irq(event) and "flush" in event.after:
            # Walkers with interrupts off are all there are: a flush that interrupts every CPU waits for them.
            runtimes = runtimes - build.by_ipi
        if runtimes and (_live_here(event, build.origins) or _reachable(event, suspect.function, build.origins)):
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
        yield _finding("PTL001", "error", message, hop, event, missing, build, _all(events.values()))


def _recycled(build: _Build) -> Iterator[RawFinding]:
    """PTL001: unlinked where others may walk, and put where new tables are taken from: in service again at once."""
    ways: dict[tuple[str, Place], dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        waited = event.after & (GRACE | {"ipi"})
        if kind == "put" and event.extra in build.ledger.served and event.unlinked is not None and not waited and event.space == "user":
            if not build.user_rcu and "flush" in event.after:
                runtimes = runtimes - build.by_ipi
            if runtimes and _live_here(event, build.origins):
                ways.setdefault((event.extra, event.unlinked.place), {})[event] = runtimes
    missing = ("irq", "rcu") if build.user_rcu else ("irq",)
    for events in ways.values():
        event = min(events, key=_weight)
        message = "page table is unlinked and put where new ones are taken from: software walkers may still be in it"
        hop = _where_put(event)
        yield _finding("PTL001", "error", message, hop, event, missing, build, _all(events.values()))


def _recycled_unflushed(build: _Build) -> Iterator[RawFinding]:
    """PTL040: put where new tables are taken from, with no flush since it was unlinked. Of a live process's table PTL001 says so already."""
    ways: dict[tuple[str, Place], dict[Event, Runtimes]] = {}
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind != "put" or event.extra not in build.ledger.served or event.unlinked is None or event.after or event.unlinked.space == "own":
            continue
        function = event.unlinked.function
        if event.space == "user" or build.origins.dead(function) or build.origins.once(function):
            continue
        answers = build.origins.of(function, event.term)
        if any(origin.shelter != "dying" and origin.space != "own" and origin.kind in ("linked", "kept") for origin in answers):
            ways.setdefault((event.extra, event.unlinked.place), {})[event] = runtimes
    for events in ways.values():
        event = min(events, key=_weight)
        message = "page table is put where new ones are taken from, with no TLB flush since it was unlinked: a CPU may still walk it"
        hop = _where_put(event)
        yield _finding("PTL040", "error", message, hop, event, ("hw",), build, _all(events.values()))


def _where_put(event: Event) -> Hop:
    """The call that leads to the put, in the function that unlinks; the unlink where that function puts by itself."""
    unlink = event.unlinked
    if unlink is None:
        return event.chain[0]
    here = Hop(unlink.function, unlink.place, "", "immediate", "handover", True)
    return next((hop for hop in event.chain if hop.function == here.function), event.chain[0] if event.chain else here)


def _reachable(event: Event, function: str, origins: Origins) -> bool:
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


def _no_flush(build: _Build, taken: set[tuple[str, int]]) -> Iterator[RawFinding]:
    """PTL040: freed, or queued, with no flush between the unlink and that. What another rule says of the same free is not said again.

    Where the same calls flush on another path, it is taken that they know when there is nothing to flush.
    """
    origins = build.origins
    ways: defaultdict[Hop, Noted[Event]] = defaultdict(Noted)
    met_at: dict[tuple[Place, tuple[Hop, ...]], list[tuple[Event, Runtimes]]] = {}
    for suspect, runtimes in build.ledger.suspects.items():
        event = suspect.event
        if suspect.kind != "unlinked" or event.unlinked is None or "flush" in event.after or event.extra == "pooled":
            continue
        # Who flushes this CPU only knows that there is something to flush.
        knows = "flush-here" not in event.after and any(event.chain[index:] in build.ledger.flushed for index in range(len(event.chain)))
        if knows or any(word.startswith("cell:") for word in event.after) or event.unlinked.space == "own" or origins.dead(suspect.function):
            continue
        met = _walked_by_hardware(origins.of(suspect.function, event.term))
        if not met or any((hop.place.file, hop.place.line) in taken for hop in event.chain):
            continue
        if origins.once(event.chain[0].function):
            continue  # while the kernel boots, on one CPU
        met_at.setdefault((event.unlinked.place, event.chain), []).append((event, runtimes))
    for (place, chain), events_here in met_at.items():
        if any((place, chain[index:]) in met_at for index in range(1, len(chain))):
            continue  # said in the function that this one calls
        hop = next((hop for hop in chain for event, _ in events_here if event.unlinked and hop.function == event.unlinked.function), chain[0])
        for event, runtimes in events_here:
            ways[hop].add(event, runtimes)
    for hop, events in ways.items():
        event = min(events, key=_weight)
        message = "page table is freed or queued with no TLB flush since it was unlinked: a CPU may still walk it"
        missing = ("hw",) if event.chain[0].deferral != "immediate" else ("hw", "irq")
        yield _finding("PTL040", "error", message, hop, event, missing, build, _all(events.values()))


def _device(build: _Build) -> Iterator[RawFinding]:
    """PTL040: a table that is known for one of the kernel's is freed, and who else than CPUs walks those was not told."""
    ways: dict[tuple[Hop, ...], dict[Event, Runtimes]] = {}
    for (function, container, event), runtimes in build.ledger.unannounced.items():
        if event.chain[-1].role == "handover" or build.origins.dead(function):
            continue  # what is queued is not freed yet
        if not container or container in build.ledger.marked:
            ways.setdefault(event.chain, {})[event] = runtimes
    for chain, events in ways.items():
        if any(chain[index:] in ways for index in range(1, len(chain))) or build.origins.once(chain[0].function):
            continue
        event = min(events, key=_weight)._replace(space="kernel")
        message = "page table of the kernel is freed, and IOMMUs that walk the kernel's tables were not told since it was unlinked"
        yield _finding("PTL040", "error", message, chain[0], event, ("hw",), build, _all(events.values()))


def _walked_by_hardware(answers: Answers) -> bool:
    """May a CPU be in a table that comes from there? That no other thread finds the mapping keeps no CPU away that has been there."""
    return any(origin.shelter != "dying" and origin.space != "own" and origin.kind in ("linked", "kept") for origin in answers)


def _untold(build: _Build) -> Iterator[RawFinding]:
    """PTL040: put where a flush comes before the free, which reaches all CPUs only when told of freed tables, and nobody tells it of this one."""
    tellers = _tellers(build.program, build.border)
    if tellers is None:
        return
    ways: dict[tuple[Hop, ...], dict[Event, Runtimes]] = {}
    told: set[tuple[Hop, ...]] = set()
    for (kind, event), runtimes in build.ledger.ways.items():
        if kind != "put" or event.extra not in build.ledger.gathers or event.unlinked is None or event.unlinked.space in ("own", "kernel"):
            continue
        # Who calls the function that unlinks may tell of other tables.
        from_there = [index for index, hop in enumerate(event.chain) if hop.function == event.unlinked.function]
        functions = {event.unlinked.function, *(hop.function for hop in event.chain[from_there[-1] if from_there else 0 :])}
        if functions & tellers:
            told.update(event.chain[index:] for index in range(len(event.chain)))
        elif event.chain and runtimes & build.by_ipi:
            ways.setdefault(event.chain, {})[event] = runtimes & build.by_ipi
    for chain, events in ways.items():
        if chain in told or any(chain[index:] in ways for index in range(1, len(chain))):
            continue
        event = min(events, key=_weight)
        hop = next((hop for hop in chain if event.unlinked and hop.function == event.unlinked.function), chain[0])
        met = any(_walked_by_hardware(build.origins.of(event.chain[0].function, event.term)) for event in events)
        severity = "error" if met else "warning"
        message = "page table goes into the mmu_gather, which is not told that tables are freed: its flush leaves out CPUs that have the mm lazily"
        yield _finding("PTL040", severity, message, hop, event, ("hw",), build, _all(events.values()))


def _tellers(program: Program, border: Border) -> set[str] | None:
    """The functions that set a member of a gather by which a flush is told that tables are freed, or call one that does.

    None where no flush is told by such a member.
    """
    told = {name: wait.told_arg for name, wait in border.waits.items() if wait.told_arg >= 0}
    members = set()
    for key in [key for key, outlined in program.outlines.items() if not outlined.called.isdisjoint(told)]:
        for node in nodes(program.functions[key]):
            if not isinstance(node, ir.Call) or not isinstance(node.function, ir.FunctionRef):
                continue
            for argument in node.args[told.get(node.function.key.rsplit(":", 1)[-1], len(node.args)) :][:1]:
                parts = [part for part in sub(argument) if isinstance(part, ir.Member)]
                members |= {f"{part.record}.{part.name}" for part in parts if bare(part.record) in border.gathers}
    if not members:
        return None
    found = set()
    for key in [key for key, outlined in program.outlines.items() if not members.isdisjoint(outlined.members)]:
        for node in nodes(program.functions[key]):
            told_here = isinstance(node, ir.Assign) and isinstance(node.left, ir.Member) and f"{node.left.record}.{node.left.name}" in members
            if told_here and isinstance(node, ir.Assign) and not (isinstance(node.right, ir.Const) and node.right.value == 0):
                found.add(key)
    return found | {caller for key in found for caller in program.callers.get(key, ())}


def _twice(build: _Build) -> Iterator[RawFinding]:
    """PTL014, at the second free."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    for double, runtimes in build.ledger.doubles.items():
        table = double.second._replace(chain=(*double.first.chain[:1], *double.second.chain))
        ways.setdefault(double.second.chain[0], {})[table] = runtimes
    for hop, events in ways.items():
        event = min(events, key=_weight)
        message = "page table is freed or queued a second time on this path"
        yield _finding("PTL014", "error", message, hop, event, (), build, _all(events.values()))


def _early_destructor(build: _Build) -> Iterator[RawFinding]:
    """PTL020, where one function runs the destructor and queues the table."""
    ways: dict[Hop, Noted[tuple[str, Event]]] = {}
    for early, runtimes in build.ledger.early.items():
        shared = [hop for hop, other in zip(early.strip.chain, early.event.chain, strict=False) if hop.function == other.function]
        if not shared:
            continue
        hop = shared[-1]
        # What goes to the gather may be of an mm that is torn down, and only its accounting is early where the lock lies in the descriptor.
        params = build.program.functions[hop.function].params
        gathers = any(bare(param.type).removesuffix("*").strip() in build.border.gathers for param in params)
        live = _live_here(early.event, build.origins) and early.event.space == "user"
        severity = "note" if not live else "warning" if early.event.kind == "put" or gathers else "error"
        key = (severity, early.event._replace(chain=(*early.event.chain[: len(shared)], hop)))
        ways.setdefault(hop, Noted()).add(key, runtimes)
    for hop, events in ways.items():
        severity = min((severity for severity, _ in events), key=SEVERITIES.index)
        event = min((event for word, event in events if word == severity), key=_weight)
        message = "the destructor runs before walkers are waited for: they may take the table's lock yet"
        yield _finding("PTL020", severity, message, hop, event, ("rcu",), build, _all(events.values()))


def _no_destructor(build: _Build) -> Iterator[RawFinding]:
    """PTL021, at the call that leads to the free."""
    ledger, origins = build.ledger, build.origins
    ways: dict[tuple[Hop, ...], dict[Event, Runtimes]] = {}
    for (function, event), runtimes in ledger.unstripped.items():
        if event.level not in ledger.made or (function, event.term) in ledger.strips or origins.dead(function):
            continue
        # What is put where other things than the allocator take it out again is kept, not freed.
        kept = event.extra in ledger.stripped_cells or event.extra not in ledger.drains or event.chain[-1].role != "handover"
        if event.kind == "put" and (kept or f"{event.extra.rsplit('.', 1)[0]} *" in build.border.pages):
            continue  # a node of another page: whose list that is, is not known
        if event.term[0] == "v":
            answers = origins.of(function, event.term)
            if not _constructed(build, function, event, answers):
                continue
            event = event._replace(space=event.space or ("kernel" if any(origin.space == "kernel" for origin in answers) else ""))
        ways.setdefault(event.chain, {})[event] = runtimes
    calls: dict[Place, dict[Event, Runtimes]] = {}
    for chain, events in ways.items():
        if not any(chain[index:] in ways for index in range(1, len(chain))):
            calls.setdefault(chain[0].place, {}).update(events)
    for events in calls.values():
        event = min(events, key=repr)
        hop = event.chain[0]
        message = "page table is freed, and its destructor never ran: its lock, type and accounting are left"
        # What is left while the kernel boots is left once, and where it boots on.
        kernel = all(event.space == "kernel" for event in events)
        severity = "note" if origins.once(hop.function) else "warning" if kernel else "error"
        yield _finding("PTL021", severity, message, hop, event, (), build, _all(events.values()))


def _constructed(build: _Build, function: str, event: Event, answers: Answers) -> bool:
    """Did the constructor run for what ``function`` frees?

    For tables of processes it does; for one of the kernel, where those that get there make such tables, too.
    """
    kept = [origin for origin in answers if origin.kind in ("linked", "kept")]
    if answers and all(origin in kept and origin.space == "user" for origin in answers):
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


def _linked(build: _Build) -> Iterator[RawFinding]:
    """PTL001: freed while an entry still points to it. In a tree that is neither a process's nor the kernel's, fewer may meet it."""
    ways: dict[Hop, dict[Event, Runtimes]] = {}
    reached: set[Hop] = set()
    for suspect, runtimes in build.ledger.suspects.items():
        if suspect.kind == "linked":
            event = suspect.event
            spaces = {origin.space for origin in build.origins.of(suspect.function, event.term)}
            event = event._replace(space=event.space or ("kernel" if "kernel" in spaces else ""))
            ways.setdefault(event.chain[0], {})[event] = runtimes
            if event.space in ("user", "kernel"):
                reached.add(event.chain[0])
    for hop, events in ways.items():
        event = max(events, key=_weight)
        severity = "error" if hop in reached else "warning"
        verb = "is freed" if event.kind == "free" else "goes into the mmu_gather"
        message = f"page table {verb} before the entry that points to it is cleared"
        yield _finding("PTL001", severity, message, hop, event, ("hw", "irq"), build, _all(events.values()))


def _live(event: Event) -> bool:
    """Was the table unlinked under a lock? Who tears down what nobody can reach needs none."""
    return event.unlinked is not None and event.unlinked.locked and event.unlinked.space not in ("own", "kernel")


def _live_here(event: Event, origins: Origins) -> bool:
    """As ``_live``, and who sees it works on no address space of its own making, and not while the kernel boots."""
    if not _live(event) or (event.chain and origins.once(event.chain[0].function)):
        return False
    answers = origins.of(event.chain[0].function, event.term) if event.chain else {}
    return not answers or any(origin.space != "own" for origin in answers)


def _weight(event: Event) -> tuple[int, str]:
    return len(event.chain), repr(event.chain)


def _all(ways: Iterable[Runtimes]) -> Runtimes:
    return frozenset().union(*ways)


def _finding(
    rule: str, severity: str, message: str, at: Hop, event: Event, missing: tuple[str, ...], build: _Build, runtimes: Runtimes
) -> RawFinding:
    path = []
    if event.unlinked is not None:
        place = event.unlinked.place
        path.append(Proof(place.file, place.line, place.column, build.program.name(event.unlinked.function), "", "the entry is cleared"))
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
        path.append(proof(hop, build.program, note))
    where = proof(at, build.program, "")
    return RawFinding(rule, severity, message, where, event.level or "any", event.space or "both", missing, tuple(path), build.names(runtimes))
