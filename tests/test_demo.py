"""The whole tool on the small kernel that comes along: what it finds, what it says of broken trees, and that it writes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import jsonschema
import pytest
from cases import DEMO, ROOT, Found, compare, expectations, graph_lines
from test_report import SEED

from ptlint.cli.main import main
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.registry import renderer

pytestmark = pytest.mark.slow  # whole runs, many times over

SCHEMAS = ROOT / "docs" / "schema"
VARIANTS = {
    *("nopv", "nopv/no-pt-reclaim", "nopv/pae", "native", "xen", "hyperv", "kvm"),
    *("native/no-pt-reclaim", "xen/no-pt-reclaim", "hyperv/no-pt-reclaim", "kvm/no-pt-reclaim"),
}
RULES = ("PTL001", "PTL002", "PTL003")
Ran = tuple[int, str, str]


def start(*arguments: str | Path, cwd: Path | None = None) -> Ran:
    """The tool in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}
    ran = subprocess.run(
        [sys.executable, "-m", "ptlint", *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def ptlint(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ran]:
    """The tool in this process, with one job."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))

    def call(*arguments: str | Path) -> Ran:
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments), "--jobs", "1"])
        out, err = capfdbinary.readouterr()
        assert "Traceback" not in err.decode()
        return int(end.value.code or 0), out.decode(), err.decode()

    return call


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the demo to break."""
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def contents(tree: Path) -> dict[str, str]:
    """Everything in a tree: names, kinds, links, bytes."""
    found = {}
    for path in sorted(tree.rglob("*")):
        kind = f"link {path.readlink()}" if path.is_symlink() else "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(tree))] = f"{path.lstat().st_mode:o} {path.lstat().st_mtime_ns} {kind}"
    return found


def findings(document: dict[str, Any], rules: tuple[str, ...] = RULES) -> list[Found]:
    return [
        Found(f["location"]["file"], f["location"]["line"], f["rule"], f["severity"], frozenset(f["variants"]))
        for f in document["findings"]
        if f["rule"] in rules
    ]


def validate(document: dict[str, Any], command: str) -> None:
    jsonschema.validate(document, json.loads((SCHEMAS / f"{command}.json").read_text()))


@pytest.fixture(scope="session")
def outcome() -> Outcome:
    """The demo, looked at once."""
    return run(RunOptions(tree=DEMO), NullProgress())


def written(command: str, result: Any, form: str = "json") -> str:
    """What the command writes."""
    return renderer(command, form)(ordered(result), Style())


@pytest.fixture(scope="session")
def checked(outcome: Outcome) -> dict[str, Any]:
    """The demo's findings."""
    document: dict[str, Any] = json.loads(written("check", outcome.check((), (), ())))
    return document


@pytest.fixture(scope="session")
def listed(outcome: Outcome) -> list[dict[str, Any]]:
    """The demo's sites."""
    sites: list[dict[str, Any]] = json.loads(written("inventory", outcome.inventory()))["sites"]
    return sites


def graph(outcome: Outcome, root: str) -> dict[str, Any]:
    """A graph of the demo, as JSON."""
    document: dict[str, Any] = json.loads(written("graph", outcome.graph(root)))
    return document


# ---- check -------------------------------------------------------------------------------------------------


def test_findings_are_those_that_the_comments_expect(checked: dict[str, Any]) -> None:
    expected = []
    for path in sorted(DEMO.rglob("*.[ch]")):
        expected += expectations(str(path.relative_to(DEMO)), path.read_text())
    assert len(expected) >= 4
    assert compare(expected, findings(checked)) == []
    assert [f for f in checked["findings"] if f["rule"] not in RULES and f["severity"] != "note"] == []


def test_findings_without_a_list_hold_in_every_variant_that_compiles_the_line(checked: dict[str, Any]) -> None:
    [bug] = [f for f in checked["findings"] if f["rule"] == "PTL001"]
    assert set(bug["variants"]) == VARIANTS
    assert bug["object"]["table"] == "pte"
    assert bug["object"]["address_space"] == "user"
    assert {"irq", "rcu"} <= set(bug["missing"])


def test_a_finding_leads_from_the_unlink_to_the_free(checked: dict[str, Any]) -> None:
    ways = {f["rule"] + f["location"]["file"]: [step["function"] for step in f["path"]] for f in checked["findings"] if f["severity"] != "note"}
    assert ways["PTL001mm/collapse.c"][1:3] == ["collapse_table", "pte_free"]
    semi = ways["PTL002mm/mmu_gather.c"]
    assert semi[-2:] == ["__tlb_remove_table_one", "__tlb_remove_table"]
    assert {"tlb_remove_table", "tlb_remove_table_one", "paravirt_tlb_remove_table"} <= set(semi)
    for way in ways.values():
        assert len(way) >= 2
    for finding in checked["findings"]:
        for step in finding["path"]:
            lines = (DEMO / step["file"]).read_text().split("\n")
            assert 1 <= step["line"] <= len(lines)


def documents(outcome: Outcome) -> dict[str, str]:
    """What each command writes."""
    return {
        "check": written("check", outcome.check((), (), ())),
        "inventory": written("inventory", outcome.inventory()),
        "graph": written("graph", outcome.graph("free_pte")),
        "variants": written("variants", outcome.variants()),
    }


def test_every_document_is_as_its_schema_says(outcome: Outcome, checked: dict[str, Any]) -> None:
    for command, text in documents(outcome).items():
        validate(json.loads(text), command)
    assert checked["incomplete"] == []
    assert checked["tree"] == {"version": "6.14.0-demo", "commit": None}
    assert {variant["name"] for variant in checked["variants"]} == VARIANTS


def test_the_same_bytes_from_run_to_run_and_for_any_number_of_jobs(outcome: Outcome) -> None:
    assert documents(run(RunOptions(tree=DEMO, jobs=2), NullProgress())) == documents(outcome)


def test_the_command_writes_what_the_pipeline_gives(outcome: Outcome) -> None:
    status, out, _ = start("check", DEMO, "--jobs", "1", "--format", "json")
    assert status == 1
    assert out == written("check", outcome.check((), (), ()))


# ---- graph -------------------------------------------------------------------------------------------------


def test_the_graph_holds_the_seed(outcome: Outcome) -> None:
    out = written("graph", outcome.graph("mm/pt_reclaim.c:free_pte"), "text")
    assert out.startswith("free_pte\n")
    assert graph_lines(SEED) - graph_lines(out) == set()


def test_functions_of_one_name_have_a_tree_each(outcome: Outcome) -> None:
    both = written("graph", outcome.graph("free_pte"), "text")
    assert both.count("\nfree_pte") == 2
    assert "# arch/x86/mm/ident_map.c:" in both
    assert "# mm/pt_reclaim.c:" in both
    other = graph(outcome, "arch/x86/mm/ident_map.c:free_pte")
    assert len(other["roots"]) == 1
    assert {node["function"] for node in other["nodes"]} == {"free_pte", "put_handover_table"}
    assert next(node["frees"] for node in other["nodes"] if node["function"] == "put_handover_table") == "immediate"
    assert "___pte_free_tlb" in {node["function"] for node in graph(outcome, "mm/pt_reclaim.c:free_pte")["nodes"]}


def test_edges_carry_variants_kinds_and_labels(outcome: Outcome) -> None:
    found = graph(outcome, "mm/pt_reclaim.c:free_pte")
    name = {node["id"]: node["function"] for node in found["nodes"]}
    edges: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for edge in found["edges"]:
        edges.setdefault((name[edge["from"]], name[edge["to"]]), []).append(edge)

    def where(caller: str, callee: str, kind: str) -> set[str]:
        """The variants with PT_RECLAIM: without it the root is not there."""
        return {variant for edge in edges[(caller, callee)] if edge["kind"] == kind for variant in edge["variants"] if "/" not in variant}

    assert where("paravirt_tlb_remove_table", "tlb_remove_table", "pv_ops") == {"xen", "hyperv", "kvm"}
    assert where("paravirt_tlb_remove_table", "tlb_remove_table", "call") == {"nopv"}
    assert where("paravirt_tlb_remove_table", "native_tlb_remove_table", "pv_ops") == {"native"}
    assert {edge["label"] for edge in edges[("tlb_remove_table", "tlb_remove_table_one")]} == {"no-free-memory slowpath"}
    assert {edge["label"] for edge in edges[("tlb_remove_table", "tlb_table_flush")]} == {"fastpath"}
    assert {edge["kind"] for edge in edges[("tlb_remove_table_free", "tlb_remove_table_rcu")]} == {"callback"}
    assert {edge["file"] for edge in edges[("free_pte", "pte_free_tlb")]} == {"mm/pt_reclaim.c"}


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_other_forms_of_the_graph_name_every_function(form: str, outcome: Outcome) -> None:
    out = written("graph", outcome.graph("mm/pt_reclaim.c:free_pte"), form)
    assert {line.function for line in graph_lines(SEED) if line.function not in out} == set()


ROOTS = ("free_pgtables", "pte_free_defer", "pgd_free", "pud_free_pmd_page", "__pte_alloc", "exit_mmap", "collapse_file_range")


@pytest.mark.parametrize("root", ROOTS)
def test_the_graph_of_any_function(root: str, outcome: Outcome) -> None:
    found = graph(outcome, root)
    validate(found, "graph")
    assert [node["function"] for node in found["nodes"] if node["id"] in found["roots"]] == [root]
    assert {edge["from"] for edge in found["edges"]} | {edge["to"] for edge in found["edges"]} <= {node["id"] for node in found["nodes"]}
    assert written("graph", outcome.graph(root), "text").startswith(root)


# ---- inventory, variants -----------------------------------------------------------------------------------


def site(sites: list[dict[str, Any]], function: str, primitive: str) -> dict[tuple[str, str, str], set[str]]:
    """(role, deferral, safety) with the variants, of a place."""
    here = [s for s in sites if s["function"] == function and s["primitive"].startswith(primitive)]
    return {(s["role"], s["deferral"], s["safety"]): set(s["variants"]) for s in here}


def test_inventory_has_sites_of_every_role(listed: list[dict[str, Any]]) -> None:
    roles = {s["role"] for s in listed}
    assert roles >= {"leaf", "handover", "decision", "wrapper"}
    assert {s["deferral"] for s in listed} >= {"rcu", "semi-rcu", "mmu-gather", "immediate"}
    functions = {(s["file"], s["function"]) for s in listed}
    for place in [
        ("mm/mmu_gather.c", "tlb_remove_table_free"),
        ("mm/pgtable-generic.c", "pte_free_defer"),
        ("mm/pgtable-generic.c", "pte_free_now"),
        ("arch/x86/include/asm/tlb.h", "__tlb_remove_table"),
        ("arch/x86/mm/pgtable.c", "pgd_free"),
        ("arch/x86/mm/pgtable.c", "pmd_free_pte_page"),
        ("arch/x86/mm/pgtable.c", "pud_free_pmd_page"),
        ("arch/x86/kernel/handover.c", "put_handover_table"),
        ("mm/collapse.c", "collapse_table"),
        ("mm/collapse.c", "retract_table"),
        ("mm/huge_memory.c", "zap_deposited_table"),
        ("mm/memory.c", "__pte_alloc"),
        ("mm/memory.c", "__pmd_alloc"),
        ("mm/memory.c", "free_pte_range"),
        ("mm/pt_reclaim.c", "try_to_free_pte"),
        ("kernel/fork.c", "mmput"),
    ]:
        assert place in functions


def test_inventory_says_how_each_variant_defers(listed: list[dict[str, Any]]) -> None:
    by_deferral: dict[str, set[str]] = {}
    for (role, deferral, _), variants in site(listed, "free_pte_range", "pte_free_tlb").items():
        if role == "decision":
            by_deferral.setdefault(deferral, set()).update(variants)
    guests = {"xen/no-pt-reclaim", "hyperv/no-pt-reclaim", "kvm/no-pt-reclaim"}
    assert by_deferral["semi-rcu"] == guests
    assert by_deferral["mmu-gather"] == {"native/no-pt-reclaim", "nopv/no-pt-reclaim", "nopv/pae"}
    assert by_deferral["rcu"] == VARIANTS - by_deferral["mmu-gather"]
    assert set(by_deferral) == {"rcu", "semi-rcu", "mmu-gather"}
    assert site(listed, "pte_free_defer", "call_rcu") == {("handover", "rcu", "deferred"): VARIANTS}
    assert set(site(listed, "__pte_alloc", "pte_free")) == {("decision", "immediate", "unpublished")}
    assert set(site(listed, "__pmd_alloc", "pmd_free")) == {("decision", "immediate", "unpublished")}


def test_data_pages_are_in_no_inventory(listed: list[dict[str, Any]]) -> None:
    assert not [role for role, _, _ in site(listed, "zap_huge_pmd", "tlb_remove_page") if role != "wrapper"]
    assert not site(listed, "zap_pte_range", "__tlb_remove_page")
    assert not site(listed, "tlb_finish_mmu", "free_pages")
    assert not site(listed, "do_huge_fault", "__free_pages")
    assert not [s for s in listed if s["primitive"].startswith("kfree")]


def test_variants_shows_the_builds(outcome: Outcome) -> None:
    document = json.loads(written("variants", outcome.variants()))
    builds = {build["name"]: set(build["variants"]) for build in document["builds"]}
    assert builds == {
        "nopv": {"nopv"},
        "nopv/no-pt-reclaim": {"nopv/no-pt-reclaim"},
        "nopv/pae": {"nopv/pae"},
        "pv": {"native", "xen", "hyperv", "kvm"},
        "pv/no-pt-reclaim": {v for v in VARIANTS if v.endswith("no-pt-reclaim") and not v.startswith("nopv")},
    }
    symbols = {build["name"]: build["symbols"] for build in document["builds"]}
    assert symbols["nopv/pae"]["X86_PAE"] == "y"
    assert symbols["pv"]["PARAVIRT"] == "y"
    text = written("variants", outcome.variants(), "text")
    assert all(variant in text for variant in VARIANTS)


# ---- exit status -------------------------------------------------------------------------------------------


def test_exit_status_of_check(ptlint: Callable[..., Ran]) -> None:
    one = ("--variant", "nopv")
    assert ptlint("check", DEMO, *one)[0] == 1
    assert ptlint("check", DEMO, *one, "--exit-zero")[0] == 0
    assert ptlint("check", DEMO, *one, "--ignore", "PTL001", "--fail-on", "note")[0] == 0
    assert ptlint("check", DEMO, *one, "--only", "mm/collapse.c", "--fail-on", "error")[0] == 1
    assert ptlint("check", DEMO, *one, "--only", "kernel")[0] == 0
    gathered = ("--variant", "nopv/pae", "--select", "PTL003")
    assert ptlint("check", DEMO, *gathered)[0] == 1
    assert ptlint("check", DEMO, *gathered, "--fail-on", "error")[0] == 0


def test_exit_status_of_a_process(tmp_path: Path) -> None:
    status, out, err = start("check", DEMO, "--variant", "nopv", "--format", "concise", "--jobs", "1", cwd=tmp_path)
    assert status == 1
    assert out.startswith("mm/collapse.c:53:")
    assert err.startswith("ptlint: 1 error")
    status, out, err = start("check", cwd=tmp_path)
    assert (status, out) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_one_variant_only(ptlint: Callable[..., Ran]) -> None:
    _, out, _ = ptlint("check", DEMO, "--variant", "kvm/no-pt-reclaim", "--format", "json")
    document = json.loads(out)
    assert {variant["name"] for variant in document["variants"]} == {"kvm/no-pt-reclaim"}
    assert [(f["rule"], f["variants"]) for f in document["findings"]] == [("PTL001", ["kvm/no-pt-reclaim"]), ("PTL002", ["kvm/no-pt-reclaim"])]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "{tmp}"), ("not a Linux source tree", "Makefile")),
        (("check", "{tmp}/none"), ("no such folder",)),
        (("check", str(DEMO / "Makefile")), ("not a folder",)),
        (("check", str(DEMO), "--variant", "vmware"), ("vmware", "nopv", "kvm")),
        (("graph", str(DEMO), "--variant", "nopv", "--root", "free_ptes"), ("free_ptes", "free_pte", "free_pte_range")),
        (("graph", str(DEMO), "--variant", "nopv", "--root", "mm/memory.c:free_pte"), ("mm/memory.c:free_pte",)),
        (("graph", str(DEMO), "--variant", "nopv", "--root", "zzzzzz"), ("zzzzzz",)),
        (("check", str(DEMO), "--select", "PTL999"), ("PTL999", "PTL001")),
        (("check", str(DEMO), "--config", "{tmp}/no.config"), ("no.config",)),
    ],
    ids=["no kernel", "no folder", "a file", "no variant", "no root", "no root in that file", "no near root", "no rule", "no config"],
)
def test_what_cannot_be_done_is_one_line_and_2(
    arguments: tuple[str, ...], words: tuple[str, ...], ptlint: Callable[..., Ran], tmp_path: Path
) -> None:
    status, out, err = ptlint(*(word.replace("{tmp}", str(tmp_path)) for word in arguments))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("ptlint")
    assert all(word in err for word in words), err


