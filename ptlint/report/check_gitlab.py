"""GitLab's Code Quality report: an array, one entry a finding."""

from __future__ import annotations

import hashlib
import json

from ptlint.report.interface import Style
from ptlint.report.names import listed
from ptlint.report.wording import flat, place
from ptlint.results import CheckResult, Finding, Severity

__all__ = ["render"]

_SEVERITIES: dict[Severity, str] = {"error": "critical", "warning": "major", "note": "minor"}


def render(result: CheckResult, style: Style) -> str:
    """The document. GitLab compares it with that of the target branch by the fingerprints, so known findings belong to it."""
    entries = [_entry(finding) for finding in result.findings]
    for gap in result.incomplete:
        digest = hashlib.blake2b(f"incomplete\0{gap.file}\0{gap.reason}".encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        entries.append(_line(f"incomplete: {flat(gap.reason)}", "incomplete", digest, "blocker", gap.file, 1))
    return json.dumps(entries, indent=2) + "\n"


def _entry(finding: Finding) -> dict[str, object]:
    where = place(finding)
    told = f"{finding.rule} {finding.name}: {flat(finding.message)} (in {finding.location.function}; {listed(finding.variants)})"
    return _line(told, finding.name, finding.fingerprint, _SEVERITIES[finding.severity], where.file, where.line)


def _line(description: str, check: str, fingerprint: str, severity: str, file: str, line: int) -> dict[str, object]:
    return {
        "description": description,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": file, "lines": {"begin": line}},
    }
