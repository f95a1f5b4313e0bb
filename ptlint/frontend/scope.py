"""What the lowering of one function keeps: blocks, names of variables, scopes with their cleanups, labels."""

from __future__ import annotations

from typing import NamedTuple

from . import kinds as k
from .cfg import Builder
from .clang import Clang, Cursor
from .context import TypeInfo, UnitContext
from .ir import Assign, Call, Cast, Expr, Global, Jump, Place, Var
from .walk import has_effects

__all__ = ["FunctionState", "Scope"]


class Scope:
    """A scope with the cleanup calls of its variables, in order of declaration."""

    __slots__ = ("cleanups",)

    def __init__(self) -> None:
        self.cleanups: list[Call] = []


class _Goto(NamedTuple):
    block: int
    label: int | None
    scopes: tuple[tuple[Scope, int], ...]


class FunctionState:
    """State of one function (or initialiser) under lowering; the base of the lowering classes."""

    def __init__(self, context: UnitContext, name: str, place: Place) -> None:
        self.context = context
        self.clang: Clang = context.clang
        self.name = name
        self.start = place
        self.builder = Builder()
        self.effects = 0
        self.statics: list[Global] = []
        self.scopes: list[Scope] = [Scope()]
        self._vars: dict[int | None, Var] = {}
        self._names: dict[str, int] = {}
        self._temps = 0
        self.labels: dict[int | None, tuple[int, tuple[Scope, ...]]] = {}
        self._gotos: list[_Goto] = []

    # variables

    def declare(self, cursor: Cursor, scope: str, type_: TypeInfo | None = None) -> Var:
        """The Var of a parameter or a local; its id is made unique in the function (once: a loop or an initialiser may name it before)."""
        spelling = (type_ or self.context.type_of(cursor)).spelling
        known = self._vars.get(cursor.data0)
        if known is not None:
            name = known.id
        else:
            name = self.context.name(cursor)
            number = self._names[name] = self._names.get(name, 0) + 1
            if number > 1:
                name = f"{name}#{number}"
        var = self._vars[cursor.data0] = Var(name, scope, spelling)
        return var

    def variable(self, cursor: Cursor) -> Var:
        """The Var that a VAR_DECL or PARM_DECL declares: a local, or a global, or a local static."""
        var = self._vars.get(cursor.data0)
        if var is None:
            context, clang = self.context, self.clang
            if cursor.kind == k.PARM_DECL:
                return self.declare(cursor, "param")
            name = context.name(cursor)
            type_ = context.type_of(cursor).spelling
            parent = clang.getCursorSemanticParent(cursor)
            if clang.getCursorLinkage(cursor) == k.LINKAGE_EXTERNAL:
                var = Var(name, "global", type_)
            elif parent.kind == k.FUNCTION_DECL and clang.Cursor_getStorageClass(cursor) == k.STORAGE_STATIC:
                var = Var(f"{context.place(cursor).file}:{clang.spelling(parent)}.{name}", "static", type_)
            elif parent.kind == k.FUNCTION_DECL:
                return self.declare(cursor, "local")
            else:
                var = Var(f"{context.place(cursor).file}:{name}", "global", type_)
            self._vars[cursor.data0] = var
        return var

    def temporary(self, type_: str) -> Var:
        """A new variable ``%n``."""
        self._temps += 1
        return Var(f"%{self._temps}", "local", type_)

    def assign(self, var: Var, value: Expr, place: Place) -> None:
        """Emit ``var = value``."""
        self.builder.emit(Assign(var, value, "", place))

    def effect(self, value: Expr) -> None:
        """Emit a value that nobody takes, if it has effects."""
        while isinstance(value, Cast):
            value = value.operand
        if has_effects(value):
            self.builder.emit(value)

    # scopes and jumps

    def leave(self, depth: int) -> None:
        """Emit the cleanup calls of the scopes above ``depth``, innermost and latest first."""
        for scope in reversed(self.scopes[depth:]):
            for call in reversed(scope.cleanups):
                self.builder.emit(call)

    def label(self, identity: int | None) -> None:
        """A label stands here: control flows into its block."""
        block = self.builder.new()
        self.builder.jump(block, block)
        self.builder.targets.add(block)
        self.labels[identity] = (block, tuple(self.scopes))

    def goto(self, identity: int | None) -> None:
        """Jump to a label, known by its statement; cleanups are added when the label's scope is known."""
        builder = self.builder
        self._gotos.append(_Goto(builder.current, identity, tuple((scope, len(scope.cleanups)) for scope in self.scopes)))
        builder.current = builder.new()
        builder.dead.add(builder.current)

    def resolve(self) -> None:
        """End the blocks of all gotos."""
        builder = self.builder
        for goto in self._gotos:
            block, kept = self.labels.get(goto.label, (-1, ()))
            for scope, count in reversed(goto.scopes):
                if not any(scope is other for other in kept):
                    builder.bodies[goto.block].extend(reversed(scope.cleanups[:count]))
            if block < 0:
                block = builder.new()
            if builder.ends[goto.block] is None:
                builder.ends[goto.block] = Jump(block)
