"""PTL030: what only several builds together show, the same free deferred differently in two variants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ptlint.analysis.result import Proof, RawFinding
from ptlint.results import Site

__all__ = ["divergences"]


def divergences(sites: Iterable[Site]) -> Iterator[RawFinding]:
    """A note for each place that decides about a table, where the ways that it then goes differ from variant to variant.

    Args:
        sites: of all builds; several at one place where verdicts differ.
    """
    places: dict[tuple[str, int, str, str], list[Site]] = {}
    for site in sites:
        if site.role == "decision":
            places.setdefault((site.file, site.line, site.function, site.primitive), []).append(site)
    told = {place: told for place, here in places.items() if (told := _told(here))}
    deciding = {function for _, _, function, _ in told}
    for (file, line, function, text), words in sorted(told.items()):
        if text in deciding:
            continue  # said in the function that this one calls
        here = places[(file, line, function, text)]
        at = Proof(file, line, 1, function, text, words)
        variants = tuple(sorted({variant for site in here for variant in site.variants}))
        message = "the same table is freed by other ways in other variants"
        yield RawFinding("PTL030", "note", message, at, here[0].table, here[0].address_space, (), (at,), variants)


def _told(here: list[Site]) -> str:
    """How the variants differ; empty where they do not."""
    ways: dict[str, set[str]] = {}
    for site in here:
        for variant in site.variants:
            ways.setdefault(variant, set()).add(site.deferral)
    kinds: dict[tuple[str, ...], list[str]] = {}
    for variant, deferrals in sorted(ways.items()):
        kinds.setdefault(tuple(sorted(deferrals)), []).append(variant)
    if len(kinds) < 2:
        return ""
    return "; ".join(f"{' or '.join(deferrals)} in {', '.join(variants)}" for deferrals, variants in sorted(kinds.items()))
