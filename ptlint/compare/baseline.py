"""A baseline: the findings that somebody has accepted, as a file that lives beside the configuration."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ptlint.compare.findings import worse
from ptlint.errors import UsageError
from ptlint.results import Accepted, Baseline, BaselineUse, CheckResult, Finding

__all__ = ["accepted", "read", "with_baseline"]


def accepted(result: CheckResult) -> bytes:
    """The baseline that accepts all findings of ``result``; the same bytes for the same findings."""
    entries = sorted(map(_entry, result.findings), key=lambda entry: (entry.file, entry.function, entry.rule, entry.fingerprint))
    baseline = Baseline(variants=tuple(sorted(variant.name for variant in result.variants)), findings=tuple(entries))
    return msgspec.json.format(msgspec.json.encode(baseline, order="deterministic"), indent=2) + b"\n"


def read(data: bytes, name: str) -> Baseline:
    """The baseline in the file ``name``. Raises ``UsageError`` when it is none."""
    try:
        return msgspec.json.decode(data, type=Baseline)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{name}: not a baseline of ptlint ({error}); ptlint check --write-baseline makes one") from None


def with_baseline(result: CheckResult, baseline: Baseline, everything: bool) -> CheckResult:
    """``result`` without what ``baseline`` accepts; with ``everything`` it stays, and is marked as known."""
    known = {entry.fingerprint: entry for entry in baseline.findings}
    findings, count = [], 0
    for finding in result.findings:
        entry = known.get(finding.fingerprint)
        if entry is None or finding.known or worse(finding, entry.severity, entry.variants, baseline.variants):
            findings.append(finding)
            continue
        count += 1
        if everything:
            findings.append(msgspec.structs.replace(finding, known=True))
    gone = 0 if result.change else _gone(baseline.findings, result.findings)
    return msgspec.structs.replace(result, findings=tuple(findings), baseline=BaselineUse(tool=baseline.tool, known=count, gone=gone))


def _gone(entries: Iterable[Accepted], findings: Iterable[Finding]) -> int:
    there = {finding.fingerprint for finding in findings}
    return sum(entry.fingerprint not in there for entry in entries)


def _entry(finding: Finding) -> Accepted:
    place = finding.location
    return Accepted(
        fingerprint=finding.fingerprint, rule=finding.rule, severity=finding.severity, file=place.file, function=place.function,
        variants=tuple(sorted(finding.variants)),
    )  # fmt: skip
