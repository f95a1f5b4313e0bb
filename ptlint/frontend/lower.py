"""Lowering of a translation unit: its own functions and variables, and the functions of headers that they reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import kinds as k
from .clang import Cursor
from .context import Reach, UnitContext
from .ir import Function, FunctionRef, Global, Param, Place, Unary
from .statements import Statements
from .walk import walk

__all__ = ["lower_queue", "lower_shared", "lower_unit", "sort_functions", "sort_variables"]


_MARK = re.compile(rb"\b__[a-z_]+")
_BROKEN = (IndexError, ValueError, RecursionError)  # what broken code, whose cursors lack parts, or endless nesting leads to


def _failure(name: str, error: Exception) -> str:
    return f"{name}: {'nested too deeply' if isinstance(error, RecursionError) else 'cannot be read, the code is broken'}"


def _interesting(variable: Global) -> bool:
    """Whether an initialiser holds a function or an address."""
    if variable.init is None:
        return False
    return any(isinstance(found, FunctionRef) or (isinstance(found, Unary) and found.op == "&") for found in walk(variable.init))


def lower_function(context: UnitContext, key: str, cursor: Cursor) -> tuple[Function, list[Global]]:
    """Lower one function definition; also gives its static variables."""
    clang = context.clang
    place = context.place(cursor)
    name = context.name(cursor)
    state = Statements(context, name, place)
    params = []
    body = None
    for child in clang.children(cursor):
        if child.kind == k.PARM_DECL:
            var = state.declare(child, "param")
            params.append(Param(var.id, var.type))
        elif child.kind == k.COMPOUND_STMT:
            body = child
    if body is not None:
        state.body = body
        state.compound(body)
    extent = clang.getCursorExtent(cursor)
    file, line, column, _ = clang.position(clang.getExpansionLocation, clang.getRangeEnd(extent))
    start = clang.position(clang.getExpansionLocation, clang.getRangeStart(extent))[3]
    head = context.sources.text(place.file)[start : context.spot(cursor)[1]]
    marks = tuple(word.decode() for word in _MARK.findall(head))
    state.resolve()
    blocks = state.builder.finish(Place(context.file_name(file), line, column))
    result = context.type_info(clang.getCursorResultType(cursor)).spelling
    static = clang.getCursorLinkage(cursor) == k.LINKAGE_INTERNAL
    return Function(key, name, place, line, tuple(params), result, static, blocks, marks), state.statics


def lower_variable(context: UnitContext, cursor: Cursor) -> Global | None:
    """Lower a variable of the file's scope; None when it has no initialiser."""
    init = context.clang.Cursor_getVarDeclInitializer(cursor)
    if not 100 <= init.kind < 200:
        return None
    place = context.place(cursor)
    state = Statements(context, "", place)
    var = state.variable(cursor)
    return Global(var.id, var.type, place, state.expression(init))


def lower_queue(context: UnitContext, functions: list[Function], variables: list[Global]) -> None:
    """Lower the functions in the queue, and those that these reach, but those of the precompiled header."""
    done = 0
    while done < len(context.queue):
        key, cursor = context.queue[done]
        done += 1
        try:
            function, statics = lower_function(context, key, cursor)
        except _BROKEN as error:
            context.failed.append(_failure(key, error))
            continue
        functions.append(function)
        variables.extend(filter(_interesting, statics))
    context.queue.clear()


def lower_shared(context: UnitContext) -> Iterator[tuple[Function, list[Global], Reach]]:
    """Lower the functions of the precompiled header that were reached, and those that these reach, each with what it names."""
    done = 0
    while done < len(context.shared_queue):
        key, cursor = context.shared_queue[done]
        done += 1
        reach = Reach(True)
        context.enter(reach)
        try:
            function, statics = lower_function(context, key, cursor)
        except _BROKEN as error:
            context.failed.append(_failure(key, error))
            context.bound = True
            continue
        yield function, list(filter(_interesting, statics)), reach
    context.shared_queue.clear()
    context.enter(context.own)


def sort_functions(functions: list[Function], file: str) -> None:
    """Sort in place: those of the unit's file first, each file's in its order."""
    functions.sort(key=lambda found: (found.place.file != file, found.place.file, found.place.line, found.key))


def sort_variables(variables: list[Global]) -> None:
    """Sort in place, by file and line."""
    variables.sort(key=lambda found: (found.place.file, found.place.line, found.id))


def lower_unit(context: UnitContext) -> tuple[list[Function], list[Global]]:
    """Lower what stands in the unit's own file, then what it reaches outside of the precompiled header: (functions, variables), in a fixed order."""
    clang = context.clang
    variables: list[Global] = []
    for cursor in clang.children(clang.getTranslationUnitCursor(context.unit)):
        kind = cursor.kind
        if kind not in (k.FUNCTION_DECL, k.VAR_DECL):
            continue
        # Some C files include others: what stands in these is the unit's own too.
        if not clang.Location_isFromMainFile(clang.getCursorLocation(cursor)) and not context.place(cursor).file.endswith(".c"):
            continue
        if kind == k.FUNCTION_DECL:
            definition = clang.getCursorDefinition(cursor)
            if definition.kind == k.FUNCTION_DECL and definition.data0 == cursor.data0:
                context.function(cursor)
        else:
            try:
                variable = lower_variable(context, cursor)
            except _BROKEN as error:
                context.failed.append(_failure(context.name(cursor), error))
                continue
            if variable is not None and _interesting(variable):
                variables.append(variable)
    functions: list[Function] = []
    lower_queue(context, functions, variables)
    sort_functions(functions, context.file)
    sort_variables(variables)
    return functions, variables
