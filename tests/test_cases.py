"""The single-file cases: one question each, answered exactly as the comments in the file say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cases import CASES, DEMO, ROOT, Expectation, Found, analysed, compare, expectations, known_limit

from ptlint.analysis import build

FILES = sorted(path.name for path in CASES.glob("*.c"))
LIMITS = {name: limit for name in FILES if (limit := known_limit((CASES / name).read_text()))}


def _findings(name: str) -> list[Found]:
    result = analysed(name)
    return [Found(f.at.file, f.at.line, f.rule, f.severity, frozenset(f.variants)) for f in result.findings]


def _parameter(name: str) -> object:
    marks = [pytest.mark.xfail(strict=True, reason=LIMITS[name], raises=AssertionError)] if name in LIMITS else []
    return pytest.param(name, id=name.removesuffix(".c"), marks=marks)


@pytest.mark.parametrize("name", [_parameter(name) for name in FILES])
def test_case(name: str, record_property: Callable[[str, object], None]) -> None:
    if name in LIMITS:
        record_property("known-limit", name)
    file = f"fixtures/cases/{name}"
    expected = expectations(file, (ROOT / file).read_text())
    wrong = compare(expected, _findings(name))
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("site-")])
def test_sites(name: str) -> None:
    lines = (CASES / name).read_text().split("\n")
    wanted = {number for number, line in enumerate(lines, 1) if "/* site */" in line}
    others = {number for number, line in enumerate(lines, 1) if "/* no site */" in line}
    found = {site.line for site in analysed(name).sites if site.file.endswith(name)}
    assert wanted and others
    assert wanted <= found and not others & found


def test_there_are_cases_of_both_kinds() -> None:
    with_findings = {name for name in FILES if expectations(name, (CASES / name).read_text())}
    assert len(with_findings) >= 12
    assert len(set(FILES) - with_findings) >= 9
    assert any(name.startswith("site-") for name in FILES)
    rules = {mark.rule for name in with_findings for mark in expectations(name, (CASES / name).read_text())}
    assert rules == {
        "PTL001", "PTL002", "PTL003", "PTL004", "PTL010", "PTL011", "PTL012", "PTL013", "PTL014", "PTL015", "PTL020", "PTL021", "PTL040",
    }  # fmt: skip


@pytest.mark.parametrize("path", [*sorted(CASES.glob("*.[ch]")), *sorted(DEMO.rglob("*.[ch]"))], ids=lambda path: path.name)
def test_every_expectation_can_be_read(path: Path) -> None:
    for mark in expectations(path.name, path.read_text()):
        assert mark.variants is None or mark.variants


# ---- the comparison itself ---------------------------------------------------------------------------------


def test_comments_are_read() -> None:
    text = "a\nx; /* expect: PTL001 */\ny; /* expect: PTL002 warning [a b/c] */ /* expect: PTL003 note */\n"
    assert expectations("f", text) == [
        Expectation("f", 2, "PTL001", "", None),
        Expectation("f", 3, "PTL002", "warning", frozenset({"a", "b/c"})),
        Expectation("f", 3, "PTL003", "note", None),
    ]


@pytest.mark.parametrize("comment", ["/* expect: PTL1 */", "/* expect: PTL001 fatal */", "/* expect: PTL001 [a */", "// expect: PTL001"])
def test_a_comment_that_cannot_be_read_is_an_error(comment: str) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        expectations("f", comment)


def test_limits_are_read_over_several_lines() -> None:
    assert known_limit("/*\n * known-limit: no */") == ""
    assert known_limit("/* known-limit: aliasing of\n * two locals */") == "aliasing of two locals"
    assert known_limit("int x;") == ""


def test_comparison_is_exact() -> None:
    one = Found("f", 2, "PTL001", "error", frozenset({"a"}))
    mark = Expectation("f", 2, "PTL001", "", None)
    assert compare([mark], [one]) == []
    assert compare([mark._replace(severity="error", variants=frozenset({"a"}))], [one]) == []
    assert len(compare([mark._replace(severity="warning")], [one])) == 2
    assert len(compare([mark._replace(variants=frozenset({"a", "b"}))], [one])) == 2
    assert len(compare([mark._replace(line=3)], [one])) == 2
    assert len(compare([], [one])) == 1
    assert len(compare([mark], [one, one])) == 1
    assert len(compare([mark, mark], [one])) == 1
    assert compare([], [one._replace(severity="note")]) == []


def test_a_callback_that_nobody_knows_is_counted() -> None:
    code = """
#include "border.h"
struct owner { void (*fn)(struct rcu_head *head); void (*other)(struct rcu_head *head); };
static void first(struct rcu_head *head) { }
static void hand(struct rcu_head *head, void (*fn)(struct rcu_head *head)) { call_rcu(head, fn); }
void known(struct ptdesc *pt) { hand(&pt->pt_rcu_head, first); }
void unknown(struct ptdesc *pt, struct owner *owner) { hand(&pt->pt_rcu_head, owner->fn); }
void another(struct ptdesc *pt) { extern void second(struct rcu_head *head); hand(&pt->pt_rcu_head, second); }
static void third(struct rcu_head *head) { }
void more(struct ptdesc *pt) { hand(&pt->pt_rcu_head, third); }
"""
    name = "deferred-own-callback.c"
    found = analysed(name, unsaved={f"fixtures/cases/{name}": code.encode()})
    assert [function for _, _, function, _, _ in found.unresolved] == ["unknown"]


def test_a_number_in_a_descriptor_makes_no_build_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose descriptor it is, is never known to be a container: asking again would say the same."""
    runs = []
    run = build._run
    monkeypatch.setattr(build, "_run", lambda *given: runs.append(given[-1]) or run(*given))
    name = "kept-by-number.c"
    text = (CASES / name).read_text()
    analysed(name)
    assert len(runs) == 2
    runs.clear()
    inside = text.replace("struct note *note", "struct page *note").replace("note->frame", "note->flags").replace("note->next", "note->lru.next")
    analysed(name, unsaved={f"fixtures/cases/{name}": inside.replace("kept_frames[nr_kept++] = frame;", "").replace("waiting = frame;", "").encode()})
    assert runs == [frozenset()]


def test_what_runs_later_is_looked_at_whoever_chose_it() -> None:
    found = analysed("work-that-calls-rcu.c", left_out=frozenset(("doomed_queue",)))
    assert not found.findings
    assert ("doomed_free", "__free_page", "rcu") in {(site.function, site.text, site.deferral) for site in found.sites}
