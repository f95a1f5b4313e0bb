"""One build's functions and tables of functions, linked from its units."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable

import msgspec

from ptlint.frontend import ir
from ptlint.program.border import Border
from ptlint.program.filled import Filler, filled
from ptlint.program.given import Given
from ptlint.program.outline import Outline, outline

__all__ = ["Program", "link"]


class Program(msgspec.Struct, frozen=True, dict=True):
    """A build, linked.

    ``functions`` by key; ``tables`` has the functions that a member (``struct pv_mmu_ops.tlb_remove_table``) may hold, a member of
    a record that lies in another one by a second name too (``struct pv_mmu_ops.pmd_val.func``);
    ``globals`` the variables with initialisers; ``callers`` and ``callees`` the direct calls by key; ``outlines`` what each function names.
    """

    runtimes: tuple[str, ...]
    functions: dict[str, ir.Function]
    tables: dict[str, tuple[Filler, ...]]
    globals: dict[str, ir.Global]
    callees: dict[str, frozenset[str]]
    callers: dict[str, frozenset[str]]
    layouts: dict[str, ir.Layout]
    outlines: dict[str, Outline]

    @functools.cached_property
    def fillers(self) -> frozenset[str]:
        """The functions that some table of functions holds."""
        return frozenset(filler.function for fillers in self.tables.values() for filler in fillers)

    @functools.cached_property
    def member_types(self) -> dict[str, str]:
        """The type of each member (``struct list_head.next``) that some function names."""
        found: dict[str, str] = {}
        for outlined in self.outlines.values():
            for path, type_ in outlined.members.items():
                found.setdefault(path, type_)
        return found

    @functools.cached_property
    def given(self) -> Given:
        """What functions are given by their callers."""
        return Given(self.functions, self.outlines, self.callers)

    @functools.cached_property
    def _spans(self) -> dict[str, list[tuple[int, int, str]]]:
        found: dict[str, list[tuple[int, int, str]]] = {}
        for key, function in self.functions.items():
            found.setdefault(function.place.file, []).append((function.place.line, function.end_line, key))
        return {file: sorted(rows) for file, rows in found.items()}

    def around(self, place: ir.Place) -> str:
        """The function that a place is in; empty where it is in none."""
        rows = self._spans.get(place.file, [])
        at = bisect.bisect_right(rows, (place.line, 1 << 60, ""))
        return next((key for _, last, key in reversed(rows[max(0, at - 3) : at]) if place.line <= last), "")

    def below(self, key: str) -> frozenset[str]:
        """All that a function calls, or names, at any depth, and itself."""
        found, todo = {key}, [key]
        while todo:
            new = self.callees.get(todo.pop(), frozenset()) - found
            found |= new
            todo += new
        return frozenset(found)

    def name(self, key: str) -> str:
        """The name of the function with this key; the key itself, where the build has no such function."""
        function = self.functions.get(key)
        return function.name if function is not None else key

    def overlap(self, one: str, other: str) -> bool:
        """Do two members (``struct ptdesc.pt_list``) share bytes? Of records whose layout is not known: no."""
        spans = []
        for path in (one, other):
            record, _, member = path.rpartition(".")
            layout = self.layouts.get(record)
            found = next(((offset, size) for name, offset, size in layout.members if name == member), None) if layout else None
            if found is None:
                return False
            spans.append(found)
        (start, size), (begin, length) = spans
        return start < begin + length and begin < start + size

    def targets(self, member: str) -> dict[str, frozenset[str]]:
        """The functions that a call through ``member`` may reach, each with the runtimes in which it does.

        A runtime that fills the member itself does not run what the initialiser put there, unless it does so on some ways only.
        """
        fillers = self.tables.get(member, ())
        own = {filler.runtime for filler in fillers if filler.runtime in self.runtimes and filler.always}
        found: dict[str, set[str]] = {}
        for filler in fillers:
            if filler.runtime is None:
                reached = {runtime for runtime in self.runtimes if runtime not in own}
            elif filler.runtime in self.runtimes:
                reached = {filler.runtime}
            else:
                continue
            found.setdefault(filler.function, set()).update(reached)
        return {key: frozenset(found[key]) for key in sorted(found, key=self.stands)}

    def stands(self, key: str) -> tuple[str, int, str]:
        """A key to sort functions by: by where they stand, for what a static function is called means nothing."""
        function = self.functions.get(key)
        return (function.place.file, function.place.line, key) if function is not None else ("", 0, key)


def link(units: Iterable[ir.Unit], border: Border, runtimes: tuple[str, ...]) -> Program:
    """Link the units of one build.

    Args:
        units: in any order; the first of two equal functions stays.
        border: names the runtimes that assignments in a file belong to.
        runtimes: those of the build.
    """
    functions: dict[str, ir.Function] = {}
    variables: dict[str, ir.Global] = {}
    layouts: dict[str, ir.Layout] = {}
    for unit in sorted(units, key=lambda unit: unit.file):
        for function in unit.functions:
            functions.setdefault(function.key, function)
        for variable in unit.variables:
            if variable.id not in variables or variables[variable.id].init is None:
                variables[variable.id] = variable
        for layout in unit.layouts:
            layouts.setdefault(layout.record, layout)
    outlines = {key: outline(function) for key, function in functions.items()}
    callees = {key: outlined.functions for key, outlined in outlines.items()}
    callers: dict[str, set[str]] = {}
    for key, called in callees.items():
        for callee in called:
            callers.setdefault(callee, set()).add(key)
    return Program(
        runtimes,
        functions,
        filled(functions, outlines, variables, callers, border),
        variables,
        callees,
        {key: frozenset(value) for key, value in callers.items()},
        layouts,
        outlines,
    )
