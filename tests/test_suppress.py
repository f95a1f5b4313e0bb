"""Suppressions: what they hide, what becomes of them, and what the command line says."""

# ruff: noqa: F811, the fixtures of test_cli are names of this module too
from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from test_cli import FakePipeline, Ran, pipeline, ptlint  # noqa: F401
from test_formats import finding, result
from test_report import SCHEMAS

from ptlint.config.load import Placed, load
from ptlint.config.model import Settings, Suppression
from ptlint.errors import UsageError
from ptlint.results import Cause, Change, CheckResult, Incomplete, Location, TreeInfo
from ptlint.suppress import judge, suppress

TODAY = datetime.date(2026, 6, 15)
HERE = {"file": "mm/b.c", "function": "free_one", "rule": "semi-rcu-free"}


def entry(**keys: Any) -> Placed:
    return Placed(msgspec.convert({"reason": "looked at"} | keys, Suppression), "a.toml")


def applied(value: CheckResult, *entries: Placed, judged: bool = True) -> CheckResult:
    return suppress(value, entries, TODAY, lambda _: judged)


@pytest.mark.parametrize(
    ("keys", "hides"),
    [
        ({"fingerprint": "ab12"}, True),
        ({"fingerprint": "ab13"}, False),
        ({"fingerprint": "ab12", "rule": "PTL001"}, False),
        ({"fingerprint": "ab12", "file": "mm/c.c"}, False),
        (HERE, True),
        (HERE | {"rule": "PTL002"}, True),
        (HERE | {"rule": "PTL001"}, False),
        (HERE | {"function": "free_two"}, False),
        (HERE | {"file": "mm/b"}, False),
        (HERE | {"expires": "2026-06-15"}, True),
        (HERE | {"expires": "2026-06-14"}, False),
    ],
)
def test_what_is_hidden(keys: dict[str, Any], hides: bool) -> None:
    found = applied(result(finding()), entry(**keys))
    assert (found.findings == ()) is hides
    assert [hidden.finding.fingerprint for hidden in found.suppressed] == (["ab12"] if hides else [])


@pytest.mark.parametrize(
    ("keys", "judged", "state", "count"),
    [
        ({"fingerprint": "ab12"}, True, "used", 1),
        ({"fingerprint": "none"}, True, "unused", 0),
        ({"fingerprint": "none"}, False, "unknown", 0),
        ({"fingerprint": "ab12", "expires": "2026-01-01"}, True, "expired", 1),
        ({"fingerprint": "none", "expires": "2026-01-01"}, False, "expired", 0),
    ],
)
def test_what_becomes_of_one(keys: dict[str, Any], judged: bool, state: str, count: int) -> None:
    (use,) = applied(result(finding()), entry(**keys), judged=judged).suppressions
    assert (use.state, use.findings, use.origin) == (state, count, "a.toml")


def test_an_expired_one_does_not_stand_before_one_that_holds() -> None:
    found = applied(result(finding()), entry(fingerprint="ab12", expires="2026-01-01"), entry(reason="for good", **HERE))
    assert [(hidden.reason, hidden.expires) for hidden in found.suppressed] == [("for good", None)]
    assert [use.state for use in found.suppressions] == ["expired", "used"]


def test_a_rule_that_is_not_there_is_said_with_its_file() -> None:
    with pytest.raises(UsageError, match=r"a\.toml: suppress: no rule is called 'PTL999'"):
        applied(result(), entry(fingerprint="x", rule="PTL999"))


CHANGE = Change(source="patch", before=TreeInfo("6.12", None), parts=())
GAP = Incomplete("mm/x.c", (), "unreadable")


