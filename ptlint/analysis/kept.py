"""Summaries, with what their runs noted, as bytes that mean the same in another tree.

A function's text is known by a digest in which its places count from its first line: where it stands does not matter. What its run asked of
the program is kept with what it found (``asked.py``); where all that is answered alike, what was found is used again. Places in what is kept
count from the first line of the function that they are in, too, and all runtimes of a build together are just that: so builds share what does
not differ in them, and a patch that moves a function changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from ptlint.analysis import ledger, values
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.overlay import notes
from ptlint.analysis.values import Runtimes, Summary
from ptlint.frontend import ir
from ptlint.program.link import Program

__all__ = ["Codec", "Kept", "Keeper", "text_digest"]

_NAMED: tuple[type, ...] = (
    *(values.Case, values.Event, values.Hop, values.Pass, values.Strip, values.Summary, values.Unlink),
    *(ledger.CallSeen, ledger.Double, ledger.Early, ledger.Hit, ledger.Suspect, ledger.Use, ledger.Walk),
    *(notes.Access, notes.Born, notes.Claim, notes.Clash, notes.Flow, notes.GivenNode, notes.Passed, notes.Queued),
    *(notes.QueuedParam, notes.Recovered, notes.Step),
)
_TUPLE, _SET, _EVERYWHERE, _PLACE, _INSIDE, _MUTABLE, _MAPPING = range(len(_NAMED), len(_NAMED) + 7)
_TAGS: dict[type, int] = {kind: tag for tag, kind in enumerate(_NAMED)} | {tuple: _TUPLE}
_LEAF = -1
_BIG = -2
_MAPPINGS: tuple[type, ...] = (dict, Noted, Counter, defaultdict)


class Keeper(Protocol):
    """Where summaries are kept, of this run and of others."""

    def find(self, text: bytes) -> Iterable[tuple[bytes, bytes]]:
        """What is kept of a function with this digest: (what it asked, what was found), both encoded."""

    def keep(self, text: bytes, asked: bytes, found: bytes) -> None:
        """Keep what was found."""


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What was found of a function: the encoded summary, and the encoded notes of its run."""

    summary: bytes
    notes: bytes


def text_digest(function: ir.Function, common: bytes) -> bytes:
    """Equal for functions that read alike, wherever in their file they stand. ``common`` is all else that every run depends on."""
    first, last = function.place.line, function.end_line

    def moved(found: re.Match[bytes]) -> bytes:
        line = int(found[1])
        return b"@%d" % (line - first) if first <= line <= last else found[0]

    place = re.escape(b"[" + msgspec.json.encode(function.place.file)) + rb",(\d+)(?=,)"
    text = re.sub(place, moved, msgspec.json.encode(msgspec.structs.replace(function, end_line=last - first)))
    return hashlib.blake2b(text, key=common, digest_size=16).digest()


