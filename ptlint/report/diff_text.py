"""How two trees free differently, on one screen: what is freed otherwise, what makes it safe otherwise, and the edges."""

from __future__ import annotations

from ptlint.report.diff_words import edge, freeing, gap, headline, place, reasons, within
from ptlint.report.interface import Style
from ptlint.report.style import bold, dim
from ptlint.report.trouble import trouble
from ptlint.results import DiffResult, SiteChange, Way

__all__ = ["render"]

_LINES = 12
"""The lines of a section that are shown without ``-v``."""


def render(result: DiffResult, style: Style) -> str:
    """The sections that have something in them."""
    parts = result.change.parts if result.change else ()
    if parts and not any(part.relevant for part in parts):
        return "no difference: nothing that is looked at is changed\n" + trouble(result, style)
    changed = sorted(result.sites.changed, key=lambda site: (site.label is None, site.file, site.line))
    sections = {
        "freed otherwise": [line for site in changed if freeing(site, result) for line in _changed(site, result, style)],
        "freed there, and was not": [line for site in result.sites.added for line in _one("+", site, site.after, result, style)],
        "freed there no more": [line for site in result.sites.removed for line in _one("-", site, site.before, result, style)],
        "safe for another reason": [
            f"  {place(site)}: {'; '.join(reasons(site, result))}" for site in changed if not freeing(site, result) and reasons(site, result)
        ],
        "ways": [
            *(f"  + {edge(change, result)}" for change in result.edges.added),
            *(f"  - {edge(change, result)}" for change in result.edges.removed),
            *(f"  ~ {edge(change, result)}" for change in result.edges.changed),
        ],
    }
    told = [_section(title, lines, style) for title, lines in sections.items() if lines]
    head = bold(headline(result), style)
    return "\n".join([f"{head}\n", *told] if told else [f"{head}: tables are freed as they were\n"]) + trouble(result, style)


def _section(title: str, lines: list[str], style: Style) -> str:
    shown = lines if style.verbose or len(lines) <= _LINES + 1 else [*lines[:_LINES], f"  {gap(len(lines) - _LINES)}"]
    return "".join(f"{line}\n" for line in (f"{bold(title, style)}:", *shown))


def _changed(site: SiteChange, result: DiffResult, style: Style) -> list[str]:
    calls = [" | ".join(sorted({way.primitive for way in ways})) for ways in (site.before, site.after)]
    lines = [f"  {place(site)}: {line}" for line in freeing(site, result)]
    return lines if calls[0] == calls[1] else [*lines, dim(f"    {calls[0]} → {calls[1]}", style)]


def _one(sign: str, site: SiteChange, ways: tuple[Way, ...], result: DiffResult, style: Style) -> list[str]:
    return [f"  {sign} {place(site)}: {way.primitive}: {way.deferral}, {way.safety} in {within(way.variants, result)}" for way in ways]
