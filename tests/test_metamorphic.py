"""Changes of the demo that change nothing: other names, dead code, one helper more, the arms of a condition swapped."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cases import DEMO, ROOT, graph_lines

from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.report.interface import Style
from ptlint.report.order import ordered
from ptlint.report.registry import renderer

pytestmark = pytest.mark.slow  # whole runs, many times over

VARIANTS = ("nopv", "native/no-pt-reclaim", "kvm/no-pt-reclaim")
_FUNCTION = re.compile(r"^[a-z_][\w\s*]*?\b(\w+)\([^;{}#]*\)\s*\{", re.MULTILINE)
LOCALS = ("ptl", "old", "table", "batch", "pmdval", "err", "new", "start", "floor", "ceiling", "empty", "full", "first", "vma", "mask", "info", "i")
Signature = set[tuple[Any, ...]]


def look(tree: Path) -> Outcome:
    return run(RunOptions(tree=tree, variants=VARIANTS), NullProgress())


def findings(outcome: Outcome, *, path: bool = True) -> Signature:
    """The findings without their lines."""
    result = outcome.check((), (), ())
    assert result.incomplete == ()
    return {
        (
            *(f.rule, f.severity, f.message, f.location.file, f.location.function, f.variants, f.missing, f.object.table, f.object.address_space),
            tuple(step.function for step in f.path) if path else (),
        )
        for f in result.findings
    }


def sites(outcome: Outcome) -> Signature:
    """The sites without their lines and reasons."""
    return {(s.file, s.function, s.role, s.table, s.address_space, s.variants, s.deferral, s.safety) for s in outcome.inventory().sites}


def text(outcome: Outcome, root: str) -> str:
    return renderer("graph", "text")(ordered(outcome.graph(root)), Style())


def edit(tree: Path, file: str, *changes: tuple[str, str]) -> None:
    path = tree / file
    before = path.read_text()
    for old, new in changes:
        assert before.count(old) == 1, (file, old)
        before = before.replace(old, new)
    path.write_text(before)


@pytest.fixture(scope="session")
def base() -> Outcome:
    """The demo as it is."""
    return look(DEMO)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


def test_there_is_something_to_keep(base: Outcome) -> None:
    assert {one[0] for one in findings(base)} == {"PTL001", "PTL002", "PTL003", "PTL030"}


# ---- names -------------------------------------------------------------------------------------------------


def sources(tree: Path) -> list[Path]:
    return sorted(tree.rglob("*.[ch]"))


def new_names(tree: Path) -> dict[str, str]:
    """Another name for every function that the tree defines, and for the local variables: all but the words of the rules."""
    known = {word for path in (ROOT / "rules").glob("*.toml") for word in re.findall(r"\w+", path.read_text())}
    defined = {name for path in sources(tree) for name in _FUNCTION.findall(path.read_text())} - {"if", "while", "for", "switch", "main"}
    assert len(defined - known) > 80
    return {name: f"zq{number:03d}x" for number, name in enumerate(sorted((defined | set(LOCALS)) - known))}


def renamed(line: str, names: dict[str, str]) -> str:
    return line if line.lstrip().startswith("#include") else re.sub(r"\w+", lambda word: names.get(word[0], word[0]), line)


def test_names_between_the_border_and_the_free_mean_nothing(base: Outcome, tree: Path) -> None:
    names = new_names(tree)
    for name in ("tlb_remove_table", "__tlb_remove_table_one", "collapse_table", "pte_free", "free_pte_range", "pmd_clear", "ident_map_drop"):
        assert name in names
    for path in sources(tree):
        path.write_text("\n".join(renamed(line, names) for line in path.read_text().split("\n")))
    back = {new: old for old, new in names.items()}

    def old(value: Any) -> Any:
        return json.loads(re.sub(r"zq\d{3}x", lambda word: back[word[0]], msgspec.json.encode(value).decode()))

    def comparable(found: Signature) -> list[str]:
        return sorted(json.dumps(old(one)) for one in found)

    other = look(tree)
    assert comparable(findings(other)) == comparable(findings(base))
    assert [f.location.line for f in other.check((), (), ()).findings] == [f.location.line for f in base.check((), (), ()).findings]
    assert comparable(sites(other)) == comparable(sites(base))
    root = "free_pte"
    as_text = re.sub(r"zq\d{3}x", lambda word: back[word[0]], text(other, f"mm/pt_reclaim.c:{names[root]}"))
    assert graph_lines(as_text) == graph_lines(text(base, f"mm/pt_reclaim.c:{root}"))


# ---- code --------------------------------------------------------------------------------------------------


def dead_code(tree: Path) -> None:
    edit(
        tree,
        "mm/collapse.c",
        ("\tmm_dec_nr_ptes(mm);\n\tpte_free(mm,", ("\tif (0)\n\t\tpte_free_defer(mm, pmd_pgtable(old));\n\tmm_dec_nr_ptes(mm);\n\tpte_free(mm,")),
        ("/* As it should be", "static void __maybe_unused nobody_calls_this(pmd_t *pmd)\n{\n\tpmd_clear(pmd);\n}\n\n/* As it should be"),
    )
    edit(
        tree,
        "mm/mmu_gather.c",
        (
            "\ttlb_remove_table_sync_one();\n\t__tlb",
            ("\tunsigned long unused = 3;\n\n\tunused += 4;\n\ttlb_remove_table_sync_one();\n\tdo { } while (0);\n\t__tlb"),
        ),
    )
    edit(tree, "arch/x86/kernel/paravirt.c", ("\ttlb_remove_page(tlb, table);", "\tif (!tlb)\n\t\treturn;\n\ttlb_remove_page(tlb, table);"))
    (tree / "mm/rmap.c").write_text((tree / "mm/rmap.c").read_text() + "\nint nothing_at_all(int x)\n{\n\treturn x + 1;\n}\n")


def one_helper_more(tree: Path) -> None:
    edit(
        tree,
        "mm/collapse.c",
        (
            "/*\n * As it should not be",
            ("static void give_back(struct mm_struct *mm, pgtable_t gone)\n{\n\tpte_free(mm, gone);\n}\n\n/*\n * As it should not be"),
        ),
        ("\tpte_free(mm, pmd_pgtable(old));", "\tgive_back(mm, pmd_pgtable(old));"),
    )
    edit(
        tree,
        "mm/mmu_gather.c",
        (
            "#ifndef __tlb_remove_table_one\n",
            "static void __maybe_unused let_go(void *gone)\n{\n\t__tlb_remove_table(gone);\n}\n\n#ifndef __tlb_remove_table_one\n",
        ),
        ("\ttlb_remove_table_sync_one();\n\t__tlb_remove_table(table);", "\ttlb_remove_table_sync_one();\n\tlet_go(table);"),
    )


def the_wait_in_a_helper(tree: Path) -> None:
    edit(
        tree,
        "mm/mmu_gather.c",
        (
            "#ifndef __tlb_remove_table_one\n",
            (
                "static inline void __maybe_unused ring(int times)\n{\n\tif (times)\n"
                "\t\ttlb_remove_table_sync_one();\n}\n\n#ifndef __tlb_remove_table_one\n"
            ),
        ),
        ("\ttlb_remove_table_sync_one();\n\t__tlb_remove_table(table);", "\tring(1);\n\t__tlb_remove_table(table);"),
    )
    edit(
        tree,
        "mm/collapse.c",
        (
            "/*\n * As it should not be",
            "static void drop_entry(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)\n{\n\tpmd_clear(pmd);\n"
            "\tflush_tlb_mm_range(mm, addr, addr + PMD_SIZE, PAGE_SHIFT, true);\n}\n\n/*\n * As it should not be",
        ),
        (
            "\t}\n\tpmd_clear(pmd);\n\tflush_tlb_mm_range(mm, addr, addr + PMD_SIZE, PAGE_SHIFT, true);\n\tspin_unlock(ptl);\n\n\tmm_dec",
            "\t}\n\tdrop_entry(mm, pmd, addr);\n\tspin_unlock(ptl);\n\n\tmm_dec",
        ),
    )


def arms_swapped(tree: Path) -> None:
    edit(
        tree,
        "mm/collapse.c",
        (
            "\tif (vma->anon_vma)\n\t\tcollapse_table(vma->vm_mm, pmd, addr);\n\telse\n\t\tretract_table(vma->vm_mm, pmd, addr);",
            "\tif (!vma->anon_vma)\n\t\tretract_table(vma->vm_mm, pmd, addr);\n\telse\n\t\tcollapse_table(vma->vm_mm, pmd, addr);",
        ),
        (
            "\tif (!pmd_present(old) || pmd_leaf(old)) {\n\t\tspin_unlock(ptl);\n\t\treturn;\n\t}\n\tpmd_clear(pmd);",
            "\tif (pmd_present(old) && !pmd_leaf(old))\n\t\tgoto table;\n\tspin_unlock(ptl);\n\treturn;\ntable:\n\tpmd_clear(pmd);",
        ),
    )
    edit(
        tree,
        "mm/mmu_gather.c",
        ("\tif (*batch == NULL) {\n\t\t*batch = (struct", "\tif (*batch) {\n\t\t;\n\t} else {\n\t\t*batch = (struct"),
        (
            (
                "\t\tif (*batch == NULL) {\n\t\t\ttlb_table_invalidate(tlb);\n"
                "\t\t\ttlb_remove_table_one(table);\n\t\t\treturn;\n\t\t}\n"
                "\t\t(*batch)->nr = 0;"
            ),
            (
                "\t\tif (*batch) {\n\t\t\t(*batch)->nr = 0;\n\t\t} else {\n"
                "\t\t\ttlb_table_invalidate(tlb);\n\t\t\ttlb_remove_table_one(table);\n"
                "\t\t\treturn;\n\t\t}"
            ),
        ),
    )


def other_loops(tree: Path) -> None:
    edit(
        tree,
        "mm/mmu_gather.c",
        (
            "\tfor (i = 0; i < batch->nr; i++)\n\t\t__tlb_remove_table(batch->tables[i]);",
            "\ti = batch->nr;\n\twhile (i-- > 0)\n\t\t__tlb_remove_table(batch->tables[i]);",
        ),
        (
            "\t\tfor (i = 0; i < batch->nr; i++)\n\t\t\t__free_page(batch->pages[i]);",
            ("\t\ti = 0;\n\t\tdo {\n\t\t\t__free_page(batch->pages[i]);\n\t\t} while (++i < batch->nr);"),
        ),
    )


def other_locals(tree: Path) -> None:
    edit(
        tree,
        "mm/collapse.c",
        (
            "\tmm_dec_nr_ptes(mm);\n\tpte_free(mm, pmd_pgtable(old));",
            "\tmm_dec_nr_ptes(mm);\n\tpgtable_t one = pmd_pgtable(old), two = one;\n\n\tone = NULL;\n\tpte_free(mm, two);",
        ),
    )
    edit(
        tree,
        "mm/mmu_gather.c",
        (
            "\ttlb_remove_table_sync_one();\n\t__tlb_remove_table(table);",
            ("\tstruct page *view = table;\n\n\ttlb_remove_table_sync_one();\n\t__tlb_remove_table((void *)view);"),
        ),
    )


CHANGES = [dead_code, one_helper_more, the_wait_in_a_helper, arms_swapped, other_loops, other_locals]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_code_that_means_the_same_has_the_same_findings(change: Callable[[Path], None], tree: Path, base: Outcome) -> None:
    change(tree)
    other = look(tree)
    assert findings(other, path=False) == findings(base, path=False)
    assert graph_lines(text(other, "mm/pt_reclaim.c:free_pte")) == graph_lines(text(base, "mm/pt_reclaim.c:free_pte"))


# ---- and what does change something -------------------------------------------------------------------------


def test_the_bug_mended_is_no_finding(tree: Path, base: Outcome) -> None:
    edit(tree, "mm/collapse.c", ("\tpte_free(mm, pmd_pgtable(old));", "\tsynchronize_rcu();\n\tpte_free(mm, pmd_pgtable(old));"))
    edit(tree, "mm/mmu_gather.c", ("\ttlb_remove_table_sync_one();\n\t__tlb", "\ttlb_remove_table_sync_one();\n\tsynchronize_rcu();\n\t__tlb"))
    assert {one for one in findings(base) if one[0] == "PTL003"} == {one for one in findings(look(tree)) if one[1] != "note"}


def test_the_clean_path_broken_is_a_finding(tree: Path, base: Outcome) -> None:
    edit(tree, "mm/collapse.c", ("\tpte_free_defer(mm, table);", "\tpte_free(mm, table);"))
    new = findings(look(tree)) - findings(base)
    [one] = new
    assert (one[0], one[1], one[3], one[4], one[5]) == ("PTL001", "error", "mm/collapse.c", "retract_table", tuple(sorted(VARIANTS)))
