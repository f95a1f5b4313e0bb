"""How the ways of freeing differ between two trees: sites and edges, with what they were and what they are, by variant.

A site is known again by its function and its call, whatever its line; of what is left in a function, a call that went is taken to have become
one that came. A function that moved to another file is the same function. A variant that only one tree has is compared with that of
its runtime in the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ptlint.results import (
    DiffResult,
    Edge,
    EdgeChange,
    EdgeChanges,
    Facts,
    Site,
    SiteChange,
    SiteChanges,
    VariantInfo,
    Way,
)

__all__ = ["difference"]

_Word = tuple[str, str, str]
_Ways = dict[str, frozenset[_Word]]
_Function = tuple[str, str]


def difference(before: Facts, after: Facts) -> DiffResult:
    """What of ``before`` is otherwise in ``after``. Incomplete is what either has not read."""
    pairs = _pairs(before.variants, after.variants)
    labels = _Labels(after.edges), _Labels(before.edges)
    return DiffResult(
        before=before.tree, tree=after.tree, variants=_all(before.variants, after.variants),
        sites=_sites(before.sites, after.sites, pairs, labels), edges=_edges(before.edges, after.edges, pairs),
        incomplete=(*after.incomplete, *(gap for gap in before.incomplete if gap not in after.incomplete)),
        unresolved=after.unresolved, not_covered=after.not_covered,
    )  # fmt: skip


def _all(before: Iterable[VariantInfo], after: Iterable[VariantInfo]) -> tuple[VariantInfo, ...]:
    found = {variant.name: variant for variant in (*before, *after)}
    return tuple(found[name] for name in sorted(found))


def _pairs(before: Iterable[VariantInfo], after: Iterable[VariantInfo]) -> dict[str, tuple[str | None, str | None]]:
    """Each variant's name to what it is called in either tree."""
    old, new = {variant.name for variant in before}, {variant.name for variant in after}

    def called(name: str, names: set[str]) -> str | None:
        base = name.partition("/")[0]
        return name if name in names else base if base in names else None

    return {name: (called(name, old), called(name, new)) for name in sorted(old | new)}


# ---- sites -------------------------------------------------------------------------------------------------


class _Labels:
    """What the branches that lead to functions mean: the nearest label on the way up."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._above: dict[str, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._above[edge.to].append(edge)

    def of(self, file: str, function: str) -> str | None:
        """The label, None when there is none, or several."""
        seen, level = {f"{file}:{function}"}, [f"{file}:{function}"]
        while level:
            edges = [edge for node in level for edge in self._above.get(node, ())]
            labels = {edge.label for edge in edges if edge.label}
            if labels:
                return labels.pop() if len(labels) == 1 else None
            level = sorted({edge.from_ for edge in edges} - seen)
            seen.update(level)
        return None


class _Group:
    """The sites of one function: by call, the ways in each variant."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self.calls: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            self.calls[site.primitive].append(site)

    def ways(self, primitive: str | None, names: Mapping[str, str | None]) -> _Ways:
        """For each variant, by the name that it has in both trees, how the call frees in it; ``names`` are those of this tree."""
        found: dict[str, set[_Word]] = defaultdict(set)
        for site in self.calls.get(primitive or "", ()):
            for name, own in names.items():
                if own in site.variants:
                    found[name].add((site.primitive, site.deferral, site.safety))
        return {name: frozenset(ways) for name, ways in found.items()}


def _sites(
    before: Iterable[Site], after: Iterable[Site], pairs: dict[str, tuple[str | None, str | None]], labels: tuple[_Labels, _Labels]
) -> SiteChanges:
    old, new = _groups(before), _groups(after)
    moved = _moved(old, new)
    names_old, names_new = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
    changed: dict[str, list[SiteChange]] = {"added": [], "removed": [], "changed": []}
    empty = _Group(())
    came_from = {now: was for was, now in moved.items()}
    for function in sorted(new.keys() | (old.keys() - moved.keys())):
        here = new.get(function, empty)
        there = old.get(came_from.get(function, function), empty)
        for was, now in _calls(there, here):
            ways_old, ways_new = there.ways(was, names_old), here.ways(now, names_new)
            varied = tuple(name for name in pairs if _plain(ways_old.get(name)) != _plain(ways_new.get(name)))
            if not varied:
                continue
            site = (here.calls[now] if now else there.calls[was or ""])[0]
            kind = "added" if was is None else "removed" if now is None else "changed"
            changed[kind].append(
                SiteChange(
                    file=site.file, line=site.line, function=site.function, table=site.table, variants=varied,
                    label=labels[0 if now else 1].of(site.file, site.function), before=_listed(ways_old), after=_listed(ways_new),
                )
            )  # fmt: skip
    return SiteChanges(**{kind: tuple(found) for kind, found in changed.items()})


