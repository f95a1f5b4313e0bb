"""Findings for a person: the finding, whom it leaves waiting, and the way to it."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.style import bold, count, dim, severity
from ptlint.report.trouble import trouble
from ptlint.report.wording import counted, part, table, variants
from ptlint.results import CheckResult, Finding
from ptlint.words import SEVERITIES

__all__ = ["render", "summary"]

_HUNK = 12
"""The lines of a hunk that are shown."""


def render(result: CheckResult, style: Style) -> str:
    """One paragraph a finding, then what was not looked at."""
    paragraphs = [_finding(finding, result, style, "known" if finding.known else "") for finding in result.findings]
    paragraphs += [_finding(finding, result, style, "fixed") for finding in result.fixed]
    if style.suppressed:
        for hidden in result.suppressed:
            until = f" until {hidden.expires}" if hidden.expires else ""
            paragraphs.append(_finding(hidden.finding, result, style, "suppressed") + f"  suppressed{until} by {hidden.origin}: {hidden.reason}\n")
    rest = trouble(result, style)
    return "\n".join([*paragraphs, *([rest] if rest else [])])


def summary(result: CheckResult) -> str:
    """What the run came to, in a line."""
    severities = [finding.severity for finding in counted(result)]
    counts = [count(severities.count(word), word) for word in SEVERITIES if word in severities]
    against = result.change or result.baseline
    new = "new: " if against and counts else "new " if against else ""
    nothing = f"no {new}findings"
    changed = [
        f"{count(len(result.fixed), 'finding')} fixed" if result.fixed else "",
        f"{result.change.known} known" if result.change and result.change.known else "",
        f"{result.baseline.known} in the baseline" if result.baseline and result.baseline.known else "",
        f"{result.baseline.gone} of the baseline not found any more" if result.baseline and result.baseline.gone else "",
    ]
    changed += [f"{len(result.suppressed)} suppressed"] if result.suppressed else []
    parts = result.change.parts if result.change else ()
    matter = sum(part.relevant for part in parts)
    looked = f"{count(result.stats.units, 'unit')}, {count(result.stats.functions, 'function')}, {count(len(result.variants), 'variant')}"
    if parts and not matter:
        looked = f"nothing that is looked at is changed{' in any of them' if len(parts) > 1 else ''}"
    elif len(parts) > 1:
        changed += [f"{matter} of {count(len(parts), 'part')} of the change looked at"]
    left = [
        count(len(result.incomplete), "file not read in full", "files not read in full") if result.incomplete else "",
        count(len(result.unresolved), "call not resolved", "calls not resolved") if result.unresolved else "",
        count(len(result.not_covered), "symbol that no build covers", "symbols that no build covers") if result.not_covered else "",
    ]
    return "; ".join(filter(None, [new * bool(counts) + ", ".join(counts) or nothing, *changed, looked, *left]))


def _finding(finding: Finding, result: CheckResult, style: Style, state: str = "") -> str:
    place = finding.location
    where = bold(f"{place.file}:{place.line}:{place.column}:", style)
    word = f"{f'{state} ' if state else ''}{severity(finding.severity, style)}"
    lines = [
        f"{where} {word}: {finding.message} [{finding.rule} {finding.name}]",
        f"  in {place.function}, {table(finding.object)}{f': {finding.object.expression}' if finding.object.expression else ''}",
        f"  variants: {variants(finding.variants, result)}",
    ]
    if finding.missing:
        lines.append(f"  not waited for: {', '.join(finding.missing)}")
    width = max((len(f"{step.file}:{step.line}:") for step in finding.path), default=0)
    for step in finding.path:
        at = f"{step.file}:{step.line}:"
        lines.append(f"    {dim(at.ljust(width), style)} {step.function}{': ' if step.note else ''}{step.note}")
    lines += [f"    {dim(f'{also.file}:{also.line}:', style)} see also: {also.message}" for also in finding.related]
    if finding.cause:
        lines.append(f"  brought by {finding.cause.file}:{finding.cause.line}{part(finding.cause, result)}")
        lines += [f"    {dim(line, style)}" for line in finding.cause.hunk[:_HUNK]]
        lines += [f"    {dim('...', style)}"] if len(finding.cause.hunk) > _HUNK else []
    if style.verbose:
        lines.append(f"  fingerprint: {finding.fingerprint}")
    return "\n".join(lines) + "\n"
