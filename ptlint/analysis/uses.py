"""A table that was given away is used: looked into, or its descriptor, or the lock in that."""

from __future__ import annotations

from ptlint.analysis import terms
from ptlint.analysis.evaluate import bare
from ptlint.analysis.ledger import Use
from ptlint.analysis.tables import Tables
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Event, Runtimes, State
from ptlint.frontend import ir

__all__ = ["Uses"]

_NOTHING: frozenset[str] = frozenset()


class Uses(Tables):
    """The part of a function's run that sees what is done with a table after it was freed, queued, or put into a batch."""

    def _gone_before(self, base: Term, state: State) -> list[Event]:
        """How the table was freed, or put into a batch, before on this path."""
        if self._linked(base) and base not in state.since:
            return []  # another table may be in that entry by now
        first = state.fence
        if base[0] == "v":
            # What was freed before the entry was last set is not what was in it then.
            sets = [index for index, event in enumerate(state.events) if event.kind == "set" and event.term == base[1]]
            first = max([first, *sets])
        earlier = state.again if first == state.fence else ()
        gone = [event for event in (*state.events[first:], *earlier) if event.term == base and (event.kind == "free" or self._in_batch(event))]
        return [event for event in gone if event.extra != "pooled" and event.chain]

    def _walked(self, base: Term, text: str, where: ir.Place, state: State, runtimes: Runtimes) -> None:
        """A table is looked into, or its descriptor used: who freed or queued it before is in no section of readers that the free waits for."""
        if base[0] == "p":
            self.reads_below[base[1]] = self.reads_below.get(base[1], _NOTHING) | runtimes
        for event in self._gone_before(base, state):
            if not self._over(event, state):
                continue
            if event.level:
                self.use(event, where, text, runtimes)
            elif base[0] == "p" and event.chain[0].place != where:
                # Who gives it knows whether it is a table.
                self.emit(Event("use", base, extra=text, value=("fn", self.function.key), place=where), state)

    def given_away(self, event: Event) -> bool:
        """Was a table freed, queued, or put into the gather, and not where it can be taken out again?"""
        return event.kind == "free" or (event.kind == "put" and self.of_gather(event.value))

    def _over(self, event: Event, state: State) -> bool:
        """Was what was freed or put somewhere given away for good, and not after a wait for the section that the path is in?"""
        return self.given_away(event) and not self.border.drops(event.chain[-1].text) and not ("rcu" in state.reading and "rcu" in event.after)

    def _used_below(self, event: Event, base: Term, where: ir.Place, state: State) -> None:
        """A callee, called at ``where``, uses what it gave away before (``event``), and could not see that it is a table."""
        for gone in self._gone_before(base, state):
            if event.place is not None and gone.level and gone.chain[0].place == where and self._over(gone, state):
                self.ledger.uses.add(Use(str(event.value[1]), event.place, event.extra, gone), state.runtimes)
        if base[0] == "p" and not self.level(base, state):
            self.emit(event._replace(term=base), state)

    def use(self, event: Event, where: ir.Place, text: str, runtimes: Runtimes) -> None:
        """A table is used that another call gave away before (``event``)."""
        if event.level and event.chain[0].place != where:
            self.ledger.uses.add(Use(self.function.key, where, text, event), runtimes)

    def touches(self, place: Term, where: ir.Place, state: State) -> None:
        """A member of a table's descriptor is read or written. Of the words that serve several ends the overlay tells."""
        if place[0] == "f" and place[2] not in self.words.shared:
            self._walked(terms.root(place[1]), str(place[2]).rsplit(".", 1)[-1], where, state, state.runtimes)

    def takes_lock(self, lock: Term, node: ir.Call, state: State) -> None:
        """A lock is taken: in the descriptor of a table that was freed or queued before it is none any more, but for readers that are waited for."""
        if "rcu" in state.reading or not (state.events or state.again):
            return
        for base in terms.down(lock):
            if base[0] in ("v", "p", "m") and bare(terms.type_of(base)) not in self.border.owners:
                for event in self._gone_before(base, state):
                    self.use(event, node.place, node.text, state.runtimes)

    def _in_batch(self, event: Event) -> bool:
        """Was a table put into a batch, which others may empty at any time? What is on a list by its own node can be taken off again."""
        kind = terms.place_type(event.value).split("[")[0].strip()
        return event.kind == "put" and kind in self.border.pages | {"void *"}
