"""The interpreter: function summaries over the IR, bottom up, on demand.

A function is executed symbolically along its paths, loops once around. What happens to tables is kept as events in order; everything else
is forgotten where it no longer matters. A call applies the callee's cases. See ``docs/analysis.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ptlint.analysis import terms
from ptlint.analysis.asked import Answers, Asked, Question, digest
from ptlint.analysis.evaluate import FLAGS, WORDS, bare
from ptlint.analysis.flow import Flow, flow_of
from ptlint.analysis.kept import Codec, Keeper, Kept, text_digest
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.overlay.words import Words
from ptlint.analysis.relevance import Relevance
from ptlint.analysis.rounds import Rounds
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Case, Event, Runtimes, State, Summary, Unlink
from ptlint.analysis.ways import by_runtimes, distinct, ends, few, known_before, leaves_first, met, no_tables, same_value, with_linked
from ptlint.frontend import ir
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["Bounds", "Engine"]

_DEEP = 60

_PUT_TOGETHER: Term = ("a", "")


class Bounds(NamedTuple):
    """How much is kept: states a block, cases a summary, events a path, steps a function."""

    states: int = 6
    cases: int = 8
    events: int = 48
    steps: int = 2000


class Summed(NamedTuple):
    """A function's summary and the digest of that. One of an earlier run is ``kept``, encoded, until somebody asks for it."""

    summary: Summary | None
    digest: bytes
    kept: bytes = b""


class Engine:
    """The analysis of one build.

    ``ledger`` collects what is found. ``summary`` may be asked for in any order; recursion gives an empty summary where it closes.
    """

    def __init__(
        self, program: Program, border: Border, bounds: Bounds | None = None, keeper: Keeper | None = None, kept: frozenset[str] = frozenset()
    ) -> None:
        """``keeper`` has what other runs found of functions, if it is kept at all; ``kept`` are containers that are known to hold tables."""
        self.program = program
        self.border = border
        self.bounds = bounds or Bounds()
        self.relevance = Relevance(program, border, kept)
        self.ledger = Ledger()
        self.words = Words(program, border)
        self._deferred_items()
        self._summaries: dict[str, Summed] = {}
        self._active: dict[str, None] = {}
        self._open: set[str] = set()
        self._answers = Answers(program, self.relevance, self.summary, self._digest)
        self._codec = Codec(program)
        self._keeper = keeper
        self.guards = border.guards | {guard for name, guard in border.exclusive.items() if program.callers.get(name)}
        self.common = digest(msgspec.msgpack.encode((self.bounds, self.words.rows(), sorted(self.guards))))

    def _deferred_items(self) -> None:
        """The functions that work items, timers and the like hold run later, whoever queues these."""
        everywhere = frozenset(self.program.runtimes)
        waiting = {name for name, defer in self.border.defers.items() if defer.kind == "rcu" and defer.member}
        graceful = {self.program.functions[key].place.file for name in waiting for key in self.program.callers.get(name, ())}
        for defer in self.border.defers.values():
            for member in defer.member:
                for filler in self.program.tables.get(f"struct {member}", ()):
                    kind = "rcu" if filler.place.file in graceful else "workqueue"
                    self.ledger.callbacks[(filler.function, kind)] = everywhere
        for name, setup in self.border.setups.items():
            for callback, _ in self.program.given.to(name, setup.callback):
                self.ledger.callbacks[(callback, "workqueue")] = everywhere
        for name, defer in self.border.defers.items():
            if defer.callback >= 0 and defer.kind != "rcu":
                for callback, _ in self.program.given.to(name, defer.callback):
                    self.ledger.callbacks[(callback, defer.kind)] = everywhere

    def containers(self) -> frozenset[str]:
        """The members and variables, of no page's descriptor, that were seen to be given tables."""
        described = self.border.pages | {f"{name} *" for name in self.border.gathers} | self.border.tables.keys()
        given = self.ledger.by_number().union(cell for cell, rows in self.ledger.puts.items() if any(level for _, level in rows))
        return frozenset(cell for cell in given if f"{cell.rsplit('.', 1)[0]} *" not in described)

    def hidden(self) -> bool:
        """Is there a function that would say more if all that was seen to be given tables were known to be?"""
        containers = self.containers()
        return self.relevance.emptying(containers, containers & self.ledger.by_number())

    @property
    def size(self) -> int:
        """How many functions have a summary."""
        return len(self._summaries)

    def run(self, key: str) -> None:
        """Look at a function that has a body, and at what it calls."""
        self._summed(key)

    def summary(self, key: str) -> Summary:
        """The summary of a function that has a body."""
        summed = self._summed(key)
        if summed.summary is not None:
            return summed.summary
        try:
            summary = self._codec.summary(summed.kept)
        except (LookupError, TypeError, ValueError):  # of a program that was put together otherwise
            summary = self._run(self.program.functions[key], Asked(self._answers), Ledger())
        self._summaries[key] = Summed(summary, summed.digest)
        return summary

    def _digest(self, key: str) -> bytes:
        """The digest of a function's summary."""
        return self._summed(key).digest

    def _summed(self, key: str) -> Summed:
        known = self._summaries.get(key)
        if known is not None:
            return known
        function = self.program.functions[key]
        if key in self._active or len(self._active) > _DEEP:
            self.ledger.recursive.add(key)
            # What is found now of those that are being looked at hangs on where that began.
            active = list(self._active)
            self._open.update(active[active.index(key) if key in self._active else 0 :])
            return Summed(Summary((Case(frozenset(self.program.runtimes), (), (), (), ("n", ("recursive", key), function.result)),)), b"")
        self._active[key] = None
        try:
            result, noted = self._told(function) or self._found(function)
        finally:
            del self._active[key]
            self._open.discard(key)
        self.ledger.merge(noted)
        self._summaries[key] = result
        return result

    def _told(self, function: ir.Function) -> tuple[Summed, Ledger] | None:
        """What another run found, if this one would find the same."""
        if self._keeper is None:
            return None
        for asked, found in self._keeper.find(text_digest(function, self.common)):
            try:
                questions = msgspec.msgpack.decode(asked, type=tuple[tuple[Question, bytes], ...])
                if all(self._answers.digest(question) == answer for question, answer in questions) and function.key not in self._open:
                    kept = msgspec.msgpack.decode(found, type=Kept)
                    return Summed(None, digest(kept.summary), kept.summary), self._codec.notes(kept.notes)
            except (LookupError, TypeError, ValueError):
                continue  # of a program that was put together otherwise
        return None

    def _found(self, function: ir.Function) -> tuple[Summed, Ledger]:
        """What a run finds; it is kept, unless it hangs on more than was asked."""
        asked, noted = Asked(self._answers), Ledger()
        result = self._run(function, asked, noted)
        if self._keeper is None:
            return Summed(result, b""), noted
        kept = self._codec.kept(result, noted)
        if function.key not in self._open:
            self._keeper.keep(text_digest(function, self.common), msgspec.msgpack.encode(asked.noted), msgspec.msgpack.encode(kept))
        return Summed(result, digest(kept.summary)), noted

    def _run(self, function: ir.Function, asked: Asked, noted: Ledger) -> Summary:
        run = _Run(self, function, asked, noted)
        result = run.summary()
        if run.learned:
            # A value turned out to be a table after it was freed on another path: look again, knowing that.
            again = _Run(self, function, asked, noted)
            again.types, again.folios = run.types, run.folios
            result = again.summary()
            run = again
        run.watch_end()
        return result


