"""Findings for a person: the finding, whom it leaves waiting, and the way to it."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.names import listed
from ptlint.report.style import bold, count, dim, severity
from ptlint.report.trouble import trouble
from ptlint.results import CheckResult, Finding, Object

__all__ = ["render", "summary"]


def render(result: CheckResult, style: Style) -> str:
    """One paragraph a finding, then what was not looked at."""
    paragraphs = [_finding(finding, result, style) for finding in result.findings]
    paragraphs += [_finding(finding, result, style, fixed=True) for finding in result.fixed]
    rest = trouble(result, style)
    return "\n".join([*paragraphs, *([rest] if rest else [])])


def summary(result: CheckResult) -> str:
    """What the run came to, in a line."""
    severities = [finding.severity for finding in result.findings]
    counts = [count(severities.count(word), word) for word in ("error", "warning", "note") if word in severities]
    looked = f"{count(result.stats.units, 'unit')}, {count(result.stats.functions, 'function')}, {count(len(result.variants), 'variant')}"
    left = [
        count(len(result.incomplete), "file not read in full", "files not read in full") if result.incomplete else "",
        count(len(result.unresolved), "call not resolved", "calls not resolved") if result.unresolved else "",
        count(len(result.not_covered), "symbol that no build covers", "symbols that no build covers") if result.not_covered else "",
    ]
    return "; ".join(filter(None, [", ".join(counts) or "no findings", looked, *left]))


def _finding(finding: Finding, result: CheckResult, style: Style, fixed: bool = False) -> str:
    place = finding.location
    where = bold(f"{place.file}:{place.line}:{place.column}:", style)
    word = "fixed" if fixed else severity(finding.severity, style)
    lines = [
        f"{where} {word}: {finding.message} [{finding.rule} {finding.name}]",
        f"  in {place.function}, {_object(finding.object)}",
        f"  variants: {_variants(finding.variants, result)}",
    ]
    if finding.missing:
        lines.append(f"  not waited for: {', '.join(finding.missing)}")
    width = max((len(f"{step.file}:{step.line}:") for step in finding.path), default=0)
    for step in finding.path:
        at = f"{step.file}:{step.line}:"
        lines.append(f"    {dim(at.ljust(width), style)} {step.function}{': ' if step.note else ''}{step.note}")
    lines += [f"    {dim(f'{also.file}:{also.line}:', style)} see also: {also.message}" for also in finding.related]
    if finding.cause:
        commit = f" of {finding.cause.commit[:12]}" if finding.cause.commit else ""
        lines.append(f"  brought by {finding.cause.file}:{finding.cause.line}{commit}")
    return "\n".join(lines) + "\n"


def _variants(names: tuple[str, ...], result: CheckResult) -> str:
    everywhere = len(names) == len(result.variants) > 1
    return f"all ({listed(names)})" if everywhere else listed(names)


def _object(table: Object) -> str:
    level = "table of any level" if table.table == "any" else f"{table.table.upper()} table"
    space = {"user": "of user space", "kernel": "of the kernel", "both": "of user space or the kernel"}[table.address_space]
    return f"{level} {space}" + (f": {table.expression}" if table.expression else "")
