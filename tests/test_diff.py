"""What two trees have in common and what not, as values; then as words, and over the demo."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from cases import DEMO, ROOT
from test_report import RUNTIMES

from ptlint.compare.semantic import difference
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.registry import renderer
from ptlint.results import DiffResult, Edge, Facts, Site, TreeInfo, VariantInfo

ALL = tuple(VariantInfo(name, name, {}) for name in RUNTIMES)


def site(function: str, deferral: str, variants: tuple[str, ...] = RUNTIMES, **more: Any) -> Site:
    words = {
        "primitive": "free_page(table)",
        "safety": "none" if deferral in ("semi-rcu", "immediate") else "deferred",
        "file": "mm/a.c",
        "line": 7,
    } | more
    rest: dict[str, Any] = {"role": "leaf", "table": "pte", "address_space": "user", "waited": (), "reason": "r"}
    return Site(function=function, deferral=deferral, variants=variants, **rest, **words)  # type: ignore[arg-type]


def edge(source: str, target: str, variants: tuple[str, ...] = RUNTIMES, label: str | None = None) -> Edge:
    return Edge(from_=f"mm/a.c:{source}", to=f"mm/a.c:{target}", kind="call", file="mm/a.c", line=3, variants=variants, label=label)


def facts(*sites: Site, edges: tuple[Edge, ...] = (), variants: tuple[VariantInfo, ...] = ALL) -> Facts:
    return Facts(tree=TreeInfo("6.12"), variants=variants, sites=sites, edges=edges)


def text(result: DiffResult, form: str = "text") -> str:
    return renderer("diff", form)(ordered(result), Style())


def test_the_deferral_before_and_after_by_variant() -> None:
    way = (edge("batch", "one", label="single table"), edge("one", "free"))
    before = facts(site("free", "semi-rcu", ("xen", "kvm")), site("free", "mmu-gather", ("native",)), edges=way)
    after = facts(
        site("free", "rcu", ("xen", "kvm"), primitive="call_rcu(&table->rcu, f)", line=9),
        site("free", "mmu-gather", ("native",), primitive="call_rcu(&table->rcu, f)", line=9), edges=way,
    )  # fmt: skip
    result = difference(before, after)
    assert (result.sites.added, result.sites.removed) == ((), ())
    (change,) = result.sites.changed
    assert (change.function, change.line, change.label, change.variants) == ("free", 9, "single table", ("kvm", "xen"))
    assert [(way.deferral, way.variants) for way in change.before] == [("mmu-gather", ("native",)), ("semi-rcu", ("kvm", "xen"))]
    assert text(result) == (
        "6.12\n\nfreed otherwise:\n  mm/a.c:9 free [single table]: semi-rcu → rcu in xen, kvm\n    free_page(table) → call_rcu(&table->rcu, f)\n"
    )


def test_what_only_moves_is_the_same() -> None:
    before = facts(site("f", "rcu"), site("g", "rcu", line=30), edges=(edge("f", "g"),))
    after = facts(site("f", "rcu", line=99), site("g", "rcu", file="mm/b.c"), edges=(edge("f", "g"),))
    assert text(difference(before, after)) == "6.12: tables are freed as they were\n"
    assert "No difference" in text(difference(before, after), "markdown")


def test_what_comes_and_goes() -> None:
    before = facts(site("f", "immediate"), edges=(edge("f", "old"), edge("f", "both", ("xen",))))
    after = facts(site("g", "rcu", ("kvm",)), edges=(edge("f", "new"), edge("f", "both")))
    result = difference(before, after)
    assert [change.function for change in result.sites.added] == ["g"] and [change.function for change in result.sites.removed] == ["f"]
    assert (
        text(result)
        == """\
6.12

freed there, and was not:
  + mm/a.c:7 g: free_page(table): rcu, deferred in kvm

freed there no more:
  - mm/a.c:7 f: free_page(table): immediate, none in all variants

ways:
  + f → new in all variants
  - f → old in all variants
  ~ f → both in all variants, before in xen
"""
    )


def test_a_variant_that_only_one_tree_has() -> None:
    """Before there were two ways for nopv; now there is one."""
    axis = (VariantInfo("nopv", "nopv", {}), VariantInfo("nopv/no-x", "nopv", {}))
    before = facts(site("f", "rcu", ("nopv",)), site("f", "semi-rcu", ("nopv/no-x",)), variants=axis)
    after = facts(site("f", "rcu", ("nopv",)), variants=axis[:1])
    result = difference(before, after)
    assert "f: semi-rcu → rcu in nopv/no-x" in text(result)
    assert difference(after, facts(site("f", "rcu", ("nopv", "nopv/no-x")), variants=axis)).sites.changed == ()


def test_the_document_validates_and_its_order_is_its_own() -> None:
    before = facts(site("a", "rcu"), site("b", "rcu"), edges=(edge("a", "b"), edge("b", "a")))
    result = difference(before, facts())
    schema = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/diff.json").read_text()))
    one = renderer("diff", "json")(ordered(result), Style())
    schema.validate(json.loads(one))
    turned = msgspec.structs.replace(result.sites, removed=tuple(reversed(result.sites.removed)))
    assert renderer("diff", "json")(ordered(msgspec.structs.replace(result, sites=turned)), Style()) == one


def run(*words: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "ptlint", "diff", *map(str, words)]
    done = subprocess.run(command, capture_output=True, input=stdin, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_two_folders_and_a_patch_say_the_same(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(DEMO, other)
    path = other / "mm/collapse.c"
    path.write_text(path.read_text().replace("\tpte_free_defer(mm, table);", "\tpte_free(mm, table);"))
    words = ("--variant", "nopv", "--cache-dir", tmp_path / "cache")
    status, told, err = run(DEMO, other, *words)
    assert (status, err) == (0, "")
    assert "mm/collapse.c:32 retract_table: rcu → immediate in nopv\n    pte_free_defer → pte_free\n" in told
    diff = subprocess.run(["git", "diff", "--no-index", "mm/collapse.c", str(path)], cwd=DEMO, capture_output=True, check=False).stdout
    patch = b"--- a/mm/collapse.c\n+++ b/mm/collapse.c\n" + diff[diff.index(b"@@") :]
    assert run("--patch", "-", DEMO, *words, stdin=patch)[:2] == (0, told)
    docs = b"--- a/README.rst\n+++ b/README.rst\n@@ -0,0 +1 @@\n+x\n"
    assert run("--patch", "-", DEMO, stdin=docs)[:2] == (0, "no difference: nothing that is looked at is changed\n")


@pytest.mark.parametrize(
    "words", [(), ("a",), ("a..b", "--staged"), ("a", "b", "c"), ("--patch", "-", "a..b"), ("a..b", "--rev", "x"), (str(DEMO), "none")]
)
def test_usage(words: tuple[str, ...]) -> None:
    status, out, err = run(*words)
    assert (status, out, err.count("\n")) == (2, "", 1)
