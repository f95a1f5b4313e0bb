"""Terms: what a value or a place is, told by how the function got at it.

A term is a tuple whose first element is its kind:

``("c", number)``            a constant
``("p", i, T)``              the value that parameter i, of type T, has on entry
``("a", variable)``          the place of a local variable
``("g", variable)``          the place of a global variable
``("f", base, member, T)``   the place of ``member`` ("struct page.lru", of type T) in what ``base`` points to, or in the place ``base``
``("d", base, T)``           the place, of type T, that the value ``base`` points to
``(..., k)``                 the same for element k, which is not the first, of an array in that place
``("v", place)``             the value that lies in a place on entry
``("n", key, T)``            a value of type T that nothing is known of; ``("m", key, T)`` one that an allocator returned
``("fn", key)``              a function
``("up", pointer, member)``  the object whose ``member`` lies at ``pointer``
``("o", op, x, y)``          arithmetic; ``("o", "!", x, x)`` and the comparisons are truths

A page is one object under many views: descriptor, address, frame number, entry. All are linear in each other, so arithmetic keeps the
identity (``root``) of the operand that carries one.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from ptlint.frontend.ir import Place

__all__ = [
    "Term",
    "ZERO",
    "anchor",
    "bottom",
    "contains",
    "deref",
    "down",
    "element",
    "field",
    "is_element",
    "is_place",
    "leaves",
    "names_global",
    "op",
    "order",
    "parts",
    "place_type",
    "root",
    "type_of",
    "up",
]

Term = tuple[Any, ...]

ZERO: Term = ("c", 0)
_PLACES = frozenset("agfd")
_TRUTHS = frozenset(("==", "!=", "<", ">", "<=", ">=", "!", "&&", "||"))


def is_place(term: Term) -> bool:
    """Is it the place of a variable, of a member, or of what a pointer points to?"""
    return term[0] in _PLACES


def field(base: Term, member: str, type_: str) -> Term:
    """The place of a member, in what the value ``base`` points to, or in the place ``base``."""
    if base[0] == "d":
        base = base[1]
    return ("f", base, member, type_)


def deref(base: Term, type_: str) -> Term:
    """The place that ``base`` points to."""
    return base if base[0] in _PLACES else ("d", base, type_)


def element(base: Term, index: int, type_: str) -> Term:
    """The place of an element of the array at ``base``, or that ``base`` points to; the first one is told by no number."""
    if base[0] not in _PLACES:
        return ("d", base, type_, index)
    return ("f", base, base[2] if base[0] == "f" else "", type_, index) if base[0] in "af" else base


def is_element(place: Term) -> bool:
    """Is it the place of an element of an array, but the first?"""
    return bool(place[0] in "fd" and isinstance(place[-1], int))


def up(pointer: Term, member: str) -> Term:
    """The object around the member at ``pointer``. Whether it is the member that was put there is not asked here."""
    if pointer[0] == "f":
        around: Term = pointer[1] if pointer[1][0] != "d" else pointer[1][1]
        return around
    return ("up", pointer, member)


def op(operator: str, x: Term, y: Term) -> Term:
    """Arithmetic on terms, folded where both are numbers.

    Terms stay shallow: of what an operand was computed from only the identity is kept, and the bits that were set with ``|``.
    """
    if x[0] == "c" and y[0] == "c":
        folded = _fold(operator, x[1], y[1])
        if folded is not None:
            return ("c", folded)
    if x[0] == y[0] == "fn" and operator in ("==", "!="):
        return ("c", int((x == y) == (operator == "==")))
    if operator in _TRUTHS:
        return ("o", operator, x, y)
    if y == ZERO and operator in ("+", "-", "|", "^", "<<", ">>"):
        return x
    if y[0] == "c" and x[0] == "o" and x[1] == "|" and x[3][0] == "c":
        return ("o", "|", x[2], ("c", x[3][1] | y[1])) if operator == "|" else x
    if x[0] == "c" and y[0] == "o" and y[1] == "|" and y[3][0] == "c":
        return y
    if x[0] == "c" and operator in ("|", "&", "+"):
        x, y = y, x
    return ("o", operator, root(x), root(y))


def negated(x: Term) -> Term:
    """``!x``, folded where that is a number."""
    return ("c", int(not x[1])) if x[0] == "c" else ("o", "!", x, x)


def _fold(operator: str, x: int, y: int) -> int | None:
    match operator:
        case "+":
            return x + y
        case "-":
            return x - y
        case "*":
            return x * y
        case "&":
            return x & y
        case "|":
            return x | y
        case "^":
            return x ^ y
        case "<<":
            return x << y if 0 <= y < 64 else None
        case ">>":
            return x >> y if 0 <= y < 64 else None
        case "==":
            return int(x == y)
        case "!=":
            return int(x != y)
        case "<":
            return int(x < y)
        case ">":
            return int(x > y)
        case "<=":
            return int(x <= y)
        case ">=":
            return int(x >= y)
    return None


def _rank(term: Term) -> int:
    """How much of an identity a term carries: a number none, a global or a fixed address little, what lies where that leads not much."""
    kind = term[0]
    if kind == "c" or (kind == "o" and term[1] in _TRUTHS):
        return 0
    if kind == "o":
        # The distance between two places in one thing is a number.
        return 0 if term[1] == "-" and term[2] == term[3] else max(_rank(term[2]), _rank(term[3]))
    typed = type_of(term).endswith(("*", "]", "d_t", "e_t"))
    if bottom(term)[0] in ("g", "fn", "c"):
        return 1 if term[0] != "v" or term[1][0] not in ("f", "d") else 4 if typed else 2
    return 5 if typed else 3


def root(term: Term) -> Term:
    """The operand that carries the identity, arithmetic taken away."""
    return _root(term) if term[0] == "o" else term


@functools.lru_cache(maxsize=1 << 16)
def _root(term: Term) -> Term:
    while term[0] == "o":
        if term[1] in _TRUTHS or (term[1] == "-" and term[2] == term[3]):
            return term
        term = term[2] if _rank(term[2]) >= _rank(term[3]) else term[3]
    return term


def place_type(place: Term) -> str:
    """The type of what lies in a place; empty where it is a variable's."""
    if place[0] == "f":
        return str(place[3])
    return str(place[2]) if place[0] == "d" else ""


