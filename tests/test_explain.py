"""A finding as a race: both sides, in the order of time."""

from __future__ import annotations

import pytest
from cases import DEMO

from ptlint import results
from ptlint.errors import UsageError
from ptlint.interleaving import explain, matching
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report.explain_text import render
from ptlint.report.interface import Style
from ptlint.report.order import ordered


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run(RunOptions(tree=DEMO, variants=("nopv",)), NullProgress())


def finding(rule: str, message: str, *path: results.Step, missing: tuple[results.WalkerClass, ...] = ()) -> results.Finding:
    place = results.Location(path[-1].file, path[-1].line, 1, path[-1].function)
    return results.Finding(
        rule=rule, name="x", severity="error", message=message, fingerprint="abcd1234", location=place, variants=("nopv",),
        object=results.Object("pte", "user", "x"), missing=missing, path=path,
    )  # fmt: skip


def test_the_walker_reads_the_entry_before_it_is_cleared_and_the_page_after_it_is_freed(outcome: Outcome) -> None:
    bug = next(one for one in outcome.check((), (), ()).findings if one.rule == "PTL001")
    place = f"{bug.location.file}:{bug.location.line}"
    found = outcome.explain(place).explanations
    assert [one.finding for one in found] == [bug]
    assert outcome.explain(bug.fingerprint[:8]).explanations == found
    moments = found[0].moments
    sides = [moment.side for moment in moments]
    cleared = next(index for index, moment in enumerate(moments) if "cleared" in moment.note)
    assert sides[0] == sides[-1] == "other"
    assert any("reads the entry" in moment.note for moment in moments[:cleared])
    assert sides[-2] == "frees"
    assert "pte_offset_map" in {moment.function for moment in moments}
    assert all(moment.line for moment in moments)


def test_text_has_two_columns(outcome: Outcome) -> None:
    bug = next(one for one in outcome.check((), (), ()).findings if one.rule == "PTL001")
    text = render(ordered(outcome.explain(bug.fingerprint)), Style())
    assert "who frees" in text
    assert max(map(len, text.splitlines()[3:])) < 125
    assert "begins a section under RCU" in text


def test_what_is_no_finding_is_an_error(outcome: Outcome) -> None:
    with pytest.raises(UsageError, match="no finding is called"):
        outcome.explain("mm/nothing.c:1")


def test_a_file_is_known_by_its_end() -> None:
    one = finding("PTL001", "m", results.Step("mm/a.c", 3, "f", "n"))
    assert matching("a.c:3", [one]) == matching("mm/a.c:3", [one]) == matching("abcd", [one]) == [one]
    assert matching("b.c:3", [one]) == matching("mm/a.c:4", [one]) == matching("abc", [one]) == []


def test_calls_that_lead_to_the_unlink_come_before_it() -> None:
    path = (
        results.Step("a.c", 9, "inner", "the entry is cleared"),
        results.Step("a.c", 20, "outer", "calls inner"),
        results.Step("a.c", 10, "inner", "freed"),
    )
    notes = [moment.note for moment in explain(finding("PTL040", "m", *path, missing=("hw",)), (), ()).moments if moment.side == "frees"]
    assert notes == ["calls inner", "the entry is cleared", "freed"]


def test_the_other_side_of_the_words_is_who_uses_them() -> None:
    claims = [results.Claim("mm/l.c", 7, "walk", "pt_list", "reads", ("pte",)), results.Claim("mm/a.c", 3, "f", "pt_list", "opens", ("pte",))]
    bug = finding(
        "PTL010",
        "the rcu_head is written over pt_list, which is in use",
        results.Step("mm/a.c", 3, "f", "opens"),
        results.Step("mm/a.c", 4, "f", "w"),
    )
    told = explain(bug, (), claims)
    assert told.other == "who uses pt_list"
    assert (told.moments[-1].file, told.moments[-1].line) == ("mm/l.c", 7)


def test_a_late_use_follows_the_end_of_the_grace_period() -> None:
    bug = finding("PTL013", "m", results.Step("a.c", 1, "f", "queued"), results.Step("a.c", 2, "f", "used"))
    assert [moment.function for moment in explain(bug, (), ()).moments] == ["f", "RCU", "f"]
