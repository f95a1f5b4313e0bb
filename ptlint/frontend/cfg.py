"""Building a control-flow graph: blocks under construction, and the tidying of the finished graph."""

from __future__ import annotations

from .ir import Block, Branch, Const, Expr, Jump, Place, Return, Switch, Terminator

__all__ = ["Builder", "successors"]


class Builder:
    """Blocks under construction.

    ``current`` is the block that takes the next expression; ``targets`` are blocks that live code leads to, ``dead`` those that nothing leads to.
    """

    def __init__(self) -> None:
        self.bodies: list[list[Expr]] = [[]]
        self.ends: list[Terminator | None] = [None]
        self.current = 0
        self.targets: set[int] = {0}
        self.dead: set[int] = set()

    def new(self) -> int:
        """A new, empty block; it does not become the current one."""
        self.bodies.append([])
        self.ends.append(None)
        return len(self.bodies) - 1

    def emit(self, expression: Expr) -> None:
        """Append to the current block."""
        self.bodies[self.current].append(expression)

    def end(self, terminator: Terminator, following: int | None = None) -> None:
        """End the current block and go on in ``following``, or in a new block (that nothing leads to yet)."""
        if self.ends[self.current] is None:
            self.ends[self.current] = terminator
            if self.current not in self.dead:
                self.targets.update(successors(terminator))
        if following is None:
            following = self.new()
            self.dead.add(following)
        self.current = following

    def jump(self, target: int, following: int | None = None) -> None:
        """End the current block with a jump."""
        self.end(Jump(target), following)

    def branch(self, test: Expr, yes: int, no: int, place: Place) -> None:
        """End the current block with a branch, or with a jump when the test is constant. A block has to be chosen next."""
        if isinstance(test, Const):
            self.end(Jump(yes if test.value else no), yes)
        else:
            self.end(Branch(test, yes, no, place), yes)

    def finish(self, end: Place) -> tuple[Block, ...]:
        """The graph: constant switches decided, unreachable blocks dropped, chains of jumps joined, numbered in order of construction.

        A block without an end (the last) returns at ``end``.
        """
        ends = [_decided(found) if found is not None else Return(None, end) for found in self.ends]
        target = [_thread(self.bodies, ends, index) for index in range(len(ends))]
        ends = [_retarget(found, target) for found in ends]
        start = 0  # stays apart: nothing leads to the entry
        reached, predecessors = _reach(ends, start)
        bodies = self.bodies
        for index in sorted(reached):
            if index not in reached:
                continue
            found = ends[index]
            while isinstance(found, Jump) and predecessors[found.target] == 1 and found.target not in (index, start):
                bodies[index].extend(bodies[found.target])
                reached.discard(found.target)
                found = ends[index] = ends[found.target]
        order = [start, *sorted(reached - {start})]
        number = [0] * len(ends)
        for position, index in enumerate(order):
            number[index] = position
        return tuple(Block(tuple(bodies[index]), _retarget(ends[index], number)) for index in order)


def successors(end: Terminator) -> tuple[int, ...]:
    """The blocks that a terminator leads to."""
    if isinstance(end, Jump):
        return (end.target,)
    if isinstance(end, Branch):
        return (end.yes, end.no)
    if isinstance(end, Switch):
        return (*(case[2] for case in end.cases), end.default)
    return ()


def _decided(end: Terminator) -> Terminator:
    if isinstance(end, Switch) and isinstance(end.value, Const):
        value = end.value.value
        return Jump(next((block for low, high, block in end.cases if low <= value <= high), end.default))
    return end


def _thread(bodies: list[list[Expr]], ends: list[Terminator], index: int) -> int:
    seen = {index}
    while not bodies[index] and isinstance(found := ends[index], Jump) and found.target not in seen:
        index = found.target
        seen.add(index)
    return index


def _retarget(end: Terminator, target: list[int]) -> Terminator:
    if isinstance(end, Jump):
        return Jump(target[end.target])
    if isinstance(end, Branch):
        yes, no = target[end.yes], target[end.no]
        return Branch(end.test, yes, no, end.place)
    if isinstance(end, Switch):
        return Switch(end.value, tuple((low, high, target[block]) for low, high, block in end.cases), target[end.default], end.place)
    return end


def _reach(ends: list[Terminator], start: int) -> tuple[set[int], dict[int, int]]:
    reached = {start}
    predecessors: dict[int, int] = {start: 1}
    work = [start]
    while work:
        for following in successors(ends[work.pop()]):
            predecessors[following] = predecessors.get(following, 0) + 1
            if following not in reached:
                reached.add(following)
                work.append(following)
    return reached, predecessors
