"""Cleanup functions that only a precompiled header has.

An annotation names such a function, and no cursor leads to it. A small file that mentions it, parsed with the same header, does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from .clang import Clang
from .context import UnitContext
from .ir import Call, Expr, Function, FunctionRef, Global
from .lower import lower_unit
from .source import Sources
from .units import translation_unit
from .walk import walk

__all__ = ["resolve_cleanups"]

_STUB = "ptlint-stub.c"


def resolve_cleanups(clang: Clang, sources: Sources, command: Sequence[str], wanted: Callable[[str], bool] | None, files: tuple[str, ...],
                     names: Sequence[str], functions: list[Function], variables: list[Global], declared: dict[str, str]) -> list[Function]:
    """The functions, their cleanup calls with the right keys, and the functions that these reach.

    ``names`` are the cleanup functions that were not found. ``variables`` and ``declared`` are added to. A name that the header does not have stays.
    """
    keys: dict[str, FunctionRef] = {}
    found: list[Function] = []
    reached: list[Global] = []
    tried: dict[str, None] = {}
    while left := [name for name in names if name not in tried]:
        tried.update(dict.fromkeys(left))
        mentions = ", ".join(f"(const void *){name}" for name in tried)
        text = f"static const void *const ptlint_mentions[] = {{ {mentions} }};\n"
        stub = sources.overlay({_STUB: text.encode()})
        with translation_unit(clang, stub, _STUB, command) as handle:
            if handle is None:
                return functions
            context = UnitContext(clang, handle, stub, _STUB, files, wanted)
            found, reached = lower_unit(context)
            declared.update(context.declared)
            names = list(context.cleanups)
        keys = {reference.key.rpartition(":")[2]: reference for variable in reached for reference in _references(variable)}
    known = {function.key for function in functions}
    have = {variable.id for variable in variables}
    variables.extend(variable for variable in reached if variable.id not in have and variable.place.file != _STUB)
    functions = [*functions, *(function for function in found if function.key not in known)]
    return [_renamed(function, keys) for function in functions]


def _references(variable: Global) -> list[FunctionRef]:
    return [found for found in walk(variable.init) if isinstance(found, FunctionRef)] if variable.init is not None else []


def _renamed(function: Function, keys: dict[str, FunctionRef]) -> Function:
    def renamed(expr: Expr) -> Expr:
        if isinstance(expr, Call) and isinstance(expr.function, FunctionRef) and expr.function.key == expr.text and expr.text in keys:
            return msgspec.structs.replace(expr, function=keys[expr.text])
        return expr

    blocks = tuple(msgspec.structs.replace(block, body=tuple(map(renamed, block.body))) for block in function.blocks)
    return msgspec.structs.replace(function, blocks=blocks) if blocks != function.blocks else function
