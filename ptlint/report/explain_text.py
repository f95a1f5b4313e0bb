"""An explanation for a person: two sides in two columns, time from top to bottom."""

from __future__ import annotations

import textwrap

from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.style import bold, severity
from ptlint.report.trouble import trouble
from ptlint.results import ExplainResult, Explanation, Moment

__all__ = ["render"]

_COLUMN = 56


def render(result: ExplainResult, style: Style) -> str:
    """Each explanation under its finding's place and message."""
    names = Names(result.variants)
    parts = [_explanation(one, names, style) for one in result.explanations]
    gaps = trouble(result, style)
    return "\n".join([*parts, *([gaps] if gaps else [])])


def _explanation(one: Explanation, names: Names, style: Style) -> str:
    finding = one.finding
    place = finding.location
    word = severity(finding.severity, style)
    lines = [f"{bold(f'{place.file}:{place.line}:', style)} {word}: {finding.message} [{finding.rule} {finding.name}]"]
    lines.append(f"  in {place.function}, {names.phrase(frozenset(finding.variants), names.all())}; {finding.fingerprint}")
    lines += ["", bold("     " + "who frees".ljust(_COLUMN + 3) + one.other, style), "     " + "-" * _COLUMN + "   " + "-" * _COLUMN]
    for number, moment in enumerate(one.moments, 1):
        cells = _cell(moment)
        for index, cell in enumerate(cells):
            head = f"{number:3}  " if not index else "     "
            lines.append((head + (cell if moment.side == "frees" else " " * (_COLUMN + 3) + cell)).rstrip())
    lines += ["", *textwrap.wrap(one.outcome, 2 * _COLUMN, initial_indent="  ", subsequent_indent="  "), ""]
    lines.append(f"  ptlint explain {finding.rule} says why, and what to do instead.")
    return "\n".join(lines) + "\n"


def _cell(moment: Moment) -> list[str]:
    where = f"{moment.file}:{moment.line} " if moment.file else ""
    return textwrap.wrap(f"{where}{moment.function}", _COLUMN, break_on_hyphens=False) + textwrap.wrap(
        moment.note, _COLUMN, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
