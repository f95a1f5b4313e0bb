"""How two trees free differently, as tables for a pull request."""

from __future__ import annotations

from ptlint.report.diff_words import edge, freeing, headline, place, reasons, within
from ptlint.report.interface import Style
from ptlint.results import DiffResult

__all__ = ["render"]


def render(result: DiffResult, style: Style) -> str:
    """The document."""
    rows = [("changed", place(site), "; ".join([*freeing(site, result), *reasons(site, result)])) for site in result.sites.changed]
    for word, sites in (("added", result.sites.added), ("removed", result.sites.removed)):
        for site in sites:
            for way in site.after or site.before:
                rows.append((word, place(site), f"{way.primitive}: {way.deferral}, {way.safety} in {within(way.variants, result)}"))
    lines = [f"## How tables are freed: {_text(headline(result))}", ""]
    if rows:
        lines += ["| | where | how |", "| --- | --- | --- |", *(f"| {word} | {_text(where)} | {_text(how)} |" for word, where, how in rows), ""]
    edges = [
        *(f"- added: {_text(edge(change, result))}" for change in result.edges.added),
        *(f"- removed: {_text(edge(change, result))}" for change in result.edges.removed),
        *(f"- changed: {_text(edge(change, result))}" for change in result.edges.changed),
    ]
    if edges:
        lines += ["### Ways", "", *edges, ""]
    if not rows and not edges:
        lines += ["No difference.", ""]
    lines += [f"- not complete: {_text(gap.file)}: {_text(gap.reason)}" for gap in result.incomplete]
    return "\n".join(lines).rstrip("\n") + "\n"


def _text(text: str) -> str:
    """One cell: no character that ends it, and no markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{char}" if char in "|\\`*_<>[]" else char for char in flat)
