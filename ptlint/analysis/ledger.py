"""What the analysis of one build finds, as it finds it."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.overlay.notes import Notes
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Event, Hop, Pass, Strip
from ptlint.frontend.ir import Place

__all__ = ["CallSeen", "Double", "Early", "Hit", "Ledger", "Suspect", "Use", "Walk"]

Runtimes = frozenset[str]
_WAYS = 12


class CallSeen(NamedTuple):
    """A call on a path: who calls what, how, in which runtimes, and whether an allocation had failed there."""

    function: str
    place: Place
    text: str
    macros: tuple[tuple[str, Place], ...]
    callee: str
    kind: str
    no_memory: bool


class Hit(NamedTuple):
    """A table goes through a hop: its level, and whether nobody else ever saw it, whether it comes from here, and whose address space it is.

    ``function`` is the one that knows this: there the table is ``term``, a spinlock is ``held`` or not, and its mapping was taken ``apart``.
    """

    hop: Hop
    level: str
    fresh: bool
    origin: bool
    space: str
    function: str
    term: Term
    held: bool
    apart: Place | None


class Suspect(NamedTuple):
    """A free to be judged: ``unlinked`` before with nothing waited for, or freed and only then ``cleared``."""

    kind: str
    function: str
    event: Event


class Use(NamedTuple):
    """A table is used after it was freed or queued (``event``)."""

    function: str
    place: Place
    text: str
    event: Event


class Double(NamedTuple):
    """A table is freed or queued twice on one path of ``function``."""

    function: str
    first: Event
    second: Event


class Early(NamedTuple):
    """The constructor's state of a table is taken before it is queued, or waited for: walkers may be there."""

    function: str
    strip: Strip
    event: Event


class Walk(NamedTuple):
    """An entry of a table of ``level`` is read that an entry of another table led to: who walks, where, and by what the table is held.

    ``table`` is that table; ``reading`` are the sections of readers, ``held`` says that a spinlock is held.
    """

    function: str
    place: Place
    level: str
    table: Term
    reading: frozenset[str]
    held: bool


class Ledger:
    """Collected while functions are summed up; everything is a set or counts, so order does not matter."""

    def __init__(self) -> None:
        self.calls: dict[CallSeen, Runtimes] = {}
        self.hits: dict[Hit, Runtimes] = {}
        self.knowing: set[tuple[Hop, str]] = set()
        self.drains: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]] = {}
        self.puts: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]] = {}
        self.gathers: set[str] = set()
        self.chains: set[tuple[Hop, ...]] = set()
        self.flushed: set[tuple[Hop, ...]] = set()
        self.suspects: dict[Suspect, Runtimes] = {}
        self.ways: dict[tuple[str, Event], Runtimes] = {}
        self.unresolved: dict[tuple[str, Place, str], Runtimes] = {}
        self.callbacks: dict[tuple[str, str], Runtimes] = {}
        self.overlay = Notes()
        self.uses: dict[Use, Runtimes] = {}
        self.passes: dict[str, dict[Pass, Runtimes]] = {}
        self.dying: dict[Pass, Place] = {}
        self.surviving: set[Pass] = set()
        self.kept: dict[str, set[tuple[str, Term, Term, bool]]] = {}
        self.published: dict[tuple[str, Term], set[Term]] = {}
        self.copied: dict[tuple[str, Term], set[Term]] = {}
        self.leaky: set[str] = set()
        self.walks: dict[Walk, Runtimes] = {}
        self.doubles: dict[Double, Runtimes] = {}
        self.early: dict[Early, Runtimes] = {}
        self.unstripped: dict[tuple[str, Event], Runtimes] = {}
        self.strips: set[tuple[str, Term]] = set()
        self.stripped_cells: set[str] = set()
        self.made: set[str] = set()
        self.recursive: set[str] = set()
        self.rcu_walkers: set[str] = set()
        self.joined = 0

    def call(self, seen: CallSeen, runtimes: Runtimes) -> None:
        """Note a call."""
        self.calls[seen] = self.calls.get(seen, frozenset()) | runtimes

    def hit(self, hit: Hit, runtimes: Runtimes) -> None:
        """Note that a table goes through a hop."""
        self.hits[hit] = self.hits.get(hit, frozenset()) | runtimes

    def container(
        self, table: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]], cell: str, chain: tuple[Hop, ...], level: str, runtimes: Runtimes
    ) -> None:
        """Note that something is put into, or taken out of and freed from, a container."""
        rows = table.setdefault(cell, {})
        rows[(chain, level)] = rows.get((chain, level), frozenset()) | runtimes

    def passing(self, one: Pass, runtimes: Runtimes) -> None:
        """Note what a call passes. Of one call a bounded number of ways is kept; beyond that it is known only that there are others."""
        rows = self.passes.setdefault(one.callee, {})
        if one not in rows and sum(row.caller == one.caller and row.place == one.place for row in rows) >= _WAYS:
            one = one._replace(values=tuple(("n", ("any",), "") for _ in one.values), fresh=frozenset())
        rows[one] = rows.get(one, frozenset()) | runtimes

    def keep(self, member: str, function: str, record: Term, value: Term, fresh: bool) -> None:
        """Note that ``member`` of ``record`` gets ``value``, as ``function`` calls them; ``fresh`` if nobody else has seen it."""
        self.kept.setdefault(member, set()).add((function, record, value, fresh))

    def publish(self, function: str, value: Term, place: Term) -> None:
        """Note that what was allocated in ``function`` is put into the entry at ``place``."""
        self.published.setdefault((function, value), set()).add(place)

    def copy(self, function: str, table: Term, value: Term) -> None:
        """Note that an entry of what was allocated in ``function`` gets a value that leads somewhere already."""
        self.copied.setdefault((function, table), set()).add(value)

    def way(self, kind: str, event: Event, runtimes: Runtimes) -> None:
        """Note a way of a table that waits for less than all walkers need."""
        self.ways[(kind, event)] = self.ways.get((kind, event), frozenset()) | runtimes

    def walk(self, walk: Walk, runtimes: Runtimes) -> None:
        """Note a step of a walker."""
        self.walks[walk] = self.walks.get(walk, frozenset()) | runtimes

    def double(self, double: Double, runtimes: Runtimes) -> None:
        """Note a second free."""
        self.doubles[double] = self.doubles.get(double, frozenset()) | runtimes

    def too_early(self, early: Early, runtimes: Runtimes) -> None:
        """Note a destructor before its time."""
        self.early[early] = self.early.get(early, frozenset()) | runtimes

    def left(self, function: str, event: Event, runtimes: Runtimes) -> None:
        """Note a free that leaves the constructor's state."""
        key = (function, event)
        self.unstripped[key] = self.unstripped.get(key, frozenset()) | runtimes

    def use(self, use: Use, runtimes: Runtimes) -> None:
        """Note a use after the end."""
        self.uses[use] = self.uses.get(use, frozenset()) | runtimes

    def suspect(self, suspect: Suspect, runtimes: Runtimes) -> None:
        """Note a free that is to be judged."""
        self.suspects[suspect] = self.suspects.get(suspect, frozenset()) | runtimes
