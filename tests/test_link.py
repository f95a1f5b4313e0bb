"""Linking: functions and callers, and what tables of functions hold, for whom."""

from __future__ import annotations

import pytest
from cases import ROOT
from hypothesis import given
from hypothesis import strategies as st

from ptlint import resources
from ptlint.frontend import ir
from ptlint.frontend.parse import parse_unit
from ptlint.program.border import load_border
from ptlint.program.filled import Filler
from ptlint.program.link import Program, link
from ptlint.program.outline import outline
from ptlint.program.walk import expressions, sub

BORDER = load_border(resources.rules())
PV = ("native", "xen", "hyperv", "kvm")
MEMBER = "struct ops.run"
HEAD = """\
struct page;
struct ops { void (*run)(struct page *); void (*stop)(struct page *); };
struct all { struct ops first; struct ops second; };
extern struct all all;
void native_run(struct page *p);
void guest_run(struct page *p);
"""
FILES = {"native": "kernel/core.c", "xen": "arch/x86/xen/mmu.c", "hyperv": "arch/x86/hyperv/mmu.c", "kvm": "arch/x86/kernel/kvm.c"}
INITIAL = "struct all all = { .first = { .run = native_run, .stop = native_run } };"


def unit(file: str, code: str) -> ir.Unit:
    found, problems = parse_unit(str(ROOT), file, ["-w", "-std=gnu11"], unsaved={file: (HEAD + code).encode()})
    assert problems == []
    assert found is not None
    return found


def linked(files: dict[str, str], runtimes: tuple[str, ...] = PV) -> Program:
    return link([unit(file, code) for file, code in files.items()], BORDER, runtimes)


# ---- functions ---------------------------------------------------------------------------------------------


def test_functions_of_one_name_are_told_apart_and_calls_are_counted() -> None:
    program = linked(
        {
            "mm/a.c": "static void put(struct page *p) { native_run(p); } void a(struct page *p) { put(p); }",
            "mm/b.c": "static void put(struct page *p) { guest_run(p); } void b(struct page *p) { put(p); put(p); }"
            "void native_run(struct page *p) { }",
        }
    )
    assert {"a", "b", "mm/a.c:put", "mm/b.c:put", "native_run"} <= set(program.functions)
    assert program.callees["a"] == {"mm/a.c:put"}
    assert program.callers["mm/b.c:put"] == {"b"}
    assert program.callers["native_run"] == {"mm/a.c:put"}
    assert program.callers["guest_run"] == {"mm/b.c:put"}
    assert "guest_run" not in program.functions


def test_a_function_that_is_passed_on_counts_as_named() -> None:
    program = linked({"mm/a.c": "void later(void (*f)(struct page *)); void a(void) { later(native_run); }"})
    assert program.callees["a"] == {"later", "native_run"}


def test_the_order_of_units_does_not_matter() -> None:
    units = [
        unit("mm/a.c", "void a(struct page *p) { all.first.run(p); }"),
        unit(FILES["native"], INITIAL),
        unit(FILES["xen"], "void x(void) { all.first.run = guest_run; }"),
    ]
    assert link(units, BORDER, PV) == link(units[::-1], BORDER, PV)


def test_an_initialiser_wins_over_a_declaration() -> None:
    program = linked({"mm/a.c": "struct all *get(void) { return &all; }", FILES["native"]: INITIAL})
    assert program.globals["all"].init is not None


# ---- tables of functions -----------------------------------------------------------------------------------


def test_an_initialiser_is_everybodys() -> None:
    program = linked({FILES["native"]: INITIAL})
    assert program.targets(MEMBER) == {"native_run": frozenset(PV)}
    assert program.fillers == {"native_run"}


@pytest.mark.parametrize("guest", ["xen", "hyperv", "kvm"])
def test_an_assignment_in_a_guests_file_is_the_guests(guest: str) -> None:
    program = linked({FILES["native"]: INITIAL, FILES[guest]: "void init(void) { all.first.run = guest_run; }"})
    assert program.targets(MEMBER) == {"guest_run": frozenset({guest}), "native_run": frozenset(PV) - {guest}}
    assert program.targets("struct ops.stop") == {"native_run": frozenset(PV)}


def test_an_assignment_in_everybodys_code_holds_beside_the_initialiser() -> None:
    program = linked({FILES["native"]: INITIAL, "mm/a.c": "void init(void) { all.first.run = guest_run; }"})
    assert program.targets(MEMBER) == {"guest_run": frozenset(PV), "native_run": frozenset(PV)}