def test_exit_zero_does_not_hide_that_a_tree_is_wrong(ptlint: Callable[..., Ran], tmp_path: Path) -> None:
    assert ptlint("check", tmp_path, "--exit-zero")[0] == 2


# ---- broken trees ------------------------------------------------------------------------------------------


def without_header(tree: Path) -> None:
    (tree / "arch/x86/include/asm/hypervisor.h").unlink()


def without_a_header_of_all(tree: Path) -> None:
    (tree / "include/linux/rcupdate.h").unlink()


def broken_in_the_middle(tree: Path) -> None:
    lines = (tree / "mm/mmap.c").read_text().split("\n")
    (tree / "mm/mmap.c").write_text("\n".join([*lines[:25], "int broken( {", *lines[25:]]))


def broken_brace(tree: Path) -> None:
    path = tree / "mm/mmap.c"
    path.write_text(path.read_text().replace("\tif (!vma) {", "\tif (!vma) {{", 1))


def bytes_that_are_no_text(tree: Path) -> None:
    path = tree / "mm/mmap.c"
    path.write_bytes(path.read_bytes().replace(b"free_pgtables(&tlb, vma);", b"\xff\xfe\x00 (", 1))


def dangling(tree: Path) -> None:
    (tree / "mm/rmap.c").unlink()
    (tree / "mm/rmap.c").symlink_to("nowhere")


