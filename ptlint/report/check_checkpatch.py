"""As the kernel's own checkpatch writes: ``WARNING:TYPE: message``, the place, the line. Its ``--terse`` is ptlint's ``concise``."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.wording import counted, flat, place
from ptlint.results import CheckResult, Finding, Severity

__all__ = ["render"]

_LEVELS: dict[Severity, str] = {"error": "ERROR", "warning": "WARNING", "note": "CHECK"}


def render(result: CheckResult, style: Style) -> str:
    """A paragraph a finding that counts, and the totals."""
    findings = counted(result)
    parts = [_paragraph(finding, style) for finding in findings]
    parts += [f"ERROR:INCOMPLETE: {flat(gap.reason)}\n#1: FILE: {gap.file}:1:\n" for gap in result.incomplete]
    totals = {word: sum(finding.severity == word for finding in findings) for word in _LEVELS}
    totals["error"] += len(result.incomplete)
    told = f"total: {totals['error']} errors, {totals['warning']} warnings, {totals['note']} checks, {result.stats.functions} functions checked\n"
    return "\n".join([*parts, told])


def _paragraph(finding: Finding, style: Style) -> str:
    where = place(finding)
    kind = finding.name.upper().replace("-", "_")
    at = finding.location
    freed = f" ({at.function}() at {at.file}:{at.line})" if finding.cause else f" (in {at.function}())"
    line = style.source(where.file, where.line) if not finding.cause else None
    quoted = f"+{line}\n" if line is not None else "".join(f"{text}\n" for text in (finding.cause.hunk[:12] if finding.cause else ()))
    return f"{_LEVELS[finding.severity]}:{kind}: {flat(finding.message)}{freed}\n#{where.line}: FILE: {where.file}:{where.line}:\n{quoted}"
