"""Calls: the border's meaning, the summaries of functions that have a body, tables of functions, and inline assembly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.evaluate import FOLIO, bare
from ptlint.analysis.ledger import CallSeen, Double, Early, Hit, Ledger, Suspect, Use, Walk
from ptlint.analysis.noted import Noted
from ptlint.analysis.overlay.watch import Watching
from ptlint.analysis.substitute import Substitute
from ptlint.analysis.terms import ZERO, Term
from ptlint.analysis.values import Case, Event, Hop, Pass, State, Strip, deferral_of
from ptlint.frontend import ir
from ptlint.program.link import inner_slot, slot

if TYPE_CHECKING:
    from ptlint.analysis.engine import Bounds
    from ptlint.analysis.flow import Flow
    from ptlint.program.border import Wait

__all__ = ["Calls"]

_NOTHING: frozenset[str] = frozenset()
_NUMBERS = frozenset(("unsigned long", "u64", "phys_addr_t", "pmd_t", "pud_t", "p4d_t", "pgd_t", "pgtable_t"))


_ONE = ("c", 1)
_MORE_THAN_ONE = {("==", _ONE, False), ("!=", _ONE, True), (">", _ONE, True), ("<=", _ONE, False)}


class Calls(Watching):
    """The part of a function's run that handles calls and what comes out of them."""

    ledger: Ledger
    bounds: Bounds
    everywhere: frozenset[str]
    flow: Flow
    side: Noted[Event]
    beside: set[tuple[object, ...]]
    unknown: set[Term]
    folios: set[Term]
    reads_below: set[int]

    def is_local(self, term: Term) -> bool:
        """Does the term hang on a local variable's place?"""
        return bool(terms.bottom(term)[0] == "a")

    # ---- which function ------------------------------------------------------------------------------------

    def call(self, node: ir.Call, state: State) -> list[tuple[Term, State]]:
        """Evaluate the arguments, find the targets, apply what they do."""
        states: list[tuple[list[Term], State]] = [([], state)]
        for argument in node.args:
            given = [([*done, value], after) for done, before in states for value, after in self.evaluate(argument, before)]
            states = list(self.ledger.first(given, 6, "states"))
        found: list[tuple[Term, State]] = []
        for values, after in states:
            if isinstance(node.function, ir.FunctionRef):
                found += self._direct(node.function.key, values, node, after, "call")
                continue
            for target, middle in self.evaluate(node.function, after):
                if target[0] == "fn":
                    found += self._direct(target[1], values, node, middle, "call")
                else:
                    found += self._through_member(_member(node.function), values, node, middle)
        return found

    def _through_member(self, member: str, values: list[Term], node: ir.Call, state: State) -> list[tuple[Term, State]]:
        targets = self.asked.targets(member) if member else {}
        found: list[tuple[Term, State]] = []
        for key, runtimes in targets.items():
            here = state.runtimes & runtimes
            if here:
                one = state.copy()
                one.runtimes = here
                found += self._direct(key, values, node, one, "pv_ops")
        left = state.runtimes - frozenset().union(*targets.values()) if targets else state.runtimes
        if left:
            state.runtimes = left
            if any(self.level(value, state) for value in values):
                self._unresolved(node, state)
            found.append((self._unknown(node, values), state))
        return found

    def _unresolved(self, node: ir.Call, state: State) -> None:
        self.ledger.unresolved.add((self.function.key, node.place, node.text), state.runtimes)

    def _unknown(self, node: ir.Call, values: list[Term]) -> Term:
        """The result of a call that is not looked into. What gives an entry, and takes one thing, gives a view of that."""
        kind = bare(node.type)
        if values and kind in self.border.entries:
            # Of an entry's place and its value it is the value that comes back, changed in some bits.
            plain = [value for value in values if not terms.is_place(value) and not terms.type_of(terms.root(value)).endswith("*")]
            value = (plain or values)[-1 if len(plain) == 1 else 0]
            return value if value[0] == "c" and len(plain) == 1 else terms.root(value) if value[0] != "c" else ("n", ("entry", node.place), kind)
        if len(values) == 1 and values[0][0] != "c" and self.level_of_type(values[0]) and kind not in ("void", "int", "bool", "_Bool"):
            return terms.root(values[0])
        return ("n", (node.place,), kind)

    def _direct(self, key: str, values: list[Term], node: ir.Call, state: State, kind: str) -> list[tuple[Term, State]]:
        name = key.rsplit(":", 1)[-1]
        if name in self.border.named or name in self.border.readers or name in self.border.reader_ends:
            return self._border(name, key, values, node, state)
        if self.asked.takes(key) is None:
            if any(self.level(value, state) == "pte" or self.level_of_type(value) for value in values) and self._may_matter(node):
                self._unresolved(node, state)
            self._havoc(values, node, state)
            return [(self._unknown(node, values), state)]
        self._passed(key, values, node, state)
        self._used(key, values, node, state)
        self._pass(key, values, node, state)
        table = any(self.level(value, state) or self._may_be_page(value) for value in values)
        table = table or any(terms.is_place(value) and self._holds_pages(value) for value in values)
        place = any(value[0] == "a" for value in values)
        if not self.asked.enter(key, table=table, place=place):
            self._havoc(values, node, state)
            return [(self._unknown(node, values), state)]
        self._see(node, key, kind, state)
        return self._through_summary(key, values, node, state)

    def _through_summary(self, key: str, values: list[Term], node: ir.Call | ir.Asm, state: State) -> list[tuple[Term, State]]:
        found = []
        summary = self.asked.summary(key)
        for index, level in summary.seen:
            base = terms.root(values[index]) if index < len(values) else ZERO
            if base[0] not in ("c", "fn", "a", "g") and terms.bottom(base)[0] != "g" and self.types.get(base, "any") == "any":
                self.types[base] = level
        for index in summary.walked:
            if index < len(values):
                self._walked(terms.root(values[index]), node.text if isinstance(node, ir.Call) else node.macro, node.place, state)
        results = {case.result for case in summary.cases}
        substitute = Substitute(self, values, state, node.place)
        for number, case in enumerate(summary.cases):
            runtimes = case.runtimes & state.runtimes
            if runtimes:
                one = state.copy() if number < len(summary.cases) - 1 or summary.side else state
                one.runtimes = runtimes
                after = self._apply(case, values, substitute, node, one)
                if after is not None:
                    found.append(after)
        if summary.side:
            self._beside(key, summary.side, values, node, state, [after for _, after in found])
        if isinstance(node, ir.Call) and len(results) == 1 and next(iter(results))[0] == "c" and self._takes_table(key):
            # What a function of a table always answers, it answers in this configuration: whether a lock fits into the descriptor, say.
            found = [(("n", (node.place, "always"), bare(node.type)), after) for _, after in found]
        return _merge(found)

    def _takes_table(self, key: str) -> bool:
        return any(bare(type_) in self.border.tables for type_ in self.asked.takes(key) or ())

    def _beside(
        self,
        key: str,
        side: tuple[tuple[Event, frozenset[str]], ...],
        values: list[Term],
        node: ir.Call | ir.Asm,
        state: State,
        found: list[State],
    ) -> None:
        """What a callee empties: of this function's own making, or the caller's."""
        for after in found:
            substitute = Substitute(self, values, state, node.place, before=after.memory)
            own: dict[Term, Term] = {}
            for event, runtimes in side:
                if event.term not in own:
                    own[event.term] = substitute.term(event.term)
                term = own[event.term]
                if runtimes & state.runtimes and (terms.root(term)[0] != "v" or not self._cell_of(terms.root(term))):
                    through = frozenset({f"cell:{self._cell_of(event.term)}"})
                    self._free(term, event.after | through, event.chain, node, "wrapper", after, event)
        # The caller's: by nothing but what is given and what was waited for, whatever else the path knows.
        asked = (key, node.place, tuple(values), state.waits, state.runtimes)
        if asked in self.beside:
            return
        self.beside.add(asked)
        for event, runtimes in side:
            if runtimes & state.runtimes:
                one = State(runtimes & state.runtimes)
                one.waits = state.waits
                self._free(Substitute(self, values, one, node.place).term(event.term), event.after, event.chain, node, "wrapper", one, event)

    def _used(self, key: str, values: list[Term], node: ir.Call, state: State) -> None:
        """A table is given to a function that works on its descriptor after it was freed or queued on this path."""
        for type_, value in zip(self.asked.takes(key) or (), values, strict=False):
            if bare(type_) not in self.border.tables:
                continue
            for event in self._gone_before(terms.root(value), state):
                if event.chain[0].place != node.place and bare(self.asked.gives(key)) == "void":
                    self.ledger.uses.add(Use(self.function.key, node.place, node.text, event), state.runtimes)

    def _gone_before(self, base: Term, state: State) -> list[Event]:
        """How the table was freed, or put into a batch, before on this path."""
        if self._linked(base) and base not in state.since:
            return []  # another table may be in that entry by now
        first = state.fence
        if base[0] == "v":
            # What was freed before the entry was last set is not what was in it then.
            sets = [index for index, event in enumerate(state.events) if event.kind == "set" and event.term == base[1]]
            first = max([first, *sets])
        gone = [event for event in state.events[first:] if event.term == base and (event.kind == "free" or self._in_batch(event))]
        return [event for event in gone if event.extra != "pooled" and event.chain and event.level]

    def _walked(self, base: Term, text: str, where: ir.Place, state: State) -> None:
        """Entries of a table are read: who freed or queued it before is in no section of readers that the free waits for."""
        if base[0] == "p":
            self.reads_below.add(base[1])
        for event in self._gone_before(base, state):
            batched = event.kind == "free" or not self.border.gathers.isdisjoint(_records(event.value))
            if batched and event.chain[0].place != where and not ("rcu" in state.reading and "rcu" in event.after):
                self.ledger.uses.add(Use(self.function.key, where, text, event), state.runtimes)

    def _in_batch(self, event: Event) -> bool:
        """Was a table put into a batch, which others may empty at any time? What is on a list by its own node can be taken off again."""
        kind = terms.place_type(event.value).split("[")[0].strip()
        return event.kind == "put" and kind in self.border.pages | {"void *"}

    def _may_matter(self, node: ir.Call) -> bool:
        return bare(node.type) == "void"

    def _may_be_page(self, value: Term) -> bool:
        base = terms.root(value)
        kind = bare(terms.type_of(base))
        return base[0] in ("p", "v", "up") and (
            kind in self.border.pages or kind in ("void *", "unsigned long", "u64", "phys_addr_t") or kind.endswith("**")
        )

    def _holds_pages(self, place: Term) -> bool:
        kind = bare(terms.place_type(place)).split("[")[0].strip()
        return kind in self.border.pages or kind == "void *" or kind in self.border.level_types

    def _passed(self, key: str, values: list[Term], node: ir.Call | ir.Asm, state: State) -> None:
        self.watch_passed(key, values, node, state)
        for type_, value in zip(self.asked.takes(key) or (), values, strict=False):
            self._typed(value, type_)

    def _account(self, event: Event, node: ir.Call | ir.Asm, state: State) -> None:
        """The constructor's state of what may be a table is given, or taken."""
        base = terms.root(event.term)
        if base[0] not in ("p", "v", "m", "up") or self._is_data(base, state):
            return
        text = node.text if isinstance(node, ir.Call) else node.macro
        chain = (Hop(self.function.key, node.place, text, event.kind, "wrapper", bool(self.level(base, state))), *event.chain)
        if event.kind == "strip":
            waited = self._waited(base, event.after, event, state)
            state.stripped = {**state.stripped, base: Strip(chain, waited if base in state.since else None)}
            self.ledger.strips.add((self.function.key, base))
            event = event._replace(after=waited)
        self.emit(event._replace(term=base, chain=chain), state)

    def _pass(self, key: str, values: list[Term], node: ir.Call | ir.Asm, state: State) -> None:
        """Note what a callee is given, where that could lead to a table."""
        if not any(self._leads(bare(type_)) for type_ in self.asked.takes(key) or ()):
            return
        given = []
        for value in values:
            base = terms.root(value)
            if base[0] == "a":
                held = terms.root(state.memory.get(base, ZERO))
                base = ("&", ZERO if _emptied(held) else held)
            given.append(ZERO if base[0] == "c" or _emptied(base) else base)
        fresh = frozenset(index for index, value in enumerate(given) if self.fresh(value[1] if value[0] == "&" else value, state))
        one = Pass(self.function.key, node.place, key, tuple(given), fresh, state.held > 0, state.apart, state.reading)
        self.ledger.passing(one, state.runtimes)
        if any(bare(terms.type_of(value)) in self.border.owners for value in given):
            state.passes = (*self.ledger.first(state.passes[::-1], 15, "calls before")[::-1], one)

    def _leads(self, kind: str) -> bool:
        """Can a value of this type lead to a table?"""
        border = self.border
        return kind in border.level_types or kind in border.pages or kind in border.owners or kind.endswith("*") or kind in _NUMBERS

    def fresh(self, term: Term, state: State) -> bool:
        """Was it allocated on this path, and put into no entry that others could reach?"""
        return term[0] == "m" and term not in state.published

    def _gone(self, owner: Term, state: State, where: ir.Place) -> None:
        """An address space or a mapping is given back: whom it was passed to before worked for one that is dying."""
        for one in state.passes:
            if owner in one.values:
                self.ledger.dying[one] = where
        state.passes = tuple(one for one in state.passes if owner not in one.values)

    def _havoc(self, values: list[Term], node: ir.Call, state: State) -> None:
        """A function that is not looked into may have written the local variables that it was shown."""
        for index, value in enumerate(values):
            if value[0] == "a" and value in state.memory and state.memory[value][0] == "c":
                state.memory[value] = ("n", (node.place, "shown", index), "")

    def _see(self, node: ir.Call | ir.Asm, key: str, kind: str, state: State) -> None:
        if isinstance(node, ir.Call):
            text, macros = node.text, node.macros
        else:
            text, macros = node.macro, ()
        no_memory = any(not truth and term[0] == "m" for term, truth in state.facts.items())
        self.ledger.calls.add(CallSeen(self.function.key, node.place, text, macros, key, kind, no_memory), state.runtimes)

    # ---- the border ----------------------------------------------------------------------------------------

    def _border(self, name: str, key: str, values: list[Term], node: ir.Call, state: State) -> list[tuple[Term, State]]:
        border = self.border
        name = name.removesuffix("_noprof") if name.removesuffix("_noprof") in border.named else name
        result = self._unknown(node, [])
        if name in border.noreturn:
            return []
        if name in border.accounts:
            account = border.accounts[name]
            if account.arg < len(values):
                self._see(node, key, "call", state)
                self._account(Event("make" if account.gives else "strip", values[account.arg], place=node.place), node, state)
            return [(result, state)]
        if name in border.detaches:
            self.emit(Event("wait", ZERO, extra="detach", place=node.place), state)
            return [(result, state)]
        if name in border.locks or name in border.unlocks:
            state.held += 1 if name in border.locks else -1
            return [(result, state)]
        if name in border.reader_ends:
            state.ended |= {border.reader_ends[name]} - state.reading
            state.reading -= {border.reader_ends[name]}
            return [(result, state)]
        if name in border.readers:
            state.reading |= {border.readers[name]}
            if border.readers[name] == "rcu" and bare(self.function.result) in border.level_types and self._takes_entry():
                self.ledger.rcu_walkers.add(self.function.key)
            return [(result, state)]
        if name in border.views and border.views[name] < len(values):
            return [(self._typed(values[border.views[name]], node.type), state)]
        if name in border.data and border.data[name] < len(values):
            state.facts[("leaf", terms.root(values[border.data[name]]))] = True
            return [(result, state)]
        if name in border.mappings and border.mappings[name] < len(values):
            other = state.copy()
            state.facts[("leaf", terms.root(values[border.mappings[name]]))] = True
            return [(("c", 1), state), (ZERO, other)]
        if name in border.constructed and border.constructed[name] < len(values):
            other = state.copy()
            other.facts[("bare", terms.root(values[border.constructed[name]]))] = True
            return [(("c", 1), state), (ZERO, other)]
        if name in border.counts and border.counts[name] < len(values):
            return [(("n", ("holders", terms.root(values[border.counts[name]])), bare(node.type)), state)]
        if name in border.allocs:
            return [(("m", (node.place,), bare(node.type)), state)]
        if name in border.waits:
            wait = border.waits[name]
            told = wait.told_arg < 0 or (wait.told_arg < len(values) and values[wait.told_arg] != ZERO)
            if told and not self._elsewhere(wait, values) and (wait.when_arg < 0 or (wait.when_arg < len(values) and values[wait.when_arg] != ZERO)):
                self._see(node, key, "call", state)
                before = state.copy() if wait.tells else None
                self.emit(Event("wait", ZERO, extra=wait.kind, place=node.place), state)
                if before is not None:
                    return [(("c", 1), state), (ZERO, before)]
        elif name in border.frees:
            free = border.frees[name]
            if free.arg < len(values) and bare(terms.type_of(terms.root(values[free.arg]))) in border.owners:
                self._gone(terms.root(values[free.arg]), state, node.place)
            elif free.arg < len(values):
                self._see(node, key, "call", state)
                after = frozenset({free.after}) if free.after else _NOTHING
                if free.after and free.arg:
                    self.watch_head(values[0], self._step(node.place, node.text), state)
                for term in self._freed(values[free.arg], free.form, state):
                    if free.form == "folio" and self._held_by_others(term, state):
                        continue
                    self._free(term, after, (), node, "handover" if free.after else "leaf", state)
        elif name in border.defers:
            return [(result, after) for after in self._defer(name, values, node, state)]
        elif name in border.lists:
            self.watch_list(name, values, node, state)
            self._list(name, values, state)
            action = border.lists[name]
            if action.action == "take" and action.object < len(values) and values[action.object][0] in ("g", "f"):
                # What comes back is what was on the list.
                content = self.load(("f", values[action.object], "held", bare(node.type)), state)
                state.taken = {**state.taken, content: _NOTHING}
                return [(content, state)]
        return [(result, state)]

    def _held_by_others(self, term: Term, state: State) -> bool:
        """Does the path know that others hold the page too?"""
        count = ("n", ("holders", terms.root(term)))
        return any(test[0] == "o" and test[2][:2] == count and (test[1], test[3], truth) in _MORE_THAN_ONE for test, truth in state.facts.items())

    def _elsewhere(self, wait: Wait, values: list[Term]) -> bool:
        """Does a flush cover nothing, or begin where the range ends that this function works on, or a whole table's span later?"""
        if len(wait.range_args) != 2 or max(wait.range_args) >= len(values):
            return False
        start, end = (values[index] for index in wait.range_args)
        if start == end and start[0] in ("p", "v", "m"):
            return True
        base = start
        if start[0] == "o" and start[1] == "+" and start[3][0] == "c":
            if start[3][1] >= self.border.table_span:
                return True
            base = start[2]
        return base[0] == "p" and base[1] in self.flow.limits

    def _takes_entry(self) -> bool:
        return any(bare(param.type).removesuffix("*").strip() in self.border.entries for param in self.function.params)

    def _freed(self, value: Term, form: str, state: State) -> list[Term]:
        if form == "contents":
            return [
                held
                for place, held in state.memory.items()
                if terms.contains(place, value) and place != value and held[0] in ("v", "p", "m", "up", "o")
            ]
        if form == "array":
            return [self.load(terms.deref(value, "struct page *"), state)]
        return [value]

    def _defer(self, name: str, values: list[Term], node: ir.Call, state: State) -> list[State]:
        defer = self.border.defers[name]
        thing = values[defer.object] if -len(values) <= defer.object < len(values) else ZERO
        callbacks: list[str] = []
        if defer.callback >= 0 and defer.callback < len(values) and values[defer.callback][0] == "fn":
            callbacks = [values[defer.callback][1]]
        elif defer.member:
            callbacks = self._item_functions(thing, state)
        if defer.callback >= 0 and (defer.kind == "rcu" or (thing[0] == "f" and bare(thing[3]) in self.border.heads)):
            self.watch_queue(thing, callbacks, node, state)
        if not callbacks and defer.member and self._hangs_on_param(thing):
            # Whoever made the item knows what it runs.
            self.emit(Event("queue", thing, extra=name, place=node.place), state)
        elif not callbacks and terms.root(thing)[0] != "n":
            self._unresolved(node, state)
        return self._run_later(name, thing, callbacks, node, state)

    def _run_later(self, name: str, thing: Term, callbacks: list[str], node: ir.Call | ir.Asm, state: State) -> list[State]:
        """What is queued runs ``callbacks``, later: the states after each way that these free what they are given."""
        defer = self.border.defers[name]
        if not callbacks:
            self._hand_over(thing, frozenset({defer.kind}), node, state)
            return [state]
        found: list[State] = []
        for key in callbacks:
            self.ledger.callbacks.add((key, defer.kind), state.runtimes)
            if self.asked.takes(key) is None:
                self._hand_over(thing, frozenset({defer.kind}), node, state)
                found.append(state)
                continue
            self._see(node, key, "callback", state)
            self._pass(key, [thing], node, state)
            asked = node.function if isinstance(node, ir.Call) else None
            self._see(node, asked.key if isinstance(asked, ir.FunctionRef) else name, "call", state)
            kept: dict[tuple[Event, ...], State] = {}
            summary = self.asked.summary(key)
            side = tuple(event for event, runtimes in summary.side if runtimes & state.runtimes)
            for case in summary.cases:
                one = state.copy()
                one.runtimes = case.runtimes & state.runtimes
                if one.runtimes and self._later(case.events + side, defer.kind, thing, node, one):
                    kept.setdefault(one.events, one)
            if not kept:
                self._hand_over(thing, frozenset({defer.kind}), node, state)
                kept[()] = state
            found += kept.values()
        return list(self.ledger.first(found, 4, "states"))

    def _queued(self, event: Event, substitute: Substitute, node: ir.Call | ir.Asm, state: State) -> None:
        """A callee queues an item that this function gave it."""
        thing = substitute.term(event.term)
        callbacks = self._item_functions(thing, state)
        if not callbacks and self._hangs_on_param(thing):
            self.emit(event._replace(term=thing), state)
        elif callbacks:
            ways = self._run_later(event.extra, thing, callbacks, node, state.copy())
            chosen = max(ways, key=lambda way: len(way.events))
            state.events, state.gone = chosen.events, chosen.gone

    def _item_functions(self, thing: Term, state: State) -> list[str]:
        """The functions that a queued item may hold: by its own initialiser or assignment, else any that such a member ever gets."""
        base = terms.bottom(thing)
        if base[0] == "g" and (own := self.asked.holds(base[1])):
            return list(own)
        found = [value[1] for place, value in state.memory.items() if value[0] == "fn" and terms.contains(place, thing)]
        if found:
            return found
        return []

    def _later(self, events: tuple[Event, ...], kind: str, thing: Term, node: ir.Call | ir.Asm, state: State) -> bool:
        """A callback frees what it was given, later."""
        some = False
        substitute = Substitute(self, [thing], state, node.place)
        for event in events:
            if event.kind == "free":
                some = True
                term = substitute.term(event.term)
                self._free(term, event.after | {kind}, event.chain, node, "handover", state, event)
        return some

    def _hand_over(self, thing: Term, after: frozenset[str], node: ir.Call | ir.Asm, state: State) -> None:
        """Something is queued by a node inside it, and what happens then is not known: it is the object that is handed over."""
        base = thing
        while base[0] == "f":
            base = base[1]
        if self.level(base, state):
            self._free(base, after, (), node, "handover", state)

    def _list(self, name: str, values: list[Term], state: State) -> None:
        action = self.border.lists[name]
        if max(action.object, action.head) >= len(values):
            return
        thing, head = values[action.object], values[action.head]
        if action.action == "add":
            self._add(thing, head, state)
        elif action.action == "del":
            state.facts[("unlisted", thing)] = True
        elif action.action == "splice":
            held = state.memory.get(("f", thing, "held", ""))
            if held is not None and head[0] != "a":
                cell = self._cell(head)
                if cell:
                    self._put(held, cell, state, head)
            elif head[0] == "a":
                content = held if held is not None else ("v", ("f", thing, "held", ""))
                state.memory[("f", head, "held", "")] = content
                if thing[0] != "a":
                    state.taken = {**state.taken, content: _NOTHING}
                for place in list(state.memory):
                    # The list is walked through its head's pointers: these lead to what was held by the other one now.
                    if place[0] == "f" and place[1] == head and place[3] == f"{str(place[2]).rsplit('.', 1)[0]} *":
                        state.memory[place] = content

    def _add(self, thing: Term, head: Term, state: State) -> None:
        """Something goes on a list by its node: one of this function's own, the caller's, or one that others have too."""
        base = thing[1] if thing[0] == "f" else thing
        if head[0] == "a":
            state.memory[("f", head, "held", "")] = base
            if thing[0] == "f" and thing[3] in self.border.links and self.level(base, state):
                # The list is walked through its head's pointers.
                state.memory[terms.field(head, f"{thing[3]}.next", f"{thing[3]} *")] = thing
        elif head[0] == "p":
            if thing[0] == "f" and self.level(base, state):
                self.emit(Event("list", thing, value=head), state)
        else:
            cell = self._cell(head)
            if cell and not self._own(thing):
                self._put(base, cell, state, head)

    # ---- what happens to a table ----------------------------------------------------------------------------

    def _free(
        self, term: Term, after: frozenset[str], chain: tuple[Hop, ...], node: ir.Call | ir.Asm, role: str, state: State, inner: Event | None = None
    ) -> None:
        """A free in this function, or in what it calls: known here, or left to the callers."""
        base = terms.root(term)
        if base in self.folios:
            self.unknown.add(base)  # another path may tell that it is a table
        if base[0] in ("c", "fn", "g") or self._is_data(base, state) or self._is_record(base) or self.maps_memory(term):
            return
        if base[0] == "v" and self._never_set(base[1]):
            return  # no path of the program
        if base[0] == "v" and base[1][0] == "g" and base not in self.types:
            return  # a base address that something was added to, and what that is was lost
        since = state.since.get(base)
        waited = self._waited(base, after, inner, state)
        unlinked = since[0] if since is not None else None
        nearer = inner.unlinked if inner is not None else None
        if nearer is not None and (unlinked is None or (nearer.place != unlinked.place and not nearer.place.file.endswith(".h"))):
            unlinked = nearer  # the callee's own is the last one
        level = self.level(base, state) or (inner.level if inner is not None else "")
        text = node.text if isinstance(node, ir.Call) else node.macro
        self.watch_freed(base, self._step(node.place, text), state)
        hop = Hop(self.function.key, node.place, text, deferral_of(waited), role, self._handles(base, state))
        if base[0] == "m" and level and hop.deferral == "immediate" and self._published_in(base, state):
            still = Event("free", base, waited, (hop, *chain), place=node.place, level=level, space="user")
            self.ledger.suspects.add(Suspect("linked", self.function.key, still), state.runtimes)
        event = Event(
            "free",
            base,
            waited,
            (hop, *chain),
            inner.extra or ("drained" if self._cell_of(inner.term) else "") if inner is not None else "",
            place=node.place,
            unlinked=unlinked,
            level=level,
            space=inner.space if inner is not None else "",
            stripped=self._destroyed(base, state) or (inner is not None and inner.stripped),
        )
        self._found(event, state, said=inner is not None and bool(inner.level))

    def _waited(self, base: Term, after: frozenset[str], inner: Event | None, state: State) -> frozenset[str]:
        """What was waited for since the table was unlinked; ``after`` in a callee, whose event is ``inner``."""
        since = state.since.get(base)
        if since is not None:
            return since[1] | after
        taken = next((waits for content, waits in state.taken.items() if terms.contains(base, content)), None)
        if taken is not None:
            # What came on the list while this waited was not waited for.
            return taken | after
        # What was waited for before a table was unlinked does not count: not where the callee unlinks, nor where an entry still points to it.
        early = self._linked(base) or self.is_local(base) or (self._kept(base) and not self._in_item(base))
        return after if early or (inner is not None and inner.unlinked is not None) else state.waits | after

    def _destroyed(self, base: Term, state: State) -> bool:
        """Did the destructor run, or does the page's type say that no constructor did?"""
        return base in state.stripped or ("bare", base) in state.facts

    def _never_set(self, place: Term) -> bool:
        """Is it a local variable, or a number in one, that this path has not set?"""
        number = not bare(terms.place_type(place)).endswith(("*", "]"))
        inner = place
        while inner[0] == "f":
            inner = inner[1]
        return bool(inner[0] == "a" and (inner == place or (number and not self._holds_pages(place))))

    def _put(self, value: Term, cell: str, state: State, where: Term) -> None:
        base = terms.root(value)
        if base in self.folios:
            self.unknown.add(base)
        if base[0] not in ("p", "v", "m", "up", "n") or self._is_data(base, state):
            return
        if any(contains in self.border.gathers for contains in _records(where)):
            self.ledger.gathers.add(cell)
        self._found(
            Event(
                "put",
                base,
                extra=cell,
                value=where,
                level=self.level(base, state),
                unlinked=state.since[base][0] if base in state.since else None,
                after=self._waited(base, _NOTHING, None, state),
                stripped=self._destroyed(base, state),
            ),
            state,
        )

    def keep(self, place: Term, value: Term, state: State) -> None:
        """A member gets a value that could lead to a table: whoever reads the member later may have that."""
        if place[0] != "f" or not self._leads(bare(place[3])):
            return
        base = terms.root(value)
        if base[0] == "a":
            base = ("&", terms.root(state.memory[base])) if base in state.memory else ("n", ("local",), "")
        if base[0] != "c":
            self.ledger.keep(str(place[2]), self.function.key, terms.root(place[1]), base, self.fresh(base, state))

    def publish(self, value: Term, place: Term) -> None:
        """What was allocated here goes into an entry."""
        self.ledger.publish(self.function.key, value, place)

    def reads(self, place: Term, state: State, where: ir.Place) -> None:
        """An entry is read: a step of a walker, if an entry of another table led to this one."""
        entry = self.border.entries.get(terms.place_type(place))
        if entry is None or place[0] != "d" or self._own(place):
            return
        self._walked(terms.root(place[1]), "", where, state)
        for leaf in terms.leaves(place[1]):
            if leaf[0] in ("v", "p") and bare(terms.type_of(leaf)) in self.border.entries:
                self.ledger.walks.add(Walk(self.function.key, where, entry.holds, leaf, state.reading, state.held > 0), state.runtimes)

    def copy(self, table: Term, value: Term) -> None:
        """An entry of what was allocated here gets what another entry had."""
        self.ledger.copy(self.function.key, table, value)

    def put_field(self, place: Term, value: Term, state: State) -> None:
        """A page, or something untyped, goes into a member of a record that outlives the call."""
        kind = place[3]
        base = terms.root(value)
        if base[0] in ("c", "fn", "n", "m", "g") or base[0] in ("a", "f", "d"):
            return
        kept = kind.split("[")[0].strip()
        if kept in self.border.pages or kept in self.border.tables or kept == "void *":
            self._put(value, str(place[2]), state, place)

    def put_global(self, place: Term, value: Term, state: State) -> None:
        """A table goes into a global variable, or one of each CPU."""
        if value[0] not in ("c", "fn", "a", "g", "f", "d") and self.level(value, state):
            self._put(value, str(place[1]), state, place)

    def serves(self, value: Term) -> None:
        """A table that lay in a container goes into an entry, or is given to who asked for a new one: it is in service again.

        A deposit goes back to the range that it was for: the locks of that range decide.
        """
        base = terms.root(value)
        direct = base[0] == "v" and base[1][0] in ("f", "g") and self._entry_type(base[1]) == ""
        if (direct or base[0] == "up") and self.level_of_type(base):
            cell = self._cell_of(base)
            if cell and cell not in self.words.members:
                self.ledger.served.add(cell)

    def _entry_type(self, place: Term) -> str:
        kind = bare(terms.place_type(place)).removesuffix("*").strip()
        return kind if kind in self.border.entries else ""

    def _found(self, event: Event, state: State, *, said: bool = False) -> None:
        """A table goes somewhere. Where a callee knew that it is one, what is to be said of the callee's own calls is ``said`` there."""
        level = event.level
        event = event._replace(space=self.space(event.term) or event.space)
        origin = event.term[0] not in ("p",) and not self._hangs_on_param(event.term)
        fresh = self.fresh(event.term, state)
        if level:
            below = tuple(hop.function for hop in event.chain[1:])
            for index, hop in enumerate(event.chain[:1] if said else event.chain):
                here = index == 0 and event.term[0] != "p"
                own = self.function.key
                hit = Hit(hop, level, fresh and index == 0, here, event.space, own, event.term, state.held > 0, state.apart, below[:index])
                self.ledger.hits.add(hit, state.runtimes)
            self.ledger.chains.add(event.chain)
            if event.kind == "put":
                self.ledger.ways.add(("put", event), state.runtimes)
            elif deferral_of(event.after) == "semi-rcu":
                self.ledger.ways.add(("semi-rcu", event), state.runtimes)
            elif deferral_of(event.after) == "workqueue":
                self.ledger.ways.add(("workqueue", event), state.runtimes)
        cell = self._cell_of(event.term) if event.kind == "free" else ""
        if event.kind == "put":
            self.ledger.puts[event.extra].add((event.chain, level), state.runtimes)
        elif cell:
            if event.stripped:
                self.ledger.stripped_cells.add(cell)
            self.ledger.drains[cell].add((event.chain, level), state.runtimes)
        if "flush" in event.after:
            self.ledger.flushed.add(event.chain)
        short = deferral_of(event.after) in ("immediate", "semi-rcu") or "flush" not in event.after
        if event.kind == "free" and level and event.unlinked is not None and short:
            self.ledger.suspects.add(Suspect("unlinked", self.function.key, event), state.runtimes)
        if event.kind == "free" and not level:
            self.unknown.add(event.term)
        if level:
            self._twice(event, state)
            self._state_left(event, state)
        if event.kind == "free" and not level and cell and self._hangs_on_param(event.term):
            self.side.add(event, state.runtimes)
        elif not origin or event.term[0] == "v":
            self.emit(event, state)
        elif level and event.kind == "free":
            state.gone = self.ledger.first((*state.gone, event), 4, "frees")

    def _twice(self, event: Event, state: State) -> None:
        """Was the table freed or queued before on this path, and not put into an entry since? What a batch frees was put there before."""
        if any(word.startswith("cell:") for word in event.after) or terms.names_global(event.term):
            return  # what a global leads to by an index that is not known is told apart by nothing
        for before in (*state.events[state.fence :], *state.gone):
            if any(word.startswith("cell:") for word in before.after) or not all(hop.handles for hop in (*before.chain, *event.chain)):
                continue  # code that serves any page drops references: each its own
            if before.kind == "put" and before.extra not in self.ledger.gathers:
                continue  # what put it there may have taken it out again
            same = (
                before.kind in ("free", "put")
                and before.term == event.term
                and before.level
                and not {before.extra, event.extra} & {"pooled", "drained"}
            )
            if same and event.chain and before.chain and before.chain[0].place != event.chain[0].place:
                if event.term[0] == "v" and self._linked(event.term) and event.term not in state.since:
                    continue  # another table may be in that entry by now
                self.ledger.doubles.add(Double(self.function.key, before, event), state.runtimes)

    def _state_left(self, event: Event, state: State) -> None:
        """Is the constructor's state taken, and not before its time?"""
        base = event.term
        strip = state.stripped.get(base)
        later = event.kind == "put" or bool(event.after & {"rcu", "sync-rcu"})
        batched = any(word.startswith("cell:") for word in event.after)
        if (
            strip is not None
            and strip.waits is not None
            and not batched
            and later
            and event.unlinked is not None
            and not strip.waits & {"rcu", "sync-rcu"}
        ):
            self.ledger.early.add(Early(self.function.key, strip, event), state.runtimes)
        if event.stripped or event.extra == "pooled" or not event.chain or batched or not event.chain[0].handles:
            return
        made = any(before.kind == "make" and before.term == base for before in state.events)
        if (base[0] == "v" and event.unlinked is not None) or (base[0] == "m" and made):
            self.ledger.unstripped.add((self.function.key, event), state.runtimes)

    def freed_before_clear(self, event: Event, where: ir.Place, state: State) -> None:
        """A table is freed, or put into the gather, before the entry that points to it is cleared. What one callee does is said there."""
        if event.level and len(event.chain) > 1 and event.chain[0].place == where:
            # One callee frees and clears: it could not see that what it frees is what the entry points to, its caller can.
            event = event._replace(chain=event.chain[1:])
        early = event.chain[0].deferral == "immediate" if event.kind == "free" else bool(self.border.gathers & set(_records(event.value)))
        if event.level and event.unlinked is None and event.extra != "pooled" and early:
            self.ledger.suspects.add(Suspect("linked", self.function.key, event), state.runtimes)

    def emit(self, event: Event, state: State) -> None:
        """Add an event to the path, once."""
        if event.kind == "wait" and event.extra == "flush-here":
            return
        if event.kind == "set" and state.done:
            # A second time around a loop it is another entry than before, under the same name.
            return
        if event.kind == "wait" and event.extra == "detach":
            state.apart = event.place
        elif event.kind == "wait" and event.extra in ("cookie", "poll"):
            self._polled(event.extra, state)
        elif event.kind == "wait":
            state.waits |= {event.extra}
            state.since = {base: (where, waits | {event.extra}) for base, (where, waits) in state.since.items()}
            state.taken = {base: waits | {event.extra} for base, waits in state.taken.items()}
        if event not in state.events:
            state.events = self.ledger.first((*state.events, event), self.bounds.events, "events")

    def _polled(self, kind: str, state: State) -> None:
        """A moment is noted, or a grace period since the moment that was noted last is over. Where none was noted on this path, it was before."""
        noted = bool(state.waits & {"cookie", "late"})

        def after(waits: frozenset[str]) -> frozenset[str]:
            if kind == "cookie":
                return waits | {kind}
            return waits | {"sync-rcu"} if "cookie" in waits or not noted else waits

        state.since = {base: (where, after(waits)) for base, (where, waits) in state.since.items()}
        state.taken = {content: after(waits) for content, waits in state.taken.items()}
        state.waits = after(state.waits) - {"late"} if kind == "cookie" else after(state.waits)

    # ---- what is a table ------------------------------------------------------------------------------------

    def level(self, value: Term, state: State) -> str:
        """The level of the table that a value is, or empty."""
        base = terms.root(value)
        if base[0] in ("c", "fn", "g", "a") or self._is_data(base, state):
            return ""
        return self.level_of_type(base)

    def level_of_type(self, value: Term) -> str:
        """By the types under which the value was seen."""
        base = terms.root(value)
        kind = bare(terms.type_of(base))
        entry = self.border.entries.get(kind)
        if entry is not None:
            seen = self.types.get(base, "any")
            return seen if seen != "any" else "" if entry.below == "data" else entry.below
        level = self.border.level_types.get(kind)
        if level is not None and level != "any":
            return level
        return self.types.get(base, level or "")

    def _is_data(self, base: Term, state: State) -> bool:
        """What an entry of the last level, or one with the leaf bit, points to is no table."""
        entry = self.border.entries.get(bare(terms.type_of(base)))
        # A folio, in an entry or allocated, is data, unless something took it for a table.
        made = base[0] == "m" and bare(terms.type_of(base)) == FOLIO
        folio = base not in self.types and (made or (base in self.folios and entry is not None))
        return folio or (entry is not None and entry.below == "data") or bool(state.facts.get(("leaf", base)))

    def _published_in(self, base: Term, state: State) -> bool:
        """Does an entry that others can reach point to the table right now, by what this path stored?"""
        for place, value in state.memory.items():
            entry = self.border.entries.get(terms.place_type(place))
            if entry is not None and entry.below != "data" and terms.root(value) == base and self.space(place) not in ("own", "kernel"):
                return terms.bottom(place)[0] in ("p", "v")
        return False

    def _linked(self, base: Term) -> bool:
        """Was the value loaded from an entry, or from a root's member, and is so still linked?"""
        kind = bare(terms.type_of(base))
        return base[0] == "v" and (kind in self.border.entries or kind.removesuffix("*").strip() in self.border.entries)

    def _in_item(self, base: Term) -> bool:
        """Does it lie in the item that a callback is called with? It was put there before the callback began."""
        while base[0] in ("v", "f", "d"):
            base = base[1]
        return bool(base[0] == "up" and base[1][0] == "p")

    def _kept(self, base: Term) -> bool:
        """Does the value lie in a member that is there for a table, with others that may come and go?"""
        return base[0] == "v" and bare(terms.type_of(base)) in self.border.level_types

    def _is_record(self, base: Term) -> bool:
        """Is it a pointer to a record that no page-table page is, by its type and by all types it was seen under?"""
        kind = bare(terms.type_of(base))
        if not kind.startswith("struct ") or not kind.endswith("*") or kind in self.border.pages or self.level_of_type(base):
            return False
        return kind.removesuffix("*").strip() not in self.border.links

    def space(self, term: Term) -> str:
        """Whose address space a table belongs to: ``kernel``, ``user``, or empty where this function cannot tell."""
        base = term
        while base[0] in ("v", "f", "d", "up", "o"):
            if base[0] == "f" and f"{str(base[2]).rsplit('.', 1)[0]} *" in self.border.owners and not self._kernel_root(base):
                return "own" if terms.bottom(base)[0] == "m" else "user"
            base = base[1] if base[0] != "o" else terms.root(base) if terms.root(base) != base else ZERO
        if base[0] == "g":
            return "kernel"
        if base[0] == "a":
            return "own"
        if any(value[0] == "g" and value[1] in self.border.kernel_roots for value in self.params.values()):
            return "kernel"
        if base[0] in ("p", "m", "n") and any(bare(param.type) in self.border.owners for param in self.function.params):
            return "user"
        return ""

    def _kernel_root(self, term: Term) -> bool:
        base = terms.bottom(term)
        return base[0] == "g" and base[1] in self.border.kernel_roots

    def _handles(self, base: Term, state: State) -> bool:
        """Does this function know that it has a table, or at least not take it for any page?"""
        return bool(self.level(base, state)) or bare(terms.type_of(base)) not in self.border.pages

    def _hangs_on_param(self, term: Term) -> bool:
        return bool(terms.bottom(term)[0] == "p")

    def _cell(self, head: Term) -> str:
        if head[0] == "g":
            return str(head[1])
        if head[0] == "f":
            return str(head[2])
        return ""

    def _cell_of(self, term: Term) -> str:
        """The container that a value was taken out of, or empty."""
        base = term
        if base[0] == "up":
            base = base[1]
            while base[0] == "v" and base[1][0] == "f" and base[1][2].split(".")[0] in self.border.links:
                base = base[1][1]
            if base[0] == "v" and base[1][0] == "f" and base[1][2] == "held":
                base = base[1][1]
            return self._cell(base)
        if base[0] == "v":
            while base[1][0] == "f" and base[1][2].split(".")[0] in self.border.links and base[1][1][0] == "v":
                base = base[1][1]  # the next one on the list
            place = base[1]
            if place[0] == "f" and place[2] == "held":
                return self._cell(place[1])
            if place[0] == "g":
                return str(place[1]) if self.level_of_type(base) else ""
            while place[0] == "d":
                place = place[1][1] if place[1][0] == "v" else place[1]
            return str(place[2]) if place[0] == "f" else ""
        return ""

    # ---- summaries ------------------------------------------------------------------------------------------

    def _apply(self, case: Case, values: list[Term], substitute: Substitute, node: ir.Call | ir.Asm, state: State) -> tuple[Term, State] | None:
        for test, wanted in case.conditions:
            if not self.assume(substitute.term(test), wanted, state):
                return None
        if any(value[0] == "g" and value[1] in self.border.kernel_roots for value in values):
            case = case._replace(events=tuple(event._replace(space="kernel") if event.space == "user" else event for event in case.events))
        # What a callee frees and clears itself was judged there, but for what only its caller can see: that both are one table.
        blind = any(event.kind == "free" and event.term[0] == "p" for event in case.events)
        accessor = not any(event.kind in ("free", "put") for event in case.events)
        judge = "all" if accessor else "own" if blind else "none"
        result = substitute.term(case.result)
        stores = [(substitute.place(place), substitute.term(value)) for place, value in case.stores]
        self.watch_applied([claim._replace(term=substitute.term(claim.term), head=substitute.term(claim.head)) for claim in case.claims], node, state)
        for event in case.events:
            if event.kind == "wait":
                self.emit(event, state)
            elif event.kind == "set":
                value = substitute.term(event.value)
                place = substitute.place(event.term)
                if not self._own(place):
                    plain = judge == "all" or (event.term[0] == "d" and event.term[1][0] == "p")
                    self.set_entry(place, value, state, node.place, event.unlinked, judge=judge if plain else "none")
                state.memory[place] = value
            elif event.kind == "queue":
                self._queued(event, substitute, node, state)
            elif event.kind == "list":
                self._add(substitute.term(event.term), substitute.term(event.value), state)
            elif event.kind in ("make", "strip"):
                self._account(event._replace(term=substitute.term(event.term)), node, state)
            elif event.kind == "free":
                self._free(substitute.term(event.term), event.after, event.chain, node, "wrapper", state, event)
            elif event.kind == "put":
                base = terms.root(substitute.term(event.term))
                where = substitute.term(event.value)
                if base[0] in ("p", "v", "m", "up", "n") and not self._is_data(base, state) and not self._own(where) and not self.is_local(where):
                    if any(record in self.border.gathers for record in _records(where)):
                        self.ledger.gathers.add(event.extra)
                    level = self.level(base, state) or event.level
                    text = node.text if isinstance(node, ir.Call) else node.macro
                    hop = Hop(
                        self.function.key,
                        node.place,
                        text,
                        f"cell:{event.extra}",
                        "wrapper" if event.chain else "handover",
                        self._handles(base, state),
                    )
                    since = state.since.get(base)
                    self._found(
                        event._replace(
                            term=base,
                            value=where,
                            chain=(hop, *event.chain),
                            level=level,
                            unlinked=since[0] if since else event.unlinked,
                            after=self._waited(base, event.after, event, state),
                            stripped=event.stripped or self._destroyed(base, state),
                        ),
                        state,
                        said=bool(event.level),
                    )
        state.held += case.held
        state.reading = (state.reading - case.reading[1]) | case.reading[0]
        if result[0] == "v":
            self.reads(result[1], state, node.place)
        for place, value in stores:
            if terms.is_place(place):
                state.memory[place] = value
                self.keep(place, value, state)
        if isinstance(node, ir.Call):
            result = self._typed(result, node.type)
        return result, state

    # ---- assembly -------------------------------------------------------------------------------------------

    def assembly(self, node: ir.Asm, state: State) -> list[tuple[Term, State]]:
        """A call through a table of functions, an exchange, or something that writes its outputs."""
        member = next((index for index, operand in enumerate(node.operands) if self._slot(operand)), None)
        if member is not None:
            return self._assembly_call(node, member, state)
        if "xchg" in node.text and len(node.operands) >= 2:
            values = [
                self.place(operand, state)[0][0] if isinstance(operand, (ir.Var, ir.Member, ir.Unary, ir.Index)) else None
                for operand in node.operands[:2]
            ]
            if values[0] is not None and values[1] is not None and values[0] != values[1]:
                register, memory = (values[0], values[1]) if values[0][0] == "a" else (values[1], values[0])
                new, old = self.load(register, state), self.load(memory, state)
                if "cmpxchg" in node.text and len(node.operands) >= 3:
                    new = self.evaluate(node.operands[2], state)[0][0]
                self.store(memory, new, state, node.place)
                state.memory[register] = old
                return [(ZERO, state)]
        for index, operand in enumerate(node.operands):
            if isinstance(operand, ir.Var) and operand.scope == "local" and (index < node.outputs or ("a", operand.id) not in state.memory):
                state.memory[("a", operand.id)] = ("n", (node.place, "written", index), bare(operand.type))
        return [(ZERO, state)]

    def _slot(self, operand: ir.Expr) -> str:
        """The member of a table of functions that an operand of assembly is, or whose address it is: by the narrower name, where all fill that."""
        if isinstance(operand, ir.Unary) and operand.op == "&":
            operand = operand.operand
        narrow, wide = inner_slot(operand), slot(operand)
        if narrow and self.asked.offered(narrow) and self.everywhere <= frozenset().union(*self.asked.targets(narrow).values()):
            return narrow
        return wide if wide and self.asked.offered(wide) else ""

    def _assembly_call(self, node: ir.Asm, member: int, state: State) -> list[tuple[Term, State]]:
        values = []
        for argument in node.operands[member + 1 :]:
            value, state = self.evaluate(argument, state)[0]
            values.append(value)
        outputs = [place for out in node.operands[:member] if isinstance(out, ir.Var) for place, _ in self.place(out, state) if place[0] == "a"]
        targets = self.asked.targets(self._slot(node.operands[member]))
        found: list[tuple[Term, State]] = []
        left = state.runtimes
        for key, runtimes in targets.items():
            here = state.runtimes & runtimes
            takes = self.asked.takes(key)
            if not here or takes is None:
                continue
            left = left - here
            one = state.copy()
            one.runtimes = here
            self._see(node, key, "pv_ops", one)
            # Some trees put numbers for the patching of the call between the operation and its arguments.
            count = len(takes)
            arguments = values[len(values) - count :] if len(values) > count else values
            self._passed(key, arguments, node, one)
            self._pass(key, arguments, node, one)
            found += self._through_summary(key, arguments, node, one)
        if left:
            state.runtimes = left
            given = [value for value in values if value[0] != "c"]
            found.append((terms.root(given[0]) if given else ("n", (node.place,), ""), state))
        for value, after in found:
            for place in outputs:
                after.memory[place] = value
        return _merge([(ZERO, after) for _, after in found])


def _emptied(value: Term) -> bool:
    """Was it NULL before a loop went around? What else it may be by now is on the paths that put it there."""
    return bool(value[0] == "n" and value[1] and value[1][0] == "loop")


def _merge(found: list[tuple[Term, State]]) -> list[tuple[Term, State]]:
    if len(found) < 2:
        return found
    kept: dict[tuple[object, ...], tuple[Term, State]] = {}
    for value, state in found:
        kept.setdefault((value, *state.key()), (value, state))
    return list(kept.values())


def _member(node: ir.Expr) -> str:
    while isinstance(node, (ir.Unary, ir.Cast, ir.Index)):
        node = node.base if isinstance(node, ir.Index) else node.operand
    return slot(node)


def _records(place: Term) -> list[str]:
    found = []
    while place[0] in ("f", "d", "v", "up"):
        if place[0] == "f":
            found.append(str(place[2]).rsplit(".", 1)[0])
        place = place[1]
    return found
