"""The whole tool on real kernels: the graph that the project exists for, the findings, a dozen sites, and that nothing is missing.

Each kernel is analysed once, and the result kept in a file that the processes of a test run share.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cases import ROOT, graph_lines
from renaming import rename
from test_report import SEED

from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.registry import renderer
from ptlint.results import Edge, Finding, GraphResult, Site

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1200)]

GUESTS = {"xen", "hyperv", "kvm"}
EVERY = {"nopv", "native", *GUESTS}
ROOTS = ("free_pgtables", "pte_free_defer", "pgd_free", "pud_free_pmd_page", "__pte_alloc")

# (file, function, callee, deferral, variants): from reading 6.12, none of it from the tool.
SITES = [
    ("mm/mmu_gather.c", "tlb_remove_table_free", "call_rcu", "rcu", GUESTS),
    ("mm/mmu_gather.c", "tlb_remove_table_one", "__tlb_remove_table", "semi-rcu", GUESTS),
    ("mm/mmu_gather.c", "tlb_remove_table", "tlb_remove_table_one", "semi-rcu", GUESTS),
    ("mm/swap_state.c", "free_page_and_swap_cache", "folio_put", "immediate", GUESTS),
    ("arch/x86/mm/pgtable.c", "paravirt_tlb_remove_table", "tlb_remove_page", "mmu-gather", {"nopv"}),
    ("arch/x86/kernel/paravirt.c", "native_tlb_remove_table", "tlb_remove_page", "mmu-gather", {"native"}),
    ("arch/x86/mm/pgtable.c", "___pte_free_tlb", "paravirt_tlb_remove_table", "mmu-gather", {"nopv", "native"}),
    ("arch/x86/mm/pgtable.c", "___pmd_free_tlb", "paravirt_tlb_remove_table", "rcu", GUESTS),
    ("arch/x86/mm/pgtable.c", "_pgd_free", "free_pages", "immediate", EVERY),
    ("arch/x86/mm/pgtable.c", "pud_free_pmd_page", "free_page", "immediate", EVERY),
    ("arch/x86/mm/pgtable.c", "pmd_free_pte_page", "free_page", "immediate", EVERY),
    ("arch/x86/mm/pat/set_memory.c", "try_to_free_pte_page", "free_page", "immediate", EVERY),
    ("arch/x86/mm/pat/set_memory.c", "unmap_pte_range", "try_to_free_pte_page", "immediate", EVERY),
    ("arch/x86/mm/ident_map.c", "free_pte", "info->free_pgt_page", "immediate", EVERY),
    ("arch/x86/kernel/machine_kexec_64.c", "free_transition_pgtable", "free_page", "immediate", EVERY),
    ("include/asm-generic/pgalloc.h", "__pte_alloc_one_noprof", "pagetable_free", "immediate", EVERY),
    ("include/linux/mm.h", "pagetable_free", "__free_pages", "immediate", EVERY),
    ("mm/memory.c", "free_pte_range", "pte_free_tlb", "mmu-gather", {"nopv", "native"}),
    ("mm/memory.c", "free_pte_range", "pte_free_tlb", "rcu", GUESTS),
    ("mm/memory.c", "free_pmd_range", "pmd_free_tlb", "rcu", GUESTS),
    ("mm/memory.c", "__pte_alloc", "pte_free", "immediate", EVERY),
    ("mm/memory.c", "__pte_alloc_kernel", "pte_free_kernel", "immediate", EVERY),
    ("mm/memory.c", "do_fault", "pte_free", "immediate", EVERY),
    ("mm/pgtable-generic.c", "pte_free_defer", "call_rcu", "rcu", EVERY),
    ("arch/x86/xen/mmu_pv.c", "xen_pgd_free", "free_page", "immediate", {"xen"}),
]


@pytest.fixture(scope="session")
def look(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[Path], Outcome]:
    """The outcome of a kernel; whoever asks first makes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    known: dict[Path, Outcome] = {}

    def find(tree: Path) -> Outcome:
        if tree not in known:
            kept = shared / f"outcome-{tree.name}.bin"
            with open(f"{kept}.lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not kept.exists():
                    kept.write_bytes(msgspec.msgpack.encode(run(RunOptions(tree=tree, jobs=2), NullProgress())))
            known[tree] = msgspec.msgpack.decode(kept.read_bytes(), type=Outcome)
        return known[tree]

    return find


@pytest.fixture
def seen(look: Callable[[Path], Outcome], kernel: Path) -> Outcome:
    """Each kernel."""
    return look(kernel)


@pytest.fixture
def of(look: Callable[[Path], Outcome], kernel_tree: Callable[[str], Path]) -> Callable[[str], Outcome]:
    """The kernel of a version."""
    return lambda version: look(kernel_tree(version))


def findings(outcome: Outcome, *rules: str) -> list[Finding]:
    return [finding for finding in outcome.check((), (), ()).findings if finding.rule in rules or not rules]


def runtimes(variants: tuple[str, ...]) -> set[str]:
    return {variant.partition("/")[0] for variant in variants}


def line(tree: Path, file: str, number: int) -> str:
    return (tree / file).read_text(errors="replace").split("\n")[number - 1]


# ---- all of them -------------------------------------------------------------------------------------------


def test_nothing_is_missing(seen: Outcome) -> None:
    result = seen.check((), (), ())
    assert result.incomplete == ()
    assert runtimes(tuple(variant.name for variant in result.variants)) == EVERY
    assert "nopv/pae" in {variant.name for variant in result.variants}
    assert len(result.unresolved) < 40


def test_no_error_on_tables_of_user_space(seen: Outcome) -> None:
    assert [(f.rule, f.location) for f in findings(seen) if f.severity == "error" and f.object.address_space != "kernel"] == []


@pytest.mark.parametrize(("file", "start"), [("arch/x86/mm/init_64.c", "free_"), ("mm/kasan/init.c", "kasan_free_")])
def test_kernel_tables_that_are_freed_while_linked_are_found(seen: Outcome, file: str, start: str) -> None:
    """In all 64-bit variants: hot-remove and KASAN free a table, and clear its entry after that or flush late."""
    found = [f for f in findings(seen, "PTL001") if f.location.file == file]
    assert len(found) == {"free_": 3, "kasan_free_": 4}[start]
    for finding in found:
        assert finding.location.function.startswith(start)
        assert finding.severity == "error"
        assert set(finding.variants) >= EVERY
    assert {f.object.table for f in found} == {"pte", "pmd", "pud"} | ({"p4d"} if start == "kasan_free_" else set())


def test_every_path_leads_through_code_that_is_there(seen: Outcome, kernel: Path) -> None:
    for finding in findings(seen, "PTL001", "PTL002", "PTL003"):
        assert finding.path
        for step in finding.path:
            assert line(kernel, step.file, step.line).strip()
        word = finding.object.expression.rsplit("->", 1)[-1].rsplit(".", 1)[-1]
        assert word in line(kernel, finding.location.file, finding.location.line)


def test_sites_of_every_kind(seen: Outcome) -> None:
    sites = seen.inventory().sites
    assert len({(site.file, site.line) for site in sites if site.role != "wrapper"}) >= 150
    assert {site.role for site in sites} == {"leaf", "handover", "decision", "wrapper"}
    assert {site.deferral for site in sites} >= {"rcu", "semi-rcu", "mmu-gather", "immediate"}
    assert all(site.variants for site in sites)


@pytest.mark.parametrize("root", ROOTS)
def test_graph_of(root: str, seen: Outcome) -> None:
    if root == "pte_free_defer" and seen.version.startswith("6.1."):
        with pytest.raises(UsageError, match="no function"):
            seen.graph(root)
        return
    graph = seen.graph(root)
    nodes = {node.id for node in graph.nodes}
    assert {node.function for node in graph.nodes if node.id in graph.roots} == {root}
    assert len(nodes) > 1 or all(node.frees for node in graph.nodes)
    assert {edge.from_ for edge in graph.edges} | {edge.to for edge in graph.edges} <= nodes
    assert renderer("graph", "text")(ordered(graph), Style()).count("\n") >= len({node.function for node in graph.nodes})


# ---- the commit that the project exists for -----------------------------------------------------------------


def test_the_graph_of_the_seed(of: Callable[[str], Outcome]) -> None:
    graph = of("6.12-seed").graph("mm/pt_reclaim.c:free_pte")
    text = renderer("graph", "text")(ordered(graph), Style())
    assert graph_lines(SEED) - graph_lines(text) == set()


def edges(graph: GraphResult) -> dict[tuple[str, str], list[Edge]]:
    names = {node.id: node.function for node in graph.nodes}
    found: dict[tuple[str, str], list[Edge]] = {}
    for edge in graph.edges:
        found.setdefault((names[edge.from_], names[edge.to]), []).append(edge)
    return found


def test_the_edges_of_the_seed(of: Callable[[str], Outcome]) -> None:
    graph = of("6.12-seed").graph("mm/pt_reclaim.c:free_pte")
    between = edges(graph)
    reclaim = EVERY  # variants with CONFIG_PT_RECLAIM have no suffix

    def where(caller: str, callee: str) -> set[str]:
        return {variant for edge in between[(caller, callee)] for variant in edge.variants if "/" not in variant}

    for caller, callee in [
        ("free_pte", "pte_free_tlb"), ("pte_free_tlb", "__pte_free_tlb"), ("__pte_free_tlb", "___pte_free_tlb"),
        ("___pte_free_tlb", "paravirt_tlb_remove_table"), ("tlb_remove_table", "tlb_table_invalidate"), ("tlb_remove_table", "tlb_remove_table_one"),
        ("tlb_remove_table_one", "__tlb_remove_table_one"), ("tlb_remove_table", "tlb_table_flush"), ("tlb_table_flush", "tlb_remove_table_free"),
    ]:  # fmt: skip
        assert where(caller, callee) == reclaim, (caller, callee)
    assert where("paravirt_tlb_remove_table", "tlb_remove_table") == {"nopv", *GUESTS}
    assert where("paravirt_tlb_remove_table", "native_tlb_remove_table") == {"native"}
    assert where("native_tlb_remove_table", "tlb_remove_table") >= {"native"}
    slow = {edge.label for edge in [*between[("tlb_remove_table", "tlb_remove_table_one")], *between[("tlb_remove_table", "tlb_table_invalidate")]]}
    assert slow == {"no-free-memory slowpath"}
    assert {edge.label for edge in between[("tlb_remove_table", "tlb_table_flush")]} == {"fastpath"}
    frees = {node.function: node.frees for node in graph.nodes}
    # Without PT_RECLAIM there is another function of that name, which waits for an IPI.
    one = {node.frees for node in graph.nodes if node.function == "__tlb_remove_table_one"}
    assert (one, frees["tlb_remove_table_free"]) == ({"rcu", "semi-rcu"}, "rcu")


def test_names_between_the_border_and_the_frees_mean_nothing(
    of: Callable[[str], Outcome], kernel_tree: Callable[[str], Path], tmp_path: Path
) -> None:
    """Static functions and local variables are renamed; the findings say the same, names aside. What does not compile then is not looked at."""
    source = kernel_tree("6.12")
    tree = Path(shutil.copytree(source, tmp_path / "linux", symlinks=True))
    folders = ("mm", "arch/x86/mm", "arch/x86/kernel", "arch/x86/xen", "arch/x86/hyperv")
    files = sorted(str(path.relative_to(source)) for folder in folders for path in (source / folder).rglob("*.c"))
    known = {word for path in (ROOT / "rules").glob("*.toml") for word in re.findall(r"\w+", path.read_text())}
    texts, back = rename(source, files, known)
    assert len(back) > 5000
    for file, text in texts.items():
        (tree / file).write_text(text)

    def old(outcome: Outcome) -> list[str]:
        found = [msgspec.json.encode(msgspec.structs.replace(finding, fingerprint="")).decode() for finding in findings(outcome)]
        return sorted(re.sub(r"[A-Za-z_]\w*", lambda word: back.get(word[0], word[0]), text) for text in found)

    other = run(RunOptions(tree=tree, jobs=2), NullProgress())
    lost = {entry.file for entry in other.check((), (), ()).incomplete}
    assert len(lost) <= 2, lost
    assert old(other) == old(of("6.12"))


def test_two_functions_of_one_name(of: Callable[[str], Outcome]) -> None:
    seed = of("6.12-seed")
    assert len(seed.graph("free_pte").roots) == 2
    other = seed.graph("arch/x86/mm/ident_map.c:free_pte")
    assert len(other.roots) == 1
    assert "___pte_free_tlb" not in {node.function for node in other.nodes}


def test_no_semi_rcu_and_no_page_batch_with_pt_reclaim(of: Callable[[str], Outcome], kernel_tree: Callable[[str], Path]) -> None:
    seed, tree = of("6.12-seed"), kernel_tree("6.12-seed")
    [semi] = findings(seed, "PTL002")
    assert set(semi.variants) == {f"{guest}/no-pt-reclaim" for guest in GUESTS}
    batch = findings(seed, "PTL003")
    assert sorted(f.variants for f in batch) == [("native/no-pt-reclaim",), ("nopv/no-pt-reclaim", "nopv/pae")]
    for finding in batch:
        assert "tlb_remove_page(tlb, table)" in line(tree, finding.location.file, finding.location.line)


# ---- 6.12, 6.1 ---------------------------------------------------------------------------------------------


def test_semi_rcu_stands_at_the_free_after_the_ipi(of: Callable[[str], Outcome], kernel_tree: Callable[[str], Path]) -> None:
    tree = kernel_tree("6.12")
    [semi] = findings(of("6.12"), "PTL002")
    assert set(semi.variants) == GUESTS
    assert semi.severity == "warning"
    assert semi.missing == ("rcu",)
    assert (semi.location.file, semi.location.function) == ("mm/mmu_gather.c", "tlb_remove_table_one")
    assert "__tlb_remove_table(table)" in line(tree, semi.location.file, semi.location.line)
    assert "sync_one" in line(tree, semi.location.file, semi.location.line - 1)
    assert {"tlb_remove_table", "tlb_remove_table_one"} <= {step.function for step in semi.path}


def test_the_page_batch_of_each_way(of: Callable[[str], Outcome], kernel_tree: Callable[[str], Path]) -> None:
    tree = kernel_tree("6.12")
    found = {f.location.file: f for f in findings(of("6.12"), "PTL003")}
    assert {file: set(f.variants) for file, f in found.items()} == {
        "arch/x86/kernel/paravirt.c": {"native"},
        "arch/x86/mm/pgtable.c": {"nopv", "nopv/pae"},
    }
    for file, finding in found.items():
        assert finding.severity == "warning"
        assert "tlb_remove_page(tlb, table)" in line(tree, file, finding.location.line)
        assert "tlb_remove_page" in [step.function for step in finding.path] or len(finding.path) > 3


def test_where_no_walker_relies_on_rcu_an_ipi_is_enough(of: Callable[[str], Outcome]) -> None:
    assert [f.location for f in findings(of("6.1"), "PTL002", "PTL003") if f.severity != "note"] == []


@pytest.mark.parametrize(("file", "function", "callee", "deferral", "variants"), SITES, ids=lambda value: value if isinstance(value, str) else "")
def test_site(of: Callable[[str], Outcome], file: str, function: str, callee: str, deferral: str, variants: set[str]) -> None:
    sites: list[Site] = [s for s in of("6.12").inventory().sites if (s.file, s.function) == (file, function) and s.primitive.startswith(callee)]
    assert sites
    right = {variant for site in sites if site.deferral == deferral for variant in runtimes(site.variants)}
    assert right >= variants
