"""Lowering of casts, container_of() and initialiser lists."""

from __future__ import annotations

import re

from . import fold
from . import kinds as k
from .calls import Calls
from .clang import Cursor, Type
from .ir import Assign, Binary, Cast, Const, Expr, Field, Init, Opaque, String, Var

__all__ = ["Initialisers"]

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


class Initialisers(Calls):
    """Casts, containers, initialisers."""

    def cast(self, cursor: Cursor) -> Expr:
        """A cast. Of a constant to an integer type, and of a null pointer: the constant. To the record around a member: ``container_of``."""
        children = [child for child in self.clang.children(cursor) if 100 <= child.kind < 200]
        if not children:
            return self.opaque(cursor)
        type_ = self.context.type_of(cursor)
        if type_.kind == k.TYPE_VOID:
            self.unchecked(cursor, children[-1])
        operand = self.expression(children[-1])
        if isinstance(operand, Const):
            if type_.integer:
                return Const(fold.convert(operand.value, type_))
            if type_.kind == k.TYPE_POINTER and not operand.value:
                return operand
        elif isinstance(operand, Binary) and operand.op == "-" and isinstance(operand.right, Const) and type_.kind == k.TYPE_POINTER:
            container = self._container(cursor, type_.spelling, self.clang.getPointeeType(type_.canonical), operand)
            if container is not None:
                return container
        return Cast(type_.spelling, operand)

    def _container(self, cursor: Cursor, type_: str, record: Type, operand: Binary) -> Expr | None:
        if record.kind != k.TYPE_RECORD or operand.type not in ("void *", "char *", "const void *", "const char *"):
            return None
        assert isinstance(operand.right, Const)
        pointer = operand.left
        if isinstance(pointer, Var) and pointer.scope == "local":
            body = self.builder.bodies[self.builder.current]
            if body and isinstance(last := body[-1], Assign) and last.left == pointer:
                body.pop()
                pointer = last.right
        while isinstance(pointer, Cast) and pointer.type in ("void *", "char *", "const void *", "const char *"):
            pointer = pointer.operand
        place = self.context.place(cursor)
        self.context.record_name(self.clang.getTypeDeclaration(record))  # its layout will be wanted
        return Opaque("container_of", (pointer, String(self._member_at(cursor, record, operand.right.value))), type_, place)

    def unchecked(self, cursor: Cursor, operand: Cursor) -> None:
        """``(void)sizeof(condition)``: what an assertion becomes where it is switched off. Kept where the condition is about a marked record."""
        clang = self.clang
        inner = self.stripped(operand)
        if inner.kind != k.UNARY_EXPR:
            return
        conditions = [child for child in clang.children(inner) if 100 <= child.kind < 200]
        if len(conditions) != 1 or not self._about_marked(conditions[0]):
            return
        before, block = self.effects, self.builder.current
        kept = len(self.builder.bodies[block])
        value = self.expression(conditions[0])
        while isinstance(value, Cast):
            value = value.operand
        if self.builder.current == block and len(self.builder.bodies[block]) == kept and self.effects == before:
            self.effects += 1
            self.builder.emit(Opaque("unchecked", (value,), "void", self.context.place(cursor)))

    def _about_marked(self, cursor: Cursor) -> bool:
        """Does an expression name a member of a marked record, and call nothing?"""
        clang, found, stack = self.clang, False, [cursor]
        while stack:
            top = stack.pop()
            if top.kind in (k.CALL_EXPR, k.STMT_EXPR, k.CONDITIONAL_OPERATOR):
                return False
            found = found or (top.kind == k.MEMBER_REF_EXPR and self.context.field(clang.getCursorReferenced(top)).record in self.context.marked)
            stack += clang.children(top)
        return found

    def _member_at(self, cursor: Cursor, record: Type, offset: int) -> str:
        """The member at an offset: one that the macro's arguments name (or macros among them), else the first."""
        clang = self.clang
        place, start = self.context.spot(cursor)
        words: list[str] = _PATH.findall(self.context.sources.arguments(place.file, start))
        behind = [inner for word in words for definition in self.context.macros.lookup(word) for inner in sorted(definition.words)]
        for word in (*words, *behind):
            if clang.Type_getOffsetOf(record, word.encode()) == offset * 8:
                return word
        for name, position, _ in self.context.members(record):
            if position == offset:
                return name
        return f"+{offset}"

    def compound_literal(self, cursor: Cursor) -> Expr:
        """``(type){ ... }``."""
        children = self.clang.children(cursor)
        return self.expression(children[-1]) if children else self.opaque(cursor)

    def initialiser_list(self, cursor: Cursor) -> Expr:
        """``{ ... }``, flattened."""
        type_ = self.context.type_of(cursor)
        fields: list[Field] = []
        self._flatten(cursor, type_.canonical, (), fields)
        return Init(type_.spelling, tuple(fields))

    def _flatten(self, cursor: Cursor, type_: Type, path: tuple[str, ...], fields: list[Field]) -> None:
        clang = self.clang
        array = type_.kind in k.ARRAY_TYPES
        names = [] if array or type_.kind != k.TYPE_RECORD else self.context.field_names(type_)
        record = "" if array or type_.kind != k.TYPE_RECORD else self.context.record_name(clang.getTypeDeclaration(type_))
        position = 0
        for child in clang.children(cursor):
            down: tuple[str, ...] = ()
            value = child
            if child.kind == k.UNEXPOSED_EXPR:
                parts = clang.children(child)
                designators = [part for part in parts if part.kind == k.MEMBER_REF]
                down = tuple(clang.spelling(part) for part in designators)
                if not down and array and len(parts) in (2, 3):
                    index = clang.evaluate(parts[0])
                    down = (f"[{index}]",)
                    position = (clang.evaluate(parts[1]) if len(parts) == 3 else index) or 0
                if down:
                    value = parts[-1]
                    if down[0] in names:
                        position = names.index(down[0])
            if not down:
                name = f"[{position}]" if array or position >= len(names) else names[position]
                down = (name,) if name else ()
            position += 1
            owner = record
            if len(down) > 1:
                owner = self.context.record_name(clang.getCursorSemanticParent(clang.getCursorReferenced(designators[-1])))
            self._value(value, (*path, *down), fields, owner)

    def _value(self, value: Cursor, path: tuple[str, ...], fields: list[Field], record: str) -> None:
        if value.kind == k.INIT_LIST_EXPR:
            self._flatten(value, self.context.type_of(value).canonical, path, fields)
        else:
            fields.append(Field(path, self.expression(value), record))