@pytest.mark.parametrize(
    ("asked", "value", "told"),
    [
        ({}, result(), True),
        ({"whole": False}, result(), False),
        ({}, result(incomplete=(GAP,)), False),
        ({}, result(change=CHANGE), False),
        ({"select": ("PTL002",)}, result(), True),
        ({"select": ("PTL001",)}, result(), False),
        ({"ignore": ("PTL002",)}, result(), False),
        ({"only": ("mm",)}, result(), True),
        ({"only": ("mm/b.c",)}, result(), True),
        ({"only": ("arch",)}, result(), False),
    ],
)
def test_only_a_run_that_would_meet_it_calls_it_unused(asked: dict[str, Any], value: CheckResult, told: bool) -> None:
    default: dict[str, Any] = {"whole": True, "select": (), "ignore": (), "only": ()}
    assert judge(value, **default | asked)(entry(**HERE).suppression) is told


def test_one_by_fingerprint_is_not_judged_by_a_part() -> None:
    by_hash = entry(fingerprint="x").suppression
    assert judge(result(), whole=True, select=(), ignore=(), only=())(by_hash)
    assert not judge(result(), whole=True, select=("PTL001",), ignore=(), only=())(by_hash)
    assert not judge(result(), whole=True, select=(), ignore=(), only=("mm",))(by_hash)


# ---- files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '[[suppress]]\nfingerprint = "x"\n',
        '[[suppress]]\nfingerprint = "x"\nreason = "  "\n',
        '[[suppress]]\nfile = "mm/b.c"\nrule = "PTL001"\nreason = "r"\n',
        '[[suppress]]\nfile = "mm/b.c"\nfunction = "f"\nreason = "r"\n',
        '[[suppress]]\nfingerprint = "x"\nreason = "r"\nexpires = "soon"\n',
        '[[suppress]]\nfingerprint = "x"\nreason = "r"\nuntil = 2027-01-01\n',
    ],
)
def test_what_is_no_suppression(tmp_path: Path, text: str) -> None:
    import tomllib

    (tmp_path / ".ptlint.toml").write_text(text)
    with pytest.raises(UsageError, match=str(tmp_path)):
        load(tmp_path, {})
    schema = json.loads((SCHEMAS / "config.json").read_text())
    values = json.loads(json.dumps(tomllib.loads(text), default=str))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert list(validator.iter_errors(values)), "the published schema says so too"


def test_those_of_all_files_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "ptlint").mkdir(parents=True)
    mine = tmp_path / "config" / "ptlint" / "config.toml"
    mine.write_text('[[suppress]]\nfingerprint = "mine"\nreason = "r"\n')
    tree = tmp_path / "linux"
    tree.mkdir()
    (tmp_path / ".ptlint.toml").write_text('[[suppress]]\nfingerprint = "tree"\nreason = "r"\nexpires = 2027-03-31\n')
    found = load(tree, {})
    assert [(placed.suppression.fingerprint, placed.origin) for placed in found.suppressions] == [
        ("mine", str(mine)), ("tree", str(tmp_path / ".ptlint.toml")),
    ]  # fmt: skip
    assert found.settings.suppress == tuple(placed.suppression for placed in found.suppressions)
    assert found.settings.suppress[1].expires == datetime.date(2027, 3, 31)
    assert found.origins["suppress"] == f"{mine}, {tmp_path / '.ptlint.toml'}"
    assert load(tmp_path / "config", {}).settings != Settings()


# ---- the command line --------------------------------------------------------------------------------------


def test_the_command_line_hides_counts_and_shows(ptlint: Callable[..., Ran], pipeline: FakePipeline, tmp_path: Path) -> None:
    pipeline.result = result(finding(), finding(fingerprint="cd34", location=Location("mm/c.c", 1, 1, "g")))
    (tmp_path / ".ptlint.toml").write_text('[[suppress]]\nfingerprint = "cd34"\nreason = "boot\\nonly"\n')
    more = tmp_path / "more.toml"
    more.write_text('[[suppress]]\nfile = "mm/b.c"\nfunction = "free_one"\nrule = "PTL002"\nreason = "r"\n')
    status, out, err = ptlint("check")
    assert (status, out.count("[PTL002"), "1 suppressed" in err) == (1, 1, True)
    status, out, err = ptlint("check", "--suppressions", str(more))
    assert (status, out) == (0, "")
    assert "no findings; 2 suppressed" in err
    status, out, _ = ptlint("check", "--suppressions", str(more), "--show-suppressed")
    assert status == 0
    assert f"mm/c.c:1:1: suppressed warning: {finding().message}" in out
    assert f"suppressed by {tmp_path / '.ptlint.toml'}: boot only\n" in out
    document = json.loads(ptlint("check", "--format", "json")[1])
    assert [(hidden["finding"]["fingerprint"], hidden["reason"]) for hidden in document["suppressed"]] == [("cd34", "boot only")]
    jsonschema.validate(document, json.loads((SCHEMAS / "check.json").read_text()))


