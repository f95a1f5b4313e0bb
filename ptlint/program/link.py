"""One build's functions and tables of functions, linked from its units."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Iterator

import msgspec

from ptlint.frontend import ir
from ptlint.program.border import Border
from ptlint.program.given import Given, named
from ptlint.program.outline import Outline, outline

__all__ = ["Filler", "Program", "inner_slot", "link", "slot"]


class Filler(msgspec.Struct, frozen=True):
    """A function that a table of functions may hold: put there in ``runtime`` (None: by an initialiser, or by everybody)."""

    function: str
    runtime: str | None
    place: ir.Place


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

        A runtime that fills the member itself does not run what the initialiser put there.
        """
        fillers = self.tables.get(member, ())
        own = {filler.runtime for filler in fillers if filler.runtime in self.runtimes}
        found: dict[str, set[str]] = {}
        for filler in fillers:
            if filler.runtime is None:
                reached = {runtime for runtime in self.runtimes if runtime not in own}
            elif filler.runtime in self.runtimes:
                reached = {filler.runtime}
            else:
                continue
            found.setdefault(filler.function, set()).update(reached)
        return {key: frozenset(value) for key, value in sorted(found.items())}


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
        _tables(functions, outlines, variables, callers, border),
        variables,
        callees,
        {key: frozenset(value) for key, value in callers.items()},
        layouts,
        outlines,
    )


def _tables(
    functions: dict[str, ir.Function],
    outlines: dict[str, Outline],
    variables: dict[str, ir.Global],
    callers: dict[str, set[str]],
    border: Border,
) -> dict[str, tuple[Filler, ...]]:
    found: dict[str, set[Filler]] = {}
    copies: list[tuple[str, str, str | None]] = []  # from which variable, into which member, when
    copied = set()

    def initialised(value: ir.Expr | None, runtime: str | None, place: ir.Place, around: str = "") -> None:
        for member, function in _initialiser(value, around):
            found.setdefault(member, set()).add(Filler(function, runtime, place))

    given = Given(functions, outlines, callers)
    for at, function in functions.items():
        runtime = border.runtime_of(function.place.file)
        for node in outlines[at].stores:
            if name := slot(node.left):
                for key in named(node.right):
                    found.setdefault(name, set()).add(Filler(key, runtime, node.place))
                for key, giver in given.behind(at, node.right):
                    found.setdefault(name, set()).add(Filler(key, runtime or border.runtime_of(functions[giver].place.file), node.place))
            source, target = _variable(node.right), _variable(node.left)
            if source in variables and target in variables and source != target:
                copies.append((source, slot(node.left), runtime))
                copied.add(source)
            if isinstance(node.right, ir.Init):
                initialised(node.right, runtime, node.place, slot(node.left))
    for variable in variables.values():
        if variable.id not in copied:
            runtime = border.runtime_of(variable.place.file)
            initialised(variable.init, runtime, variable.place)
    for source, into, runtime in copies:
        owner = runtime or border.runtime_of(variables[source].place.file)
        initialised(variables[source].init, owner, variables[source].place, into)
    return {
        member: tuple(sorted(fillers, key=lambda filler: (filler.function, filler.runtime or "", filler.place)))
        for member, fillers in sorted(found.items())
    }


def slot(node: ir.Expr) -> str:
    """The member that an expression names (``struct pv_mmu_ops.tlb_remove_table``); empty where it names none."""
    return f"{node.record}.{node.name}" if isinstance(node, ir.Member) else ""


def inner_slot(node: ir.Expr) -> str:
    """As ``slot``, of a record that lies in a member of another one: with that before (``struct pv_mmu_ops.pmd_val.func``)."""
    around = slot(node.base) if isinstance(node, ir.Member) and not node.arrow else ""
    return f"{around}.{node.name}" if around and isinstance(node, ir.Member) else ""


def _initialiser(value: ir.Expr | None, around: str) -> Iterator[tuple[str, str]]:
    """(member, function) for each function in an initialiser; ``around`` is the member that it is for, and gives the member a second name."""
    if isinstance(value, ir.Init):
        for field in value.fields:
            if isinstance(field.value, ir.Init):
                yield from _initialiser(field.value, f"{field.record}.{field.path[-1]}" if field.record and field.path else "")
                continue
            if field.record and field.path:
                names = [f"{field.record}.{field.path[-1]}", *([f"{around}.{field.path[-1]}"] if around else [])]
                yield from ((name, key) for key in named(field.value) for name in names)


def _variable(value: ir.Expr) -> str:
    """The variable at the bottom of ``a.b.c`` or ``a[1]``; empty when there is none."""
    while isinstance(value, (ir.Member, ir.Index)):
        if isinstance(value, ir.Member) and value.arrow:
            return ""
        value = value.base
    return value.id if isinstance(value, ir.Var) else ""
