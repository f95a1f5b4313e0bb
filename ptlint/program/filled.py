"""Tables of functions: which functions a member may hold, by initialisers, assignments and copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

import msgspec

from ptlint.frontend import ir
from ptlint.program.border import Border
from ptlint.program.given import Given, bottom, named
from ptlint.program.outline import Outline
from ptlint.program.walk import expressions, reached, sub

__all__ = ["Filler", "filled", "inner_slot", "slot"]


class Filler(msgspec.Struct, frozen=True):
    """A function that a table of functions may hold: put there in ``runtime`` (None: by an initialiser, or by everybody).

    ``always`` is False where who fills the table leaves the member as it was on some ways.
    """

    function: str
    runtime: str | None
    place: ir.Place
    always: bool = True


class _Flow(msgspec.Struct, frozen=True):
    """What a member gets from another one."""

    source: str
    target: str
    runtime: str | None
    place: ir.Place
    always: bool


def filled(
    functions: Mapping[str, ir.Function],
    outlines: Mapping[str, Outline],
    variables: Mapping[str, ir.Global],
    callers: Mapping[str, AbstractSet[str]],
    border: Border,
) -> dict[str, tuple[Filler, ...]]:
    """By member (``struct pv_mmu_ops.tlb_remove_table``) who fills it."""
    found: dict[str, set[Filler]] = {}
    copies: list[tuple[str, str, str | None]] = []  # from which variable, into which member, when
    copied = set()
    flows: list[_Flow] = []

    def initialised(value: ir.Expr | None, runtime: str | None, place: ir.Place, around: str = "") -> None:
        for member, function in _initialiser(value, around):
            found.setdefault(member, set()).add(Filler(function, runtime, place))

    given = Given(functions, outlines, callers)
    for at, function in functions.items():
        stores = outlines[at].stores
        runtime = border.runtime_of(function.place.file)
        sometimes: frozenset[str] | None = None
        for node in stores:
            if name := slot(node.left):
                if sometimes is None:
                    sometimes = _sometimes(function) if runtime is not None else frozenset()
                always = name not in sometimes
                for value in _values(node.right, stores):
                    for key in named(value):
                        found.setdefault(name, set()).add(Filler(key, runtime, node.place, always))
                    for key, giver in given.behind(at, value):
                        found.setdefault(name, set()).add(Filler(key, runtime or border.runtime_of(functions[giver].place.file), node.place, always))
                    if (source := slot(value)) and source != name:
                        flows.append(_Flow(source, name, runtime, node.place, always))
            source, target = _variable(node.right), _variable(node.left)
            if source in variables and target in variables and source != target:
                copies.append((source, slot(node.left), runtime))
                copied.add(source)
            if isinstance(node.right, ir.Init):
                initialised(node.right, runtime, node.place, slot(node.left))
    for variable in variables.values():
        if variable.id not in copied:
            runtime = border.runtime_of(variable.place.file)
            initialised(variable.init, runtime, variable.place, variable.id)
    for source, into, runtime in copies:
        owner = runtime or border.runtime_of(variables[source].place.file)
        initialised(variables[source].init, owner, variables[source].place, into)
    _follow(flows, found)
    _patched(functions, outlines, variables, border, found)
    return {
        member: tuple(sorted(fillers, key=lambda filler: (filler.function, filler.runtime or "", filler.place)))
        for member, fillers in sorted(found.items())
    }


def _follow(flows: list[_Flow], found: dict[str, set[Filler]]) -> None:
    """A member that gets what another one holds may hold all that does."""
    changed = bool(flows)
    while changed:
        changed = False
        for flow in flows:
            for filler in tuple(found.get(flow.source, ())):
                new = Filler(filler.function, flow.runtime or filler.runtime, flow.place, flow.always)
                if new not in found.setdefault(flow.target, set()):
                    found[flow.target].add(new)
                    changed = True


def _patched(
    functions: Mapping[str, ir.Function],
    outlines: Mapping[str, Outline],
    variables: Mapping[str, ir.Global],
    border: Border,
    found: dict[str, set[Filler]],
) -> None:
    """Calls that are patched: by the name of the function that is called, as if it were a member."""
    for patched in border.patched:
        for variable in variables.values():
            if variable.id.startswith(patched.variable) and variable.init is not None:
                keys = (node.key for node in sub(variable.init) if isinstance(node, ir.FunctionRef))
                name = patched.called + variable.id.removeprefix(patched.variable)
                found.setdefault(name, set()).update(Filler(key, None, variable.place) for key in keys)
        for at in (at for at, outlined in outlines.items() if not outlined.called.isdisjoint(patched.names)):
            runtime = border.runtime_of(functions[at].place.file)
            for key, call in outlines[at].calls:
                if key in patched.names and max(patched.object, patched.callback) < len(call.args):
                    name = patched.called + _variable(bottom(call.args[patched.object])).removeprefix(patched.variable)
                    values = _values(call.args[patched.callback], outlines[at].stores)
                    found.setdefault(name, set()).update(Filler(key, runtime, call.place, False) for value in values for key in named(value))


def _values(value: ir.Expr, stores: tuple[ir.Assign, ...]) -> Iterator[ir.Expr]:
    """What a value may be: of a local variable all that the function sets it to."""
    while isinstance(value, ir.Cast):
        value = value.operand
    yield value
    if isinstance(value, ir.Var) and value.scope == "local":
        yield from (store.right for store in stores if isinstance(store.left, ir.Var) and store.left.id == value.id)


def _sometimes(function: ir.Function) -> frozenset[str]:
    """The members that a function fills on some ways only on which it fills others of the same record."""
    blocks: dict[str, set[int]] = {}
    for index, block in enumerate(function.blocks):
        for node in (node for top in expressions(block) for node in sub(top)):
            if isinstance(node, ir.Assign) and not node.op and isinstance(node.left, ir.Member):
                blocks.setdefault(slot(node.left), set()).add(index)
    records: dict[str, list[str]] = {}
    for name in blocks:
        records.setdefault(name.rpartition(".")[0], []).append(name)
    found = set()
    for name in blocks:
        others = set().union(*(blocks[other] for other in records[name.rpartition(".")[0]] if other != name))
        without = reached(function, 0, blocks[name])
        ends = {index for index in without if isinstance(function.blocks[index].end, ir.Return)}
        if any(ends & reached(function, index, blocks[name]) for index in others & without):
            found.add(name)
    return frozenset(found)


def slot(node: ir.Expr) -> str:
    """The member that an expression names (``struct pv_mmu_ops.tlb_remove_table``), or the variable that all share; empty where it names none."""
    while isinstance(node, ir.Index):
        node = node.base
    if isinstance(node, ir.Var) and node.scope in ("global", "static"):
        return node.id
    return f"{node.record}.{node.name}" if isinstance(node, ir.Member) else ""


def inner_slot(node: ir.Expr) -> str:
    """As ``slot``, of a record that lies in a member of another one: with that before (``struct pv_mmu_ops.pmd_val.func``)."""
    around = slot(node.base) if isinstance(node, ir.Member) and not node.arrow else ""
    return f"{around}.{node.name}" if around and isinstance(node, ir.Member) else ""


def _initialiser(value: ir.Expr | None, around: str) -> Iterator[tuple[str, str]]:
    """(member, function) for each function in an initialiser; ``around`` is the member, or the variable, that it is for.

    It gives the members of a record a second name; an array, or a single pointer, is named by it.
    """
    if around and value is not None and not isinstance(value, ir.Init):
        yield from ((around, key) for key in named(value))
    if isinstance(value, ir.Init):
        for field in value.fields:
            if isinstance(field.value, ir.Init):
                yield from _initialiser(field.value, f"{field.record}.{field.path[-1]}" if field.record and field.path else "")
                continue
            if around and not field.record:
                yield from ((around, key) for key in named(field.value))
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
