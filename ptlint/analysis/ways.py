"""Ways through a function: joined where they are alike, and kept few.

A way that knows less than another one, and is alike otherwise, does all that the other one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ptlint.analysis import terms
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Case, Event, Runtimes, State, deferral_of

__all__ = ["by_runtimes", "distinct", "ends", "few", "guessed", "known_before", "leaves_first", "met", "no_tables", "same_value", "with_linked"]

_Conditions = frozenset[tuple[Term, bool]]
_Way = TypeVar("_Way", State, Case)
_FORGOTTEN = "forgotten"
_HASTE = ("immediate", "semi-rcu", "workqueue")


# ---- states --------------------------------------------------------------------------------------------------


def met(states: list[State]) -> list[State]:
    """What ways have in common that meet before a block, and differ in nothing but what they know: what all of them know together."""
    if len(states) == 1:
        return states
    alike: dict[tuple[object, ...], list[State]] = {}
    for state in states:
        alike.setdefault(state.what(), []).append(state)
    found = []
    for group in alike.values():
        for facts in _weakest([frozenset(state.facts.items()) for state in group]) if len(group) > 1 else [group[0].facts.items()]:
            one = group[0].copy()
            one.facts = dict(facts)
            found.append(one)
    return found


def few(states: list[State], bound: int, returned: frozenset[str] = frozenset(), *, numbers: bool = False) -> tuple[list[State], int]:
    """No more states than ``bound``, and how many were left out.

    What told them apart is forgotten first: conditions, with ``numbers`` those in local variables too, last those in what is ``returned``.
    """
    if len(states) <= bound:
        return states, 0
    states = _joined(states)
    while numbers and len(states) > bound and (variable := _telling_apart(states, returned)) is not None:
        for state in states:
            if state.memory.get(variable, ("",))[0] == "c":
                state.memory[variable] = ("n", (_FORGOTTEN, variable[1]), "")
        states = _joined(states)
    kept = states if len(states) <= bound else _spread(states, bound)
    return kept, len(states) - len(kept)


def guessed(state: State) -> bool:
    """Did it go a way for a number that was forgotten?"""
    return any(leaf[0] == "n" and leaf[1][0] == _FORGOTTEN for fact in state.facts for leaf in terms.leaves(fact))


def known_before(facts: dict[Term, bool], others: Iterable[dict[Term, bool]]) -> bool:
    """Did a state that is alike otherwise go the same way, knowing no more than this?"""
    items = facts.items()
    return any(other.items() <= items for other in others)


def by_runtimes(states: list[State]) -> dict[Runtimes, list[State]]:
    """The states of each set of runtimes."""
    groups: dict[Runtimes, list[State]] = {}
    for state in states:
        groups.setdefault(state.runtimes, []).append(state)
    return groups


def _telling_apart(states: list[State], returned: frozenset[str]) -> Term | None:
    """The local variable whose number tells most of the states apart, if one does alone; one that is returned only if there is no other."""
    names = dict.fromkeys(place for state in states for place, value in state.memory.items() if place[0] == "a" and value[0] == "c")
    rest = [(state.what(), state.memory) for state in states]
    left = {}
    for name in names:
        numbers = [(name, memory[name]) if memory.get(name, ("",))[0] == "c" else None for _, memory in rest]
        if len(set(numbers)) > 1:
            left[name] = len({_without(what, number) for (what, _), number in zip(rest, numbers, strict=True)})
    telling = [name for name, count in left.items() if count < len(states)]
    # Of several the one that was set first: what it is called means nothing.
    return min(telling, key=lambda name: (name[1] in returned, left[name]), default=None)


def _without(what: tuple[object, ...], number: tuple[Term, Term] | None) -> tuple[object, ...]:
    """A state's ``what()`` without what one variable holds."""
    return tuple(part - {number} if number is not None and isinstance(part, frozenset) else part for part in what)


def _joined(states: list[State]) -> list[State]:
    """States that know nothing but what is no table, and what was none from the start; of those that are alike one, which knows what all know."""
    alike: dict[tuple[object, ...], tuple[State, dict[Term, bool]]] = {}
    for state in states:
        leaves = {term: truth for term, truth in state.facts.items() if term[0] in ("leaf", "bare", "kernel")}
        what = state.what()
        first, shared = alike.setdefault(what, (state, leaves))
        alike[what] = (first, {term: truth for term, truth in shared.items() if term in leaves})
    for state, shared in alike.values():
        state.facts = shared
    return [state for state, _ in alike.values()]


def _way(event: Event) -> tuple[object, ...]:
    """How a table goes, in short, and whether it was unlinked before."""
    word = deferral_of(event.after) if event.kind == "free" else event.kind
    return (word, event.extra, event.unlinked is None, *((event.chain[0].place, event.chain[-1].place) if event.chain else ()))


def _owed(state: State) -> frozenset[tuple[object, ...]]:
    """What a state has unlinked, with what it waited for since; and what it has linked that can be freed yet."""
    unlinked = frozenset(("unlinked", unlink.place, waits) for unlink, waits in state.since.values())
    return unlinked | {("linked", table) for table in _still_kept(state.events, state.memory)}


