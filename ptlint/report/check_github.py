"""Annotations of a GitHub job, as workflow commands on its log.

GitHub shows ten errors, ten warnings and ten notices of a step, and fifty of a job, and drops the rest without a word. So the worst
come first, what is over the limit goes to the log as plain lines, and a notice says how many. All of it is in the job's summary
(``ptlint.cli.formats``).
"""

from __future__ import annotations

import msgspec

from ptlint.report.interface import Style
from ptlint.report.style import count
from ptlint.report.wording import Place, counted, flat, part, place, variants, worst_first
from ptlint.results import CheckResult, Finding, Severity
from ptlint.words import SEVERITIES

__all__ = ["LIMIT", "command", "render"]

LIMIT = 10
"""Annotations of one kind that a step shows."""

_WORDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


class _Annotation(msgspec.Struct, frozen=True):
    severity: Severity
    place: Place
    title: str
    message: str


def render(result: CheckResult, style: Style) -> str:
    """The commands; what was not read in full comes first, as errors."""
    found = [_Annotation("error", Place(gap.file, 1, None), "ptlint: not complete", gap.reason) for gap in result.incomplete]
    found += [_annotation(finding, result) for finding in worst_first(counted(result))]
    room = dict.fromkeys(SEVERITIES, LIMIT)
    over = any(sum(one.severity == word for one in found) > LIMIT for word in SEVERITIES)
    room["note"] -= over  # one notice is for what is hidden
    shown: list[_Annotation] = []
    hidden: list[_Annotation] = []
    for one in found:
        (shown if room[one.severity] > 0 else hidden).append(one)
        room[one.severity] -= 1
    lines = [command(_WORDS[one.severity], _properties(one), one.message) for one in shown]
    if hidden:
        told = (
            f"{count(len(hidden), 'more finding')} not shown as annotations: GitHub shows {LIMIT} of a kind. The log and the job's summary have all"
        )
        lines.append(command("notice", {"title": "ptlint"}, told))
        lines += [_plain(one) for one in hidden]
    return "".join(f"{line}\n" for line in lines)


def command(name: str, properties: dict[str, str], message: str) -> str:
    """A workflow command: nothing in it can end it or begin another one."""
    told = ",".join(f"{key}={_escaped(value, property=True)}" for key, value in properties.items())
    return f"::{name} {told}::{_escaped(message)}"


def _escaped(text: str, property: bool = False) -> str:  # noqa: A002
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text


def _annotation(finding: Finding, result: CheckResult) -> _Annotation:
    at = finding.location
    lines = [f"{finding.message} (in {at.function})"]
    if finding.cause:
        lines.append(f"freed at {at.file}:{at.line}; brought by this line{part(finding.cause, result)}")
    lines += [f"not waited for: {', '.join(finding.missing)}"] if finding.missing else []
    lines.append(f"variants: {variants(finding.variants, result)}")
    lines += [f"  {step.file}:{step.line}: {step.function}{': ' if step.note else ''}{step.note}" for step in finding.path]
    return _Annotation(finding.severity, place(finding), f"{finding.rule} {finding.name}", "\n".join(lines))


def _properties(one: _Annotation) -> dict[str, str]:
    at = one.place
    where = {"file": at.file, "line": str(at.line), "endLine": str(at.line)}
    return where | ({"col": str(at.column)} if at.column else {}) | {"title": one.title}


def _plain(one: _Annotation) -> str:
    """A line of the log that is no command, whatever a file is called."""
    first = flat(one.message.partition("\n")[0])
    return f"- {flat(one.place.file)}:{one.place.line}: {one.severity}: {first} [{flat(one.title)}]".replace("##[", "## [")
