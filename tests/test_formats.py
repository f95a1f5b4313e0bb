"""Formats of ``check`` for CI, mail and review tools: samples in ``tests/formats``, official schemas, limits, and input that is out to break them.

``PTLINT_UPDATE=1`` writes the samples anew.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import official
import pytest
from cases import DEMO
from hypothesis import given
from hypothesis import strategies as st
from test_report import COMMON

from ptlint.options import RunOptions
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report import check_github, check_mail, check_markdown, check_sarif, check_statistics
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.registry import FORMATS, renderer
from ptlint.results import (
    Cause,
    Change,
    CheckResult,
    CheckStats,
    Finding,
    Incomplete,
    Location,
    Object,
    Part,
    Related,
    Step,
    Suppressed,
    SuppressionUse,
    TreeInfo,
)

SAMPLES = Path(__file__).parent / "formats"
SOURCE = {("mm/b.c", number): f"\tline {number};" for number in range(9, 16)}
STYLE = Style(suppressed=True, source=lambda file, line: SOURCE.get((file, line)))
NEW = ("github", "sarif", "gitlab", "checkpatch", "mail", "b4", "b4-review", "markdown")
SILENT = ("mail", "b4", "github")


def finding(**changes: Any) -> Finding:
    """A warning in mm/b.c:12."""
    base = Finding(
        rule="PTL002", name="semi-rcu-free", severity="warning", message="page table is freed after an IPI: walkers under RCU are not waited for",
        fingerprint="ab12", location=Location("mm/b.c", 12, 3, "free_one"), variants=("xen", "kvm"), object=Object("pte", "user", "free_page"),
        missing=("rcu",), path=(Step("mm/z.c", 5, "zap_range", "the entry is cleared"), Step("mm/b.c", 12, "free_one", "freed")),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def result(*findings: Finding, **changes: Any) -> CheckResult:
    """A result of nothing else."""
    return ordered(CheckResult(findings=findings, stats=CheckStats(3, 1200), tree=COMMON["tree"], variants=COMMON["variants"], **changes))


def everything() -> CheckResult:
    """One finding with a cause, one that was known, one of the whole tree, one with no classes; one fixed, one suppressed; gaps of each kind."""
    hunk = ("@@ -3,4 +3,4 @@ zap_range(void)", " \tclear(pte);", "-\twait();", "+\tkick();", " \tfree_one(pte);")
    by_patch = finding(
        rule="PTL001", name="immediate-free", severity="error", fingerprint="cd34", missing=("irq", "rcu"), location=Location("mm/a.c", 7, 1, "zap"),
        cause=Cause("include/linux/z.h", 5, "0123456789abcdef0123456789abcdef01234567", 1, hunk), related=(Related("mm/w.c", 1, "a walker"),),
    )  # fmt: skip
    known = finding(fingerprint="ef56", location=Location("mm/k.c", 3, 1, "old"), known=True)
    words = finding(
        rule="PTL021", name="missing-dtor", severity="note", fingerprint="0a0b", missing=(), variants=tuple(v.name for v in COMMON["variants"]),
        location=Location("mm/n.c", 30, 2, "note_one"), object=Object("any", "both", ""), path=(),
    )  # fmt: skip
    part = Part(
        commit="0123456789abcdef0123456789abcdef01234567", subject="mm: kick instead of wait", author="A. Hacker <a@example.org>", message_id="<1@x>"
    )
    return result(
        by_patch, known, finding(), words,
        incomplete=COMMON["incomplete"], unresolved=COMMON["unresolved"], not_covered=COMMON["not_covered"],
        fixed=(finding(fingerprint="f1f1", location=Location("mm/f.c", 9, 1, "was")),),
        change=Change(source="range", before=TreeInfo("6.12.43", "f" * 40), parts=(part,), known=1),
        suppressed=(Suppressed(finding(fingerprint="5555", location=Location("mm/s.c", 2, 1, "seen")), "only boot code", "2027-03-31", "a.toml"),),
        suppressions=(
            SuppressionUse(state="used", findings=1, reason="only boot code", origin="a.toml", fingerprint="5555", expires="2027-03-31"),
            SuppressionUse(state="unused", findings=0, reason="was fixed", origin="a.toml", file="mm/q.c", function="q", rule="PTL001"),
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo() -> CheckResult:
    """What the demo's kernel gives."""
    return ordered(run(RunOptions(tree=DEMO), NullProgress()).check((), (), ()))


def render(form: str, value: CheckResult, style: Style = STYLE) -> str:
    return renderer("check", form)(value, style)


