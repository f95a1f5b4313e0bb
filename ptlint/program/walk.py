"""Walks over the expressions of the IR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ptlint.frontend import ir

__all__ = ["expressions", "nodes", "sub"]


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