class _Run(Rounds):
    """One function's execution."""

    def __init__(self, engine: Engine, function: ir.Function, asked: Asked, noted: Ledger) -> None:
        self.border = engine.border
        self.bounds = engine.bounds
        self.words = engine.words
        self.guards = engine.guards
        self.everywhere = frozenset(engine.program.runtimes)
        self.asked = asked
        self.ledger = noted
        self.function = function
        self.types: dict[Term, str] = {}
        self.params = {param.id: ("p", index, param.type) for index, param in enumerate(function.params)}
        self.flow: Flow = flow_of(function)
        self.side: Noted[Event] = Noted()
        self.beside: set[tuple[object, ...]] = set()
        self.unknown: set[Term] = set()
        self.folios: set[Term] = set()
        self.reads_below: dict[int, Runtimes] = {}
        self.batched: set[Term] = set()
        self.noted: set[tuple[object, ...]] = set()
        self.arrays: set[str] = set()
        self.slots: set[Term] = set()
        self.locks = False

    @property
    def learned(self) -> bool:
        """Was something freed before it was known to be a table?"""
        return any(term in self.types for term in self.unknown)

    def summary(self) -> Summary:
        """Run all paths and sum them up."""
        self.watch_begin()
        bounds = self.bounds
        start = State(self.everywhere)
        for name, value in self.params.items():
            start.memory[("a", name)] = value
        cases: dict[tuple[object, ...], Case] = {}
        seen: list[dict[tuple[object, ...], list[dict[Term, bool]]]] = [{} for _ in self.function.blocks]
        shares: dict[tuple[int, frozenset[str]], int] = {}
        waiting: dict[int, list[State]] = {0: [start]} if self.function.blocks else {}
        steps = 0
        while waiting and steps <= bounds.steps:
            index = min(waiting, key=self.flow.order.__getitem__)
            new = [state for state in self._met(index, waiting.pop(index)) if not known_before(state.facts, seen[index].get(state.what(), ()))]
            for runtimes, group in by_runtimes(new).items():
                # Each set of runtimes has its own share: what one can do must not crowd out another.
                count = shares.get((index, runtimes), 0)
                few = self._few(group, min(bounds.states, 3 * bounds.states - count), numbers=True)
                shares[(index, runtimes)] = count + len(few)
                for state in few:
                    what = state.what()
                    if few is not group and known_before(state.facts, seen[index].get(what, ())):
                        continue
                    steps += 1
                    seen[index].setdefault(what, []).append(dict(state.facts))
                    for state_after in self._body(self.function.blocks[index], state):
                        for target, following in self._end(index, state_after, cases):
                            waiting.setdefault(target, []).append(following)
        if waiting:
            self.ledger.dropped["states"] += sum(len(states) for states in waiting.values())
        if any(terms.root(case.result)[0] == "m" for case in cases.values()):
            for case in cases.values():
                self.serves(case.result)
        self._drop_copies(cases.values())
        return self._sum_up([self._as_setter(case) for case in self._balanced(list(cases.values()))])

    def _drop_copies(self, cases: Iterable[Case]) -> None:
        """A page that entries are copied into, and that nothing leads to on any path, is no table, whatever the type of what is in it."""
        ledger = self.ledger
        copies = {term for _, term in ledger.copied if term[0] == "m"}
        if not copies:
            return
        copies -= {term for _, term in (*ledger.published, *ledger.strips)}
        copies -= {term for case in cases for term in _shown(case)}
        for hit in [hit for hit in ledger.hits if hit.term in copies]:
            del ledger.hits[hit]

    def _met(self, index: int, states: list[State]) -> list[State]:
        """What ways have in common that meet before a block, and differ in nothing but what they know: what all of them know together."""
        for state in states:
            self.forget(index, state)
        return met(states)

    def _balanced(self, cases: list[Case]) -> list[Case]:
        """A lock is handed on by functions that return it, or what it guards, or that do nothing else.

        Where a loop, or ways that differ, leave a count behind, it is this analysis that lost a way.
        """
        result = bare(self.function.result)
        mixed = len({case.held for case in cases}) > 1 and result == "void"
        if result.endswith("*") or not (mixed or self.flow.loops):
            return cases
        return [case._replace(held=0, reading=(frozenset(), frozenset())) for case in cases]

    def _as_setter(self, case: Case) -> Case:
        """A function that a table of functions offers to set an entry sets it, by whatever means: also by a hypercall."""
        params = self.function.params
        if len(params) != 2 or not self.asked.offers(self.function.key) or bare(self.function.result) != "void":
            return case
        kind = bare(params[1].type)
        if kind not in self.border.entries or bare(params[0].type) != f"{kind} *" or any(event.kind == "set" for event in case.events):
            return case
        if self.border.entries[kind].below == "data":
            return case
        target = terms.deref(self.params[params[0].id], kind)
        place = self.function.place
        event = Event("set", target, value=self.params[params[1].id], place=place, unlinked=Unlink(self.function.key, place, False))
        return case._replace(events=(*case.events, event))

    def _body(self, block: ir.Block, state: State) -> list[State]:
        states = [state]
        for expression in block.body:
            after: list[State] = []
            for current in states:
                after += [following for _, following in self.evaluate(expression, current)]
            states = self._bounded(after)
        return states

    def _bounded(self, states: list[State]) -> list[State]:
        """No more states than twice the bound, for the block's end tells some of them apart; of each set of runtimes some stay."""
        bound = 2 * self.bounds.states
        if len(states) <= bound:
            return states
        groups = by_runtimes(states)
        share = max(4, bound // len(groups))
        return [state for group in groups.values() for state in self._few(group, share)]

    def _few(self, states: list[State], bound: int, *, numbers: bool = False) -> list[State]:
        kept, lost = few(states, bound, self.flow.returned, numbers=numbers)
        self.ledger.dropped["states"] += lost
        return kept

    def _end(self, index: int, state: State, cases: dict[tuple[object, ...], Case]) -> list[tuple[int, State]]:
        end = self.function.blocks[index].end
        if isinstance(end, ir.Jump):
            return self.go(index, ((end.target, state),))
        if isinstance(end, ir.Return):
            for value, following in self._returned(end.value, state):
                self.watch_returned(value, following)
                case = self._case(self._typed(value, self.function.result), following)
                cases.setdefault((case.runtimes, case.events, case.claims, case.stores, case.result, case.conditions, case.held, case.reading), case)
            return []
        if isinstance(end, ir.Branch):
            found: list[tuple[int, State]] = []
            only = self.only_exit(index, (end.yes, end.no), state)
            for value, following in self.evaluate(end.test, state):
                for target, wanted in ((end.no, False), (end.yes, True)):
                    if only is not None and target not in only:
                        continue
                    one = following.copy()
                    if self.assume(value, wanted, one) or (only is not None and len(only) == 1):
                        self.watch_branch(value, wanted, end.place, one)
                        found.append((target, one))
            return self.go(index, found)
        if isinstance(end, ir.Switch):
            targets = tuple(dict.fromkeys((*(target for _, _, target in end.cases), end.default)))
            only = self.only_exit(index, targets, state)
            kept = [target for target in targets if only is None or target in only]
            found = []
            for value, following in self.evaluate(end.value, state):
                there = [target for target in kept if target == _chosen(end, value[1])] if value[0] == "c" else kept
                found += [(target, following.copy()) for target in there or kept]
            return self.go(index, found)
        return []

    def _returned(self, value: ir.Expr | None, state: State) -> list[tuple[Term, State]]:
        """What a function returns; a record that is put together on the spot is one as if in a variable."""
        if value is None:
            return [(terms.ZERO, state)]
        if isinstance(value, ir.Init) and value.fields and bare(value.type) not in self.border.entries:
            return [(("v", _PUT_TOGETHER), filled) for filled in self.fill(_PUT_TOGETHER, value, state)]
        return self.evaluate(value, state)

    def _case(self, result: Term, state: State) -> Case:
        self.ledger.surviving.update(state.passes)
        self.left_linked(state)
        for event in state.events:
            if event.kind == "make":
                level = self.level_of_type(event.term)
                self.ledger.made.update({level} - {"", "any"})
            # A table that was in a member and is in an entry now must not stay in the member.
            base = terms.root(event.value if event.kind == "set" else event.term)
            taken = event.kind in ("set", "put") and base[0] == "v" and base[1][0] == "f" and bare(base[1][3]) in self.border.tables
            if taken and state.memory.get(base[1]) != terms.ZERO:
                self.ledger.leaky.add(str(base[1][2]))
        stores = [
            (place, value)
            for place, value in state.memory.items()
            if ((self.outlives(place) and (self._carries(place) or self._answers(place, value))) or self._of_result(place, result))
            and not self.is_local(value)
        ]
        conditions = [(term, truth) for term, truth in state.facts.items() if self._on_entry(term)]
        claims = tuple(self.watch_told(state.claims))
        # What can lead to a table comes first.
        kept = self.ledger.first(sorted(stores, key=lambda one: (not self._carries(one[0]), terms.order(one))), 6, "stores of a case")
        when = self.ledger.first(sorted(conditions, key=leaves_first), 4, "conditions of a case")
        return Case(state.runtimes, when, self._of_use(state.events, kept, result), kept, result, state.held, claims, (state.reading, state.ended))

    def _of_use(self, events: tuple[Event, ...], stores: tuple[tuple[Term, Term], ...], result: Term) -> tuple[Event, ...]:
        """The events that say something to callers. What becomes of a table that they get no hold of was noted where it happened."""
        shown = {terms.anchor(result), *(terms.anchor(value) for _, value in stores)}
        kept: list[Event] = []
        for event in reversed(events):
            at = [terms.anchor(event.term), *([terms.anchor(event.value)] if event.value != terms.ZERO else [])]
            if event.kind != "wait" and all(base[0] in ("m", "n", "a") and base not in shown for base in at):
                continue
            shown.update(at)
            kept.append(event)
        return tuple(reversed(kept))

    def _carries(self, place: Term) -> bool:
        """Can what lies there lead to a table? Entries of tables are events of their own; counters and flags lead nowhere."""
        kind = bare(terms.place_type(place)).split("[")[0].strip()
        if kind in self.border.entries:
            return terms.holds_copy(place)
        return self._holds_pages(place) or (kind in WORDS and place[0] == "d" and place[1][0] == "p")

    def _of_result(self, place: Term, result: Term) -> bool:
        """Does it lie in the record that is returned, and can it lead to a table?"""
        if result[0] != "v" or result[1][0] != "a" or place[0] != "f" or place[1] != result[1]:
            return False
        return self._carries(place)

    def _answers(self, place: Term, value: Term) -> bool:
        """Is it what a function says by a pointer that it was given: a flag, a level, or where a lock lies in a page's descriptor?"""
        if place[0] != "d" or place[1][0] != "p":
            return False
        if value[0] == "f":
            record = f"{str(value[2]).rsplit('.', 1)[0]} *"
            return record in self.border.pages or record in self.border.tables
        return value[0] == "c" and (bare(place[2]) in FLAGS or bare(place[2]).startswith("enum "))

    def _on_entry(self, term: Term) -> bool:
        if term[0] == "leaf":
            term = term[1]
            if bare(terms.type_of(term)) not in self.border.entries:
                return False
        elif term[0] == "kernel":
            term = term[1]
        return all(leaf[0] in ("p", "c", "v", "fn") and not self.is_local(leaf) for leaf in terms.leaves(term))

    def outlives(self, place: Term) -> bool:
        """Is the place one that the caller can reach?"""
        return terms.bottom(place)[0] in ("p", "g") and place[0] in ("f", "d", "g")

    def _sum_up(self, cases: list[Case]) -> Summary:
        cases = same_value(distinct(cases))
        quiet = len(cases) > 3 and not any(case.events or case.claims or case.stores for case in cases)
        for keep_result in (True, False):
            if (quiet and keep_result) or len(cases) > self.bounds.cases:
                groups: dict[tuple[object, ...], Case] = {}
                for case in cases:
                    group = (case.runtimes, case.events, case.claims, case.stores, case.held, case.reading, case.result if keep_result else None)
                    first = groups.setdefault(group, case)
                    result = case.result if first.result == case.result else ("n", ("joined",), self.function.result)
                    groups[group] = first._replace(result=result, conditions=no_tables(first, case))
                self.ledger.dropped["states"] += len(cases) - len(groups)
                cases = list(groups.values())
        if len(cases) > self.bounds.cases:
            cases = self._pool(cases)
            self.ledger.dropped["states"] += 1
        side = tuple(sorted(self.side.items(), key=terms.order))
        seen = tuple(sorted((term[1], level) for term, level in self.types.items() if term[0] == "p" and bare(term[2]) in self.border.pages))
        return Summary(tuple(cases), side, seen, tuple(sorted(self.reads_below.items(), key=lambda row: row[0])), self.locks)

    def _pool(self, cases: list[Case]) -> list[Case]:
        """Of each set of runtimes: the cases with the most to say, and one that has the frees and puts of all others."""
        groups: dict[frozenset[str], list[Case]] = {}
        for case in cases:
            groups.setdefault(case.runtimes, []).append(case)
        share = max(2, self.bounds.cases // len(groups))
        found: list[Case] = []
        for group in groups.values():
            group = sorted(group, key=lambda case: -len(case.events))
            # One for each way that a table ends comes first, the hastiest of them before all; then what leaves tables linked that can be freed yet.
            first = list({id(case): case for case in (*ends(group).values(), *with_linked(group))}.values())
            group = [*first, *(case for case in group if not any(case is one for one in first))]
            kept, rest = group[:share], group[share:]
            found += kept
            if rest:
                have = {event for case in kept for event in case.events}
                others = dict.fromkeys(event for case in rest for event in case.events if event not in have and event.kind in ("free", "put"))
                # Out of their order: nothing can be said any more of what came before or after them.
                events = tuple(event._replace(extra="pooled") if event.kind == "free" else event for event in others)
                # Heads that no case kept says: where a table goes has to be known, whatever else was lost.
                told = {claim for case in kept for claim in case.claims}
                claims = tuple(dict.fromkeys(claim for case in rest for claim in case.claims if claim not in told and claim.kind == "head"))
                if events or claims:
                    events = self.ledger.first(events, 16, "events")
                    claims = self.ledger.first(claims, 16, "overlay claims")
                    found.append(rest[0]._replace(events=events, claims=claims, conditions=()))
                if (empty := next((case for case in rest if not case.events), None)) is not None:
                    found.append(empty._replace(conditions=()))
        return found


def _shown(case: Case) -> list[Term]:
    """What others get hold of, by the result, by what is stored or put somewhere, and what was constructed."""
    values = (case.result, *(value for _, value in case.stores), *(event.term for event in case.events if event.kind not in ("set", "free", "wait")))
    return [terms.anchor(value) for value in values]


def _chosen(switch: ir.Switch, number: int) -> int:
    """Where a switch goes with this number."""
    return next((target for low, high, target in switch.cases if low <= number <= high), switch.default)
