"""For the checks of b4's review: a JSON array with one entry, for b4 keeps one result of a tool and patch."""

from __future__ import annotations

import json

from ptlint.report import check_mail
from ptlint.report.check_text import summary
from ptlint.report.interface import Style
from ptlint.report.wording import counted
from ptlint.results import CheckResult

__all__ = ["render"]


def render(result: CheckResult, style: Style) -> str:
    """``fail`` with an error or where something was not read, ``warn`` with any other finding, ``pass``."""
    found = {finding.severity for finding in counted(result)}
    status = "fail" if "error" in found or result.incomplete else "warn" if found else "pass"
    entry = {"tool": "ptlint", "status": status, "summary": summary(result), "url": "", "details": check_mail.render(result, style)}
    return json.dumps([entry], indent=2) + "\n"
