"""Who walks tables without a lock: under RCU, or with interrupts off. For people who want to see what a free races with."""

from __future__ import annotations

from collections.abc import Iterator

from ptlint.analysis.evaluate import bare
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.relevance import Relevance
from ptlint.analysis.result import FoundWalker
from ptlint.frontend import ir
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program
from ptlint.program.walk import nodes, sub

__all__ = ["walkers"]

_DEPTH = 6


def walkers(ledger: Ledger, program: Program, border: Border, relevance: Relevance) -> tuple[FoundWalker, ...]:
    """The walkers of a build: those under RCU that give a pointer into a table, and those that turn interrupts off and take no lock."""
    found = [_walker("rcu", key, ledger, program, border, 0) for key in sorted(ledger.rcu_walkers)]
    readers = {name for name, kind in border.readers.items() if kind == "irq"}
    for key in sorted(program.functions):
        called = program.outlines[key].called
        if called.isdisjoint(readers) or key in relevance.frees or called & (border.locks | border.unlocks):
            continue
        levels = _levels(key, program, border)
        if len(levels) > 1:
            found.append(_walker("irq", key, ledger, program, border, len(levels)))
    return tuple(sorted(found, key=lambda walker: (walker.kind, -walker.levels, walker.file, walker.line)))


def _walker(kind: str, key: str, ledger: Ledger, program: Program, border: Border, levels: int) -> FoundWalker:
    function = program.functions[key]
    lock = _reader(function, border, kind) or function.place
    read = min((place for place in _reads(function, border) if place > lock and place.file == lock.file), default=lock)
    callers = sorted((seen.place, seen.function) for seen in ledger.calls if seen.callee == key)
    place, caller = callers[0] if callers else (function.place, key)
    return FoundWalker(kind, function.name, function.place.file, lock.line, read.line, place.file, place.line, program.name(caller), levels)


def _reader(function: ir.Function, border: Border, kind: str) -> Place | None:
    """Where it begins a section that a wait of this kind waits for."""
    for node in nodes(function):
        if (
            isinstance(node, ir.Call)
            and isinstance(node.function, ir.FunctionRef)
            and border.readers.get(node.function.key.rsplit(":", 1)[-1]) == kind
        ):
            return node.place
    return None


def _reads(function: ir.Function, border: Border) -> Iterator[Place]:
    """Where it reads entries, or goes on to what does."""
    for node in nodes(function):
        if (isinstance(node, ir.Call) and bare(node.type) in border.entries) or (
            isinstance(node, ir.Assign)
            and any(isinstance(part, (ir.Unary, ir.Index)) and bare(part.type) in border.entries for part in sub(node.right))
        ):
            yield node.place


def _levels(key: str, program: Program, border: Border) -> set[str]:
    """The types of entries that it, and what it calls within a bound, works on."""
    found: set[str] = set()
    seen, edge = {key}, {key}
    for _ in range(_DEPTH):
        for one in edge:
            function = program.functions.get(one)
            if function is not None:
                found |= {kind for param in function.params if (kind := bare(param.type).removesuffix("*").strip()) in border.entries}
        edge = {callee for one in edge for callee in program.callees.get(one, ())} - seen
        seen |= edge
    return found
