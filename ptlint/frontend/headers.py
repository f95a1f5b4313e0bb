"""The functions of a precompiled header that a unit reaches. They are the same for all units of a build, and are lowered once."""

from __future__ import annotations

from collections.abc import Iterable

from .assertions import matches
from .clang import Type
from .context import UnitContext
from .ir import Layout, Shared
from .lower import lower_shared

__all__ = ["layouts", "lower_headers"]


def lower_headers(context: UnitContext, records: frozenset[str], found: dict[str, Layout]) -> tuple[list[Shared], list[str]]:
    """Lower those that the unit's own part reached, but those in ``context.known``; also the cleanup functions that no cursor led to.

    ``records`` are records whose layout is wanted; ``found`` is added to.
    """
    shared: list[Shared] = []
    cleanups: dict[str, None] = dict(context.own.cleanups)
    for function, statics, reach in lower_shared(context):
        used = {name: type_ for name, type_ in reach.records.items() if name in records}
        found.update((layout.record, layout) for layout in layouts(context, {name: type_ for name, type_ in used.items() if name not in found}))
        refs = reach.refs - {function.key}
        cleanups.update(reach.cleanups)
        shared.append(Shared(function, tuple(sorted(refs)), tuple(statics), tuple(sorted(used))))
    return shared, list(cleanups)


def layouts(context: UnitContext, records: dict[str, Type]) -> Iterable[Layout]:
    """The layouts of these records, by name; those that are not complete are left out."""
    for name, type_ in sorted(records.items()):
        canonical = context.clang.getCanonicalType(type_)
        size = context.clang.Type_getSizeOf(canonical)
        if size >= 0:
            members = tuple(context.members(canonical))
            words = [context.member_words(canonical, member) or ("", member) for member, _, _ in members]
            declared = context.place(context.clang.getTypeDeclaration(canonical)).file
            types, written = tuple(type_ for type_, _ in words), tuple(name for _, name in words)
            yield Layout(name, size, members, types, matches(context.sources, declared), written)
