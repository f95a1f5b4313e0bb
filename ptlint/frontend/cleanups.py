"""Cleanup functions that only a precompiled header has.

An annotation names such a function, and no cursor leads to it. A small file that mentions it, parsed with the same header, does; what it
gives is kept with the sources, for the other units of the build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from .clang import Clang
from .context import UnitContext
from .headers import lower_headers
from .ir import Call, Expr, Function, FunctionRef, Layout, Shared
from .lower import lower_unit
from .source import Sources
from .units import translation_unit
from .walk import walk

__all__ = ["Cleanups"]

_STUB = "ptlint-stub.c"


class Cleanups:
    """The cleanup functions of one precompiled header, found so far, with all that they reach."""

    def __init__(self, clang: Clang, sources: Sources, command: Sequence[str], files: tuple[str, ...], records: frozenset[str]) -> None:
        self._clang, self._sources, self._command, self._files, self._records = clang, sources, command, files, records
        self._keys: dict[str, FunctionRef] = {}
        self._tried: set[str] = set()
        self._shared: dict[str, Shared] = {}
        self.layouts: dict[str, Layout] = {}
        self.bound = False

    def find(self, names: Iterable[str]) -> None:
        """Look for cleanup functions by name, and for those that these need. A name that the header does not have stays unknown."""
        found = False
        while left := [name for name in names if name not in self._tried]:
            self._tried.update(left)
            found = True
            mentions = ", ".join(f"(const void *){name}" for name in left)
            text = f"static const void *const ptlint_mentions[] = {{ {mentions} }};\n"
            stub = self._sources.overlay({_STUB: text.encode()})
            with translation_unit(self._clang, stub, _STUB, self._command) as handle:
                if handle is None:
                    return
                context = UnitContext(self._clang, handle, stub, _STUB, self._files, None, set(self._shared), self._records)
                _, variables = lower_unit(context)
                shared, names = lower_headers(context, self._records, self.layouts)
                self.bound = self.bound or context.bound
            for variable in variables:
                if variable.place.file == _STUB and variable.init is not None:
                    self._keys.update((named.key.rpartition(":")[2], named) for named in walk(variable.init) if isinstance(named, FunctionRef))
            self._shared.update((one.function.key, one) for one in shared)
        if found:
            self._shared = {key: self.completed(one) for key, one in self._shared.items()}

    def refs(self, names: Iterable[str]) -> set[str]:
        """The keys of cleanup functions."""
        return {self._keys[name].key for name in names if name in self._keys}

    def reached(self, refs: Iterable[str], known: set[str]) -> list[Shared]:
        """Of the functions found here: those with these keys, and all that they reach, but those in ``known``, which is added to."""
        result, work = [], sorted(refs)
        while work:
            one = self._shared.get(work.pop())
            if one is not None and one.function.key not in known:
                known.add(one.function.key)
                result.append(one)
                work.extend(one.refs)
        return result

    def completed(self, one: Shared) -> Shared:
        """A function whose cleanup calls have the right keys."""
        function = self.renamed(one.function)
        if function is one.function:
            return one
        more = {call.function.key for call in _expressions(function) if isinstance(call, Call) and isinstance(call.function, FunctionRef)}
        keys = {found.key for found in self._keys.values()}
        return msgspec.structs.replace(one, function=function, refs=tuple(sorted({*one.refs, *(more & keys)})))

    def renamed(self, function: Function) -> Function:
        """A function whose cleanup calls have the right keys; itself where it has none."""
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
