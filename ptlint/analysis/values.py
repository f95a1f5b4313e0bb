"""What the analysis of a function knows and says: states, events, cases, summaries."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.overlay.notes import Claim
from ptlint.analysis.terms import Term
from ptlint.frontend.ir import Place

__all__ = ["FLUSHED", "GRACE", "MISSED", "UNTOLD", "Case", "Event", "Hop", "Pass", "Runtimes", "State", "Strip", "Summary", "Unlink", "deferral_of"]

Runtimes = frozenset[str]
GRACE = frozenset(("rcu", "sync-rcu", "polled"))
"""The waits that are for a grace period: ``polled`` for one since a moment that a caller noted."""
UNTOLD = "flush-untold"
"""A flush that was not told that tables are freed: it leaves out CPUs that have the address space lazily, and that run nothing in it."""
MISSED = "flush-missed"
"""A flush of a range that no table can be in that was just unlinked: who asks for it takes it that there is something to flush."""
FLUSHED = frozenset(("flush", UNTOLD))
"""The flushes of all CPUs where software may walk."""


class Hop(NamedTuple):
    """One call on the way to where a table goes.

    ``deferral`` is what the call does to the table, as seen from ``function``; ``cell:NAME`` where that is up to who empties the container.
    ``role`` is ``leaf`` for a call into the border that frees, ``handover`` for one that defers. ``handles`` says whether the function knows
    that it has a table: by a type, or because what it takes is not typed as a page.
    """

    function: str
    place: Place
    text: str
    deferral: str
    role: str
    handles: bool


class Unlink(NamedTuple):
    """Where an entry was cleared: in which function, and whether a lock was held there. Who locks expects others.

    ``space`` is whose entry it was; ``own`` where only a local variable leads there. ``alone``: every lock was held for write under which others
    walk the tables of a process, so that only those are left who turn interrupts off instead.
    """

    function: str
    place: Place
    locked: bool
    space: str = ""
    alone: bool = False


class Event(NamedTuple):
    """Something that happens to a term, in order.

    ``kind``: ``free`` (given back), ``put`` (stored in the container ``extra``), ``set`` (the entry at place
    ``term`` gets the value ``value``), ``wait`` (of the kind ``extra``), ``make`` and ``strip`` (the constructor's
    state is given or taken), ``queue`` (the work item, or the like, at ``term`` by ``extra``), ``list`` (the node at ``term`` goes on
    the list at ``value``, which is the caller's), ``splice`` (so does all that is on the list at ``term``), ``use`` (the function ``value`` looks
    into what it gave away before, by ``extra``, and cannot tell whether it is a table), ``pend`` (somebody will look for the table later: a node in
    it is queued, or the record ``value``, that it was put into, is on a list that others see).
    ``after`` are the waits between the unlink, or the function's entry, and this event. ``chain`` are the calls that lead to it, outermost
    first. ``unlinked`` is where the entry that pointed to the table was cleared before, if this path did that;
    ``level`` is that of the table, once it is known to be one, ``space`` whose it is. ``stripped`` says of a free, or a put, that the
    constructor's state was taken before; ``extra`` of a free, that it was ``pooled`` from several cases, or lay on a list by its own node
    (``drained``), in a member for one table (``held``) or in another container (``emptied``).
    """

    kind: str
    term: Term
    after: frozenset[str] = frozenset()
    chain: tuple[Hop, ...] = ()
    extra: str = ""
    value: Term = ("c", 0)
    place: Place | None = None
    unlinked: Unlink | None = None
    level: str = ""
    space: str = ""
    stripped: bool = False

    @property
    def alone(self) -> bool:
        """Was it unlinked where nobody walks but who turns interrupts off?"""
        return self.unlinked is not None and self.unlinked.alone


class Case(NamedTuple):
    """One way through a function: when ``conditions`` hold on entry, in ``runtimes``, then ``events``, ``stores`` and the ``result``.

    Afterwards ``held`` locks more are held than before; sections of readers, by class, were begun and ended as ``reading`` says.
    """

    runtimes: Runtimes
    conditions: tuple[tuple[Term, bool], ...]
    events: tuple[Event, ...]
    stores: tuple[tuple[Term, Term], ...]
    result: Term
    held: int = 0
    claims: tuple[Claim, ...] = ()
    reading: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


class Summary(NamedTuple):
    """All that callers need to know of a function.

    ``side`` are frees of what lies in a container that the caller hands in, each with its runtimes: they depend on no case.
    ``seen`` are the parameters that the function takes for tables, with the level; ``walked`` those that lead to a table
    that it looks into, or whose descriptor it uses, each with its runtimes. ``locks``: it takes a spinlock.
    """

    cases: tuple[Case, ...]
    side: tuple[tuple[Event, Runtimes], ...] = ()
    seen: tuple[tuple[int, str], ...] = ()
    walked: tuple[tuple[int, Runtimes], ...] = ()
    locks: bool = False


class Pass(NamedTuple):
    """A call as the callee's parameters see it: what each gets, and what holds there.

    ``values`` are the caller's terms; ``("&", term)`` where a local variable's address is given that holds ``term``. ``fresh`` are the
    indexes of those that were allocated here and that nobody else has seen. ``apart`` is where the mapping was taken out of everybody's
    reach before, if it was; ``held`` says that a spinlock is held, ``reading`` in which readers' sections the call is.
    """

    caller: str
    place: Place
    callee: str
    values: tuple[Term, ...]
    fresh: frozenset[int]
    held: bool
    apart: Place | None
    reading: frozenset[str] = frozenset()


class Strip(NamedTuple):
    """Where the constructor's state of a table was taken: by which calls, and what had been waited for since the unlink, if that is known."""

    chain: tuple[Hop, ...]
    waits: frozenset[str] | None


