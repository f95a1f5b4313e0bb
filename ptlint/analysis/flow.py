"""Control-flow facts of one function: its loops, and which variables are still needed where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ptlint.frontend import ir
from ptlint.program.walk import expressions, sub, successors

__all__ = ["Flow", "flow_of", "settings"]


class Flow(NamedTuple):
    """``loops`` maps a loop's head to its blocks; ``back`` are the edges that close loops; ``live`` the variables a block, or one after it, reads.

    ``limits`` are the parameters, by index, that a loop runs up to: where a range ends. ``used_up`` are calls after a loop that are given,
    as arguments of these two numbers, what the loop counted up and what it counted to: a range of nothing. ``order`` is each block's
    position where a block comes after those that lead to it, but for the edges that close loops. ``given`` maps a loop's head to what
    the variables get that the loop sets: numbers, or None for what is no plain number; ``flags`` to those that get plain numbers only, or are
    shown to others. ``returned`` are the variables that tell callers which way was gone.
    """

    loops: dict[int, frozenset[int]]
    back: frozenset[tuple[int, int]]
    live: tuple[frozenset[str], ...]
    limits: frozenset[int] = frozenset()
    order: tuple[int, ...] = ()
    given: Mapping[int, Mapping[str, frozenset[int | None]]] = MappingProxyType({})
    used_up: frozenset[tuple[ir.Place, int, int]] = frozenset()
    flags: Mapping[int, frozenset[str]] = MappingProxyType({})
    returned: frozenset[str] = frozenset()


def flow_of(function: ir.Function) -> Flow:
    """Find loops (by retreating edges of a depth-first walk) and live variables (addresses taken make a variable live everywhere)."""
    next_of = [successors(block.end) for block in function.blocks]
    back, order = _walked(next_of)
    before: list[list[int]] = [[] for _ in next_of]
    for block, targets in enumerate(next_of):
        for target in targets:
            before[target].append(block)
    loops: dict[int, set[int]] = {}
    for tail, head in back:
        body = loops.setdefault(head, {head})
        stack = [tail]
        while stack:
            block = stack.pop()
            if block not in body:
                body.add(block)
                stack += before[block]
    inside = frozenset().union(*loops.values())
    set_in = {block: list(settings(function.blocks[block])) for block in inside}
    given: dict[int, dict[str, frozenset[int | None]]] = {}
    flags: dict[int, frozenset[str]] = {}
    for head, body in loops.items():
        rows = given[head] = {}
        computed = set()
        for variable, number, shown in (one for block in body for one in set_in[block]):
            rows[variable] = rows.get(variable, frozenset()) | {number}
            computed |= {variable} if number is None and not shown else set()
        flags[head] = frozenset(rows.keys() - computed)
    all_of = {head: frozenset(body) for head, body in loops.items()}
    ends = (block.end for block in function.blocks)
    returned = frozenset(end.value.id for end in ends if isinstance(end, ir.Return) and isinstance(end.value, ir.Var))
    return Flow(all_of, back, _live(function, next_of), _limits(function, inside), order, given, _used_up(function, inside), flags, returned)


def settings(block: ir.Block) -> Iterator[tuple[str, int | None, bool]]:
    """The variables that a block sets, each with the number that it gets; None where that is no plain number, or the address is taken (True)."""
    for node in (node for top in expressions(block) for node in sub(top)):
        if isinstance(node, ir.Assign) and isinstance(node.left, ir.Var):
            yield node.left.id, node.right.value if isinstance(node.right, ir.Const) and not node.op else None, False
        elif isinstance(node, ir.Unary) and ("+" in node.op or "-" in node.op or node.op == "&"):
            base = _base(node.operand)
            if isinstance(base, ir.Var):
                yield base.id, None, node.op == "&"


def _limits(function: ir.Function, inside: frozenset[int]) -> frozenset[int]:
    """Parameters that nobody assigns to, and up to which a loop counts something else."""
    if not inside:
        return frozenset()
    steps = [node for block in function.blocks for top in expressions(block) for node in sub(top) if isinstance(node, (ir.Assign, ir.Unary))]
    assigned = {node.left.id for node in steps if isinstance(node, ir.Assign) and isinstance(node.left, ir.Var)}
    down = {node.left.id for node in steps if isinstance(node, ir.Assign) and isinstance(node.left, ir.Var) and node.op == "-"}
    down |= {node.operand.id for node in steps if isinstance(node, ir.Unary) and "--" in node.op and isinstance(node.operand, ir.Var)}
    found = {
        limit.id
        for counter, limit in _counted(function, inside)
        if counter.id in assigned - down and limit.id not in assigned and limit.scope == "param"
    }
    return frozenset(index for index, param in enumerate(function.params) if param.id in found)


def _counted(function: ir.Function, inside: frozenset[int]) -> Iterator[tuple[ir.Var, ir.Var]]:
    """Pairs of variables that a loop goes on by as long as the first has not reached the second."""
    for index in inside:
        end = function.blocks[index].end
        test = end.test if isinstance(end, ir.Branch) else None
        if isinstance(test, ir.Binary) and isinstance(test.left, ir.Var) and isinstance(test.right, ir.Var):
            for counter, operators, limit in ((test.left, ("!=", "<"), test.right), (test.right, ("!=", ">"), test.left)):
                if test.op in operators:
                    yield counter, limit


def _used_up(function: ir.Function, inside: frozenset[int]) -> frozenset[tuple[ir.Place, int, int]]:
    """See ``Flow``. What is set anew outside of loops, but for its first value, does not count."""
    counted = {(counter.id, limit.id): counter for counter, limit in _counted(function, inside)}
    if not counted:
        return frozenset()
    outside = [block for index, block in enumerate(function.blocks) if index not in inside]
    set_in = {variable for index in inside for variable, *_ in settings(function.blocks[index])}
    set_outside = Counter(variable for block in outside for variable, *_ in settings(block))
    pairs = {
        (counter, limit)
        for (counter, limit), variable in counted.items()
        if counter in set_in and limit not in set_in and set_outside[counter] <= (variable.scope != "param")
    }
    calls = (node for block in outside for top in expressions(block) for node in sub(top) if isinstance(node, ir.Call)) if pairs else ()
    found = set()
    for call in calls:
        named = [(index, value.id) for index, value in enumerate(call.args) if isinstance(value, ir.Var)]
        found |= {(call.place, i, j) for i, one in named for j, other in named if (one, other) in pairs}
    return frozenset(found)


def _walked(next_of: list[tuple[int, ...]]) -> tuple[frozenset[tuple[int, int]], tuple[int, ...]]:
    """The retreating edges of a depth-first walk, and each block's position in its reverse postorder: of two ways the last one is walked first,

    so that what a loop's test leads to comes after the loop.
    """
    found: set[tuple[int, int]] = set()
    active, seen, done = {0}, {0}, list[int]()
    stack = [(0, iter(next_of[0][::-1] if next_of else ()))]
    while stack:
        block, targets = stack[-1]
        for target in targets:
            if target in active:
                found.add((block, target))
            elif target not in seen:
                seen.add(target)
                active.add(target)
                stack.append((target, iter(next_of[target][::-1])))
                break
        else:
            active.discard(block)
            done.append(block)
            stack.pop()
    position = {block: index for index, block in enumerate(reversed(done))}
    return frozenset(found), tuple(position.get(block, len(next_of)) for block in range(len(next_of)))


def _live(function: ir.Function, next_of: list[tuple[int, ...]]) -> tuple[frozenset[str], ...]:
    reads: list[set[str]] = []
    kills: list[set[str]] = []
    always: set[str] = set()
    for block in function.blocks:
        read: set[str] = set()
        kill: set[str] = set()
        for top in expressions(block):
            target = top.left if isinstance(top, ir.Assign) and not top.op and isinstance(top.left, ir.Var) else None
            for node in sub(top.right if isinstance(top, ir.Assign) and target is not None else top):
                if isinstance(node, ir.Unary) and node.op == "&" and isinstance(base := _base(node.operand), ir.Var):
                    always.add(base.id)
                elif isinstance(node, ir.Var) and node.id not in kill:
                    read.add(node.id)
            if target is not None and target.id not in read:
                kill.add(target.id)
        reads.append(read)
        kills.append(kill)
    live = [set(read) for read in reads]
    changed = True
    while changed:
        changed = False
        for index in range(len(live) - 1, -1, -1):
            after: set[str] = set().union(*(live[target] for target in next_of[index]))
            more = after - kills[index] - live[index]
            if more:
                live[index] |= more
                changed = True
    return tuple(frozenset(names | always) for names in live)


def _base(node: ir.Expr) -> ir.Expr:
    while isinstance(node, (ir.Member, ir.Index)) and not (isinstance(node, ir.Member) and node.arrow):
        node = node.base
    return node
