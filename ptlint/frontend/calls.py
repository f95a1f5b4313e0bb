"""Lowering of calls, with the macros that stand for them."""

from __future__ import annotations

import re

from . import kinds as k
from .clang import Cursor
from .ir import Call, Const, Expr, FunctionRef, Member, Place, Unreachable, Var
from .scope import FunctionState

__all__ = ["Calls"]

_LAST_WORD = re.compile(r"(\w+)\W*$")


class Calls(FunctionState):
    """Calls. The methods that raise NotImplementedError are those of the classes built on this one."""

    def expression(self, cursor: Cursor) -> Expr:
        """Lower an expression."""
        raise NotImplementedError

    def opaque(self, cursor: Cursor, kind: str | None = None) -> Expr:
        """An expression that is not modelled."""
        raise NotImplementedError

    def stripped(self, cursor: Cursor) -> Cursor:
        """An expression without parentheses and implicit casts around it."""
        raise NotImplementedError

    def statement_expression(self, cursor: Cursor) -> Expr:
        """``({ ... })``."""
        raise NotImplementedError

    def call(self, cursor: Cursor) -> Expr:
        """A call, or what a builtin function stands for."""
        clang, context = self.clang, self.context
        children = clang.children(cursor)
        if not children:
            return self.opaque(cursor)
        callee = self.stripped(children[0])
        declaration = clang.getCursorReferenced(callee) if callee.kind == k.DECL_REF_EXPR else None
        if declaration is not None and declaration.kind == k.FUNCTION_DECL:
            name = context.name(declaration)
            if name.startswith("__builtin_"):
                replaced = self._builtin(cursor, name, children[1:])
                if replaced is not None:
                    return replaced
            function: Expr = context.function(declaration)
            noreturn = context.noreturn(declaration)
        else:
            function = self.expression(children[0])
            name = function.name if isinstance(function, Member) else ""
            noreturn = False
        args = tuple([self.expression(child) for child in children[1:]])
        self.effects += 1
        place, text, macros = self._origin(cursor, children[0], function, name)
        call = Call(function, args, place, text, macros, context.type_of(cursor).spelling)
        if noreturn:
            self.builder.emit(call)
            self.builder.end(Unreachable())
            return Const(0)
        return call

    def _builtin(self, cursor: Cursor, name: str, args: list[Cursor]) -> Expr | None:
        match name:
            case "__builtin_expect" | "__builtin_expect_with_probability" | "__builtin_assume_aligned":
                return self.expression(args[0])
            case "__builtin_constant_p":
                return Const(int(self.clang.evaluate(cursor) == 1))
            case "__builtin_unreachable" | "__builtin_trap":
                self.effects += 1
                self.builder.end(Unreachable())
                return Const(0)
            case _:
                value = self.clang.evaluate(cursor)
                return Const(value) if value is not None else None

    def _origin(self, cursor: Cursor, callee: Cursor, function: Expr, name: str) -> tuple[Place, str, tuple[tuple[str, Place], ...]]:
        """Where a call stands, what stands there, and the macros from there to the callee."""
        context = self.context
        place, offset = context.spot(cursor)
        here = context.sources.identifier(place.file, offset)
        if isinstance(function, FunctionRef):
            if here == name:
                return place, name, ()
            if not here:
                return place, name, ()
        elif not here or not context.macros.lookup(here) or self._plain(function, here):
            text = context.written(callee)
            last = _LAST_WORD.search(text)
            if last is None or last[1] == name or not context.macros.lookup(last[1]):
                return place, text or name, ()
            here = last[1]
        macros = context.macros.chain(here, name)
        if not macros:
            return place, name, ()
        return place, here, macros

    def _plain(self, function: Expr, here: str) -> bool:
        """Whether an expression starts with the variable ``here``."""
        while isinstance(function, Member):
            function = function.base
        return isinstance(function, Var) and function.id.split("#")[0].split(":")[-1] == here