def _plain(ways: frozenset[_Word] | None) -> frozenset[tuple[str, str]] | None:
    """The ways without the call's text: another argument alone is no other way."""
    return None if ways is None else frozenset((deferral, safety) for _, deferral, safety in ways)


def _groups(sites: Iterable[Site]) -> dict[_Function, _Group]:
    found: dict[_Function, list[Site]] = defaultdict(list)
    for site in sites:
        found[site.file, site.function].append(site)
    return {function: _Group(group) for function, group in found.items()}


def _moved(old: Mapping[_Function, _Group], new: Mapping[_Function, _Group]) -> dict[_Function, _Function]:
    """Functions that are in one file no more, and in another one now, where their name says which is which."""
    gone, come = defaultdict(list), defaultdict(list)
    for function in old.keys() - new.keys():
        gone[function[1]].append(function)
    for function in new.keys() - old.keys():
        come[function[1]].append(function)
    return {gone[name][0]: come[name][0] for name in gone if len(gone[name]) == 1 and len(come[name]) == 1}


def _calls(there: _Group, here: _Group) -> list[tuple[str | None, str | None]]:
    """The calls of a function before and after, each with what it became."""
    both = [name for name in there.calls if name in here.calls]
    gone = sorted((name for name in there.calls if name not in here.calls), key=lambda name: there.calls[name][0].line)
    come = sorted((name for name in here.calls if name not in there.calls), key=lambda name: here.calls[name][0].line)
    count = min(len(gone), len(come))
    found: list[tuple[str | None, str | None]] = [(name, name) for name in both]
    found += zip(gone[:count], come[:count], strict=True)
    return [*found, *((name, None) for name in gone[count:]), *((None, name) for name in come[count:])]


def _listed(ways: _Ways) -> tuple[Way, ...]:
    found: dict[_Word, list[str]] = defaultdict(list)
    for name, words in sorted(ways.items()):
        for word in words:
            found[word].append(name)
    return tuple(
        msgspec.convert({"primitive": primitive, "deferral": deferral, "safety": safety, "variants": tuple(names)}, Way)
        for (primitive, deferral, safety), names in sorted(found.items())
    )


# ---- edges -------------------------------------------------------------------------------------------------


def _edges(before: Iterable[Edge], after: Iterable[Edge], pairs: dict[str, tuple[str | None, str | None]]) -> EdgeChanges:
    old, new = _by_ends(before), _by_ends(after)
    changed: dict[str, list[EdgeChange]] = {"added": [], "removed": [], "changed": []}
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, []), new.get(key, [])
        there = _within(was, {name: pair[0] for name, pair in pairs.items()})
        here = _within(now, {name: pair[1] for name, pair in pairs.items()})
        if there == here:
            continue
        edge = (now or was)[0]
        kind = "added" if not was else "removed" if not now else "changed"
        changed[kind].append(
            EdgeChange(
                from_=edge.from_, to=edge.to, kind=edge.kind, file=edge.file, line=edge.line, label=edge.label, before=there, after=here,
            )
        )  # fmt: skip
    return EdgeChanges(**{kind: tuple(found) for kind, found in changed.items()})


def _by_ends(edges: Iterable[Edge]) -> dict[tuple[str, str, str], list[Edge]]:
    found: dict[tuple[str, str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge.from_, edge.to, edge.kind].append(edge)
    return found


def _within(edges: Iterable[Edge], names: Mapping[str, str | None]) -> tuple[str, ...]:
    own = {name for edge in edges for name in edge.variants}
    return tuple(sorted(name for name, called in names.items() if called in own))
