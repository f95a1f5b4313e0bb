"""Walks over the expressions of the IR."""

from __future__ import annotations

from collections.abc import Iterator

from ptlint.frontend import ir

__all__ = ["expressions", "functions_in", "sub"]


def expressions(block: ir.Block) -> Iterator[ir.Expr]:
    """The block's expressions, that of its terminator last."""
    yield from block.body
    end = block.end
    if isinstance(end, ir.Branch):
        yield end.test
    elif isinstance(end, (ir.Switch, ir.Return)) and end.value is not None:
        yield end.value


def sub(node: ir.Expr) -> Iterator[ir.Expr]:
    """``node`` and everything below it, outermost first."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        if isinstance(top, (ir.Member, ir.Unary, ir.Cast)):
            stack.append(top.base if isinstance(top, ir.Member) else top.operand)
        elif isinstance(top, (ir.Binary, ir.Assign)):
            stack += (top.right, top.left)
        elif isinstance(top, ir.Call):
            stack += (*reversed(top.args), top.function)
        elif isinstance(top, ir.Index):
            stack += (top.index, top.base)
        elif isinstance(top, ir.Cond):
            stack += (top.no, top.yes, top.test)
        elif isinstance(top, (ir.Asm, ir.Opaque)):
            stack += reversed(top.operands)
        elif isinstance(top, ir.Init):
            stack += (field.value for field in reversed(top.fields))


def functions_in(function: ir.Function) -> set[str]:
    """The keys of the functions that ``function`` names, called or not."""
    return {node.key for block in function.blocks for top in expressions(block) for node in sub(top) if isinstance(node, ir.FunctionRef)}
