"""The inventory for a person: a line a site, its reason below."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.style import bold, dim
from ptlint.report.trouble import trouble
from ptlint.results import InventoryResult, Site

__all__ = ["render"]


def render(result: InventoryResult, style: Style) -> str:
    """Sites by file and line."""
    names = Names(result.variants)
    return "".join(_site(site, names, style) for site in result.sites) + trouble(result, style)


def _site(site: Site, names: Names, style: Style) -> str:
    among = names.all()
    within = frozenset(site.variants)
    variants = "" if within == among else f" [{names.phrase(within, among)}]"
    waited = f", waited for {', '.join(site.waited)}" if site.waited else ""
    what = f"{site.role}, {site.deferral}, {site.safety}{waited}; {site.table} table, {site.address_space}"
    reason = f"  {dim(site.reason, style)}\n" if site.reason else ""
    return f"{bold(f'{site.file}:{site.line}:', style)} {site.function}: {site.primitive}{variants}\n  {what}\n{reason}"