def _still_kept(events: tuple[Event, ...], stores: Mapping[Term, Term]) -> frozenset[Term]:
    """The tables that were put into an entry, and that a member leads to yet: who owns that may free them while they are linked."""
    linked = {event.term: terms.root(event.value) for event in events if event.kind == "set"}
    tables = frozenset(linked.values()) - {terms.ZERO}
    if not tables:
        return tables
    held = {terms.root(value) for place, value in stores.items() if place[0] == "f"}
    return frozenset(table for table in tables if table in held or (table[0] == "v" and table[1][0] == "f" and table[1] not in stores))


def _spread(states: list[State], bound: int) -> list[State]:
    """Some of the states: those that do with tables what the ones before do not; the hastiest first, then of both ends."""
    ways = [frozenset(_way(event) for event in state.events if event.kind in ("free", "put")) | _owed(state) for state in states]
    hasty = [any(word in _HASTE for word, *_ in way) for way in ways]
    left, chosen, covered = list(range(len(states))), list[int](), set[tuple[object, ...]]()
    while left and len(chosen) < bound:
        best = max(left, key=lambda index: (hasty[index] and not ways[index] <= covered, len(ways[index] - covered), -index))
        if ways[best] <= covered:
            break
        chosen.append(best)
        left.remove(best)
        covered |= ways[best]
    room = bound - len(chosen)
    chosen += [*left[: room // 2], *left[len(left) - (room - room // 2) :]] if room < len(left) else left
    return [states[index] for index in sorted(chosen)]


def ends(ways: list[_Way]) -> dict[frozenset[str], _Way]:
    """The first one for each set of words for how tables end; those with no wait come first."""
    found: dict[frozenset[str], _Way] = {}
    for way in ways:
        words = frozenset(deferral_of(event.after) if event.kind == "free" else event.kind for event in way.events if event.kind in ("free", "put"))
        if words:
            found.setdefault(words, way)
    return dict(sorted(found.items(), key=lambda item: min(_HASTE.index(word) if word in _HASTE else len(_HASTE) for word in item[0])))


# ---- cases -------------------------------------------------------------------------------------------------


def with_linked(cases: list[Case]) -> list[Case]:
    """The first one for each table that it leaves in an entry and in a member, both."""
    found: dict[Term, Case] = {}
    for case in cases:
        for table in sorted(_still_kept(case.events, dict(case.stores)), key=terms.order):
            found.setdefault(table, case)
    return list(found.values())


def distinct(cases: list[Case]) -> list[Case]:
    """No case that asks for more than another one that is alike otherwise; what happens alike in several sets of runtimes is one case."""
    alike: dict[Case, dict[Runtimes, list[_Conditions]]] = {}
    for case in cases:
        ways = alike.setdefault(case._replace(conditions=(), runtimes=frozenset()), {})
        ways.setdefault(case.runtimes, []).append(frozenset(case.conditions))
    found = []
    for case, ways in alike.items():
        asked: dict[_Conditions, Runtimes] = {}
        for runtimes, conditions in ways.items():
            for one in _weakest(conditions):
                asked[one] = asked.get(one, frozenset()) | runtimes
        found += [case._replace(conditions=tuple(sorted(one, key=leaves_first)), runtimes=runtimes) for one, runtimes in asked.items()]
    return found


def _weakest(ways: list[_Conditions]) -> list[_Conditions]:
    """As few ways that cover the same: one for two that differ only in whether something holds, and none that asks for more than another."""
    work, done = list(ways), list[_Conditions]()
    while work:
        way = work.pop(0)
        if any(other <= way for other in done):
            continue
        opposite = next((other for other in done if len(other) == len(way) and _but_one(way, other)), None)
        if opposite is not None:
            done.remove(opposite)
            work.insert(0, way & opposite)
        else:
            done = [other for other in done if not way <= other] + [way]
    return done


def _but_one(way: _Conditions, other: _Conditions) -> bool:
    """Do two ways ask for the same, but for one thing that holds in one and not in the other?"""
    left = way ^ other
    return len(left) == 2 and len({term for term, _ in left}) == 1


def leaves_first(condition: tuple[Term, bool]) -> tuple[bool, object]:
    """What leads to no table comes first."""
    return (condition[0][0] != "leaf", terms.order(condition))


def no_tables(first: Case, other: Case) -> tuple[tuple[Term, bool], ...]:
    """What two cases both say of entries that lead to no table."""
    return tuple(one for one in first.conditions if one[0][0] == "leaf" and one in other.conditions)


def same_value(cases: list[Case]) -> list[Case]:
    """One case where all only compute, and compute views of the same thing."""
    if len(cases) < 2 or any(case.events or case.claims or case.stores or case.held or any(case.reading) for case in cases):
        return cases
    roots = {terms.root(case.result) for case in cases}
    if len(roots) == 1 and not all(case.result[0] == "c" for case in cases):
        return [cases[0]._replace(conditions=(), runtimes=frozenset().union(*(case.runtimes for case in cases)))]
    if all(case.result[0] == "c" and abs(case.result[1]) > 4096 for case in cases):
        return [cases[0]._replace(conditions=(), result=("n", ("number",), "unsigned long"))]
    return cases
