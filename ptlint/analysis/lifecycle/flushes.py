"""PTL040: whether all who may hold an entry are told that it is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ptlint.analysis.evaluate import bare
from ptlint.analysis.lifecycle.asked import asked_for
from ptlint.analysis.lifecycle.common import Build, Runtimes, all_of, finding, walked_by_hardware, weight
from ptlint.analysis.noted import Noted
from ptlint.analysis.result import RawFinding
from ptlint.analysis.values import MISSED, UNTOLD, Event, Hop
from ptlint.frontend import ir
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program
from ptlint.program.walk import nodes, sub

__all__ = ["device", "flushing_by_ipi", "no_flush", "untold"]


def flushing_by_ipi(program: Program, border: Border) -> Runtimes:
    """The runtimes that flush other CPUs' TLBs by an IPI: all that do not put something else where the initialiser has such a flush."""
    found = frozenset(program.runtimes)
    interrupting = {name for name, wait in border.waits.items() if wait.kind == "flush" and "irq" in wait.classes}
    for member, fillers in program.tables.items():
        if any(filler.function.rsplit(":", 1)[-1] in interrupting for filler in fillers):
            for function, runtimes in program.targets(member).items():
                if function.rsplit(":", 1)[-1] not in interrupting:
                    found -= runtimes
    return found


def no_flush(build: Build, taken: set[tuple[str, int]]) -> Iterator[RawFinding]:
    """PTL040: freed, or queued, with no flush between the unlink and that. What another rule says of the same free is not said again.

    Where the same calls flush on another path, and are given a gather, it is taken that this knows when there is nothing to flush; and what no
    caller asks for is done by nobody.
    """
    origins = build.origins
    ways: defaultdict[Hop, Noted[Event]] = defaultdict(Noted)
    met_at: dict[tuple[Place, tuple[Hop, ...]], list[tuple[Event, Runtimes]]] = {}
    for suspect, runtimes in build.ledger.suspects.items():
        event = suspect.event
        if suspect.kind != "unlinked" or event.unlinked is None or "flush" in event.after or event.extra == "pooled":
            continue
        # Who flushes this CPU only, or another range, knows that there is something to flush.
        elsewhere = event.after.isdisjoint(("flush-here", MISSED)) and any(
            event.chain[index:] in build.ledger.flushed for index in range(len(event.chain))
        )
        gather = any(build.takes_gather(hop.function) for hop in event.chain)
        knows = elsewhere and (gather or (bool(suspect.told) and not asked_for(build.program, suspect.function, suspect.told)))
        # Who empties a container may have flushed before. The gather's own batch is emptied by who puts a table there, when it is full;
        # of a flush that is not told of tables ``untold`` speaks.
        cells = {word.removeprefix("cell:") for word in event.after if word.startswith("cell:")}
        apart = not cells <= build.ledger.gathers or (bool(cells) and UNTOLD in event.after)
        if knows or apart or event.unlinked.space == "own" or origins.dead(suspect.function):
            continue
        met = walked_by_hardware(origins.of(suspect.function, event.term))
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
        event = min(events, key=weight)
        message = "page table is freed or queued with no TLB flush since it was unlinked: a CPU may still walk it"
        missing = ("hw",) if event.chain[0].deferral != "immediate" else ("hw", "irq")
        yield finding("PTL040", "error", message, hop, event, missing, build, all_of(events.values()))


def device(build: Build) -> Iterator[RawFinding]:
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
        event = min(events, key=weight)._replace(space="kernel")
        message = "page table of the kernel is freed, and IOMMUs that walk the kernel's tables were not told since it was unlinked"
        yield finding("PTL040", "error", message, chain[0], event, ("hw",), build, all_of(events.values()))


def untold(build: Build) -> Iterator[RawFinding]:
    """PTL040: put where a flush comes before the free, which reaches all CPUs only when told of freed tables, and nobody tells it of this one."""
    tellers = _tellers(build)
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
        elif event.chain and runtimes & build.some_by_ipi:
            ways.setdefault(event.chain, {})[event] = runtimes & build.some_by_ipi
    for chain, events in ways.items():
        if chain in told or any(chain[index:] in ways for index in range(1, len(chain))):
            continue
        event = min(events, key=weight)
        hop = next((hop for hop in chain if event.unlinked and hop.function == event.unlinked.function), chain[0])
        met = any(walked_by_hardware(build.origins.of(event.chain[0].function, event.term)) for event in events)
        severity = "error" if met else "warning"
        message = "page table goes into the mmu_gather, which is not told that tables are freed: its flush leaves out CPUs that have the mm lazily"
        yield finding("PTL040", severity, message, hop, event, ("hw",), build, all_of(events.values()))


def _tellers(build: Build) -> set[str] | None:
    """The functions that set a member of a gather by which a flush is told that tables are freed, or call one that does.

    None where no flush is told by such a member, and none is one of a gather that is never told.
    """
    program, border = build.program, build.border
    told = {name: wait.told_arg for name, wait in border.waits.items() if wait.told_arg >= 0}
    members = set()
    never = False
    for key in [key for key, outlined in program.outlines.items() if not outlined.called.isdisjoint(told)]:
        for node in nodes(program.functions[key]):
            if not isinstance(node, ir.Call) or not isinstance(node.function, ir.FunctionRef):
                continue
            for argument in node.args[told.get(node.function.key.rsplit(":", 1)[-1], len(node.args)) :][:1]:
                parts = [part for part in sub(argument) if isinstance(part, ir.Member)]
                members |= {f"{part.record}.{part.name}" for part in parts if bare(part.record) in border.gathers}
                never = never or (isinstance(argument, ir.Const) and argument.value == 0 and build.takes_gather(key))
    if not members:
        return set() if never else None
    found = set()
    for key in [key for key, outlined in program.outlines.items() if not members.isdisjoint(outlined.members)]:
        for node in nodes(program.functions[key]):
            told_here = isinstance(node, ir.Assign) and isinstance(node.left, ir.Member) and f"{node.left.record}.{node.left.name}" in members
            if told_here and isinstance(node, ir.Assign) and not (isinstance(node.right, ir.Const) and node.right.value == 0):
                found.add(key)
    return found | {caller for key in found for caller in program.callers.get(key, ())}
