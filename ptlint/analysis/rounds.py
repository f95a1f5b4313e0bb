"""Rounds of loops: a body is run once, and once more where the second time around tells something that the first one did not."""

from __future__ import annotations

from ptlint.analysis import terms
from ptlint.analysis.calls import Calls
from ptlint.analysis.evaluate import bare
from ptlint.analysis.overlay.notes import Claim, Step
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Event, State

__all__ = ["Rounds"]


class Rounds(Calls):
    """The part of a function's run that goes from block to block."""

    def only_exit(self, index: int, targets: tuple[int, ...], state: State) -> set[int] | None:
        """Where a loop was gone around once, and is not to be anew: the targets that leave it, if there are such."""
        for head in state.done - state.anew:
            body = self.flow.loops[head]
            if index in body:
                leaving = {target for target in targets if target not in body}
                if leaving and len(leaving) < len(targets):
                    return leaving
        return None

    def go(self, index: int, edges: list[tuple[int, State]] | tuple[tuple[int, State], ...]) -> list[tuple[int, State]]:
        """The edges out of a block that are gone, each with the state at its end."""
        kept = []
        for target, state in edges:
            if (index, target) in self.flow.back:
                if target in state.done:
                    continue
                self._around(target, state)
            else:
                if state.done:
                    state.done = frozenset(head for head in state.done if target in self.flow.loops[head])
                    state.anew &= state.done
                if target in self.flow.loops and self.flow.flags[target]:
                    state.entered = {**state.entered, target: self._flags(target, state)}
            kept.append((target, state))
        return kept

    def _around(self, head: int, state: State) -> None:
        """A loop has gone around once. Its body is run anew where a flag has turned, or where what it freed is the same table every time."""
        state.done |= {head}
        turned = self._flags(head, state) - state.entered.get(head, frozenset())
        for place, value in list(state.memory.items()):
            # In another round it may have got something else.
            known = self.flow.given[head].get(place[1], {value[1]}) == {value[1]} or (place, value) in turned
            if place[0] == "a" and value[0] == "c" and not known:
                state.memory[place] = ("n", ("loop", head, place[1]), "")
        state.again = self._of_every_round(head, state)
        state.anew |= {head} if turned or state.again else frozenset()
        self._next_round(head, state)

    def _flags(self, head: int, state: State) -> frozenset[tuple[Term, Term]]:
        """The numbers in those variables that a loop sets to plain numbers only, and reads."""
        flags = self.flow.flags[head] & self.flow.live[head]
        return frozenset((("a", name), value) for name in flags if (value := state.memory.get(("a", name), ("",)))[0] == "c")

    def _next_round(self, head: int, state: State) -> None:
        """The next time around it is the next entry: what was seen of this one no longer holds, but for tables that are still held."""
        turned = {terms.root(state.memory[("a", name)]) for name in self.flow.given.get(head, ()) if ("a", name) in state.memory}
        self.forget(head, state)
        aside = {place: value for place, value in state.memory.items() if self._put_aside(place, value, state)}
        state.gone = ()
        if state.claims and state.claims[-1].kind != "round":
            state.claims = (*state.claims, Claim("round", terms.ZERO, "", Step("", self.function.place, "")))
        state.memory = {
            place: value
            for place, value in state.memory.items()
            if terms.place_type(place) not in self.border.entries or (value == terms.ZERO and turned.isdisjoint(terms.parts(place))) or place in aside
        }
        held = {terms.root(value) for place, value in state.memory.items() if self.is_local(place) or place in aside}
        # A table that was freed is done with: its destructor says nothing of the next one.
        gone = {event.term for event in state.events if event.kind in ("free", "put")} - held
        state.stripped = {base: strip for base, strip in state.stripped.items() if base not in gone}
        events = [event for event in state.events if event.kind != "strip" or event.term not in gone]
        state.events = tuple(self._of_last_round(event, head, held) for event in events)
        state.fence = len(state.events)
        state.since = {base: unlink for base, unlink in state.since.items() if base in held}
        state.facts = {term: truth for term, truth in state.facts.items() if term[1] in held or not self._of_this_round(term)}

    def _put_aside(self, place: Term, value: Term, state: State) -> bool:
        """Was an entry that is cleared by now copied into a page that nobody else has seen? There all of them lie when the loop is done."""
        if terms.place_type(place) not in self.border.entries or terms.root(value) not in state.since:
            return False
        return self.fresh(terms.bottom(place), state)

    def _of_every_round(self, head: int, state: State) -> tuple[Event, ...]:
        """The frees so far of tables that variables lead to which the loop does not set: the next time around these are the same tables."""
        set_here = self.flow.given[head].keys() | self.arrays
        events = [event for event in (*state.events[state.fence :], *state.gone, *state.again) if event.kind in ("free", "put") and event.level]
        steady = {terms.root(value) for place, value in state.memory.items() if place[0] == "a" and place[1] not in set_here} if events else set()
        return tuple(dict.fromkeys(event for event in events if event.term in steady and event.chain))

    def _of_last_round(self, event: Event, head: int, held: set[Term]) -> Event:
        """What was taken out of a member and put into an entry: the next thing that lies there has the same name, and is another."""
        base = terms.root(event.value)
        if event.kind != "set" or base[0] != "v" or base[1][0] != "f" or base in held or bare(base[1][3]) not in self.border.tables:
            return event
        return event._replace(value=("n", ("round", head), bare(base[1][3])))

    def _of_this_round(self, fact: Term) -> bool:
        return fact[0] in ("bare", "kernel") or self._of_entry(fact[1] if fact[0] == "leaf" else fact)

    def _of_entry(self, term: Term) -> bool:
        return any(leaf[0] == "v" and terms.place_type(leaf[1]) in self.border.entries for leaf in terms.leaves(term))

    def forget(self, index: int, state: State) -> None:
        """What local variables hold that nothing reads from this block on is of no use any more: members too, unless what stays leads to them."""
        live = self.flow.live[index]
        kept, parts = {}, {}
        for place, value in state.memory.items():
            name = _variable(place)
            if name is None or name in live:
                kept[place] = value
            elif place[0] == "f":
                parts[place] = value
        for place, value in parts.items():
            variable = ("a", _variable(place))
            if any(terms.contains(other, variable) for other in kept.values()):
                kept[place] = value
        state.memory = kept


def _variable(place: Term) -> str | None:
    """The local variable that a place is, or is a member of."""
    base = terms.record(place)
    return str(base[1]) if base[0] == "a" else None
