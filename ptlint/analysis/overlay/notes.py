"""What is noted of the overlaid words while functions are summed up: plain tuples, and a store for them."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.noted import Noted
from ptlint.analysis.terms import Term
from ptlint.frontend.ir import Place

__all__ = ["Access", "Born", "Claim", "Clash", "Flow", "Notes", "Passed", "Queued", "Recovered", "Source", "Step"]

Runtimes = frozenset[str]
Source = tuple[str, ...]
"""Where an object's level comes from: ``("level", L)``, ``("param", FUNCTION, INDEX)``, ``("cell", NAME)`` or ``("none",)``."""


class Step(NamedTuple):
    """A place on a way, with what stands there."""

    function: str
    place: Place
    text: str


class Claim(NamedTuple):
    """Something that happens to a member of the object ``term``, on a path, in order.

    ``kind``: ``open`` (its words are in use from here on), ``close`` (they are free again), ``head`` (an rcu_head is queued), ``empty`` (the member
    is asserted to be zero), ``touch`` (read or written), ``reset`` (the list ``cell`` is emptied), ``round`` (a loop goes around).
    ``at`` is where that stands, ``chain`` the calls that lead there, outermost first. ``cell`` is the container that it goes into, or was found in.
    ``head`` is where that begins.
    ``guards`` are, of a head, the members that were asserted to be empty before, with the place.
    """

    kind: str
    term: Term
    member: str
    at: Step
    chain: tuple[Step, ...] = ()
    cell: str = ""
    guards: tuple[tuple[str, Place], ...] = ()
    access: str = ""
    head: Term = ("c", 0)


class Access(NamedTuple):
    """A use of a member: ``opens``, ``closes``, ``writes`` or ``reads``, what tells the level of the table, and whether it is one for sure."""

    at: Step
    member: str
    access: str
    source: Source
    known: bool
    cell: str = ""


class Passed(NamedTuple):
    """A value goes into a parameter."""

    callee: str
    position: int
    source: Source
    at: Step


class Flow(NamedTuple):
    """A table that reaches a head (``kind`` ``head``) or a container (``open``): where it came from, as far as one function can tell.

    ``origin``: ``entry`` (read from an entry), ``unlinked`` (and that was cleared on the way), ``fresh``, ``member`` (kept in a member), ``list``,
    ``param``, ``unknown``. ``from_`` is where that is known, ``space`` whose table it is.
    """

    kind: str
    at: Step
    member: str
    level: str
    origin: str
    from_: Step
    chain: tuple[Step, ...]
    guards: tuple[tuple[str, Place], ...]
    cell: str = ""
    space: str = ""


class Clash(NamedTuple):
    """Two uses of the same words at once, or a use after the words were given away. ``first`` and ``second`` in order.

    ``kind``: ``listed`` (found on a list, and still there), ``open`` (put on a list, or deposit made, and still there), ``walked`` (the list is
    walked on through the overwritten words), ``after`` (used after it was queued).
    """

    kind: str
    function: str
    at: Step
    first: Claim
    second: Claim
    level: str
    space: str


class Born(NamedTuple):
    """Every table of a level is on a list by ``member`` from its making on (``at``)."""

    member: str
    level: str
    at: Step


class Queued(NamedTuple):
    """A node in an object is queued with a callback: which member of which record (outermost first), at which place."""

    at: Step
    callback: str
    path: tuple[str, ...]


class QueuedParam(NamedTuple):
    """A parameter of ``function`` is queued with a callback: which node that is, the callers know."""

    at: Step
    callback: str
    function: str
    position: int


class GivenNode(NamedTuple):
    """A node in an object is given to ``callee``: which member of which record (outermost first), at which place."""

    at: Step
    callee: str
    position: int
    path: tuple[str, ...]


class Recovered(NamedTuple):
    """A function makes an object out of its parameter ``position``: the record, and the member that it takes the pointer for (empty: a cast)."""

    function: str
    position: int
    record: str
    member: str
    place: Place


class Notes:
    """Collected in any order: sets, and the runtimes of each note."""

    def __init__(self) -> None:
        self.accesses: Noted[Access] = Noted()
        self.passed: Noted[Passed] = Noted()
        self.flows: Noted[Flow] = Noted()
        self.clashes: Noted[Clash] = Noted()
        self.queued: Noted[Queued] = Noted()
        self.params: Noted[QueuedParam] = Noted()
        self.nodes: set[GivenNode] = set()
        self.recovered: set[Recovered] = set()
        self.born: Noted[Born] = Noted()
        self.drained: dict[str, set[Step]] = {}
        self.puts: set[tuple[str, Source]] = set()
