"""Lowering of conditions, branches, loops and switches."""

from __future__ import annotations

from typing import NamedTuple

from . import kinds as k
from .clang import Cursor
from .context import UnitContext
from .expressions import Expressions, is_expression
from .ir import Const, Expr, Place, Switch, Unary
from .scope import Scope

__all__ = ["Control"]

_LABELS = (k.LABEL_STMT, k.CASE_STMT, k.DEFAULT_STMT)
_WRITES = ("++", "--", "post++", "post--")


class _Target(NamedTuple):
    stop: int
    again: int
    depth: int


class _Switch:
    def __init__(self, value: Expr, matched: bool) -> None:
        self.value = value.value if isinstance(value, Const) else None
        self.matched = matched
        self.cases: list[tuple[int, int, int]] = []
        self.default = -1


class Control(Expressions):
    """Statements of control flow."""

    def __init__(self, context: UnitContext, name: str, place: Place) -> None:
        super().__init__(context, name, place)
        self._targets: list[_Target] = []
        self._switches: list[_Switch] = []

    def statement(self, cursor: Cursor) -> None:
        """Lower a statement."""
        raise NotImplementedError

    def evaluated(self, cursor: Cursor) -> None:
        """Lower an expression for its effects."""
        raise NotImplementedError

    def close_scope(self) -> None:
        """Leave the innermost scope at its end."""
        raise NotImplementedError

    def labelled(self, cursor: Cursor) -> bool:
        """Whether a label (or a case) stands in a statement."""
        if cursor.kind in _LABELS:
            return True
        return any(self.labelled(child) for child in self.clang.children(cursor))

    # conditions

    def condition(self, cursor: Cursor, yes: int, no: int) -> None:
        """Go to ``yes`` when the expression is not zero, else to ``no``. The caller chooses the next block."""
        clang, builder = self.clang, self.builder
        cursor = self.stripped(cursor)
        if cursor.kind == k.UNARY_OPERATOR and clang.getCursorUnaryOperatorKind(cursor) == 10:
            self.condition(clang.children(cursor)[0], no, yes)
            return
        if cursor.kind == k.BINARY_OPERATOR:
            op = k.BINARY_OPERATORS.get(clang.getCursorBinaryOperatorKind(cursor))
            if op in ("&&", "||"):
                left, right = clang.children(cursor)
                middle = builder.new()
                if op == "&&":
                    self.condition(left, middle, no)
                else:
                    self.condition(left, yes, middle)
                builder.current = middle
                if middle in builder.targets:
                    self.condition(right, yes, no)
                return
        if cursor.kind == k.CALL_EXPR:
            children = clang.children(cursor)
            if len(children) > 1 and clang.spelling(cursor) == "__builtin_expect":
                self.condition(children[1], yes, no)
                return
        value = self.expression(cursor)
        while isinstance(value, Unary) and value.op == "!":
            value, yes, no = value.operand, no, yes
        if builder.current in builder.dead:
            return
        builder.branch(value, yes, no, self.context.place(cursor))

    def _enter(self, block: int) -> None:
        """Go on in a block; code there is dead when nothing led to the block so far."""
        self.builder.current = block
        if block not in self.builder.targets:
            self.builder.dead.add(block)

    def if_statement(self, cursor: Cursor) -> None:
        """``if``."""
        builder = self.builder
        children = self.clang.children(cursor)
        yes, no = builder.new(), builder.new()
        self.condition(children[0], yes, no)
        self._enter(yes)
        self.statement(children[1])
        if len(children) < 3:
            builder.jump(no, no)
            self._enter(no)
            return
        join = builder.new()
        builder.jump(join)
        self._enter(no)
        self.statement(children[2])
        builder.jump(join)
        self._enter(join)

    # loops

    def while_statement(self, cursor: Cursor) -> None:
        """``while``."""
        test, body = self.clang.children(cursor)
        self._loop(test, body, None)

    def _loop(self, test: Cursor | None, body: Cursor, step: Cursor | None) -> None:
        builder = self.builder
        head, inside, after = builder.new(), builder.new(), builder.new()
        again = builder.new() if step is not None else head
        builder.jump(head, head)
        if test is None:
            builder.jump(inside, inside)
        else:
            self.condition(test, inside, after)
        self._enter(inside)
        self._body(body, after, again)
        builder.jump(again)
        if step is not None:
            self._enter(again)
            self.evaluated(step)
            builder.jump(head)
        self._enter(after)

    def _body(self, body: Cursor, stop: int, again: int) -> None:
        self._targets.append(_Target(stop, again, len(self.scopes)))
        self.statement(body)
        self._targets.pop()

    def do_statement(self, cursor: Cursor) -> None:
        """``do ... while``."""
        builder = self.builder
        body, test = self.clang.children(cursor)
        head, again, after = builder.new(), builder.new(), builder.new()
        builder.jump(head, head)
        self._body(body, after, again)
        builder.jump(again)
        self._enter(again)
        if again not in builder.dead:
            self.condition(test, head, after)
        self._enter(after)

    def for_statement(self, cursor: Cursor) -> None:
        """``for``; libclang does not tell which of the three parts were left out."""
        *parts, body = self.clang.children(cursor)
        init, test, step = self._parts(cursor, parts)
        self.scopes.append(Scope())
        if init is not None:
            self.statement(init)
        self._loop(test, body, step)
        self.close_scope()

    def _parts(self, cursor: Cursor, parts: list[Cursor]) -> tuple[Cursor | None, Cursor | None, Cursor | None]:
        if len(parts) >= 3:
            return parts[0], parts[1], parts[2]
        found: list[Cursor | None] = [None, None, None]
        semicolons = self._semicolons(cursor)
        if semicolons:
            for part in parts:
                _, offset = self.context.spot_start(part)
                found[sum(position < offset for position in semicolons)] = part
        elif len(parts) == 2:
            first, second = parts
            if not self._writes(first):
                found[1:] = parts
            elif self._writes(second):
                found[0], found[2] = parts
            else:
                found[:2] = parts
        elif parts:
            writes = self._writes(parts[0])
            found[0 if writes else 1] = parts[0]
        return found[0], found[1], found[2]

    def _semicolons(self, cursor: Cursor) -> list[int]:
        """The offsets of the two semicolons, when the ``for`` is written out in the file."""
        place, start = self.context.spot(cursor)
        sources = self.context.sources
        if sources.identifier(place.file, start) != "for":
            return []
        depth = 0
        found = []
        text = sources.text(place.file)
        for position in range(start + 3, min(len(text), start + 4000)):
            byte = text[position]
            if byte in b"({":
                depth += 1
            elif byte in b")}":
                depth -= 1
                if depth == 0:
                    break
            elif byte == 59 and depth == 1:
                found.append(position)
        return found if len(found) == 2 else []

    def _writes(self, cursor: Cursor) -> bool:
        """Whether a part of a ``for`` looks like one that is evaluated for its effect."""
        cursor = self.stripped(cursor)
        if cursor.kind in (k.DECL_STMT, k.COMPOUND_ASSIGNMENT):
            return True
        if cursor.kind == k.BINARY_OPERATOR:
            kind = self.clang.getCursorBinaryOperatorKind(cursor)
            if kind == 33:
                return self._writes(self.clang.children(cursor)[1])
            return bool(kind == k.ASSIGN)
        if cursor.kind == k.UNARY_OPERATOR:
            return k.UNARY_OPERATORS.get(self.clang.getCursorUnaryOperatorKind(cursor)) in _WRITES
        return is_expression(cursor) and self.context.type_of(cursor).kind == k.TYPE_VOID

    def break_statement(self, _cursor: Cursor) -> None:
        """``break``."""
        if self._targets:
            self.leave(self._targets[-1].depth)
            self.builder.jump(self._targets[-1].stop)

    def continue_statement(self, _cursor: Cursor) -> None:
        """``continue``."""
        for target in reversed(self._targets):
            if target.again >= 0:
                self.leave(target.depth)
                self.builder.jump(target.again)
                break

    # switch

    def switch_statement(self, cursor: Cursor) -> None:
        """``switch``; of a constant, only the case that is taken."""
        builder = self.builder
        test, body = self.clang.children(cursor)
        value = self.expression(test)
        switch = _Switch(value, isinstance(value, Const) and self._matches(body, value.value))
        head, after = builder.current, builder.new()
        builder.current = builder.new()
        builder.dead.add(builder.current)
        self._switches.append(switch)
        self._body(body, after, -1)
        self._switches.pop()
        builder.jump(after)
        default = switch.default if switch.default >= 0 else after
        builder.targets.add(default)
        if builder.ends[head] is None:
            builder.ends[head] = Switch(value, tuple(switch.cases), default, self.context.place(cursor))
        self._enter(after)

    def _matches(self, cursor: Cursor, value: int) -> bool:
        for child in self.clang.children(cursor):
            if child.kind == k.CASE_STMT:
                low, high = self._range(self.clang.children(child))
                if low <= value <= high:
                    return True
            if child.kind != k.SWITCH_STMT and child.kind >= 200 and self._matches(child, value):
                return True
        return False

    def _range(self, children: list[Cursor]) -> tuple[int, int]:
        low = self.clang.evaluate(children[0]) or 0
        return low, (self.clang.evaluate(children[1]) or 0) if len(children) > 2 else low

    def case_statement(self, cursor: Cursor) -> None:
        """``case``."""
        children = self.clang.children(cursor)
        low, high = self._range(children)
        switch = self._switches[-1]
        if switch.value is None or low <= switch.value <= high:
            switch.cases.append((low, high, self._case()))
        self.statement(children[-1])

    def _case(self) -> int:
        block = self.builder.new()
        self.builder.jump(block, block)
        self.builder.targets.add(block)
        return block

    def default_statement(self, cursor: Cursor) -> None:
        """``default``."""
        switch = self._switches[-1]
        if switch.value is None or not switch.matched:
            switch.default = self._case()
        for child in self.clang.children(cursor):
            self.statement(child)
