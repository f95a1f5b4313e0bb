"""The selection: taking text apart, following names from the border, and what real kernels must keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ptlint import resources
from ptlint.cache import Shelf, Store
from ptlint.program.border import load_border
from ptlint.select import Selection, defining, index, load_rules, select
from ptlint.select.split import split
from ptlint.tree import open_tree


def chosen(root: Path, files: dict[str, str], jobs: int = 1) -> Selection:
    """The selection of a small tree with these files."""
    for name, text in {"Makefile": "VERSION = 6\n", "Kconfig": "", "arch/x86/mm/Makefile": "obj-y := pgtable.o\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with open_tree(str(root)) as tree:
        return select(tree, load_border(resources.rules()), load_rules(resources.rules()), jobs)


def names(text: str) -> set[str]:
    return {name for definition in split(text.encode()).definitions for name in definition.names}


def test_functions_are_found_whatever_stands_around_them() -> None:
    text = """
static int __init plain(int a)
{
}
__printf(2, 3) void attributed(int a, const char *b, ...)
{
}
void locked(int a) __acquires(x) __releases(y)
{ if (a) { } }
#ifdef CONFIG_A
int twice(int a) {
#else
int twice(int a, int b) {
#endif
	return "}" [0] + '}';  /* } */
}
#define macro(x) \\
	do { other(x); } while (0)
SYSCALL_DEFINE2(call, int, a, int, b)
{
}
void one_line(void)
{ }
void long_line(void)
{ if (a) { b(); }
  c();
}
struct s { int member; } variable = { .member = 1 };
pte_t *last(void) { return NULL; }
"""
    assert names(text) == {"plain", "attributed", "locked", "twice", "macro", "call", "one_line", "long_line", "last"}


def test_guards_around_a_function_have_their_sign() -> None:
    text = b"#ifdef CONFIG_A\nvoid a(void)\n{\n}\n#else\nvoid b(void)\n{\n}\n#endif\n"
    text += b"#if defined(CONFIG_B) && !defined(CONFIG_C)\nvoid c(void)\n{\n}\n#endif\n"
    found = {definition.names[0]: {(guard.symbol, guard.positive) for guard in definition.guards} for definition in split(text).definitions}
    assert found == {"a": {("A", True)}, "b": {("A", False)}, "c": {("B", True), ("C", False)}}


TABLE = """
static void give_back(struct page *p) { __free_pages(p, 0); }
void drop_table(pmd_t *pmd) { give_back(pmd_page(*pmd)); }
void caller(struct vm *vm) { drop_table(vm->pmd); }
static int count(pmd_t *pmd) { return pmd_none(*pmd); }
void unrelated(struct file *f) { put_page(f->page); }
"""


def test_a_table_is_followed_through_code_that_serves_any_page(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"mm/a.c": TABLE})
    assert found.units == {"mm/a.c"}
    assert {"give_back", "drop_table", "caller"} <= found.functions
    assert not found.wanted("count") and not found.wanted("unrelated")
    assert found.wanted("made_by_a_macro")


def test_renaming_static_functions_changes_nothing(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"mm/a.c": TABLE.replace("give_back", "zig").replace("drop_table", "zag")})
    assert {"zig", "zag", "caller"} <= found.functions and not found.wanted("count")


def test_a_way_through_a_header_and_a_macro(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "include/linux/gfp.h": "#define free_one(addr) free_pages((addr), 0)\n",
            "mm/a.c": "void f(pte_t *pte)\n{\n\tfree_one((unsigned long)pte);\n}\n",
        },
    )
    assert found.units == {"mm/a.c"} and "f" in found.functions


def test_what_a_member_holds_is_called_through_it(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "arch/x86/mm/a.c": """
static void hand_on(void *table) { call_rcu(table, done); }
struct ops ops = { .mmu.give = hand_on };
void f(pgd_t *pgd) { CALL(mmu.give, pgd); }
void g(struct info *info, pud_t *pud) { info->give(pud); }
"""
        },
    )
    assert {"hand_on", "f", "g"} <= found.functions


def test_what_stands_where_others_have_a_wait_is_read(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "arch/x86/kernel/ops.c": "struct ops ops = { .flush_others = native_flush_tlb_multi, .name = other };\n",
            "arch/x86/kernel/guest.c": "void guest_start(void)\n{\n\tops.flush_others = guest_flush;\n}\n",
            "arch/x86/kernel/none.c": "void none_start(void)\n{\n\tops.name = guest_flush;\n}\n",
        },
    )
    assert found.units == {"arch/x86/kernel/ops.c", "arch/x86/kernel/guest.c"}


def test_a_dropped_reference_counts_only_for_what_was_a_table(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "mm/a.c": """
void data(pte_t *pte, struct vma *vma) { struct folio *folio = vm_normal_folio(vma, *pte); folio_put(folio); }
void table(pmd_t *pmd) { struct page *page = pmd_page(*pmd); put_page(page); }
"""
        },
    )
    assert "table" in found.functions and not found.wanted("data")


def test_the_includer_is_a_unit_too(tmp_path: Path) -> None:
    part = "void f(pte_t *pte) { free_pages((unsigned long)pte, 0); }\n"
    found = chosen(tmp_path, {"arch/x86/mm/part.c": part, "arch/x86/mm/whole.c": '#include "part.c"\n'})
    assert "arch/x86/mm/whole.c" in found.units


def test_gates_and_guards(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "mm/Makefile": "obj-$(CONFIG_OUTER) += set.o\nset-$(CONFIG_INNER) += a.o\n",
            "mm/a.c": "#ifdef CONFIG_A\nvoid f(pte_t *pte)\n{\n\tif (IS_ENABLED(CONFIG_B))\n\t\tfree_pages((unsigned long)pte, 0);\n}\n#endif\n",
            "mm/b.c": "#ifdef CONFIG_ELSEWHERE\nvoid g(int a)\n{\n}\n#endif\n",
        },
    )
    assert found.gates == {"A", "B", "INNER", "OUTER"}
    assert found.guards == (("A", "mm/a.c", 1), ("B", "mm/a.c", 4))
    assert found.switches == {"B"}


def test_symbols_that_change_a_free_are_switches(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "mm/a.c": """
#ifdef CONFIG_EITHER
void f(pte_t *pte) { call_rcu(pte, later); }
#else
void f(pte_t *pte) { free_pages((unsigned long)pte, 0); }
#endif
#ifdef CONFIG_ALONE
void g(pte_t *pte)
{
#ifdef CONFIG_WAITS
	synchronize_rcu();
#endif
	free_pages((unsigned long)pte, 0);
}
#endif
#ifdef CONFIG_DATA
void data(int a) { }
#else
void data(int a) { free_pages(a, 0); }
#endif
"""
        },
    )
    assert found.switches == {"EITHER", "WAITS"}


def test_symbols_that_choose_between_functions_that_free_are_switches(tmp_path: Path) -> None:
    found = chosen(
        tmp_path,
        {
            "mm/a.c": """
static void now(pte_t *pte) { free_pages((unsigned long)pte, 0); }
static void other(int a) { }
static const struct ops ops = {
#ifdef CONFIG_LATER
	.drop = later,
#else
	.drop = now,
#endif
#ifdef CONFIG_OTHER
	.other = other,
#endif
};
"""
        },
    )
    assert found.switches == {"LATER"}


def test_what_is_left_out_can_be_named(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"mm/a.c": TABLE, "mm/look.c": "int look(pte_t *pte)\n{\n\treturn pte_none(*pte);\n}\n"})
    assert [(row.file, row.functions) for row in found.left_out] == [("mm/look.c", 1)]
    assert list(found.counts.values()) == [1]


def test_out_of_scope_is_not_read(tmp_path: Path) -> None:
    found = chosen(tmp_path, {"arch/x86/kvm/mmu.c": "void f(pte_t *pte) { free_pages((unsigned long)pte, 0); }\n"})
    assert not found.units and not found.stats.files


def test_jobs_change_nothing(tmp_path: Path) -> None:
    assert chosen(tmp_path, {"mm/a.c": TABLE, "mm/b.c": TABLE}) == chosen(tmp_path, {}, jobs=3)


DIRECT = re.compile(rb"\b(?:__free_pages?|free_pages?|call_rcu)\s*\([^;]*\b(?:pte|pmd|pud|p4d|pgd)_?(?:page|pgtable|t)?\b")
TYPED = re.compile(rb"\b(?:pte|pmd|pud|p4d|pgd)_t\b|\bpgtable_t\b|\bstruct ptdesc\b")


@pytest.mark.kernel
def test_real_kernels_keep_what_frees_a_table_by_its_own_hand(kernel: Path) -> None:
    with open_tree(str(kernel)) as tree:
        found = select(tree, load_border(resources.rules()), load_rules(resources.rules()))
        for path in [path for folder in ("mm", "arch/x86/mm", "arch/x86/xen") for path in tree.files(folder) if path.endswith(".c")]:
            parts = split(tree.read(path) or b"")
            for definition in parts.definitions:
                text = parts.text[definition.start : definition.end]
                if not definition.macro and DIRECT.search(text) and TYPED.search(text):
                    assert path in found.units and all(map(found.wanted, definition.names)), (path, definition.names)
    assert len(found.units) < 80 and found.stats.selected * 4 < found.stats.functions
    assert found.gates and found.guards and found.left_out


def test_what_files_came_apart_to_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "void gone(struct ptdesc *table) { pagetable_free(table); }\nvoid pagetable_free(struct ptdesc *table) { __free_pages(table, 0); }\n"
    first = chosen(tmp_path / "tree", {"mm/one.c": text})
    assert {"gone", "pagetable_free"} <= first.functions
    taken: list[str] = []
    apart = index.take_apart
    monkeypatch.setattr(index, "take_apart", lambda path, *rest: (taken.append(path), apart(path, *rest))[1])
    store = Store(tmp_path / "cache", pytest.fail, 1 << 20)

    def again() -> Selection:
        taken.clear()
        shelf = Shelf(store, "parts", b"tool")
        with open_tree(str(tmp_path / "tree")) as tree:
            found = select(tree, load_border(resources.rules()), load_rules(resources.rules()), 1, shelf)
        shelf.write()
        return found

    assert (again(), taken) == (first, ["mm/one.c"])
    assert (again(), taken) == (first, [])
    (tmp_path / "tree" / "mm/one.c").write_text(text.replace("gone", "went"))
    assert {"went"} <= again().functions
    assert taken == ["mm/one.c"]
    assert store._connection is not None
    rows = store._connection.execute("SELECT key FROM entry").fetchall()
    for (key,) in rows:
        store.put("parts", key, b"\xc1")
    assert {"went"} <= again().functions
    assert taken == ["mm/one.c"]
    store.close()


def test_a_function_is_defined_where_a_unit_has_its_body(tmp_path: Path) -> None:
    texts = {
        "drivers/iommu/core.c": "void tell(int a);\nvoid other(void) { tell(1); }\n",
        "drivers/iommu/shared.c": "void tell(int a)\n{\n}\n",
        "mm/tell.c": "void tell(int a)\n{\n}\n",
    }
    for name, text in {"Makefile": "VERSION = 6\n", "Kconfig": "", "arch/x86/mm/Makefile": "obj-y := pgtable.o\n", **texts}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with open_tree(str(tmp_path)) as tree:
        found = defining(tree, {*texts, "drivers/iommu/gone.c"}, {"tell": "drivers/iommu/"})
    assert found == {"drivers/iommu/shared.c"}