def test_expired_and_unused_ones_are_told(ptlint: Callable[..., Ran], pipeline: FakePipeline, tmp_path: Path) -> None:
    pipeline.result = result(finding())
    told = '[[suppress]]\nfingerprint = "ab12"\nreason = "r"\nexpires = 2020-01-01\n[[suppress]]\nfingerprint = "gone"\nreason = "s"\n'
    (tmp_path / ".ptlint.toml").write_text(told)
    status, _, err = ptlint("check")
    assert status == 1
    assert "the suppression of ab12 expired on 2020-01-01" in err
    assert "the suppression of gone is not needed" in err
    assert "suppression" not in ptlint("check", "-q")[2]
    assert "not needed" not in ptlint("check", "--variant", "nopv")[2]


def test_a_file_that_is_no_list_of_suppressions_is_2(ptlint: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('fail-on = "error"\n')
    for name, says in (("more.toml", "unknown field"), ("no.toml", "No such file")):
        status, out, err = ptlint("check", "--suppressions", name)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert name in err
        assert says in err


def test_b4_hears_nothing_on_standard_error(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = result(finding(), incomplete=(GAP,))
    status, out, err = ptlint("check", "--format", "b4", "-v")
    assert (status, err) == (2, "")
    assert "ERROR: not complete: unreadable" in out


def test_statistics_go_to_standard_error(ptlint: Callable[..., Ran], pipeline: FakePipeline) -> None:
    pipeline.result = result(finding())
    _, out, err = ptlint("check", "--format", "json", "--statistics", "-q")
    assert json.loads(out)["schema"] == "ptlint-check/1"
    assert err == "1  PTL002 semi-rcu-free (1 warning)\n"


def test_github_also_writes_the_summary(
    ptlint: Callable[..., Ran],
    pipeline: FakePipeline,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    pipeline.result = result(*(finding(fingerprint=str(n), location=Location("mm/b.c", n, 1, "f")) for n in range(1, 12)))
    ptlint("check", "--format", "text")
    assert page.read_text() == "before\n"
    _, out, _ = ptlint("check", "--format", "github", "--format", "sarif=out.sarif", "--format", "gitlab=out.json")
    assert out.startswith("::warning file=mm/b.c,")
    assert page.read_text().startswith("before\n## ptlint: 11 warnings")
    assert page.read_text().count("<details>") == 11
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert len(json.loads((tmp_path / "out.json").read_text())) == 11
    pipeline.result = result(*(finding(fingerprint=str(n), message="x" * 90_000, location=Location("mm/b.c", n, 1, "f")) for n in range(1, 30)))
    page.write_text("")
    ptlint("check", "--format", "github")
    assert len(page.read_bytes()) <= 1 << 20
    assert page.read_text().endswith("The rest is too long for this page; it is in the log.\n")


@pytest.mark.parametrize(
    ("environment", "colored"),
    [({"TERM": "dumb"}, False), ({"TERM": "dumb", "FORCE_COLOR": "1"}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "xterm"}, True)],
)
def test_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], colored: bool) -> None:
    import sys

    from ptlint.cli.terminal import wants_color

    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert wants_color("auto") is colored


def test_a_finding_that_is_known_can_be_suppressed_too() -> None:
    brought = finding(cause=Cause("mm/b.c", 12), known=True)
    assert applied(result(brought), entry(**HERE)).findings == ()
