"""Cleanup functions that only a precompiled header has.

An annotation names such a function, and no cursor leads to it. A small file that mentions it, parsed with the same header, does; what it
gives is kept with the sources, for the other units of the build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from .clang import Clang
from .context import UnitContext
from .ir import Call, Expr, Function, FunctionRef, Global
from .lower import lower_unit
from .source import Sources
from .units import translation_unit
from .walk import walk

__all__ = ["Cleanups"]

_STUB = "ptlint-stub.c"


class Cleanups:
    """The cleanup functions of one precompiled header, found so far, with all that they reach."""

    def __init__(self, clang: Clang, sources: Sources, command: Sequence[str], files: tuple[str, ...]) -> None:
        self._clang, self._sources, self._command, self._files = clang, sources, command, files
        self._keys: dict[str, FunctionRef] = {}
        self._tried: set[str] = set()
        self._functions: dict[str, Function] = {}
        self._variables: dict[str, Global] = {}
        self._statics: dict[str, list[str]] = {}
        self._declared: dict[str, str] = {}

    def _find(self, names: Iterable[str]) -> None:
        while left := [name for name in names if name not in self._tried]:
            self._tried.update(left)
            mentions = ", ".join(f"(const void *){name}" for name in left)
            text = f"static const void *const ptlint_mentions[] = {{ {mentions} }};\n"
            stub = self._sources.overlay({_STUB: text.encode()})
            with translation_unit(self._clang, stub, _STUB, self._command) as handle:
                if handle is None:
                    return
                context = UnitContext(self._clang, handle, stub, _STUB, self._files, None, set(self._functions))
                functions, variables = lower_unit(context)
                names = list(context.cleanups)
            self._declared.update(context.declared)
            for variable in variables:
                if variable.place.file != _STUB:
                    self._variables[variable.id] = variable
                    self._statics.setdefault(variable.id.rpartition(".")[0], []).append(variable.id)
                elif variable.init is not None:
                    self._keys.update((found.key.rpartition(":")[2], found) for found in walk(variable.init) if isinstance(found, FunctionRef))
            self._functions.update((function.key, function) for function in functions)
        for key, function in self._functions.items():
            self._functions[key] = self._renamed(function)

    def complete(
        self,
        names: Sequence[str],
        wanted: Callable[[str], bool] | None,
        known: set[str],
        functions: list[Function],
        variables: list[Global],
        declared: dict[str, str],
    ) -> list[Function]:
        """The functions, their cleanup calls with the right keys, and the functions that these reach (but those in ``known``).

        ``names`` are the cleanup functions that were not found. ``variables`` and ``declared`` are added to. A name that the header
        does not have stays.
        """
        self._find(names)
        result = [self._renamed(function) for function in functions]
        have = {function.key for function in functions} | known
        statics = {variable.id for variable in variables}
        work = [self._keys[name].key for name in names if name in self._keys]
        while work:
            key = work.pop()
            if key in have:
                continue
            have.add(key)
            found = self._functions.get(key)
            if found is None:
                if key in self._declared:
                    declared[key] = self._declared[key]
            elif wanted is None or wanted(found.name):
                result.append(found)
                work.extend(expr.key for expr in _expressions(found) if isinstance(expr, FunctionRef))
                for name in self._statics.get(f"{found.place.file}:{found.name}", ()):
                    if name not in statics:
                        variables.append(self._variables[name])
        return result

    def _renamed(self, function: Function) -> Function:
        keys = self._keys

        def renamed(expr: Expr) -> Expr:
            if isinstance(expr, Call) and isinstance(expr.function, FunctionRef) and expr.function.key == expr.text and expr.text in keys:
                return msgspec.structs.replace(expr, function=keys[expr.text])
            return expr

        blocks = tuple(msgspec.structs.replace(block, body=tuple(map(renamed, block.body))) for block in function.blocks)
        return msgspec.structs.replace(function, blocks=blocks) if blocks != function.blocks else function


def _expressions(function: Function) -> Iterator[Expr]:
    for block in function.blocks:
        for expr in block.body:
            yield from walk(expr)
        for name in ("test", "value"):
            expr_ = getattr(block.end, name, None)
            if expr_ is not None:
                yield from walk(expr_)
