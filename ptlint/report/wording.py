"""Parts of findings in words, for all the formats that people read."""

from __future__ import annotations

import msgspec

from ptlint import rulebook
from ptlint.errors import UsageError
from ptlint.report.names import listed
from ptlint.results import Cause, CheckResult, Finding, Object, SuppressionUse
from ptlint.words import SEVERITIES

__all__ = ["Place", "counted", "flat", "owner", "part", "place", "question", "stale", "table", "variants", "worst_first"]

_WALKERS = {
    "hw": "a CPU that still has it in its paging-structure caches",
    "irq": "a walker with interrupts off",
    "rcu": "a walker that holds only the RCU read lock",
}


class Place(msgspec.Struct, frozen=True):
    """Where a format points first. ``column`` is None where only the line is known."""

    file: str
    line: int
    column: int | None


def place(finding: Finding) -> Place:
    """The changed line, when one caused the finding: a review shows nothing else; or where the finding stands."""
    if finding.cause:
        return Place(finding.cause.file, max(finding.cause.line, 1), None)
    return Place(finding.location.file, max(finding.location.line, 1), max(finding.location.column, 1))


def counted(result: CheckResult) -> tuple[Finding, ...]:
    """The findings that count: not those that were known before."""
    return tuple(finding for finding in result.findings if not finding.known)


def worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors, then warnings, then notes; each in the order they came in."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def flat(text: str) -> str:
    """On one line."""
    return " ".join(text.split())


def table(thing: Object) -> str:
    """``PTE table of user space``."""
    level = "table of any level" if thing.table == "any" else f"{thing.table.upper()} table"
    return f"{level} {owner(thing)}"


def owner(thing: Object) -> str:
    """``of user space``."""
    return {"user": "of user space", "kernel": "of the kernel", "both": "of user space or the kernel"}[thing.address_space]


def variants(names: tuple[str, ...], result: CheckResult) -> str:
    """The names, and that they are all, where they are."""
    return f"all ({listed(names)})" if len(names) == len(result.variants) > 1 else listed(names)


def part(cause: Cause, result: CheckResult) -> str:
    """`` of 0123456789ab ("mm: subject")``, as far as it is known."""
    parts = result.change.parts if result.change else ()
    subject = parts[cause.part - 1].subject if cause.part and cause.part <= len(parts) else ""
    commit = cause.commit[:12] if cause.commit else ""
    named = f'("{subject}")' if commit and subject else f'"{subject}"' if subject else ""
    return " of " + " ".join(filter(None, [commit, named])) if commit or named else ""


def question(finding: Finding) -> str:
    """The finding as a reviewer would ask it."""
    what = "a page table" if finding.object.table == "any" else f"the {finding.object.table.upper()} table"
    if finding.missing:
        return f"Can {' or '.join(_WALKERS[name] for name in finding.missing)} still use {what} that is freed here?"
    try:
        title = rulebook.find(finding.rule).title
    except UsageError:
        title = finding.message
    return f"Can it be that {flat(title)}?"


def stale(use: SuppressionUse) -> str:
    """What is wrong with a suppression, in a line; empty when nothing is."""
    about = use.fingerprint or f"{use.rule} in {use.file}:{use.function}"
    if use.state == "expired":
        return f"{use.origin}: the suppression of {about} expired on {use.expires} and hides nothing any more ({use.reason})"
    if use.state == "unused":
        return f"{use.origin}: the suppression of {about} is not needed: there is no such finding ({use.reason})"
    return ""
