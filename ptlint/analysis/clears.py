"""What was freed, or put away, and what becomes of the entry that points to it: cleared too late, or left."""

from __future__ import annotations

from ptlint.analysis import terms
from ptlint.analysis.ledger import Suspect
from ptlint.analysis.terms import Term
from ptlint.analysis.uses import Uses
from ptlint.analysis.values import Event, State, Unlink
from ptlint.frontend import ir

__all__ = ["Clears"]

_NOTHING: frozenset[str] = frozenset()
_SOMEWHERE = frozenset(("pooled", "drained", "emptied", "held"))
"""What is said of frees of what is one of several tables."""


class Clears(Uses):
    """The part of a function's run that compares the order of frees with that of the clears."""

    def put_before_clear(self, table: Term, unlink: Unlink, state: State) -> None:
        """A table was put into a container, and only then its entry cleared: whoever empties that later frees what was unlinked here.

        What was taken out again, and put into an entry, is in the container no more.
        """
        linked = [index for index, event in enumerate(state.events) if event.kind == "set" and terms.root(event.value) == table]
        first = max([state.fence, *linked])
        for index, event in enumerate(state.events[first:], first):
            if event.kind != "put" or event.term != table or not event.level or event.unlinked is not None or event.extra in self.ledger.gathers:
                continue
            put = event._replace(unlinked=unlink, after=_NOTHING)
            state.events = (*state.events[:index], put, *state.events[index + 1 :])
            self.ledger.ways.add(("put", put), state.runtimes)

    def freed_before_clear(self, event: Event, where: ir.Place, state: State) -> None:
        """A table is freed, or put into the gather, before the entry that points to it is cleared. What one callee does is said there."""
        if event.level and len(event.chain) > 1 and event.chain[0].place == where:
            # One callee frees and clears: it could not see that what it frees is what the entry points to, its caller can.
            event = event._replace(chain=event.chain[1:])
        plain = event.extra == "" or event.chain[0].deferral == "immediate"
        early = plain if event.kind == "free" else self.given_away(event)
        if event.level and event.unlinked is None and event.extra != "pooled" and early:
            self.ledger.suspects.add(Suspect("linked", self.function.key, event), state.runtimes)

    def left_linked(self, state: State) -> None:
        """Tables that were freed or put into the gather, and whose entries nobody cleared, here where their tree starts: nobody will."""
        for event in state.events:
            entry = self.given_away(event) and event.term[0] == "v" and event.term[1][0] == "d"
            if not entry or event.unlinked is not None or event.extra in _SOMEWHERE or not (event.level and event.chain):
                continue
            *between, top = list(terms.above(event.term))[1:] or [event.term]
            # Whether there is a level below the root is not known in all configurations: where it is folded, nothing is cleared.
            started = between and top[0] == "v" and self._owner(top[1]) in self.border.root_types
            if started and not any(other.kind == "set" and other.term == event.term[1] for other in state.events):
                self.ledger.suspects.add(Suspect("left", self.function.key, event), state.runtimes)

    def freed_below(self, table: Term, place: Term, where: ir.Place, state: State) -> None:
        """Tables that hang on one whose entry at ``place`` is cleared now: they could be reached until then, where their own was left as it is."""
        cleared = {event.term for event in state.events if event.kind == "set"}
        if place in cleared:
            return  # an earlier time around a loop
        for event in state.events:
            hangs = event.kind == "free" and event.chain and event.term != table and table in terms.above(event.term)
            if hangs and event.term[1] not in cleared:
                self.freed_before_clear(event, where, state)
