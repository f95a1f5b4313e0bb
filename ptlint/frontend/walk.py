"""Going through expressions."""

from __future__ import annotations

from collections.abc import Iterator

from .ir import Asm, Assign, Binary, Call, Cast, Cond, Expr, Index, Init, Member, Opaque, Unary

__all__ = ["children_of", "has_effects", "walk"]


def children_of(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that an expression is made of, in order."""
    match expr:
        case Member():
            return (expr.base,)
        case Index():
            return (expr.base, expr.index)
        case Unary() | Cast():
            return (expr.operand,)
        case Binary() | Assign():
            return (expr.left, expr.right)
        case Cond():
            return (expr.test, expr.yes, expr.no)
        case Call():
            return (expr.function, *expr.args)
        case Init():
            return tuple(field.value for field in expr.fields)
        case Asm() | Opaque():
            return expr.operands
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """An expression and all below it."""
    yield expr
    for child in children_of(expr):
        yield from walk(child)


def has_effects(expr: Expr) -> bool:
    """Whether evaluating an expression does something: a call, an assignment, assembly."""
    match expr:
        case Call() | Assign() | Asm():
            return True
        case Unary() if expr.op in ("++", "--", "post++", "post--"):
            return True
        case _:
            return any(has_effects(child) for child in children_of(expr))