def test_a_runtime_that_the_build_lacks_fills_nothing() -> None:
    files = {FILES["native"]: INITIAL, FILES["xen"]: "void init(void) { all.first.run = guest_run; }"}
    assert linked(files, ("nopv",)).targets(MEMBER) == {"native_run": frozenset({"nopv"})}
    assert linked(files, ("native", "kvm")).targets(MEMBER) == {"native_run": frozenset({"native", "kvm"})}


def test_a_condition_gives_both_arms() -> None:
    program = linked({FILES["native"]: INITIAL, FILES["kvm"]: "void init(int x) { all.first.run = x ? guest_run : native_run; }"})
    assert program.targets(MEMBER)["guest_run"] == {"kvm"}
    assert program.targets(MEMBER)["native_run"] == frozenset(PV)


def test_a_parameter_is_what_callers_give() -> None:
    helper = "static void fill(struct ops *o, void (*f)(struct page *)) { o->run = f; }"
    between = "static void pass(void (*g)(struct page *), int n) { if (n) pass(g, n - 1); else fill(&all.first, g); }"
    program = linked({FILES["native"]: INITIAL, FILES["xen"]: f"{helper} {between} void init(void) {{ pass(guest_run, 2); }}"})
    assert program.targets(MEMBER) == {"guest_run": frozenset({"xen"}), "native_run": frozenset(PV) - {"xen"}}


def test_a_guest_that_gives_its_function_to_everybodys_helper_fills_for_itself() -> None:
    helper = "void fill(void (*f)(struct page *)) { all.first.run = f; }"
    caller = "void fill(void (*f)(struct page *)); void init(void) { fill(guest_run); }"
    program = linked({FILES["native"]: INITIAL, "mm/a.c": helper, FILES["kvm"]: caller})
    assert program.targets(MEMBER) == {"guest_run": frozenset({"kvm"}), "native_run": frozenset(PV) - {"kvm"}}


def test_a_copied_struct_is_filled_by_who_copies_it() -> None:
    source = "static const struct ops mine = { .run = guest_run };"
    copy = linked({FILES["native"]: INITIAL, FILES["xen"]: source + "void init(void) { all.first = mine; }"})
    assert copy.targets(MEMBER) == {"guest_run": frozenset({"xen"}), "native_run": frozenset(PV) - {"xen"}}
    part = "static const struct all mine = { .first = { .run = guest_run } };"
    partial = linked({FILES["native"]: INITIAL, FILES["xen"]: part + "void init(void) { all.first = mine.first; }"})
    assert partial.targets(MEMBER) == copy.targets(MEMBER)


def test_a_compound_literal_is_filled_by_who_assigns_it() -> None:
    program = linked({FILES["native"]: INITIAL, FILES["hyperv"]: "void init(void) { all.first = (struct ops){ .run = guest_run }; }"})
    assert program.targets(MEMBER)["guest_run"] == {"hyperv"}


def test_a_record_in_a_member_has_a_name_for_each_member() -> None:
    """What pv_ops calls a function that saves registers lies in a record of its own, the same for all operations."""
    native = "struct all all = { .first = (struct ops){ native_run }, .second = (struct ops){ guest_run } };"
    xen = "static const struct all mine = { .first = (struct ops){ guest_run } }; void init(void) { all.first = mine.first; }"
    program = linked({FILES["native"]: native, FILES["xen"]: xen})
    assert program.targets("struct all.first.run") == {"guest_run": frozenset({"xen"}), "native_run": frozenset(PV) - {"xen"}}
    assert program.targets("struct all.second.run") == {"guest_run": frozenset(PV)}


def test_a_member_gets_what_another_table_holds() -> None:
    table = "struct own { void (*go)(struct page *); }; static const struct own plain = { .go = guest_run };"
    fill = "void init(void) { const struct own *o = &plain; all.first.run = o->go; }"
    program = linked({FILES["native"]: INITIAL, FILES["hyperv"]: table + fill})
    assert program.targets(MEMBER) == {"guest_run": frozenset({"hyperv"}), "native_run": frozenset(PV) - {"hyperv"}}


