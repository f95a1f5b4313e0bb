"""A table of the findings, then the details of each: for a pull request, an issue, and the summary of a job."""

from __future__ import annotations

import html
import re

from ptlint.report.check_text import summary
from ptlint.report.interface import Style
from ptlint.report.style import count
from ptlint.report.wording import flat, part, question, table, variants, worst_first
from ptlint.results import CheckResult, Finding

__all__ = ["render"]


def render(result: CheckResult, style: Style) -> str:
    """The document."""
    findings = worst_first(result.findings)
    parts = [f"## ptlint: {_text(summary(result))}\n"]
    if findings:
        parts.append(_table(findings))
        parts += [_details(finding, result) for finding in findings]
    if result.fixed:
        parts.append(f"### Fixed\n\n{_table(result.fixed)}")
    if style.suppressed and result.suppressed:
        rows = (f"- {_brief(hidden.finding)}: {_text(hidden.reason)} ({_code(hidden.origin)})\n" for hidden in result.suppressed)
        parts.append("### Suppressed\n\n" + "".join(rows))
    if result.incomplete:
        rows = (f"- {_code(gap.file)}: {_text(gap.reason)}\n" for gap in result.incomplete)
        told = count(len(result.incomplete), "file", "files")
        parts.append(f"### Not complete\n\nThere may be more: {told} could not be read in full.\n\n" + "".join(rows))
    return "\n".join(parts)


def _table(findings: tuple[Finding, ...]) -> str:
    rows = ["| | rule | where | what |\n", "| --- | --- | --- | --- |\n"]
    for finding in findings:
        at = finding.location
        word = f"{'known ' if finding.known else ''}{finding.severity}"
        rows.append(f"| {word} | {finding.rule} {finding.name} | {_code(f'{at.file}:{at.line}')} {_code(at.function)} | {_text(finding.message)} |\n")
    return "".join(rows)


def _details(finding: Finding, result: CheckResult) -> str:
    lines = [
        _text(question(finding)),
        "",
        f"- {_text(table(finding.object))}" + (f": {_code(finding.object.expression)}" if finding.object.expression else ""),
    ]
    lines += [f"- not waited for: {', '.join(finding.missing)}"] if finding.missing else []
    lines += [f"- variants: {_text(variants(finding.variants, result))}", f"- fingerprint: {_code(finding.fingerprint)}"]
    if finding.cause:
        told = f" {_text(part(finding.cause, result))}".rstrip()
        lines.append(f"- brought by {_code(f'{finding.cause.file}:{finding.cause.line}')}{told}")
    lines += [f"- see also {_code(f'{also.file}:{also.line}')}: {_text(also.message)}" for also in finding.related]
    if finding.path:
        way = [f"{step.file}:{step.line}: {step.function}{': ' if step.note else ''}{flat(step.note)}" for step in finding.path]
        lines += ["", _fenced(way, "text")]
    if finding.cause and finding.cause.hunk:
        lines += ["", _fenced(list(finding.cause.hunk), "diff")]
    body = "\n".join(lines)
    return f"<details><summary>{_brief(finding)}</summary>\n\n{body}\n\n</details>\n"


def _brief(finding: Finding) -> str:
    at = finding.location
    return f"{finding.severity}: <code>{html.escape(flat(f'{at.file}:{at.line}'))}</code> {finding.rule} {finding.name}"


def _fenced(lines: list[str], language: str) -> str:
    """A block that nothing in it can end."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence])


def _code(text: str) -> str:
    """Code on one line, in a cell of a table too."""
    return f"<code>{html.escape(flat(text)).replace('|', '&#124;')}</code>"


def _text(text: str) -> str:
    """Words that are no markup: kernel names are full of underscores."""
    return re.sub(r"([\\`*_{}\[\]<>#|~@])", r"\\\1", flat(text))
