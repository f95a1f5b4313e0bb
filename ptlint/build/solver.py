"""Switching Kconfig symbols on and off as far as Kconfig lets it, with what they depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ptlint.build.kconfig import Configuration

__all__ = ["Solver"]

_DEPTH = 8


class Solver:
    """Moves a configuration towards what is asked for; ``fixed`` symbols keep the value that was asked for first."""

    def __init__(self, configuration: Configuration) -> None:
        """``configuration`` is changed in place; ``load`` it first."""
        self._configuration = configuration
        self._library = configuration.library
        self._fixed: dict[str, int] = {}

    def off(self, names: Iterable[str]) -> None:
        """Switch these off, and keep them off."""
        for name in names:
            symbol = self._configuration.symbol(name)
            if symbol is not None:
                self._fixed[name] = 0
                self._force_off(symbol, 0)

    def on(self, names: Iterable[str]) -> None:
        """Switch these on where Kconfig lets it. What was asked for before stays as it is."""
        for name in names:
            symbol = self._configuration.symbol(name)
            if symbol is not None and self._fixed.get(name) != 0 and self._enable(symbol, 0):
                self._fixed[name] = 2

    def _boolean(self, symbol: Any) -> bool:
        return symbol.orig_type in (self._library.BOOL, self._library.TRISTATE)

    def _enable(self, symbol: Any, depth: int) -> bool:
        if not self._boolean(symbol):
            return False
        if symbol.tri_value == 2:
            return True
        if depth > _DEPTH or self._fixed.get(symbol.name) == 0 or not symbol.nodes:
            return False
        if symbol.visibility < 2 and not self._satisfy(symbol.direct_dep, depth + 1):
            return False
        self._assign(symbol, 2)
        if symbol.tri_value == 2:
            return True
        return self._by_others(symbol, depth + 1)

    def _by_others(self, symbol: Any, depth: int) -> bool:
        """Through a prompt's own condition, a ``select`` of another symbol, or the condition of a default."""
        for node in symbol.nodes:
            if node.prompt and self._satisfy(node.prompt[1], depth):
                self._assign(symbol, 2)
                if symbol.tri_value == 2:
                    return True
        for default, condition in symbol.defaults:
            self._satisfy((self._library.AND, default, condition), depth)
            if symbol.tri_value == 2:
                return True
        prompted = any(node.prompt for node in symbol.nodes)
        return not prompted and self._satisfy(symbol.rev_dep, depth) and bool(symbol.tri_value == 2)

    def _assign(self, symbol: Any, value: int) -> None:
        if value and symbol.choice is not None:
            symbol.choice.set_value(2)
        symbol.set_value(value)

    def _force_off(self, symbol: Any, depth: int) -> bool:
        if not self._boolean(symbol) or symbol.tri_value == 0:
            return True
        if depth > _DEPTH or self._fixed.get(symbol.name) == 2:
            return False
        if symbol.choice is not None:
            for other in symbol.choice.syms:
                if other is not symbol and other.visibility == 2 and self._fixed.get(other.name) != 0:
                    self._assign(other, 2)
                    if symbol.tri_value == 0:
                        return True
        symbol.set_value(0)
        if symbol.tri_value != 0:
            for term in self._library.split_expr(symbol.rev_dep, self._library.OR):
                if self._library.expr_value(term) and not self._refuse(term, depth + 1):
                    return False
            symbol.set_value(0)
        return bool(symbol.tri_value == 0)

    def _satisfy(self, expr: Any, depth: int) -> bool:
        """Make an expression true."""
        library = self._library
        if library.expr_value(expr) == 2:
            return True
        if depth > _DEPTH:
            return False
        if isinstance(expr, tuple):
            if expr[0] == library.AND:
                return self._satisfy(expr[1], depth) and self._satisfy(expr[2], depth) and bool(library.expr_value(expr) == 2)
            if expr[0] == library.OR:
                terms = sorted(library.split_expr(expr, library.OR), key=library.expr_value, reverse=True)
                return any(self._satisfy(term, depth + 1) for term in terms)
            if expr[0] == library.NOT:
                return self._refuse(expr[1], depth)
            if expr[0] in (library.EQUAL, library.UNEQUAL) and self._constant(expr[2]) is not None:
                wanted = (self._constant(expr[2]) == 2) == (expr[0] == library.EQUAL)
                return self._enable(expr[1], depth) if wanted else self._force_off(expr[1], depth)
            return False
        return isinstance(expr, library.Symbol) and not expr.is_constant and self._enable(expr, depth + 1)

    def _constant(self, symbol: Any) -> int | None:
        return {"y": 2, "n": 0}.get(symbol.name) if symbol.is_constant else None

    def _refuse(self, expr: Any, depth: int) -> bool:
        """Make an expression false."""
        library = self._library
        if library.expr_value(expr) == 0:
            return True
        if depth > _DEPTH:
            return False
        if isinstance(expr, tuple):
            if expr[0] == library.AND:
                return any(self._refuse(term, depth + 1) for term in reversed(library.split_expr(expr, library.AND)))
            if expr[0] == library.OR:
                outcomes = [self._refuse(term, depth + 1) for term in library.split_expr(expr, library.OR)]
                return all(outcomes)
            return bool(expr[0] == library.NOT) and self._satisfy(expr[1], depth + 1)
        return isinstance(expr, library.Symbol) and not expr.is_constant and self._force_off(expr, depth)