def test_a_local_variable_is_all_that_it_is_set_to() -> None:
    fill = "void init(int x) { void (*f)(struct page *) = native_run; if (x) f = guest_run; all.first.run = f; }"
    program = linked({FILES["native"]: INITIAL, FILES["kvm"]: fill})
    assert program.targets(MEMBER) == {"guest_run": frozenset({"kvm"}), "native_run": frozenset(PV)}


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("all.first.stop = guest_run; if (x) all.first.run = guest_run;", True),
        ("if (x) { all.first.stop = guest_run; all.first.run = guest_run; }", False),
        ("if (x) return; all.first.stop = guest_run; all.first.run = guest_run;", False),
        ("all.first.run = guest_run; if (x) all.first.stop = guest_run;", False),
        ("all.first.stop = guest_run; if (x) all.first.run = guest_run; else all.first.run = guest_run;", False),
    ],
)
def test_who_fills_a_table_may_leave_a_member_as_it_was(body: str, kept: bool) -> None:
    program = linked({FILES["native"]: INITIAL, FILES["kvm"]: f"void init(int x) {{ {body} }}"})
    assert ("kvm" in program.targets(MEMBER)["native_run"]) == kept
    assert program.targets(MEMBER)["guest_run"] == {"kvm"}


def test_two_tables_in_everybodys_code_are_both_possible() -> None:
    program = linked({"mm/a.c": "struct ops day = { .run = native_run }; struct ops night = { .run = guest_run };"})
    assert set(program.targets(MEMBER)) == {"native_run", "guest_run"}


def test_casts_and_addresses_are_seen_through() -> None:
    program = linked({"mm/a.c": "void plain(void *p); struct ops one = { .run = (void (*)(struct page *))plain, .stop = &native_run };"})
    assert set(program.targets(MEMBER)) == {"plain"}
    assert set(program.targets("struct ops.stop")) == {"native_run"}


def test_an_array_of_tables() -> None:
    program = linked({"mm/a.c": "struct ops many[] = { { .run = native_run }, { .run = guest_run } };"})
    assert set(program.targets(MEMBER)) == {"native_run", "guest_run"}


def test_a_member_that_nobody_fills_has_no_targets() -> None:
    assert linked({"mm/a.c": "void a(void) { }"}).targets("struct ops.none") == {}


# ---- any fillers -------------------------------------------------------------------------------------------

fillers = st.builds(Filler, st.sampled_from(["f", "g", "h"]), st.sampled_from([None, *PV, "nopv"]), st.just(ir.Place("a.c", 1, 1)))


@given(st.lists(fillers, max_size=8), st.sets(st.sampled_from([*PV, "nopv"]), min_size=1))
def test_every_runtime_runs_what_it_filled_itself_or_else_the_initialiser(given_fillers: list[Filler], chosen: set[str]) -> None:
    runtimes = tuple(sorted(chosen))
    program = Program(runtimes, {}, {MEMBER: tuple(given_fillers)}, {}, {}, {}, {}, {})
    targets = program.targets(MEMBER)
    for runtime in runtimes:
        own = {filler.function for filler in given_fillers if filler.runtime == runtime}
        common = {filler.function for filler in given_fillers if filler.runtime is None}
        assert {function for function, where in targets.items() if runtime in where} == (own or common)
    assert all(where <= chosen for where in targets.values())
    assert list(targets) == sorted(targets)


# ---- walks -------------------------------------------------------------------------------------------------


def test_a_walk_sees_every_expression_once_and_outermost_first() -> None:
    code = "void a(struct page *p, int x) { if (x > 1 && all.first.run) all.first.run(p); switch (x + 2) { case 1: native_run(p); } }"
    function = unit("mm/a.c", code).functions[0]
    seen = [node for block in function.blocks for top in expressions(block) for node in sub(top)]
    assert sum(isinstance(node, ir.Call) for node in seen) == 2
    assert outline(function).functions == {"native_run"}
    call = next(node for node in seen if isinstance(node, ir.Call))
    assert next(iter(sub(call))) == call


def test_what_a_function_without_a_body_is_given_is_found_over_several_callers() -> None:
    code = (
        "int start(int (*fn)(void *), void *data); int one(void *d); int other(void *d); int third(void *d);"
        "static void named(int (*fn)(void *), void *data) { start(fn, data); }"
        "static void anywhere(int (*fn)(void *), int yes) { named(yes ? fn : third, 0); }"
        "void first(void) { named(one, 0); start(other, one); }"
        "void second(int yes) { anywhere(other, yes); }"
    )
    given = linked({"kernel/core.c": code}).given
    assert sorted({function for function, _ in given.to("start", 0)}) == ["one", "other", "third"]
    assert sorted({function for function, _ in given.to("start", 1)}) == ["one"]
    assert list(given.to("never", 0)) == []
