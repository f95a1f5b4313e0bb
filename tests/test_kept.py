"""Summaries that are kept: used where a run would find the same, at the places where the functions are now, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from cases import CASES, analysed, linked
from hypothesis import given
from hypothesis import strategies as st

from ptlint import resources
from ptlint.analysis import ledger, values
from ptlint.analysis.build import analyse
from ptlint.analysis.engine import Engine
from ptlint.analysis.kept import Codec, Kept, text_digest
from ptlint.analysis.overlay import notes
from ptlint.analysis.result import BuildResult
from ptlint.frontend import ir
from ptlint.program.border import load_border
from ptlint.program.link import Program

NAMES = ("immediate-helpers.c", "batch-negative.c", "double-helpers.c", "deferred-own-node.c", "goto-exit-clean.c", "dtor-early.c")


class Shelf:
    """Keeps summaries in memory. ``kept`` and ``found`` count what was put on it, and what was asked for and is there."""

    def __init__(self) -> None:
        self.rows: dict[bytes, list[tuple[bytes, bytes]]] = {}
        self.kept = self.found = 0

    def find(self, text: bytes) -> Iterable[tuple[bytes, bytes]]:
        rows = self.rows.get(text, [])
        self.found += bool(rows)
        return list(rows)

    def keep(self, text: bytes, asked: bytes, found: bytes) -> None:
        self.kept += 1
        self.rows.setdefault(text, []).append((asked, found))


def plain(result: BuildResult) -> bytes:
    return msgspec.json.encode(result)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_runs_nothing_and_says_the_same(name: str) -> None:
    shelf = Shelf()
    fresh = analysed(name)
    first = analysed(name, shelf)
    kept = shelf.kept
    assert kept > 3
    again = analysed(name, shelf)
    assert shelf.kept == kept
    assert plain(first) == plain(again) == plain(fresh)


@pytest.mark.parametrize("name", NAMES)
def test_functions_that_move_are_not_run_again(name: str) -> None:
    path = f"fixtures/cases/{name}"
    text = (CASES / name).read_bytes()
    at = next(re.finditer(rb"\n\n\w[\w *]+\(", text)).start()
    moved = {path: text[:at] + b"\n\n\n/* more */\n" + text[at:]}
    shelf = Shelf()
    before = analysed(name, shelf)
    kept = shelf.kept
    after = analysed(name, shelf, moved)
    assert shelf.kept == kept
    assert plain(after) == plain(analysed(name, unsaved=moved))
    assert plain(after) != plain(before)


def test_what_hangs_on_a_changed_function_is_run_again() -> None:
    name = "immediate-helpers.c"
    text = (CASES / name).read_bytes()
    changed = {f"fixtures/cases/{name}": text.replace(b"\tfree_page(where);", b"\t(void)where;")}
    assert changed[f"fixtures/cases/{name}"] != text
    shelf = Shelf()
    before = analysed(name, shelf)
    kept = shelf.kept
    after = analysed(name, shelf, changed)
    assert kept < shelf.kept < 2 * kept
    assert plain(after) == plain(analysed(name, unsaved=changed))
    assert len(after.findings) < len(before.findings)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x93\x01\x02\x03", b"\xc1"])
def test_what_cannot_be_read_is_found_anew(damage: bytes) -> None:
    shelf = Shelf()
    fresh = analysed(NAMES[0], shelf)
    for rows in shelf.rows.values():
        rows[:] = [(asked, damage) for asked, _ in rows] + [(damage, found) for _, found in rows]
    assert plain(analysed(NAMES[0], shelf)) == plain(fresh)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\xc1"])
def test_a_summary_that_cannot_be_read_is_found_anew(damage: bytes) -> None:
    shelf = Shelf()
    fresh = analysed(NAMES[0], shelf)
    for rows in shelf.rows.values():
        rows[:] = [(asked, msgspec.msgpack.encode(msgspec.structs.replace(decoded(found), summary=damage))) for asked, found in rows]
    assert plain(analysed(NAMES[0], shelf)) == plain(fresh)


def decoded(found: bytes) -> Kept:
    return msgspec.msgpack.decode(found, type=Kept)


def in_all(program: Program, runtimes: tuple[str, ...], shelf: Shelf | None) -> BuildResult:
    border = load_border(resources.rules())
    program = msgspec.structs.replace(program, runtimes=runtimes)
    return analyse(program, border, build="case", variants={name: name for name in runtimes}, incomplete=(), units=1, keeper=shelf)


def test_builds_share_what_does_not_differ_in_them() -> None:
    program = linked(NAMES[0])
    shelf = Shelf()
    in_all(program, ("nopv",), shelf)
    kept = shelf.kept
    many = in_all(program, ("kvm", "native"), shelf)
    assert shelf.kept == kept
    assert plain(many) == plain(in_all(program, ("kvm", "native"), None))


RECURSION = """
struct page; void __free_pages(struct page *page, unsigned int order);
static void even(struct page *page, int n);
static void odd(struct page *page, int n) { if (n) even(page, n - 1); else __free_pages(page, 0); }
static void even(struct page *page, int n) { if (n) odd(page, n - 1); }
void start(struct page *page) { even(page, 4); }
void other(struct page *page) { odd(page, 3); }
"""


def test_what_hangs_on_where_a_recursion_began_is_not_kept() -> None:
    program = linked(NAMES[0], {f"fixtures/cases/{NAMES[0]}": RECURSION.encode()})
    keys = {function.name: key for key, function in program.functions.items()}
    shelf = Shelf()
    engine = Engine(program, load_border(resources.rules()), keeper=shelf)
    engine.run(keys["start"])
    assert engine.ledger.recursive
    texts = {name: shelf.rows.get(text_digest(program.functions[key], engine.common)) for name, key in keys.items()}
    assert texts["start"]
    assert not texts["even"]
    assert not texts["odd"]


def test_text_is_the_same_wherever_it_stands() -> None:
    one = function(7)
    assert text_digest(one, b"") == text_digest(function(19), b"")
    assert text_digest(one, b"") != text_digest(one, b"other")
    assert text_digest(one, b"") != text_digest(function(7, inside=3), b"")
    assert text_digest(one, b"") != text_digest(function(7, outside=3), b"")


def function(line: int, inside: int = 1, outside: int = 2) -> ir.Function:
    place = ir.Place("mm/a.c", line, 1)
    call = ir.Call(ir.FunctionRef("f"), (), ir.Place("mm/a.c", line + inside, 9), "F", (("F", ir.Place("mm/a.h", outside, 9)),), "void")
    return ir.Function("g", "g", place, line + 4, (), "void", False, (ir.Block((call,), ir.Return(None, ir.Place("mm/a.c", line + 4, 1))),))


places = st.builds(ir.Place, st.sampled_from(["mm/a.c", "mm/b.c"]), st.integers(1, 40), st.integers(1, 9))
sets = st.frozensets(st.sampled_from(["kvm", "nopv", "rcu"]))
leaves = st.one_of(
    st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.text(max_size=3), places, st.frozensets(st.sampled_from(["kvm", "nopv", "rcu"]))
)
things = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=12)


def codec(first: int) -> Codec:
    moved = function(first)
    return Codec(Program(("kvm", "nopv"), {moved.key: moved}, {}, {}, {}, {}, {}, {}))


CODECS = (codec(5), codec(25))


@given(things)
def test_what_is_encoded_comes_back(thing: Any) -> None:
    one = CODECS[0]
    again = one.decode(one.encode((thing,)))[0]
    assert again == thing
    assert list(kinds(again)) == list(kinds(thing))
    assert one.encode((again,)) == one.encode((thing,))


def kinds(thing: Any) -> Iterator[type]:
    yield type(thing)
    if isinstance(thing, tuple):
        for part in thing:
            yield from kinds(part)


def test_every_kind_of_note_can_be_kept() -> None:
    modules = (values, ledger, notes)
    tuples = {
        one for module in modules for one in vars(module).values() if isinstance(one, type) and issubclass(one, tuple) and hasattr(one, "_fields")
    }
    assert len(tuples) > 20
    for kind in tuples:
        thing = kind(*range(len(kind._fields)))
        again = CODECS[0].decode(CODECS[0].encode(thing))
        assert type(again) is kind
        assert again == thing


def test_places_move_with_the_function_that_they_are_in() -> None:
    one, other = CODECS
    inside, outside = ir.Place("mm/a.c", 7, 3), ir.Place("mm/b.c", 7, 3)
    assert other.decode(one.encode((inside, outside))) == (ir.Place("mm/a.c", 27, 3), outside)
