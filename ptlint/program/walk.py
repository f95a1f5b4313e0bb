"""Walks over the expressions and blocks of the IR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ptlint.frontend import ir

__all__ = ["expressions", "nodes", "reached", "sub", "successors"]


def expressions(block: ir.Block) -> Iterator[ir.Expr]:
    """The block's expressions, that of its terminator last."""
    yield from block.body
    end = block.end
    if isinstance(end, ir.Branch):
        yield end.test
    elif isinstance(end, (ir.Switch, ir.Return)) and end.value is not None:
        yield end.value


_BELOW: dict[type, Callable[[Any], tuple[ir.Expr, ...]]] = {
    ir.Member: lambda node: (node.base,),
    ir.Unary: lambda node: (node.operand,),
    ir.Cast: lambda node: (node.operand,),
    ir.Binary: lambda node: (node.right, node.left),
    ir.Assign: lambda node: (node.right, node.left),
    ir.Call: lambda node: (*node.args[::-1], node.function),
    ir.Index: lambda node: (node.index, node.base),
    ir.Cond: lambda node: (node.no, node.yes, node.test),
    ir.Asm: lambda node: node.operands[::-1],
    ir.Opaque: lambda node: node.operands[::-1],
    ir.Init: lambda node: tuple([field.value for field in node.fields[::-1]]),
}


def sub(node: ir.Expr) -> list[ir.Expr]:
    """``node`` and everything below it, outermost first."""
    found = []
    stack = [node]
    while stack:
        top = stack.pop()
        found.append(top)
        below = _BELOW.get(top.__class__)
        if below is not None:
            stack += below(top)
    return found


def nodes(function: ir.Function) -> Iterator[ir.Expr]:
    """Every expression of ``function``, at any depth."""
    for block in function.blocks:
        for top in expressions(block):
            yield from sub(top)


def successors(end: ir.Terminator) -> tuple[int, ...]:
    """The blocks that may come next."""
    if isinstance(end, ir.Jump):
        return (end.target,)
    if isinstance(end, ir.Branch):
        return (end.yes, end.no)
    if isinstance(end, ir.Switch):
        return tuple(dict.fromkeys((*(target for _, _, target in end.cases), end.default)))
    return ()


def reached(function: ir.Function, start: int, without: set[int]) -> set[int]:
    """The blocks that can be reached from one, itself among them, on ways that lead through none of ``without``."""
    found: set[int] = set()
    todo = [start]
    while todo:
        index = todo.pop()
        if index not in found and index not in without:
            found.add(index)
            todo += successors(function.blocks[index].end)
    return found
