"""Folding of constants, with the width and sign of the type."""

from __future__ import annotations

from .context import TypeInfo
from .ir import Binary, Const, Expr, Unary

__all__ = ["binary", "convert", "unary"]


def convert(value: int, type_: TypeInfo) -> int:
    """A value converted to an integer (or pointer) type."""
    if not type_.size:
        return value
    if type_.kind == 3:
        return int(value != 0)
    bits = type_.size * 8
    value &= (1 << bits) - 1
    if not type_.unsigned and value >> (bits - 1):
        value -= 1 << bits
    return value


def unary(op: str, operand: Expr, type_: TypeInfo) -> Expr:
    """``op operand``, folded when constant. ``type_`` is the type of the result."""
    if isinstance(operand, Const):
        if op == "-":
            return Const(convert(-operand.value, type_))
        if op == "~":
            return Const(convert(~operand.value, type_))
        if op == "!":
            return Const(int(not operand.value))
        if op == "+":
            return operand
    return Unary(op, operand, type_.spelling)


def _divide(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _arithmetic(op: str, a: int, b: int) -> int | None:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return _divide(a, b) if b else None
        case "%":
            return a - b * _divide(a, b) if b else None
        case "<<":
            return a << b if 0 <= b < 128 else None
        case ">>":
            return a >> b if 0 <= b < 128 else None
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case _:
            return _comparison(op, a, b)


def _comparison(op: str, a: int, b: int) -> int | None:
    match op:
        case "==":
            return int(a == b)
        case "!=":
            return int(a != b)
        case "<":
            return int(a < b)
        case ">":
            return int(a > b)
        case "<=":
            return int(a <= b)
        case ">=":
            return int(a >= b)
        case "&&":
            return int(bool(a and b))
        case "||":
            return int(bool(a or b))
        case _:
            return None


def binary(op: str, left: Expr, right: Expr, type_: TypeInfo) -> Expr:
    """``left op right``, folded when both sides are constant and the result is an integer.

    ``&&`` and ``||`` are folded as well when the left side decides.
    """
    if isinstance(left, Const):
        if isinstance(right, Const) and type_.integer:
            value = _arithmetic(op, left.value, right.value)
            if value is not None:
                return Const(convert(value, type_))
        if op == "&&" and not left.value:
            return Const(0)
        if op == "||" and left.value:
            return Const(1)
    return Binary(op, left, right, type_.spelling)
