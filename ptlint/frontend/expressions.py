"""Lowering of expressions. What has to happen before an expression (statement expressions, branches) goes into the blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import fold
from . import kinds as k
from .clang import Cursor
from .context import TypeInfo
from .initialisers import Initialisers
from .ir import Assign, Cast, Cond, Const, Expr, FunctionRef, Index, Jump, Member, Opaque, Place, String, Unary, Var

__all__ = ["Expressions"]


def is_expression(cursor: Cursor) -> bool:
    """Whether a cursor is an expression."""
    return 100 <= cursor.kind < 200


class Expressions(Initialisers):
    """The expressions but calls, initialisers and containers."""

    def expression(self, cursor: Cursor) -> Expr:
        """Lower an expression."""
        handler = _HANDLERS.get(cursor.kind)
        if handler is None:
            return self.opaque(cursor)
        return handler(self, cursor)

    def opaque(self, cursor: Cursor, kind: str | None = None) -> Expr:
        """An expression that is not modelled: its value when it is constant, else its parts."""
        value = self.clang.evaluate(cursor)
        if value is not None:
            return Const(value)
        parts = tuple(self.expression(child) for child in self.clang.children(cursor) if is_expression(child))
        return Opaque(kind or f"clang:{cursor.kind}", parts, self.context.type_of(cursor).spelling)

    def stripped(self, cursor: Cursor) -> Cursor:
        """An expression without the parentheses and implicit casts around it."""
        while cursor.kind in (k.PAREN_EXPR, k.UNEXPOSED_EXPR):
            children = self.clang.children(cursor)
            if len(children) != 1 or not is_expression(children[0]):
                break
            cursor = children[0]
        return cursor

    def _unexposed(self, cursor: Cursor) -> Expr:
        children = self.clang.children(cursor)
        if len(children) == 1 and is_expression(children[0]):
            value = self.expression(children[0])
            if isinstance(value, Const):
                type_ = self.context.type_of(cursor)
                return Const(fold.convert(value.value, type_)) if type_.integer else value
            return value
        expressions = [child for child in children if is_expression(child)]
        if len(expressions) == 4:
            return self._elvis(cursor, expressions[0], expressions[3])
        if len(expressions) == 3:
            test = self.clang.evaluate(expressions[0])
            if test is not None:
                return self.expression(expressions[1 if test else 2])
        if not children:
            value_ = self.clang.evaluate(cursor)
            return Const(value_ or 0) if value_ is not None else Opaque("implicit", (), self.context.type_of(cursor).spelling)
        return self.opaque(cursor)

    def _paren(self, cursor: Cursor) -> Expr:
        return self.expression(self.clang.children(cursor)[0])

    def _literal(self, cursor: Cursor) -> Expr:
        value = self.clang.evaluate(cursor)
        return Const(value) if value is not None else Opaque("literal", (), self.context.type_of(cursor).spelling)

    def _string(self, cursor: Cursor) -> Expr:
        text = self.clang.spelling(cursor)
        if len(text) > 1 and text[0] == '"':
            text = text[1:-1]
        return String(text.removeprefix(self.context.prefix))

    def _reference(self, cursor: Cursor) -> Expr:
        found = self.clang.getCursorReferenced(cursor)
        if found.kind in (k.VAR_DECL, k.PARM_DECL):
            return self.variable(found)
        if found.kind == k.FUNCTION_DECL:
            return self.context.function(found)
        if found.kind == k.ENUM_CONSTANT_DECL:
            return Const(self.clang.getEnumConstantDeclValue(found))
        return Opaque("reference", (), self.context.type_of(cursor).spelling)

    def _member(self, cursor: Cursor) -> Expr:
        clang, context = self.clang, self.context
        field = context.field(clang.getCursorReferenced(cursor))
        children = clang.children(cursor)
        base = children[0]
        while base.kind == k.MEMBER_REF_EXPR and not context.field(clang.getCursorReferenced(base)).name:
            base = clang.children(base)[0]
        arrow = context.type_of(base).kind == k.TYPE_POINTER
        value = self.expression(base)
        place, macros = self._named(cursor, field.name) if field.record in context.marked else (None, ())
        if arrow and isinstance(value, Unary) and value.op == "&":
            return Member(value.operand, field.name, field.record, False, field.type.spelling, place, macros)
        if not arrow and isinstance(value, Unary) and value.op == "*":
            return Member(value.operand, field.name, field.record, True, field.type.spelling, place, macros)
        return Member(value, field.name, field.record, arrow, field.type.spelling, place, macros)

    def _named(self, cursor: Cursor, name: str) -> tuple[Place, tuple[tuple[str, Place], ...]]:
        """Where a member is named, and the macros from there to the one that names it."""
        context = self.context
        place = context.place(cursor)
        file, start = context.spot_start(cursor)
        here = context.sources.identifier(file, start)
        return place, context.macros.way(here, name) if here and context.macros.lookup(here) else ()

    def _index(self, cursor: Cursor) -> Expr:
        children = self.clang.children(cursor)
        base = self.expression(children[0])
        return Index(base, self.expression(children[1]), self.context.type_of(cursor).spelling)

    def _unary(self, cursor: Cursor) -> Expr:
        op = k.UNARY_OPERATORS.get(self.clang.getCursorUnaryOperatorKind(cursor), "?")
        child = self.clang.children(cursor)[0]
        if op == "__extension__":
            return self.expression(child)
        operand = self.expression(child)
        type_ = self.context.type_of(cursor)
        if op == "&":
            if isinstance(operand, FunctionRef):
                return operand
            if isinstance(operand, Unary) and operand.op == "*":
                return operand.operand
        elif op == "*":
            if isinstance(operand, Unary) and operand.op == "&":
                return operand.operand
            if type_.kind in k.TYPE_FUNCTIONS:
                return operand
            return self._dereference(child, operand, type_)
        elif op in ("++", "--", "post++", "post--"):
            self.effects += 1
        return fold.unary(op, operand, type_)

    def _dereference(self, child: Cursor, operand: Expr, type_: TypeInfo) -> Expr:
        """``*(const volatile T *)&x``, the way of READ_ONCE(), is x when x has type T."""
        if isinstance(operand, Cast):
            inner = operand.operand
            cast = self.stripped(child)
            children = [found for found in self.clang.children(cast) if is_expression(found)]
            if cast.kind == k.CSTYLE_CAST_EXPR and children:
                clang = self.clang
                pointee = clang.getPointeeType(self.context.type_of(children[-1]).canonical)
                if self.context.same(type_.canonical, clang.getCanonicalType(pointee)):
                    return inner.operand if isinstance(inner, Unary) and inner.op == "&" else Unary("*", inner, type_.spelling)
        return Unary("*", operand, type_.spelling)

    def _binary(self, cursor: Cursor) -> Expr:
        clang = self.clang
        kind = clang.getCursorBinaryOperatorKind(cursor)
        left, right = clang.children(cursor)
        op = k.BINARY_OPERATORS.get(kind, "?")
        if kind == k.ASSIGN:
            return self._assign(cursor, left, right, "")
        if op == ",":
            before = self.effects
            first = self.expression(left)
            if self.effects != before:
                self.effect(first)
            return self.expression(right)
        if op in ("&&", "||"):
            return self._logical(cursor, op, left, right)
        value = self.expression(left)
        return fold.binary(op, value, self.expression(right), self.context.type_of(cursor))

    def _compound(self, cursor: Cursor) -> Expr:
        left, right = self.clang.children(cursor)
        op = k.BINARY_OPERATORS.get(self.clang.getCursorBinaryOperatorKind(cursor), "?")
        return self._assign(cursor, left, right, op)

    def _assign(self, cursor: Cursor, left: Cursor, right: Cursor, op: str) -> Expr:
        value = self.expression(right)
        target = self.expression(left)
        self.effects += 1
        return Assign(target, value, op, self.context.place(cursor))

    # branches in value position

    def aside(self, cursor: Cursor) -> tuple[int, int, Expr, bool]:
        """Lower an expression into a block of its own: (first block, last block, value, whether it has no effects)."""
        builder = self.builder
        here, before = builder.current, self.effects
        first = builder.current = builder.new()
        value = self.expression(cursor)
        last = builder.current
        pure = self.effects == before and last == first and not builder.bodies[first] and builder.ends[first] is None
        builder.current = here
        return first, last, value, pure

    def _logical(self, cursor: Cursor, op: str, left: Cursor, right: Cursor) -> Expr:
        test = self.expression(left)
        type_ = self.context.type_of(cursor)
        if isinstance(test, Const):
            if bool(test.value) == (op == "||"):
                return Const(int(op == "||"))
            value = self.expression(right)
            return Const(int(value.value != 0)) if isinstance(value, Const) else value
        first, last, value, pure = self.aside(right)
        if pure:
            return fold.binary(op, test, value, type_)
        builder, place = self.builder, self.context.place(cursor)
        short, join = builder.new(), builder.new()
        result = self.temporary(type_.spelling)
        if op == "&&":
            builder.branch(test, first, short, place)
        else:
            builder.branch(test, short, first, place)
        builder.current = last
        self.assign(result, Unary("!", Unary("!", value, "int"), "int"), place)
        builder.jump(join, short)
        self.assign(result, Const(int(op == "||")), place)
        builder.jump(join, join)
        return result

    def _conditional(self, cursor: Cursor) -> Expr:
        test_cursor, yes, no = self.clang.children(cursor)
        test = self.expression(test_cursor)
        if isinstance(test, Const):
            return self.expression(yes if test.value else no)
        return self._choose(cursor, test, yes, no)

    def _choose(self, cursor: Cursor, test: Expr, yes: Cursor, no: Cursor) -> Expr:
        first_yes, last_yes, value_yes, pure_yes = self.aside(yes)
        first_no, last_no, value_no, pure_no = self.aside(no)
        if pure_yes and pure_no:
            return Cond(test, value_yes, value_no)
        type_ = self.context.type_of(cursor)
        result = None if type_.kind == k.TYPE_VOID else self.temporary(type_.spelling)
        place = self.context.place(cursor)
        join = self.builder.new()
        self.builder.branch(test, first_yes, first_no, place)
        for last, value in ((last_yes, value_yes), (last_no, value_no)):
            self.builder.current = last
            self._settle(result, value, place)
            self.builder.jump(join, join)
        return result if result is not None else Const(0)

    def _settle(self, result: Var | None, value: Expr, place: Place) -> None:
        if result is not None:
            self.assign(result, value, place)
        else:
            self.effect(value)

    def _elvis(self, cursor: Cursor, common: Cursor, other: Cursor) -> Expr:
        before = self.effects
        value = self.expression(common)
        place, type_ = self.context.place(cursor), self.context.type_of(cursor).spelling
        if isinstance(value, Const):
            return value if value.value else self.expression(other)
        if self.effects != before and not isinstance(value, Var):
            temporary = self.temporary(type_)
            self.assign(temporary, value, place)
            value = temporary
        first, last, alternative, pure = self.aside(other)
        if pure:
            return Cond(value, value, alternative)
        builder = self.builder
        result = self.temporary(type_)
        self.assign(result, value, place)
        join = builder.new()
        builder.branch(value, join, first, place)
        builder.current = last
        self.assign(result, alternative, place)
        builder.end(Jump(join), join)
        return result

    def _generic(self, cursor: Cursor) -> Expr:
        """The association that has the type of the whole; libclang does not tell which, when several have."""
        type_ = self.context.type_of(cursor).canonical
        found = [child for child in self.clang.children(cursor)[1:] if is_expression(child)]
        same = []
        for child in found:
            other = self.context.type_of(child).canonical
            if other.kind == type_.kind and other.data0 == type_.data0:
                same.append(child)
        if len(same) == 1:
            return self.expression(same[0])
        return Opaque("_Generic", tuple(self.expression(child) for child in same or found), self.context.type_of(cursor).spelling)


_HANDLERS: dict[int, Callable[[Any, Cursor], Expr]] = {
    k.UNEXPOSED_EXPR: Expressions._unexposed,
    k.PAREN_EXPR: Expressions._paren,
    k.INTEGER_LITERAL: Expressions._literal,
    k.CHARACTER_LITERAL: Expressions._literal,
    k.STRING_LITERAL: Expressions._string,
    k.DECL_REF_EXPR: Expressions._reference,
    k.MEMBER_REF_EXPR: Expressions._member,
    k.ARRAY_SUBSCRIPT_EXPR: Expressions._index,
    k.UNARY_OPERATOR: Expressions._unary,
    k.BINARY_OPERATOR: Expressions._binary,
    k.COMPOUND_ASSIGNMENT: Expressions._compound,
    k.CONDITIONAL_OPERATOR: Expressions._conditional,
    k.GENERIC_SELECTION_EXPR: Expressions._generic,
    k.CALL_EXPR: Expressions.call,
    k.CSTYLE_CAST_EXPR: Expressions.cast,
    k.COMPOUND_LITERAL_EXPR: Expressions.compound_literal,
    k.INIT_LIST_EXPR: Expressions.initialiser_list,
    k.STMT_EXPR: lambda self, cursor: self.statement_expression(cursor),
}