class State:
    """What holds at one point of one path.

    Of the ``events`` those from ``fence`` on belong to this time around a loop. ``apart`` is where a mapping was taken out of everybody's
    reach, ``gone`` the frees of what was allocated here: no caller has to know of these. ``again`` are the frees, in an earlier time around a
    loop, of what is the same table every time; the body of the loops ``anew`` is run once more because of these, or because a flag is no longer
    what it was when the loop was ``entered``. ``passes``
    are the calls so far that were given an address space or a mapping. ``taken`` is what was taken off a list that others put things on, with
    the waits since.
    ``due`` are the nodes of callbacks of RCU that were queued since the last unlink or take, each with whether the callback completes something.
    """

    __slots__ = (
        "again",
        "anew",
        "apart",
        "claims",
        "done",
        "due",
        "ended",
        "entered",
        "events",
        "exclusive",
        "facts",
        "fence",
        "gone",
        "held",
        "memory",
        "passes",
        "published",
        "reading",
        "runtimes",
        "since",
        "stripped",
        "taken",
        "waits",
    )

    def __init__(self, runtimes: Runtimes) -> None:
        self.runtimes = runtimes
        self.memory: dict[Term, Term] = {}
        self.facts: dict[Term, bool] = {}
        self.waits: frozenset[str] = frozenset()
        self.since: dict[Term, tuple[Unlink, frozenset[str]]] = {}
        self.events: tuple[Event, ...] = ()
        self.claims: tuple[Claim, ...] = ()
        self.published: frozenset[Term] = frozenset()
        self.done: frozenset[int] = frozenset()
        self.held = 0
        self.exclusive: frozenset[str] = frozenset()
        self.reading: frozenset[str] = frozenset()
        self.ended: frozenset[str] = frozenset()
        self.fence = 0
        self.apart: Place | None = None
        self.passes: tuple[Pass, ...] = ()
        self.stripped: dict[Term, Strip] = {}
        self.gone: tuple[Event, ...] = ()
        self.again: tuple[Event, ...] = ()
        self.anew: frozenset[int] = frozenset()
        self.entered: dict[int, frozenset[tuple[Term, Term]]] = {}
        self.taken: dict[Term, frozenset[str]] = {}
        self.due: frozenset[tuple[Term, bool]] = frozenset()

    def copy(self) -> State:
        """A state of its own that starts equal."""
        other = State(self.runtimes)
        other.memory = dict(self.memory)
        other.facts = dict(self.facts)
        other.waits = self.waits
        other.since = dict(self.since)
        other.events = self.events
        other.claims = self.claims
        other.published = self.published
        other.done = self.done
        other.held = self.held
        other.exclusive = self.exclusive
        other.fence = self.fence
        other.reading = self.reading
        other.ended = self.ended
        other.apart = self.apart
        other.passes = self.passes
        other.stripped = self.stripped
        other.gone = self.gone
        other.again = self.again
        other.anew = self.anew
        other.entered = self.entered
        other.taken = self.taken
        other.due = self.due
        return other

    def take(self, content: Term) -> None:
        """Something comes off a list that others put things on: nobody has waited for it yet, nor queued anything since it was unlinked."""
        self.taken = {**self.taken, content: frozenset()}
        self.due = frozenset()

    def key(self) -> tuple[object, ...]:
        """Equal for states that go on alike."""
        return (*self.what(), frozenset(self.facts.items()))

    def what(self) -> tuple[object, ...]:
        """Equal for states that differ in nothing but what is known of values."""
        return (
            self.events,
            self.fence,
            self.runtimes,
            self.waits,
            self.due,
            self.done,
            self.held,
            self.exclusive,
            self.apart is None,
            self.reading,
            frozenset(self.stripped),
            self.gone,
            self.again,
            self.anew,
            self.claims,
            frozenset(self.memory.items()),
            frozenset(self.since.items()),
            frozenset(self.taken.items()),
        )


def deferral_of(after: frozenset[str]) -> str:
    """The word for how a free is deferred, from the waits before it; ``cell:NAME`` where it went through a container."""
    for wait in ("rcu", "sync-rcu", "polled", "workqueue"):
        if wait in after:
            return "sync-rcu" if wait == "polled" else wait
    through = sorted(word for word in after if word.startswith("cell:"))
    if through:
        return through[0]
    return "semi-rcu" if "ipi" in after else "immediate"