@pytest.mark.parametrize("form", NEW)
def test_samples(form: str) -> None:
    text = re.sub(r'("(semanticV|v)ersion": "|ptlint )\d+\.\d+\.\d+[^ "]*(?=[" ])', r"\g<1>VERSION", render(form, everything()))
    if form == "sarif":  # the rules are tested by what they are made of
        document = json.loads(text)
        document["runs"][0]["tool"]["driver"]["rules"] = []
        text = json.dumps(document, indent=2) + "\n"
    path = SAMPLES / f"{form}.txt"
    if os.environ.get("PTLINT_UPDATE"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("form", NEW)
def test_demo_in_every_format(form: str, demo: CheckResult) -> None:
    text = render(form, demo)
    for found in demo.findings:
        assert found.location.file in text
    assert "\x1b" not in text


@pytest.mark.parametrize("form", NEW)
def test_nothing_found(form: str) -> None:
    text = render(form, result())
    assert (text == "") is (form in SILENT)


@pytest.mark.parametrize("form", FORMATS["check"])
def test_a_gap_is_told_in_every_format(form: str) -> None:
    text = render(form, result(incomplete=(Incomplete("mm/gap.c", (), "line 3: expected ';'"),)))
    assert "mm/gap.c" in text
    assert "line 3: expected ';'" in text


# ---- SARIF -------------------------------------------------------------------------------------------------


def sarif(value: CheckResult, style: Style = STYLE) -> Any:
    """The run, after the whole document has passed the official schema."""
    document = json.loads(check_sarif.render(value, style))
    schema = official.schema(official.SARIF)
    jsonschema.validators.validator_for(schema)(schema).validate(document)
    assert document["version"] == "2.1.0"
    return document["runs"][0]


@pytest.mark.parametrize("value", [everything(), result(), result(finding())], ids=["everything", "nothing", "one"])
def test_sarif_is_sarif(value: CheckResult) -> None:
    run = sarif(value)
    rules = run["tool"]["driver"]["rules"]
    for entry in run["results"]:
        assert rules[entry["ruleIndex"]]["id"] == entry["ruleId"]
    for rule in rules:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))


def test_sarif_of_the_demo(demo: CheckResult) -> None:
    run = sarif(demo)
    assert len(run["results"]) == len(demo.findings) > 0
    assert run["invocations"][0]["executionSuccessful"] is True
    flows = {entry["partialFingerprints"]["ptlint/v1"]: entry["codeFlows"][0]["threadFlows"][0]["locations"] for entry in run["results"]}
    for found in demo.findings:
        steps = [step["location"]["physicalLocation"] for step in flows[found.fingerprint]]
        assert [(step["artifactLocation"]["uri"], step["region"]["startLine"]) for step in steps] == [(s.file, s.line) for s in found.path]


