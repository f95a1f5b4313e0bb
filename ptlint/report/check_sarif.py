"""SARIF 2.1.0, as GitHub's code scanning and SARIF viewers read it.

GitHub keeps 5,000 results of a run and 1,000 steps of a way: the worst come first, and what is left out is a notification. An alert shows on a pull
request only where its line is in the diff, so the first location is the changed line, when one caused the finding.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from ptlint import rulebook
from ptlint.report.interface import Style
from ptlint.report.names import listed
from ptlint.report.rule_page import page
from ptlint.report.style import count
from ptlint.report.wording import Place, flat, part, place, stale, variants, worst_first
from ptlint.results import CheckResult, Finding, Suppressed
from ptlint.rulebook import Rule

__all__ = ["RESULTS", "SCHEMA", "STEPS", "render"]

RESULTS = 5000
STEPS = 1000
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_ROOT = "%SRCROOT%"
_NOTIFICATIONS = {
    "incomplete": "A file that matters could not be read in full",
    "unresolved": "Calls whose target is not known",
    "not-covered": "Symbols that no build covers",
    "left-out": "Results over the limit of this format",
    "suppression": "A suppression that is expired or not needed",
}
Json = dict[str, Any]


def render(result: CheckResult, style: Style) -> str:
    """The log of one run. What is fixed is no result of it; it is named in the run's properties."""
    rules = rulebook.load()
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    hidden = {id(entry.finding): entry for entry in result.suppressed} if style.suppressed else {}
    found = worst_first((*result.findings, *(entry.finding for entry in hidden.values())))
    kept = found[:RESULTS]
    driver = {
        "name": result.tool.name,
        "version": result.tool.version,
        "semanticVersion": result.tool.version,
        "shortDescription": {"text": "Frees of x86 page tables that do not wait for the walkers"},
        "rules": [_rule(rule) for rule in rules],
        "notifications": [{"id": name, "shortDescription": {"text": text}} for name, text in _NOTIFICATIONS.items()],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(result, len(found) - len(kept))],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the kernel tree"}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, numbers, result, hidden.get(id(finding))) for finding in kept],
        "properties": _properties(result),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _sentence(rule.title)},
        "fullDescription": {"text": rule.what.strip()},
        "help": {"text": page(rule), "markdown": page(rule, fenced=True)},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"tags": ["kernel", "page-table", "x86"], "problem.severity": "recommendation" if rule.severity == "note" else rule.severity},
    }


def _result(finding: Finding, numbers: dict[str, int], result: CheckResult, hidden: Suppressed | None) -> Json:
    at = finding.location
    entry: Json = {"ruleId": finding.rule}
    if finding.rule in numbers:
        entry["ruleIndex"] = numbers[finding.rule]
    free = Place(at.file, max(at.line, 1), max(at.column, 1))
    first = place(finding)
    told = f"{_literal(_sentence(finding.message))}. In {at.function}, variants: {variants(finding.variants, result)}."
    related = [_location(Place(also.file, max(also.line, 1), None), also.message) for also in finding.related]
    if finding.cause:
        told += f" Brought by this line{_literal(part(finding.cause, result))}; [the free](0) is in {at.function}."
        related.insert(0, _location(free, "the free", at.function))
    entry |= {
        "level": finding.severity,
        "message": {"text": told},
        "locations": [_location(first, None, None if finding.cause else at.function)],
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1", "ptlint/v1": finding.fingerprint},
    }
    if related:
        entry["relatedLocations"] = [{"id": number} | location for number, location in enumerate(related)]
    if finding.path:
        entry["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding)}]}]
    if result.change:
        entry["baselineState"] = "unchanged" if finding.known else "new"
    if hidden:
        entry["suppressions"] = [{"kind": "external", "status": "accepted", "justification": hidden.reason}]
    missing = {"missing": list(finding.missing)} if finding.missing else {}
    entry["properties"] = {"variants": list(finding.variants), "table": finding.object.table, "addressSpace": finding.object.address_space} | missing
    return entry


def _flow(finding: Finding) -> list[Json]:
    """The way, in order; of one that is too long, its two ends."""
    steps = list(enumerate(finding.path, 1))
    if len(steps) > STEPS:
        steps = [*steps[: STEPS // 2], *steps[-STEPS // 2 :]]
    ends = (1, len(finding.path))
    return [
        {
            "location": _location(Place(step.file, max(step.line, 1), None), step.note or step.function, step.function),
            "executionOrder": number,
            "importance": "essential" if number in ends else "important",
        }
        for number, step in steps
    ]


def _location(at: Place, message: str | None = None, function: str | None = None) -> Json:
    region = {"startLine": at.line} | ({"startColumn": at.column} if at.column else {})
    found: Json = {"physicalLocation": {"artifactLocation": _artifact(at.file), "region": region}}
    if function:
        found["logicalLocations"] = [{"name": function, "kind": "function"}]
    if message:
        found["message"] = {"text": _literal(flat(message))}
    return found


def _artifact(file: str) -> Json:
    return {"uri": quote(file.encode("utf-8", "surrogateescape")), "uriBaseId": _ROOT}


def _invocation(result: CheckResult, left_out: int) -> Json:
    told = []
    for gap in result.incomplete:
        within = f" ({listed(gap.variants)})" if gap.variants else ""
        where = [_location(Place(gap.file, 1, None))]
        told.append(_notification("incomplete", "error", f"{gap.file} could not be read in full: {flat(gap.reason)}{within}", where))
    if left_out:
        told.append(_notification("left-out", "warning", f"{count(left_out, 'result')} left out: this format holds {RESULTS:,}, and has the worst"))
    if result.unresolved:
        told.append(_notification("unresolved", "note", f"{count(len(result.unresolved), 'call')} could not be resolved"))
    if result.not_covered:
        names = ", ".join(sorted({gap.symbol for gap in result.not_covered}))
        told.append(_notification("not-covered", "note", f"{count(len(result.not_covered), 'symbol')} that no build covers: {names}"))
    found: Json = {"executionSuccessful": not result.incomplete, "toolExecutionNotifications": told}
    if lines := [line for use in result.suppressions if (line := stale(use))]:
        found["toolConfigurationNotifications"] = [_notification("suppression", "warning", line) for line in lines]
    return found


def _notification(name: str, level: str, text: str, locations: list[Json] | None = None) -> Json:
    number = list(_NOTIFICATIONS).index(name)
    found = {"descriptor": {"id": name, "index": number}, "level": level, "message": {"text": _literal(text)}}
    return found | ({"locations": locations} if locations else {})


def _properties(result: CheckResult) -> Json:
    tree: Json = {"version": result.tree.version} | ({"commit": result.tree.commit} if result.tree.commit else {})
    found: Json = {"tree": tree, "variants": sorted(variant.name for variant in result.variants)}
    if result.fixed:
        found["fixed"] = sorted(finding.fingerprint for finding in result.fixed)
    return found


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _literal(text: str) -> str:
    """Text that no viewer takes for a link."""
    return re.sub(r"\[(?=[^\]]*\]\()", r"\\[", text)
