"""What a function's text names, found in one walk over it."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.frontend import ir
from ptlint.program.walk import nodes

__all__ = ["Outline", "outline"]


class Outline(NamedTuple):
    """What a function names.

    ``functions`` are the keys of all functions, called or not, ``called`` the names of those that it calls, ``calls`` the calls themselves, with
    the key of what is called; ``members`` have their types
    (``struct page.lru``), ``watched`` are those whose place is known, or that ``container_of`` starts from; ``types`` are those of variables,
    casts, members and calls; ``variables`` the global ones; ``stores`` its plain assignments; ``size`` the number of its expressions.
    """

    functions: frozenset[str]
    called: frozenset[str]
    calls: tuple[tuple[str, ir.Call], ...]
    members: dict[str, str]
    watched: frozenset[str]
    types: frozenset[str]
    variables: frozenset[str]
    stores: tuple[ir.Assign, ...]
    size: int


def outline(function: ir.Function) -> Outline:
    """Walk over a function once."""
    functions: set[str] = set()
    calls: list[tuple[str, ir.Call]] = []
    members: dict[str, str] = {}
    watched: set[str] = set()
    types: set[str] = set()
    variables: set[str] = set()
    stores: list[ir.Assign] = []
    size = 0
    for node in nodes(function):
        size += 1
        if isinstance(node, ir.Member):
            types.add(node.type)
            path = f"{node.record}.{node.name}"
            members.setdefault(path, node.type)
            if node.place is not None:
                watched.add(path)
        elif isinstance(node, ir.Var):
            types.add(node.type)
            if node.scope not in ("param", "local"):
                variables.add(node.id)
        elif isinstance(node, ir.Cast):
            types.add(node.type)
        elif isinstance(node, ir.FunctionRef):
            functions.add(node.key)
        elif isinstance(node, ir.Call):
            types.add(node.type)
            if isinstance(node.function, ir.FunctionRef):
                calls.append((node.function.key, node))
        elif isinstance(node, ir.Assign):
            if not node.op:
                stores.append(node)
        elif isinstance(node, ir.Opaque) and node.kind == "container_of" and isinstance(name := node.operands[-1], ir.String):
            record = " ".join(word for word in node.type.replace("*", " ").split() if word not in ("const", "volatile"))
            watched.add(f"{record}.{name.value}")
    called = frozenset(key.rsplit(":", 1)[-1] for key, _ in calls)
    return Outline(
        frozenset(functions), called, tuple(calls), members, frozenset(watched), frozenset(types), frozenset(variables), tuple(stores), size
    )