def a_folder(tree: Path) -> None:
    (tree / "mm/rmap.c").unlink()
    (tree / "mm/rmap.c").mkdir()


def missing(tree: Path) -> None:
    (tree / "mm/mmap.c").unlink()


def empty(tree: Path) -> None:
    (tree / "mm/mmap.c").write_bytes(b"")


def empty_header(tree: Path) -> None:
    (tree / "include/linux/smp.h").write_bytes(b"")


@pytest.mark.parametrize(
    ("harm", "files"),
    [
        (without_header, {"arch/x86/kernel/kvm.c", "arch/x86/xen/mmu_pv.c", "arch/x86/hyperv/mmu.c"}),
        (without_a_header_of_all, {"mm/collapse.c", "mm/mmu_gather.c", "mm/memory.c"}),
        (broken_in_the_middle, {"mm/mmap.c"}),
        (broken_brace, {"mm/mmap.c"}),
        (bytes_that_are_no_text, {"mm/mmap.c"}),
        (dangling, {"mm/rmap.c"}),
        (a_folder, {"mm/rmap.c"}),
        (missing, {"mm/mmap.c"}),
        (empty, {"mm/mmap.c"}),
        (empty_header, {"mm/mmu_gather.c"}),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_broken_tree_gives_2_the_reason_and_the_rest(harm: Callable[[Path], None], files: set[str], demo: Path, ptlint: Callable[..., Ran]) -> None:
    harm(demo)
    before = contents(demo)
    variant = "kvm" if "arch/x86/kernel/kvm.c" in files else "nopv"
    status, out, err = ptlint("check", demo, "--exit-zero", "--format", "json", "--variant", variant)
    assert contents(demo) == before
    document = json.loads(out)
    validate(document, "check")
    gaps = {gap["file"]: gap["reason"] for gap in document["incomplete"]}
    assert files <= set(gaps)
    assert all(gaps.values())
    assert all(gap["variants"] for gap in document["incomplete"])
    assert status == 2
    assert "not complete" in err
    assert ("PTL001", "mm/collapse.c") in {(f["rule"], f["location"]["file"]) for f in document["findings"]}


@pytest.mark.parametrize("kept", [40, 12])
def test_a_file_that_was_cut_off(kept: int, demo: Path, ptlint: Callable[..., Ran]) -> None:
    path = demo / "mm/collapse.c"
    path.write_text("\n".join(path.read_text().split("\n")[:kept]))
    status, _, err = ptlint("check", demo, "--exit-zero", "--variant", "nopv")
    assert status == 2
    assert "mm/collapse.c" in err


@pytest.mark.parametrize("file", ["mm/Makefile", "arch/x86/mm/Makefile"])
@pytest.mark.parametrize("how", ["missing", "a folder"])
def test_without_a_makefile_nothing_is_clean(file: str, how: str, demo: Path, ptlint: Callable[..., Ran]) -> None:
    (demo / file).unlink()
    if how == "a folder":
        (demo / file).mkdir()
    status, _, err = ptlint("check", demo, "--exit-zero", "--variant", "nopv")
    assert status == 2
    assert file.rsplit("/", 1)[0] in err


@pytest.mark.parametrize("file", ["mm/Kconfig", "arch/x86/configs/x86_64_defconfig"])
def test_without_its_configuration_the_tree_cannot_be_looked_at(file: str, demo: Path, ptlint: Callable[..., Ran]) -> None:
    (demo / file).unlink()
    status, _, err = ptlint("check", demo, "--exit-zero", "--variant", "nopv")
    assert status == 2
    assert file.rsplit("/", 1)[1] in err


def test_what_does_not_matter_may_be_broken(demo: Path, ptlint: Callable[..., Ran], checked: dict[str, Any]) -> None:
    (demo / "kernel/notes.c").write_text("no C at all")
    (demo / "drivers").mkdir()
    (demo / "drivers/broken.c").write_text("void f(")
    status, out, _ = ptlint("check", demo, "--format", "json", "--variant", "nopv")
    document = json.loads(out)
    assert status == 1
    assert document["incomplete"] == []
    assert [f["fingerprint"] for f in document["findings"]] == [
        f["fingerprint"] for f in checked["findings"] if "nopv" in f["variants"] and f["rule"] != "PTL030"
    ]


def test_nothing_is_written_into_the_tree(demo: Path, ptlint: Callable[..., Ran]) -> None:
    before = contents(demo)
    for command in (("check",), ("inventory",), ("graph", "--root", "free_pte"), ("variants",)):
        ptlint(command[0], demo, *command[1:], "--variant", "nopv")
    assert contents(demo) == before


def test_paths_do_not_depend_on_where_one_stands(demo: Path, checked: dict[str, Any]) -> None:
    options = ("--format", "json", "--variant", "nopv", "--jobs", "1")
    _, relative, _ = start("check", "..", *options, cwd=demo / "mm")
    _, here, _ = start("check", *options, cwd=demo)
    assert relative == here
    places = [finding["location"] for finding in checked["findings"] if "nopv" in finding["variants"] and finding["rule"] != "PTL030"]
    assert [finding["location"] for finding in json.loads(here)["findings"]] == places


# ---- revisions ---------------------------------------------------------------------------------------------


@pytest.fixture
def repository(demo: Path) -> git.Repo:
    """Two commits: the demo as it is, then the bug gone. The work tree is broken."""
    repo = git.Repo.init(demo)
    with repo.config_writer() as settings:
        settings.set_value("user", "name", "nobody")
        settings.set_value("user", "email", "nobody@example.com")
    repo.git.add("-A")
    repo.git.commit("-q", "-m", "demo")
    path = demo / "mm/collapse.c"
    path.write_text(path.read_text().replace("pte_free(mm, pmd_pgtable(old));", "pte_free_defer(mm, pmd_pgtable(old));"))
    repo.git.commit("-q", "-a", "-m", "defer")
    path.write_text(path.read_text().replace("\tpmd_clear(pmd);", "\tpmd_clear(", 1))
    return repo


def test_a_revision_is_read_instead_of_the_work_tree(repository: git.Repo, ptlint: Callable[..., Ran], checked: dict[str, Any]) -> None:
    root = Path(str(repository.working_dir))
    before = contents(root / "mm")
    found = {}
    for rev in ("HEAD", "HEAD~1"):
        status, out, _ = ptlint("check", root, "--rev", rev, "--format", "json", "--variant", "kvm/no-pt-reclaim")
        document = json.loads(out)
        validate(document, "check")
        assert status == 1
        assert document["incomplete"] == []
        assert document["tree"]["commit"] == repository.commit(rev).hexsha
        found[rev] = document
    assert [f["rule"] for f in found["HEAD"]["findings"]] == ["PTL002"]
    expected = [f["fingerprint"] for f in checked["findings"] if "kvm/no-pt-reclaim" in f["variants"] and f["rule"] != "PTL030"]
    assert [f["fingerprint"] for f in found["HEAD~1"]["findings"]] == expected
    assert contents(root / "mm") == before
    assert ptlint("check", root, "--variant", "nopv")[0] == 2


@pytest.mark.parametrize("rev", ["HEAD~7", "nonsense", "HEAD:mm"])
def test_a_revision_that_is_not_there(rev: str, repository: git.Repo, ptlint: Callable[..., Ran]) -> None:
    status, out, err = ptlint("check", str(repository.working_dir), "--rev", rev)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert rev in err


def test_a_revision_of_no_repository(ptlint: Callable[..., Ran], demo: Path) -> None:
    status, out, err = ptlint("check", demo, "--rev", "HEAD")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
