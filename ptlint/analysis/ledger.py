"""What the analysis of one build finds, as it finds it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from ptlint.analysis.noted import Noted
from ptlint.analysis.overlay.notes import Notes
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Event, Hop, Pass, Strip
from ptlint.frontend.ir import Place

__all__ = ["CallSeen", "Double", "Early", "Hit", "Ledger", "Suspect", "Use", "Walk"]

T = TypeVar("T")
Through = tuple[tuple[Hop, ...], str]
"""The calls by which a table goes into a container, or out of it, and its level."""
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
    ``below`` are the functions on the way to the hop: if one of them knows it too, that one is nearer, and says it.
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
    below: tuple[str, ...] = ()


Told = tuple[tuple[Term, bool], ...]
"""What holds of parameters: terms, with whether each is true."""


class Suspect(NamedTuple):
    """A free to be judged: ``unlinked`` before with nothing waited for, freed while still ``linked``, or ``left`` linked for good.

    ``told``: what has to hold of flags that the caller of ``function`` gave, for it to go this way.
    """

    kind: str
    function: str
    event: Event
    told: Told = ()


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
    """Collected while functions are summed up; everything is a set or counts, so order does not matter.

    ``moved`` are containers with those that their contents are moved to. ``numbers`` are the functions that put a number that they are given,
    by its index, where others find it, and ``numbered`` those that are given a table by such a number. ``stripped_late`` are the tables whose
    destructor runs after they were given away, ``restripped`` the calls that run a destructor that ran before, or that have it run later.
    ``clearing`` are the calls of functions that unlink what they give away there, ``guessed`` those that may be made on a way only which flags tell
    that were forgotten. ``dropped`` counts, by what it was, all that the bounds left out: a defect that needs it is missed.
    """

    def __init__(self) -> None:
        self.calls: Noted[CallSeen] = Noted()
        self.hits: Noted[Hit] = Noted()
        self.drains: defaultdict[str, Noted[Through]] = defaultdict(Noted)
        self.puts: defaultdict[str, Noted[Through]] = defaultdict(Noted)
        self.moved: set[tuple[str, str]] = set()
        self.numbers: set[tuple[str, int, str]] = set()
        self.numbered: set[tuple[str, int]] = set()
        self.gathers: set[str] = set()
        self.chains: set[tuple[Hop, ...]] = set()
        self.flushed: set[tuple[Hop, ...]] = set()
        self.suspects: Noted[Suspect] = Noted()
        self.clearing: set[Place] = set()
        self.guessed: set[Place] = set()
        self.ways: Noted[tuple[str, Event]] = Noted()
        self.unresolved: Noted[tuple[str, Place, str]] = Noted()
        self.callbacks: Noted[tuple[str, str]] = Noted()
        self.overlay = Notes()
        self.uses: Noted[Use] = Noted()
        self.passes: dict[str, Noted[Pass]] = {}
        self._passed: Counter[tuple[str, str, Place]] = Counter()
        self.dying: dict[Pass, Place] = {}
        self.surviving: set[Pass] = set()
        self.kept: dict[str, set[tuple[str, Term, Term, bool]]] = {}
        self.published: dict[tuple[str, Term], set[Term]] = {}
        self.copied: dict[tuple[str, Term], set[Term]] = {}
        self.leaky: set[str] = set()
        self.served: set[str] = set()
        self.returned: set[str] = set()
        self.walks: Noted[Walk] = Noted()
        self.doubles: Noted[Double] = Noted()
        self.early: Noted[Early] = Noted()
        self.unstripped: Noted[tuple[str, Event]] = Noted()
        self.restripped: Noted[tuple[str, Event]] = Noted()
        self.strips: set[tuple[str, Term]] = set()
        self.stripped_late: set[tuple[str, Term]] = set()
        self.stripped_cells: set[str] = set()
        self.made: set[str] = set()
        self.makers: set[tuple[str, str]] = set()
        self.plain_makers: set[tuple[str, str]] = set()
        self.marked: set[str] = set()
        self.unannounced: Noted[tuple[str, str, Event]] = Noted()
        self.recursive: set[str] = set()
        self.rcu_walkers: set[str] = set()
        self.dropped: Counter[str] = Counter()

    def parts(self) -> dict[str, object]:
        """All that is in it, by name; what is empty is left out."""
        parts = {name: part for name, part in vars(self).items() if part}
        parts["overlay"] = {name: part for name, part in vars(self.overlay).items() if part}
        return parts

    @classmethod
    def of(cls, parts: dict[str, Any]) -> Ledger:
        """The ledger that has these parts."""
        made = cls()
        made.overlay.__dict__.update(parts.pop("overlay"))
        made.__dict__.update(parts)
        return made

    def merge(self, other: Ledger) -> None:
        """Add what another has."""
        for name, part in other.parts().items():
            _add(vars(self.overlay) if name == "overlay" else vars(self)[name], part)

    def nearest(self) -> Noted[Hit]:
        """The hits, each as the nearest function that knows it has it."""
        ways: dict[tuple[Hop, str], set[tuple[str, ...]]] = {}
        for hit in self.hits:
            ways.setdefault((hit.hop, hit.function), set()).add(hit.below)
        known: dict[tuple[Hop, str], bool] = {}

        def knows(hop: Hop, function: str) -> bool:
            at = (hop, function)
            if at not in known:
                known[at] = False
                known[at] = any(not any(knows(hop, inner) for inner in below) for below in ways.get(at, ()))
            return known[at]

        found: Noted[Hit] = Noted()
        for hit, runtimes in self.hits.items():
            if not any(knows(hit.hop, inner) for inner in hit.below):
                found.add(hit._replace(below=()), runtimes)
        return found

    def onward(self, cell: str) -> set[str]:
        """The containers that what is in one may be moved to, over any number of them, and itself."""
        found, todo = {cell}, [cell]
        while todo:
            source = todo.pop()
            new = {target for start, target in self.moved if start == source} - found
            found |= new
            todo += sorted(new)
        return found

    def by_number(self) -> set[str]:
        """The containers that tables come to as numbers, put there by a function that is given no more than that."""
        return {cell for function, index, cell in self.numbers if (function, index) in self.numbered}

    def first(self, things: Sequence[T], bound: int, what: str) -> tuple[T, ...]:
        """No more than ``bound`` of ``things``; what is left out is counted."""
        self.dropped[what] += max(0, len(things) - bound)
        return tuple(things[:bound])

    def passing(self, one: Pass, runtimes: frozenset[str]) -> None:
        """Note what a call passes. Of one call a bounded number of ways is kept; beyond that it is known only that there are others."""
        rows = self.passes.setdefault(one.callee, Noted())
        if one not in rows:
            call = (one.callee, one.caller, one.place)
            if self._passed[call] >= _WAYS:
                self.dropped["ways of one call"] += 1
                one = one._replace(values=tuple(("n", ("any",), "") for _ in one.values), fresh=frozenset())
            self._passed[call] += one not in rows
        rows.add(one, runtimes)

    def keep(self, member: str, function: str, record: Term, value: Term, fresh: bool) -> None:
        """Note that ``member`` of ``record`` gets ``value``, as ``function`` calls them; ``fresh`` if nobody else has seen it."""
        self.kept.setdefault(member, set()).add((function, record, value, fresh))

    def publish(self, function: str, value: Term, place: Term) -> None:
        """Note that what was allocated in ``function`` is put into the entry at ``place``."""
        self.published.setdefault((function, value), set()).add(place)

    def copy(self, function: str, table: Term, value: Term) -> None:
        """Note that an entry of what was allocated in ``function`` gets a value that leads somewhere already."""
        self.copied.setdefault((function, table), set()).add(value)


def _add(mine: Any, theirs: Any) -> None:
    """Add to a container what another of its kind has."""
    if isinstance(mine, Noted):
        for member, runtimes in theirs.items():
            mine.add(member, runtimes)
    elif isinstance(mine, set | Counter):
        mine.update(theirs)
    else:
        for key, value in theirs.items():
            if isinstance(value, dict | set) and key in mine:
                _add(mine[key], value)
            else:
                mine[key] = value
