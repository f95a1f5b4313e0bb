"""A difference in words, for the formats that people read."""

from __future__ import annotations

from collections.abc import Iterable

from ptlint.report.names import listed
from ptlint.results import DiffResult, EdgeChange, SiteChange, Way

__all__ = ["edge", "freeing", "gap", "headline", "place", "reasons", "within"]


def headline(result: DiffResult) -> str:
    """The two trees, and how much of what there is."""
    names = []
    for tree in (result.before, result.tree):
        names.append(" ".join(filter(None, [tree.version, tree.commit[:12] if tree.commit else ""])) or "?")
    return names[0] if names[0] == names[1] else f"{names[0]} → {names[1]}"


def place(site: SiteChange) -> str:
    """``mm/a.c:3 f [slowpath]``."""
    return f"{site.file}:{site.line} {site.function}{f' [{site.label}]' if site.label else ''}"


def within(names: Iterable[str], result: DiffResult) -> str:
    """The variants, whole runtimes by their name alone; ``all variants`` for all."""
    wanted, everything = set(names), {variant.name for variant in result.variants}
    if wanted == everything and len(everything) > 1:
        return "all variants"
    runtimes: dict[str, set[str]] = {}
    for variant in result.variants:
        runtimes.setdefault(variant.runtime, set()).add(variant.name)
    whole = [runtime for runtime, own in runtimes.items() if own <= wanted]
    covered = {name for runtime in whole for name in runtimes[runtime]}
    return listed([*whole, *(wanted - covered)])


def freeing(site: SiteChange, result: DiffResult) -> list[str]:
    """``semi-rcu → rcu in xen``, one for each pair of ways; none where tables are freed as they were."""
    return _pairs(site, result, "deferral")


def reasons(site: SiteChange, result: DiffResult) -> list[str]:
    """``caller → teardown in xen``: what makes it safe, where that differs."""
    return _pairs(site, result, "safety")


def _pairs(site: SiteChange, result: DiffResult, field: str) -> list[str]:
    before, after = _by_variant(site.before, field), _by_variant(site.after, field)
    found: dict[tuple[str, str], list[str]] = {}
    for name in site.variants:
        was, now = before.get(name, ""), after.get(name, "")
        if was != now:
            found.setdefault((was, now), []).append(name)
    return [f"{was or 'not there'} → {now or 'not there'} in {within(names, result)}" for (was, now), names in sorted(found.items())]


def _by_variant(ways: tuple[Way, ...], field: str) -> dict[str, str]:
    words: dict[str, set[str]] = {}
    for way in ways:
        for name in way.variants:
            words.setdefault(name, set()).add(str(getattr(way, field)))
    return {name: " or ".join(sorted(found)) for name, found in words.items()}


def edge(change: EdgeChange, result: DiffResult) -> str:
    """``f → g (callback) in xen``; where both trees have it, ``in xen, before in kvm``."""
    kind = "" if change.kind == "call" else f" ({change.kind.replace('_', ' ')})"
    label = f" [{change.label}]" if change.label else ""
    text = f"{_name(change.from_)} → {_name(change.to)}{kind}{label} in {within(change.after or change.before, result)}"
    return text + (f", before in {within(change.before, result)}" if change.before and change.after else "")


def _name(node: str) -> str:
    return node.rpartition(":")[2]


def gap(count: int) -> str:
    """What is not shown."""
    return f"... and {count} more (-v shows all)"