class Codec:
    """Of one program. An object is written once, however often it is there; the rows are in the order of a walk, so equal things give equal bytes."""

    def __init__(self, program: Program) -> None:
        self._everywhere = frozenset(program.runtimes)
        self._first = {key: function.place for key, function in program.functions.items()}
        self._program = program
        self._inside: dict[ir.Place, tuple[str, int] | None] = {}

    def _owner(self, place: ir.Place) -> tuple[str, int] | None:
        """The function that a place is in, and the line in it."""
        if place not in self._inside:
            key = self._program.around(place)
            found = (key, place.line - self._first[key].line) if key else None
            self._inside[place] = found
        return self._inside[place]

    def encode(self, thing: object) -> bytes:
        """A tree of tuples, sets, mappings, strings, numbers and places as bytes."""
        writer = _Writer(self._everywhere, self._owner)
        writer.put(thing)
        return msgspec.msgpack.encode(writer.rows)

    def decode(self, data: bytes) -> Any:
        """What was encoded, at the places where this program's functions are now.

        Raises:
            LookupError, TypeError, msgspec.MsgspecError: this program has no such function, or the bytes are not what they should be.
        """
        made: list[Any] = []
        named, get, new = len(_NAMED), made.__getitem__, tuple.__new__
        for tag, *parts in msgspec.msgpack.decode(data, type=list[list[Any]]):
            if tag == _LEAF:
                made.append(parts[0])
            elif tag == _TUPLE:
                made.append(tuple(map(get, parts)))
            elif 0 <= tag < named:
                made.append(new(_NAMED[tag], map(get, parts)))
            elif tag == _INSIDE:
                first = self._first[parts[0]]
                made.append(ir.Place(first.file, first.line + parts[1], parts[2]))
            elif tag == _SET:
                made.append(frozenset(map(get, parts)))
            elif tag == _EVERYWHERE:
                made.append(self._everywhere)
            elif tag == _PLACE:
                made.append(ir.Place(*parts))
            elif tag == _MUTABLE:
                made.append(set(map(get, parts)))
            elif tag == _BIG:
                made.append(int(parts[0]))
            else:
                items = zip(map(get, parts[1::2]), map(get, parts[2::2]), strict=True)
                made.append(_mapping(_MAPPINGS[parts[0]], items))
        return made[-1]

    def summary(self, data: bytes) -> Summary:
        """The summary that was encoded, to be used here.

        Raises:
            LookupError, TypeError, msgspec.MsgspecError: see ``decode``.
        """
        summary = self.decode(data)
        if not isinstance(summary, Summary):
            raise TypeError("no summary")
        return summary

    def notes(self, data: bytes) -> Ledger:
        """The notes that were encoded, to be used here.

        Raises:
            LookupError, TypeError, msgspec.MsgspecError: see ``decode``.
        """
        return Ledger.of(self.decode(data))

    def kept(self, summary: Summary, noted: Ledger) -> Kept:
        """What was found, to be kept."""
        return Kept(self.encode(summary), self.encode(noted.parts()))


class _Writer:
    """Writes one thing, each part of it once."""

    __slots__ = ("_everywhere", "_numbers", "_owner", "_seen", "rows")

    def __init__(self, everywhere: Runtimes, owner: Callable[[ir.Place], tuple[str, int] | None]) -> None:
        self._everywhere, self._owner = everywhere, owner
        self.rows: list[tuple[Any, ...]] = []
        self._numbers: dict[object, int] = {}
        self._seen: dict[int, int] = {}

    def _row(self, parts: tuple[Any, ...], key: object = None) -> int:
        key = parts if key is None else key
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.rows)
            self.rows.append(parts)
        return number

    def put(self, one: Any) -> int:
        """Write a part, after those that it is made of. Returns its row's number."""
        kind = type(one)
        if kind is str or kind is bool or one is None:
            return self._row((_LEAF, one), (kind, one))  # 1, True and 1.0 are one key
        if kind is int:
            return self._row((_LEAF, one) if -(1 << 63) <= one < 1 << 63 else (_BIG, str(one)), (kind, one))
        number = self._seen.get(id(one))
        if number is None:
            number = self._seen[id(one)] = self._row(self._parts(kind, one))
        return number

    def _parts(self, kind: type, one: Any) -> tuple[Any, ...]:
        put = self.put
        tag = _TAGS.get(kind)
        if tag is not None:
            return (tag, *map(put, one))
        if kind is frozenset:
            return (_EVERYWHERE,) if one == self._everywhere else (_SET, *map(put, sorted(one)))
        if kind is ir.Place:
            owner = self._owner(one)
            return (_PLACE, one.file, one.line, one.column) if owner is None else (_INSIDE, *owner, one.column)
        if kind is set:
            return (_MUTABLE, *map(put, one))
        return (_MAPPING, _MAPPINGS.index(kind), *(put(part) for item in one.items() for part in item))


def _mapping(kind: type, items: Iterable[tuple[Any, Any]]) -> Any:
    return defaultdict(Noted, items) if kind is defaultdict else kind(dict(items))
