"""Terms: places, views, arithmetic that keeps the identity."""

from __future__ import annotations

import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptlint.analysis import terms
from ptlint.analysis.terms import ZERO, Term, contains, deref, field, is_place, leaves, op, place_type, root, type_of, up

TABLE: Term = ("p", 0, "struct page *")
ENTRY: Term = ("v", ("d", ("p", 1, "pmd_t *"), "pmd_t"))
ADDRESS: Term = ("p", 2, "unsigned long")
BASE: Term = ("v", ("g", "mem_map"))
FOLDED: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>")
TRUTHS = ("==", "!=", "<", ">", "<=", ">=", "&&", "||")

numbers = st.integers(-(2**63), 2**64 - 1)
constants = numbers.map(lambda number: ("c", number))
types = st.sampled_from(["", "int", "unsigned long", "u64", "struct page *", "pmd_t", "pte_t *", "void *", "struct ptdesc *"])
atoms: st.SearchStrategy[Term] = st.one_of(
    constants,
    st.tuples(st.just("p"), st.integers(0, 3), types),
    st.tuples(st.just("a"), st.sampled_from("xy")),
    st.tuples(st.just("g"), st.sampled_from(["init_mm", "mem_map"])),
    st.tuples(st.just("n"), st.integers(0, 3), types),
    st.tuples(st.just("m"), st.integers(0, 3), types),
    st.tuples(st.just("fn"), st.just("f")),
)
values: st.SearchStrategy[Term] = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(field, inner, st.sampled_from(["struct page.lru", "struct mm_struct.pgd"]), types),
        st.builds(lambda base, kind: ("v", deref(base, kind)), inner, types),
        st.builds(up, inner, st.just("struct page.lru")),
        st.builds(op, st.sampled_from(ARITHMETIC + TRUTHS), inner, inner),
    ),
    max_leaves=12,
)


def depth(term: Term) -> int:
    """How many operators lie on each other."""
    return 1 + max(depth(term[2]), depth(term[3])) if term[0] == "o" else 0


# ---- numbers -----------------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(FOLDED)), numbers, numbers)
def test_numbers_are_folded_as_python_does(word: str, x: int, y: int) -> None:
    assert op(word, ("c", x), ("c", y)) == ("c", int(FOLDED[word](x, y)))


@given(st.sampled_from(["<<", ">>"]), numbers, st.integers(-80, 200))
def test_shifts_are_folded_where_they_are_defined(word: str, x: int, y: int) -> None:
    result = op(word, ("c", x), ("c", y))
    if y == 0:
        assert result == ("c", x)
    elif 0 < y < 64:
        assert result == ("c", x << y if word == "<<" else x >> y)
    else:
        assert result[0] == "o"


def test_what_cannot_be_folded_stays() -> None:
    assert op("/", ("c", 8), ("c", 0)) == ("o", "/", ("c", 8), ("c", 0))
    assert op("&&", ("c", 1), ("c", 1)) == ("o", "&&", ("c", 1), ("c", 1))


# ---- identity ----------------------------------------------------------------------------------------------


@given(values)
def test_root_is_part_of_the_term_and_final(term: Term) -> None:
    base = root(term)
    assert root(base) == base
    assert contains(term, base)
    assert base[0] != "o" or base[1] in (*TRUTHS, "!") or (base[1] == "-" and base[2] == base[3])


@given(st.sampled_from(ARITHMETIC), values, values)
def test_arithmetic_never_deepens(word: str, x: Term, y: Term) -> None:
    """What is computed from a term stays as shallow as one operator, or as the truth that it is computed from."""
    result = op(word, x, y)
    assert depth(result) <= 1 + max(depth(root(x)), depth(root(y)), 0)
    assert root(result) in (root(x), root(y), result)


@given(values, st.lists(st.tuples(st.sampled_from(ARITHMETIC), constants), max_size=30))
def test_a_long_computation_keeps_the_identity_and_stays_shallow(term: Term, steps: list[tuple[str, Term]]) -> None:
    if root(term)[0] in ("c", "o"):
        return
    result = term
    for word, number in steps:
        result = op(word, result, number)
        assert root(result) == root(term)
    assert depth(result) <= max(1, depth(term))


