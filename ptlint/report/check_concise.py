"""One line a finding, as vim, emacs, make and kernel logs parse it: ``file:line:column: severity: message [RULE]``."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.style import severity
from ptlint.results import CheckResult

__all__ = ["render"]


def render(result: CheckResult, style: Style) -> str:
    """The lines; what could not be read in full is an error at the file's first line."""
    lines = []
    for finding in result.findings:
        place = finding.location
        message = " ".join(finding.message.split())
        lines.append(f"{place.file}:{place.line}:{place.column}: {severity(finding.severity, style)}: {message} [{finding.rule}]\n")
    lines += [f"{gap.file}:1:1: {severity('error', style)}: {' '.join(gap.reason.split())} [incomplete]\n" for gap in result.incomplete]
    return "".join(lines)
