"""For b4's ``…-perpatch-check-cmd``: a line with ``ERROR:`` fails the patch, any other line warns, silence passes."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.wording import counted, flat, place
from ptlint.results import CheckResult, Severity

__all__ = ["render"]

_WORDS: dict[Severity, str] = {"error": "ERROR", "warning": "WARNING", "note": "NOTE"}


def render(result: CheckResult, style: Style) -> str:
    """The lines. What was not read in full fails: silence would say that the patch is good."""
    lines = []
    for finding in counted(result):
        at = place(finding)
        lines.append(f"{at.file}:{at.line}: {_WORDS[finding.severity]}: {_safe(finding.message)} (in {finding.location.function}) [{finding.rule}]\n")
    lines += [f"{gap.file}: ERROR: not complete: {_safe(gap.reason)}\n" for gap in result.incomplete]
    return "".join(lines)


def _safe(text: str) -> str:
    """A message that does not decide by its own words."""
    return flat(text).replace("ERROR:", "error:")
