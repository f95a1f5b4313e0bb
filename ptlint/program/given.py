"""What functions are given by their callers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from ptlint.frontend import ir
from ptlint.program.outline import Outline

__all__ = ["Given", "bottom", "named"]


class Given:
    """The functions that parameters stand for: those that callers give for them, or were given themselves."""

    def __init__(self, functions: Mapping[str, ir.Function], outlines: Mapping[str, Outline], callers: Mapping[str, AbstractSet[str]]) -> None:
        self._all, self._outlines, self._callers = functions, outlines, callers

    def behind(self, at: str, value: ir.Expr) -> Iterator[tuple[str, str]]:
        """(function, who gives it) for each that a value in ``at`` may be, if it is a parameter."""
        return self._found([(at, value)], at)

    def to(self, callee: str, index: int) -> Iterator[tuple[str, str]]:
        """(function, who gives it) for each that ``callee`` may be given as argument ``index``. It need have no body."""
        return self._found(list(self._arguments(callee, index)), "")

    def _found(self, todo: list[tuple[str, ir.Expr]], but: str) -> Iterator[tuple[str, str]]:
        seen = set[tuple[str, int]]()
        while todo:
            inside, value = todo.pop()
            value = bottom(value)
            if isinstance(value, ir.Var) and value.scope == "param":
                index = next((index for index, param in enumerate(self._all[inside].params) if param.id == value.id), -1)
                if index >= 0 and (inside, index) not in seen:
                    seen.add((inside, index))
                    todo += self._arguments(inside, index)
            elif inside != but:
                yield from ((key, inside) for key in named(value))

    def _arguments(self, callee: str, index: int) -> Iterator[tuple[str, ir.Expr]]:
        """What each caller gives as argument ``index``."""
        for caller in sorted(self._callers.get(callee, ())):
            for key, call in self._outlines[caller].calls:
                if key == callee and index < len(call.args):
                    yield caller, call.args[index]


def bottom(value: ir.Expr) -> ir.Expr:
    """What casts, addresses and the like are of."""
    while isinstance(value, (ir.Cast, ir.Unary)):
        value = value.operand
    return value


def named(value: ir.Expr) -> Iterator[str]:
    """The functions that a value names."""
    value = bottom(value)
    if isinstance(value, ir.FunctionRef):
        yield value.key
    elif isinstance(value, ir.Cond):
        yield from named(value.yes)
        yield from named(value.no)
    elif isinstance(value, ir.Init):
        for field in value.fields:
            yield from named(field.value)
