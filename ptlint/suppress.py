"""What the suppressions of the configuration hide, and what became of each of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

import msgspec

from ptlint import rulebook
from ptlint.config.load import Placed
from ptlint.config.model import Suppression
from ptlint.errors import UsageError
from ptlint.results import CheckResult, Finding, Suppressed, SuppressionState, SuppressionUse

__all__ = ["judge", "suppress"]

Judge = Callable[[Suppression], bool]
"""Whether a run would have met the findings that a suppression is about."""


def suppress(result: CheckResult, placed: Iterable[Placed], today: datetime.date, judged: Judge) -> CheckResult:
    """``result`` without what is suppressed on the day ``today``; what is hidden, and each suppression's use, are in the result.

    Raises:
        UsageError: a suppression names a rule that there is not.
    """
    entries = list(dict.fromkeys(placed))
    rules = [_rule(entry) for entry in entries]
    met = [0] * len(entries)
    kept: list[Finding] = []
    hidden: list[Suppressed] = []
    for finding in result.findings:
        by: Placed | None = None
        for index, entry in enumerate(entries):
            if _is_about(entry.suppression, rules[index], finding):
                met[index] += 1
                if by is None and not _expired(entry.suppression, today):
                    by = entry
        if by is None:
            kept.append(finding)
        else:
            hidden.append(Suppressed(finding, " ".join(by.suppression.reason.split()), _day(by.suppression), by.origin))
    uses = (_use(entry, rule, number, today, judged) for entry, rule, number in zip(entries, rules, met, strict=True))
    return msgspec.structs.replace(result, findings=tuple(kept), suppressed=tuple(hidden), suppressions=tuple(uses))


def judge(result: CheckResult, *, whole: bool, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> Judge:
    """Only a run that is complete, over all variants (``whole``) and no change, that reports the rule and the file, can call a suppression unused."""

    def would_meet(entry: Suppression) -> bool:
        rule = rulebook.find(entry.rule).id if entry.rule else None
        asked = rule is None or ((not select or rule in select) and rule not in ignore)
        # Of a suppression by fingerprint alone nobody knows which rule or file it is about.
        known = (entry.rule is not None or not (select or ignore)) and (entry.file is not None or not only)
        below = not only or any(f"{entry.file}/".startswith(f"{path.rstrip('/')}/") for path in only)
        return whole and not result.incomplete and result.change is None and asked and known and below

    return would_meet


def _rule(entry: Placed) -> str | None:
    if entry.suppression.rule is None:
        return None
    try:
        return rulebook.find(entry.suppression.rule).id
    except UsageError as error:
        raise UsageError(f"{entry.origin}: suppress: {error}") from None


def _is_about(entry: Suppression, rule: str | None, finding: Finding) -> bool:
    return (
        entry.fingerprint in (None, finding.fingerprint)
        and rule in (None, finding.rule)
        and entry.file in (None, finding.location.file)
        and entry.function in (None, finding.location.function)
    )


def _expired(entry: Suppression, today: datetime.date) -> bool:
    return entry.expires is not None and entry.expires < today


def _use(entry: Placed, rule: str | None, met: int, today: datetime.date, judged: Judge) -> SuppressionUse:
    told = entry.suppression
    state: SuppressionState = "used" if met else "unused" if judged(told) else "unknown"
    return SuppressionUse(
        state="expired" if _expired(told, today) else state,
        findings=met,
        reason=" ".join(told.reason.split()),
        origin=entry.origin,
        fingerprint=told.fingerprint,
        file=told.file,
        function=told.function,
        rule=rule,
        expires=_day(told),
    )


def _day(entry: Suppression) -> str | None:
    return entry.expires.isoformat() if entry.expires else None