def type_of(term: Term) -> str:
    """The type of a value as far as the term knows it (empty for numbers and places)."""
    kind = term[0]
    if kind == "v":
        return place_type(term[1])
    if kind in ("n", "m", "p"):
        return str(term[2])
    if kind == "up":
        return str(term[2]).rsplit(".", 1)[0] + " *"
    return ""


def bottom(term: Term) -> Term:
    """What the term hangs on in the end, places and loads taken away: a parameter, a variable, what a call gave."""
    while term[0] in ("v", "f", "d", "up"):
        term = term[1]
    return term


def above(table: Term) -> Iterator[Term]:
    """The table, and those that lead to it by their entries, one by one, up to one that is not known by an entry."""
    yield table
    while table[0] == "v" and table[1][0] == "d":
        table = root(table[1][1])
        yield table


def down(term: Term) -> Iterator[Term]:
    """The term, and what it hangs on, one by one, down to what ``anchor`` gives."""
    yield term
    while term[0] in ("v", "f", "d", "up", "o"):
        inner = term[1] if term[0] != "o" else root(term)
        if inner == term:
            return
        term = inner
        yield term


def record(place: Term) -> Term:
    """The object that a member lies in, at any depth; a place that is no member is its own."""
    while place[0] == "f":
        place = place[1]
    return place


def holds_copy(place: Term) -> bool:
    """Is an entry that lies there a copy? In a variable of the function's own, and in a record, it links nothing."""
    return place[0] in ("a", "f")


def anchor(term: Term) -> Term:
    """As ``bottom``, through arithmetic too."""
    *_, last = down(term)
    return last


def parts(term: Term) -> Iterator[Term]:
    """The term, and all that it hangs on."""
    stack = [term]
    while stack:
        top = stack.pop()
        yield top
        if top[0] in ("f", "d", "v", "up"):
            stack.append(top[1])
        elif top[0] == "o":
            stack += (top[2], top[3])


def names_global(term: Term) -> bool:
    """Does any part of it hang on a global variable?"""
    return any(part[0] == "g" for part in parts(term))


def leaves(term: Term) -> list[Term]:
    """The terms at the bottom of arithmetic."""
    if term[0] == "o":
        return leaves(term[2]) + leaves(term[3])
    return [term]


def contains(term: Term, part: Term) -> bool:
    """Does ``term`` hang on ``part``?"""
    return part in parts(term)


def order(thing: Any) -> str:
    """A key to sort by, of terms and of what is made of them, that leaves out the lines: where a function stands changes no order."""
    if isinstance(thing, tuple):
        return f"({','.join(map(order, thing))})"
    if isinstance(thing, frozenset):
        return f"{{{','.join(sorted(map(order, thing)))}}}"
    return f"{thing.file}::{thing.column}" if isinstance(thing, Place) else repr(thing)
