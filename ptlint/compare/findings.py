"""The findings of two analyses: which are new, which were known, which are gone.

By fingerprint, not by changed lines: a change may bring a finding anywhere. What is moved with its file, or to another one, is not new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from ptlint.change.step import Delta
from ptlint.results import CheckResult, Finding, Severity, Unresolved
from ptlint.words import SEVERITIES

__all__ = ["Compared", "compare", "new_calls", "worse"]


class Compared(msgspec.Struct, frozen=True):
    """``new`` findings are of the analysis after the change, ``known`` too; ``fixed`` are of the one before."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    fixed: tuple[Finding, ...]


def compare(before: CheckResult | None, after: CheckResult, deltas: Sequence[Delta] = ()) -> Compared:
    """Tell new from known. ``before`` is None for a first commit; ``deltas`` say which files were renamed or changed in between.

    A finding is new when the tree did not have it, or had it less severely or in fewer variants. One that is gone from a file that could not
    be read this time, or from a variant whose analysis did not come back, is not called fixed.
    """
    old = {finding.fingerprint: finding for finding in before.findings} if before else {}
    moved = _moved(old.values(), after.findings, deltas)
    there = [variant.name for variant in before.variants] if before else []
    new: list[Finding] = []
    known: list[Finding] = []
    for finding in after.findings:
        was = old.get(finding.fingerprint) or moved.get(finding.fingerprint)
        (new if was is None or worse(finding, was.severity, was.variants, there) else known).append(finding)
    left = {finding.fingerprint for finding in after.findings} | {finding.fingerprint for finding in moved.values()}
    unread = {gap.file for gap in after.incomplete}
    lost = {variant for gap in after.incomplete if gap.file == "." for variant in gap.variants}
    gone = [finding for finding in old.values() if finding.fingerprint not in left and lost.isdisjoint(finding.variants)]
    fixed = [finding for finding in gone if unread.isdisjoint({finding.location.file, *(step.file for step in finding.path)})]
    return Compared(tuple(new), tuple(known), tuple(fixed))


def worse(finding: Finding, severity: Severity, variants: Iterable[str], there: Iterable[str]) -> bool:
    """Whether ``finding`` is more severe than it was, or holds in more ``variants``; one that was not ``there`` is judged by its runtime."""
    if SEVERITIES.index(finding.severity) < SEVERITIES.index(severity):
        return True
    before, known = set(variants), set(there)
    runtimes = {name.partition("/")[0] for name in before}
    return any(name in known or name.partition("/")[0] not in runtimes for name in set(finding.variants) - before)


def _moved(old: Iterable[Finding], new: Sequence[Finding], deltas: Sequence[Delta]) -> dict[str, Finding]:
    """Fingerprints of findings after the change to those that they were before: in a file of another name, or a function that moved."""
    renamed = {delta.path: delta.source for delta in deltas if delta.source != delta.path}
    texts = {delta.source: delta.after for delta in deltas if delta.path == delta.source}
    now = {finding.fingerprint for finding in new}
    gone: dict[tuple[str, ...], list[Finding]] = {}
    for finding in old:
        if finding.fingerprint not in now:
            gone.setdefault(_what(finding), []).append(finding)
    before = {finding.fingerprint for finding in old}
    found: dict[str, Finding] = {}
    for finding in new:
        if finding.fingerprint in before:
            continue
        for was in gone.get(_what(finding), []):
            here, there = finding.location.file, was.location.file
            left = there in texts and here != there and not _mentions(texts[there], was.location.function)
            if renamed.get(here) == there or left:
                found[finding.fingerprint] = was
                gone[_what(finding)].remove(was)
                break
    return found


def _what(finding: Finding) -> tuple[str, ...]:
    return finding.rule, finding.location.function, finding.object.expression, finding.message


def _mentions(text: bytes | None, function: str) -> bool:
    """Whether a definition of ``function`` may still be there: its name before a parenthesis at the begin of a line."""
    return text is not None and re.search(rb"^\w[^\n;]*\b" + re.escape(function.encode()) + rb"\s*\(", text, re.MULTILINE) is not None


def new_calls(before: Sequence[Unresolved], after: Sequence[Unresolved]) -> tuple[Unresolved, ...]:
    """The calls that are not resolved now, and were before neither."""
    known = {(call.file, call.function, call.callee) for call in before}
    return tuple(call for call in after if (call.file, call.function, call.callee) not in known)