@given(st.sampled_from(TRUTHS), values, values)
def test_a_truth_keeps_both_sides(word: str, x: Term, y: Term) -> None:
    result = op(word, x, y)
    assert result[0] == "c" or result == ("o", word, x, y)
    assert root(result) == result


@given(st.sampled_from(["+", "-", "|", "^", "<<", ">>"]), values)
def test_nothing_added_is_nothing_changed(word: str, term: Term) -> None:
    if term[0] != "c":
        assert op(word, term, ZERO) == term


def test_views_of_a_page_have_one_root() -> None:
    """Descriptor, frame number, address, entry: each is computed from the one before."""
    frame = op("-", TABLE, BASE)
    physical = op("<<", frame, ("c", 12))
    address = op("+", physical, ("c", 0xFFFF888000000000))
    entry = op("|", physical, ("c", 7))
    back = op("+", BASE, op(">>", op("&", entry, ("c", 0xFFFFFFFFFF000)), ("c", 12)))
    assert {root(view) for view in (frame, physical, address, entry, back)} == {TABLE}


def test_a_typed_pointer_outweighs_an_offset() -> None:
    assert root(op("+", ADDRESS, TABLE)) == TABLE
    assert root(op("+", TABLE, ADDRESS)) == TABLE
    assert root(op("+", ENTRY, ("g", "base"))) == ENTRY


def test_bits_that_were_set_are_kept() -> None:
    entry = op("|", op("|", TABLE, ("c", 0x07)), ("c", 0x80))
    assert entry == ("o", "|", TABLE, ("c", 0x87))
    assert op("&", entry, ("c", ~0xFFF)) == entry
    assert op("|", ("c", 0x80), TABLE) == ("o", "|", TABLE, ("c", 0x80))


# ---- places ------------------------------------------------------------------------------------------------


def test_members_and_pointers() -> None:
    page = ("p", 0, "struct page *")
    lru = field(page, "struct page.lru", "struct list_head")
    assert is_place(lru)
    assert place_type(lru) == "struct list_head"
    assert field(deref(page, "struct page"), "struct page.lru", "struct list_head") == lru
    assert up(lru, "struct page.lru") == page
    assert type_of(("v", lru)) == "struct list_head"
    assert not is_place(page)
    assert deref(("a", "x"), "int") == ("a", "x")
    assert place_type(("a", "x")) == place_type(("g", "x")) == ""


def test_the_object_around_an_unknown_pointer() -> None:
    head: Term = ("p", 0, "struct rcu_head *")
    around = up(head, "struct ptdesc.pt_rcu_head")
    assert around == ("up", head, "struct ptdesc.pt_rcu_head")
    assert type_of(around) == "struct ptdesc *"
    assert contains(around, head)


@given(atoms.filter(lambda term: not is_place(term)), st.sampled_from(["struct page.lru", "struct ptdesc.pt_list"]), types)
def test_up_undoes_field(base: Term, member: str, kind: str) -> None:
    assert up(field(base, member, kind), member) == base


@given(values)
def test_leaves_are_at_the_bottom_of_arithmetic(term: Term) -> None:
    found = leaves(term)
    assert all(leaf[0] != "o" for leaf in found)
    assert all(contains(term, leaf) for leaf in found)
    assert term[0] == "o" or found == [term]


@pytest.mark.parametrize("term", [("c", 1), TABLE, ("a", "x"), ("g", "x"), ENTRY, ("fn", "f")])
def test_a_term_contains_itself_and_no_stranger(term: Term) -> None:
    assert contains(term, term)
    assert not contains(term, ("p", 9, "stranger"))


def test_all_names_are_there() -> None:
    assert all(hasattr(terms, name) for name in terms.__all__)


def test_an_element_is_a_place_of_its_own_in_its_array() -> None:
    local, member, pointed = ("a", "tables"), field(TABLE, "struct pair.tables", "pmd_t *[2]"), ("p", 3, "struct page **")
    for base in (local, member, pointed):
        one, two = (terms.element(base, number, "struct page *") for number in (1, 2))
        assert one != two and is_place(one) and terms.is_element(one) and contains(one, base)
        assert place_type(one) == "struct page *"
        assert terms.element(one[1], one[-1], one[-2]) == one
    assert not terms.is_element(deref(pointed, "struct page *")) and not terms.is_element(member)
    assert terms.element(("g", "tables"), 1, "struct page *") == ("g", "tables")