def test_sarif_points_at_the_changed_line_and_tells_of_the_free() -> None:
    run = sarif(everything())
    first = run["results"][0]
    places = [entry["physicalLocation"]["artifactLocation"]["uri"] for entry in (*first["locations"], *first["relatedLocations"])]
    assert places == ["include/linux/z.h", "mm/a.c", "mm/w.c"]
    assert "[the free](0)" in first["message"]["text"]
    assert {entry["baselineState"] for entry in run["results"]} == {"new", "unchanged"}
    assert [entry["suppressions"][0]["justification"] for entry in run["results"] if "suppressions" in entry] == ["only boot code"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["level"] == "error"
    assert "mm/q.c" in run["invocations"][0]["toolConfigurationNotifications"][0]["message"]["text"]


def test_sarif_keeps_what_github_keeps() -> None:
    many = [finding(fingerprint=str(n), location=Location("mm/b.c", n, 1, "f"), path=()) for n in range(1, check_sarif.RESULTS + 4)]
    last = finding(severity="error", location=Location("mm/z.c", 1, 1, "g"), path=tuple(Step("mm/z.c", n, "g", "") for n in range(1, 1502)))
    run = json.loads(check_sarif.render(result(*many, last), Style()))["runs"][0]
    assert len(run["results"]) == check_sarif.RESULTS
    assert run["results"][0]["level"] == "error"
    steps = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(steps) == check_sarif.STEPS
    assert [steps[0]["executionOrder"], steps[-1]["executionOrder"]] == [1, 1501]
    assert "4 results left out" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


@given(st.text(max_size=20), st.text(max_size=30))
def test_sarif_of_any_words(file: str, message: str) -> None:
    odd = finding(location=Location(f"mm/{file}", 1, 1, "f"), message=message, object=Object("pte", "user", message))
    entry = json.loads(check_sarif.render(result(odd), Style()))["runs"][0]["results"][0]
    uri = entry["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", uri)
    assert not re.search(r"(?<!\\)\[[^\]]*\]\(", entry["message"]["text"])


# ---- GitHub ------------------------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """The workflow commands of a log, as GitHub reads them."""
    found = []
    for line in text.splitlines():
        if match := re.match(r"\s*::(\w+) ([^:]*)::(.*)", line):
            pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
            plain = {key: value.replace("%3A", ":").replace("%2C", ",") for key, value in pairs.items()}
            decoded = {key: _decoded(value) for key, value in plain.items()}
            found.append((match[1], decoded, _decoded(match[3])))
    return found


def _decoded(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@given(st.text(), st.text(), st.dictionaries(st.from_regex(r"[a-z]+", fullmatch=True), st.text(), min_size=1, max_size=3))
def test_a_command_cannot_be_ended_from_within(title: str, message: str, properties: dict[str, str]) -> None:
    line = check_github.command("warning", {**properties, "title": title}, message)
    assert "\n" not in line and "\r" not in line
    head, told = re.match(r"::warning ([^:]*)::(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
    assert _decoded(told) == message
    decoded = {key: _decoded(value.replace("%3A", ":").replace("%2C", ",")) for key, value in (pair.split("=", 1) for pair in head.split(","))}
    assert decoded == {**properties, "title": title}


@given(st.text(max_size=12), st.text(max_size=40))
def test_no_word_of_the_tree_is_a_command(file: str, message: str) -> None:
    odd = [finding(fingerprint=str(n), location=Location(f"{file}{n}", 1, 1, "f"), message=message) for n in range(12)]
    lines = check_github.render(result(*odd), Style()).split("\n")[:-1]
    plain = [line for line in lines if not line.startswith("::")]
    assert len(lines) - len(plain) == 11
    assert all(line.startswith("- ") and "##[" not in line for line in plain)
    assert len(plain) == 2


def test_github_shows_the_worst_and_says_what_it_hides() -> None:
    kinds = [("note", 12), ("warning", 14), ("error", 11)]
    many = [
        finding(severity=word, fingerprint=f"{word}{n}", location=Location("mm/b.c", n, 1, "f")) for word, count in kinds for n in range(1, count)
    ]
    text = check_github.render(result(*many), Style())
    shown = commands(text)
    assert [name for name, _, _ in shown] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert shown[-1][2].startswith("5 more findings not shown")
    assert len([line for line in text.splitlines() if line.startswith("- mm/b.c:")]) == 5
    exact = check_github.render(result(*many[11:21]), Style())
    assert len(commands(exact)) == 10
    assert "more findings" not in exact


def test_github_names_a_column_only_where_it_is_known() -> None:
    by_patch, plain = (commands(render("github", result(one)))[0][1] for one in (everything().findings[0], finding()))
    assert (by_patch["file"], "col" in by_patch) == ("include/linux/z.h", False)
    assert (plain["file"], plain["line"], plain["endLine"], plain["col"]) == ("mm/b.c", "12", "12", "3")


# ---- the others --------------------------------------------------------------------------------------------


def test_gitlab_is_what_its_reader_wants() -> None:
    entries = json.loads(render("gitlab", everything()))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 5
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert entry["location"]["lines"]["begin"] >= 1


def test_mail_is_plain_text_of_78_columns() -> None:
    text = render("mail", everything())
    assert all(len(line) <= check_mail.WIDTH for line in text.splitlines() if not line.startswith(">"))
    assert "> +\tkick();\n" in text
    assert "Can a walker with interrupts off or a walker that holds only the RCU read lock still use" in " ".join(text.split())
    assert "ef56" not in text and "mm/k.c" not in text, "what was known is no news"
    assert not re.search(r"\b(ERROR|WARNING|NOTE|BUG)\b", text)


def test_mail_quotes_the_source_where_no_patch_is() -> None:
    text = render("mail", result(finding()))
    assert "> mm/b.c:12, free_one()\n> \tline 9;\n" in text
    assert "> " not in render("mail", result(finding()), Style())


@given(st.text(max_size=60))
def test_mail_wraps_any_message(message: str) -> None:
    text = render("mail", result(finding(message=message)))
    assert all(len(line) <= check_mail.WIDTH or " " not in line.strip() for line in text.split("\n") if not line.startswith(">"))


def test_b4_fails_warns_and_passes_as_the_findings_do() -> None:
    lines = {word: render("b4", result(finding(severity=word, message="says ERROR: itself"))) for word in ("error", "warning", "note")}
    assert {word: "ERROR:" in line for word, line in lines.items()} == {"error": True, "warning": False, "note": False}
    statuses = [json.loads(render("b4-review", value))[0]["status"] for value in (result(), result(finding()), everything())]
    assert statuses == ["pass", "warn", "fail"]
    known = result(finding(known=True))
    assert render("b4", known) == ""
    assert json.loads(render("b4-review", known))[0]["status"] == "pass"


def test_markdown_of_hostile_words_stays_a_table() -> None:
    odd = finding(message="a | b <script> `x` [y](z)\n# h", location=Location("mm/a|b`.c", 1, 1, "<f>"), path=(Step("a", 1, "```", "x"),))
    text = check_markdown.render(result(odd), Style())
    row = next(line for line in text.splitlines() if line.startswith("| warning"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert "<script>" not in text.replace(r"\<script\>", "")
    assert "````text\n" in text


def test_statistics() -> None:
    value = result(*(finding(fingerprint=str(n), location=Location("mm/b.c", n, 1, "f")) for n in range(1, 4)), everything().findings[0])
    assert check_statistics.statistics(value) == "3  PTL002 semi-rcu-free (3 warnings)\n1  PTL001 immediate-free (1 error)\n"
    assert check_statistics.statistics(result()) == ""
