"""Lowering of statements to blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from . import kinds as k
from .clang import Cursor
from .context import UnitContext
from .control import Control
from .expressions import is_expression
from .ir import Asm, Branch, Call, Const, Expr, Global, Opaque, Place, Return, Unary, Var
from .scope import Scope

__all__ = ["Statements"]

_ASM_TEXT = 400
_CLEANUP = "cleanup:"
_RAW_CLEANUP = re.compile(r"(?:__)?cleanup(?:__)?\s*\(\s*(\w+)\s*\)")
_ASM = frozenset(("asm", "__asm__", "__asm"))
_LABEL_KINDS = frozenset((k.LABEL_STMT, k.LABEL_REF))
_WORD = re.compile(r"[A-Za-z_]\w*")


class Statements(Control):
    """Statements but those of control flow, and statement expressions."""

    def __init__(self, context: UnitContext, name: str, place: Place) -> None:
        super().__init__(context, name, place)
        self.body: Cursor | None = None
        self._labels: dict[int | None, str] | None = None
        self._gone: set[int | None] = set()

    def statement(self, cursor: Cursor) -> None:
        """Lower a statement; one that control cannot reach is left out unless a label stands in it."""
        if self.builder.current in self.builder.dead and not self.labelled(cursor):
            return
        handler = _HANDLERS.get(cursor.kind)
        if handler is not None:
            handler(self, cursor)
        elif is_expression(cursor):
            self.evaluated(cursor)

    def evaluated(self, cursor: Cursor) -> None:
        """Lower an expression for its effects."""
        before = self.effects
        value = self.expression(cursor)
        if self.effects != before:
            self.effect(value)

    def compound(self, cursor: Cursor) -> None:
        """``{ ... }``."""
        self.scopes.append(Scope())
        for child in self.clang.children(cursor):
            self.statement(child)
        self.close_scope()

    def close_scope(self) -> None:
        """Leave the innermost scope at its end."""
        if self.builder.current not in self.builder.dead:
            self.leave(len(self.scopes) - 1)
        self.scopes.pop()

    def statement_expression(self, cursor: Cursor) -> Expr:
        """``({ ... })``: its statements go into the blocks; its value is that of the last one."""
        body = self.clang.children(cursor)
        children = self.clang.children(body[0]) if body else []
        self.scopes.append(Scope())
        for child in children[:-1]:
            self.statement(child)
        value: Expr = Const(0)
        if children:
            last = children[-1]
            while last.kind in (k.LABEL_STMT, k.UNEXPOSED_STMT):
                if last.kind == k.LABEL_STMT:
                    self.label(last.data1)
                last = self.clang.children(last)[-1]
            if is_expression(last):
                value = self.expression(last)
            else:
                self.statement(last)
        if self.scopes[-1].cleanups and not isinstance(value, Const):
            type_ = self.context.type_of(cursor)
            if type_.kind == k.TYPE_VOID:
                self.effect(value)
                value = Const(0)
            else:
                temporary = self.temporary(type_.spelling)
                self.assign(temporary, value, self.context.place(cursor))
                value = temporary
        self.close_scope()
        return value

    def _declarations(self, cursor: Cursor) -> None:
        for child in self.clang.children(cursor):
            if child.kind == k.VAR_DECL:
                self._declaration(child)

    def _declaration(self, cursor: Cursor) -> None:
        clang, context = self.clang, self.context
        storage = clang.Cursor_getStorageClass(cursor)
        if storage == k.STORAGE_EXTERN:
            return
        init = clang.Cursor_getVarDeclInitializer(cursor)
        initialised = is_expression(init)
        if storage == k.STORAGE_STATIC:
            var = self.variable(cursor)
            if initialised:
                value = self.expression(init)
                self.statics.append(Global(var.id, var.type, context.place(cursor), value))
            return
        type_ = context.type_of(cursor)
        if initialised:
            if type_.derived:
                inner = context.type_of(self.stripped(init))
                if context.same(inner.canonical, type_.canonical):
                    type_ = inner
            value = self.expression(init)
            var = self.declare(cursor, "local", type_)
            if not (isinstance(value, Var) and value.id == var.id):
                self.assign(var, value, context.place(cursor))
        else:
            var = self.declare(cursor, "local", type_)
        if clang.Cursor_hasAttrs(cursor) and (name := self._cleanup(cursor)):
            address = Unary("&", var, f"{var.type} *")
            self.scopes[-1].cleanups.append(Call(context.named(name), (address,), context.place(cursor), name, (), "void"))

    def _cleanup(self, variable: Cursor) -> str:
        """The name of a variable's cleanup function, as ``__cleanup()`` notes it or the attribute itself is written; empty where there is none."""
        written = ""
        for child in self.clang.children(variable):
            if child.kind == k.ANNOTATE_ATTR and (text := self.clang.spelling(child)).startswith(_CLEANUP):
                return text[len(_CLEANUP) :].strip()
            if child.kind == k.UNEXPOSED_ATTR and (match := _RAW_CLEANUP.match(self.context.written(child))):
                written = match[1]
        return written

    def _label(self, cursor: Cursor) -> None:
        self.label(cursor.data1)
        for child in self.clang.children(cursor):
            self.statement(child)

    def _goto(self, cursor: Cursor) -> None:
        for child in self.clang.children(cursor):
            if child.kind == k.LABEL_REF:
                self.goto(self.clang.getCursorReferenced(child).data1)

    def _computed_goto(self, cursor: Cursor) -> None:
        target = tuple(self.expression(child) for child in self.clang.children(cursor) if is_expression(child))
        self.builder.emit(Opaque("computed goto", target, "void"))
        self.builder.end(Return(None, self.context.place(cursor)))

    def _return(self, cursor: Cursor) -> None:
        children = self.clang.children(cursor)
        place = self.context.place(cursor)
        value: Expr | None = None
        if children:
            value = self.expression(children[0])
            type_ = self.context.type_of(children[0])
            if type_.kind == k.TYPE_VOID:
                self.effect(value)
                value = None
            elif any(scope.cleanups for scope in self.scopes) and not isinstance(value, Const):
                temporary = self.temporary(type_.spelling)
                self.assign(temporary, value, place)
                value = temporary
        self.leave(0)
        self.builder.end(Return(value, place))

    def _asm(self, cursor: Cursor) -> None:
        builder = self.builder
        children = [child for child in self.clang.children(cursor) if is_expression(child)]
        operands = tuple([self._operand(child) for child in children])
        # Outputs come first, and are lvalues: no conversion stands around them.
        outputs = next((index for index, child in enumerate(children) if child.kind not in k.LVALUES), len(children))
        place, offset = self.context.spot(cursor)
        macro = self.context.sources.identifier(place.file, offset)
        text = self.context.written(cursor)
        if macro in _ASM:
            macro = ""
        self.effects += 1
        builder.emit(Asm(operands, text[:_ASM_TEXT], place, macro, outputs))
        for label in self._asm_labels(macro, text):
            jump, following = builder.new(), builder.new()
            builder.end(Branch(Opaque("asm goto", (), "int"), jump, following, place), jump)
            self.goto(label)
            builder.current = following

    def _asm_labels(self, macro: str, text: str) -> list[int | None]:
        """The labels that an ``asm goto`` may jump to. libclang shows none of them: the source text tells.

        Those that the text (of a macro: its arguments, or a body on the way to ``goto``) names; else those that no ``goto`` leads to.
        """
        if self.body is None:
            return []
        if self._labels is None:
            found = self.clang.descendants(self.body, _LABEL_KINDS)
            self._labels = {label.data1: self.clang.spelling(label) for label in found if label.kind == k.LABEL_STMT}
            self._gone = {self.clang.getCursorReferenced(ref).data1 for ref in found if ref.kind == k.LABEL_REF}
        if not self._labels:
            return []
        words = set(_WORD.findall(text))
        if macro:
            chain = self.context.macros.way(macro, "goto")
            if not chain:
                return []
            for name, _ in chain:
                words.update(word for definition in self.context.macros.lookup(name) for word in definition.words)
        elif "goto" not in words:
            return []
        named: list[int | None] = [label for label, name in self._labels.items() if name in words]
        return named or [label for label in self._labels if label not in self._gone]

    def _operand(self, cursor: Cursor) -> Expr:
        """An operand; a number that a macro puts there may come from ``__COUNTER__``, and is 0."""
        if self.stripped(cursor).kind == k.INTEGER_LITERAL:
            place, offset = self.context.spot(cursor)
            if not self.context.sources.text(place.file)[offset : offset + 1].isdigit():
                return Const(0)
        return self.expression(cursor)

    def _attributed(self, cursor: Cursor) -> None:
        for child in self.clang.children(cursor):
            if k.UNEXPOSED_EXPR <= child.kind < 300:
                self.statement(child)

    def _nothing(self, cursor: Cursor) -> None:
        pass


_HANDLERS: dict[int, Callable[[Any, Cursor], None]] = {
    k.COMPOUND_STMT: Statements.compound,
    k.DECL_STMT: Statements._declarations,
    k.IF_STMT: Statements.if_statement,
    k.WHILE_STMT: Statements.while_statement,
    k.DO_STMT: Statements.do_statement,
    k.FOR_STMT: Statements.for_statement,
    k.SWITCH_STMT: Statements.switch_statement,
    k.CASE_STMT: Statements.case_statement,
    k.DEFAULT_STMT: Statements.default_statement,
    k.BREAK_STMT: Statements.break_statement,
    k.CONTINUE_STMT: Statements.continue_statement,
    k.LABEL_STMT: Statements._label,
    k.GOTO_STMT: Statements._goto,
    k.INDIRECT_GOTO_STMT: Statements._computed_goto,
    k.RETURN_STMT: Statements._return,
    k.ASM_STMT: Statements._asm,
    k.UNEXPOSED_STMT: Statements._attributed,
    k.NULL_STMT: Statements._nothing,
}
