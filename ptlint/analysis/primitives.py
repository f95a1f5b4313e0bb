"""What the border's functions do: allocate, free, defer, wait, lock, put on lists, tell what is no table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.evaluate import bare, written_type
from ptlint.analysis.flushed import Flushed
from ptlint.analysis.ledger import CallSeen
from ptlint.analysis.substitute import Substitute
from ptlint.analysis.terms import ZERO, Term
from ptlint.analysis.values import MISSED, UNTOLD, Event, Hop, Pass, State, Strip
from ptlint.frontend import ir

if TYPE_CHECKING:
    from ptlint.program.border import Fill, Wait

__all__ = ["Primitives"]

_NOTHING: frozenset[str] = frozenset()
_ONE = ("c", 1)
_MORE_THAN_ONE = {("==", _ONE, False), ("!=", _ONE, True), (">", _ONE, True), ("<=", _ONE, False)}


class Primitives(Flushed):
    """The part of a function's run that knows the border with the rest of the kernel."""

    def _border(self, name: str, key: str, values: list[Term], node: ir.Call, state: State) -> list[tuple[Term, State]]:
        border = self.border
        name = name.removesuffix("_noprof") if name.removesuffix("_noprof") in border.named else name
        result = self._unknown(node, [])
        if name in border.noreturn:
            return []
        for index in border.touches.get(name, ()):
            if index < len(values) and values[index][0] not in ("c", "fn", "a", "g"):
                self._walked(terms.root(values[index]), node.text, node.place, state, state.runtimes)
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
            if name in border.locks and values:
                self.takes_lock(values[0], node, state)
            if name in border.locks:
                self.locked(state)
            state.held += 1 if name in border.locks else -1
            return [(result, state)]
        if name in border.exclusive:
            state.exclusive |= {border.exclusive[name]}
            return [(result, state)]
        if name in border.exclusive_ends:
            state.exclusive -= border.exclusive_ends[name]
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
        if (value := _argument(border.views, name, values)) is not None:
            return [(self._typed(value, node.type), state)]
        if (value := _argument(border.data, name, values)) is not None:
            state.facts[("leaf", terms.root(value))] = True
            return [(result, state)]
        if (value := _argument(border.mappings, name, values)) is not None:
            other = state.copy()
            state.facts[("leaf", terms.root(value))] = True
            return [(("c", 1), state), (ZERO, other)]
        if (value := _argument(border.constructed, name, values)) is not None:
            other = state.copy()
            other.facts[("bare", terms.root(value))] = True
            return [(("c", 1), state), (ZERO, other)]
        if (value := _argument(border.of_kernel, name, values)) is not None:
            other = state.copy()
            marked = [(("c", 1), state)] if self.assume(("kernel", value), True, state) else []
            return [*marked, (ZERO, other)]
        if (value := _argument(border.counts, name, values)) is not None:
            return [(("n", ("holders", terms.root(value)), bare(node.type)), state)]
        if name in border.callback_waits:
            return self._await(border.callback_waits[name], values, node, key, state)
        if name in border.allocs:
            return [(("m", (node.place,), bare(node.type)), state)]
        if name in border.waits:
            return self._wait(border.waits[name], values, node, key, state)
        if name in border.frees:
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
        elif name in border.setups:
            setup = border.setups[name]
            if max(setup.object, setup.callback) < len(values):
                place = terms.field(values[setup.object], f"struct {setup.member}", "")
                state.memory[place] = values[setup.callback]
        elif name in border.fills:
            self._fill(border.fills[name], values, node, state)
        elif name in border.lists:
            self.watch_list(name, values, node, state)
            self._list(name, values, node.place, state)
            action = border.lists[name]
            if action.action == "take" and action.object < len(values) and values[action.object][0] in ("g", "f"):
                # What comes back is what was on the list.
                content = self.load(("f", values[action.object], "held", bare(node.type)), state)
                state.take(content)
                return [(content, state)]
        return [(result, state)]

    def _either(self, index: int, values: list[Term], state: State) -> list[tuple[bool, State]]:
        """Whether a flag among the arguments is set, with the state in which it is; one that is not asked for is. A caller's flag may be either."""
        if index < 0 or (index < len(values) and values[index][0] not in ("c", "p")):
            return [(True, state)]
        if index >= len(values) or values[index][0] == "c":
            return [(index < len(values) and values[index] != ZERO, state)]
        other = state.copy()
        return [(truth, one) for truth, one in ((True, state), (False, other)) if self.assume(values[index], truth, one)]

    def _wait(self, wait: Wait, values: list[Term], node: ir.Call, key: str, state: State) -> list[tuple[Term, State]]:
        result = self._unknown(node, [])
        found: list[tuple[Term, State]] = []
        for waits, one in self._either(wait.when_arg, values, state):
            if not waits:
                found.append((result, one))
                continue
            for told, two in self._either(wait.told_arg, values, one):
                missed = self._elsewhere(wait, values, node.place, two)
                self._see(node, key, "call", two)
                before = two.copy() if wait.tells else None
                since = two.since
                self.emit(Event("wait", ZERO, extra=MISSED if missed else wait.kind if told else UNTOLD, place=node.place), two)
                self._leave_out(wait, values, since, two)
                found += [(result, two)] if before is None else [(("c", 1), two), (ZERO, before)]
        return found

    def _await(self, index: int, values: list[Term], node: ir.Call, key: str, state: State) -> list[tuple[Term, State]]:
        """Waits until callbacks have run. Of one that this function queued since the unlink: a grace period lies between."""
        waited = terms.record(values[index]) if 0 <= index < len(values) else ZERO
        if any(index < 0 or (completes and terms.record(head) == waited) for head, completes in state.due):
            self._see(node, key, "call", state)
            self.emit(Event("wait", ZERO, extra="sync-rcu", place=node.place), state)
        return [(self._unknown(node, []), state)]

    def _held_by_others(self, term: Term, state: State) -> bool:
        """Does the path know that others hold the page too?"""
        count = ("n", ("holders", terms.root(term)))
        return any(test[0] == "o" and test[2][:2] == count and (test[1], test[3], truth) in _MORE_THAN_ONE for test, truth in state.facts.items())

    def _fill(self, fill: Fill, values: list[Term], node: ir.Call, state: State) -> None:
        """An entry that is set to zero in all its bytes is cleared. Of a whole page that is filled nothing is said: it is one that is made."""
        if max(fill.object, fill.value, fill.size) >= len(values) or values[fill.value] != ZERO:
            return
        kind = bare(written_type(node.args[fill.object])).removesuffix("*").strip()
        size = values[fill.size]
        if kind in self.border.entries and size[0] == "c" and size[1] < self.border.table_bytes:
            self.store(terms.deref(values[fill.object], kind), ZERO, state, node.place)

    def _takes_entry(self) -> bool:
        return any(bare(param.type).removesuffix("*").strip() in self.border.entries for param in self.function.params)

    def _freed(self, value: Term, form: str, state: State) -> list[Term]:
        if form == "contents":
            held = [
                content
                for place, content in state.memory.items()
                if terms.contains(place, value) and place != value and content[0] in ("v", "p", "m", "up", "o")
            ]
            return held or ([("v", ("f", value, "held", ""))] if value[0] in "gf" else [])
        if form == "array":
            return [self.load(terms.deref(value, "struct page *"), state)]
        return [value]

    def _defer(self, name: str, values: list[Term], node: ir.Call, state: State) -> list[State]:
        defer = self.border.defers[name]
        thing = values[defer.object] if -len(values) <= defer.object < len(values) else ZERO
        callback = values[defer.callback] if -1 < defer.callback < len(values) else ZERO
        handed = callback if callback[0] == "p" else ZERO
        named = callback[0] in ("fn", "p")
        held = self._item_functions(thing, state) if defer.member and not named else []
        callbacks = self._callbacks(callback) if named else held
        if defer.kind == "rcu":
            state.due |= {(thing, any(map(self.asked.completes, callbacks)))}
        if defer.callback >= 0 and (defer.kind == "rcu" or (thing[0] == "f" and bare(thing[3]) in self.border.heads)):
            self.watch_queue(thing, callbacks, node, state)
        if not callbacks and (defer.member or handed != ZERO) and self._hangs_on_param(thing):
            # Whoever made the item, or gave the callback, knows what runs.
            self.emit(Event("queue", thing, extra=name, value=handed, place=node.place), state)
            if handed != ZERO:
                return [state]
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
            item = self._holder(key, thing, state)
            self._see(node, key, "callback", state)
            self._pass(key, [item], node, state)
            asked = node.function if isinstance(node, ir.Call) else None
            self._see(node, asked.key if isinstance(asked, ir.FunctionRef) else name, "call", state)
            kept: dict[tuple[Event, ...], State] = {}
            summary = self.asked.summary(key)
            side = tuple(event for event, runtimes in summary.side if runtimes & state.runtimes)
            for case in summary.cases:
                one = state.copy()
                one.runtimes = case.runtimes & state.runtimes
                if one.runtimes and self._later(case.events + side, defer.kind, item, node, one):
                    kept.setdefault(one.events, one)
            if not kept:
                # The callback hands it on: who frees it in the end may run the destructor.
                self._hand_over(thing, frozenset({defer.kind}), node, state, onward=True)
                kept[()] = state
            found += kept.values()
            for one in kept.values():
                self._pend(thing, node, one)
        return list(self.ledger.first(found, 4, "states"))

    def _queued(self, event: Event, substitute: Substitute, node: ir.Call | ir.Asm, state: State) -> None:
        """A callee queues an item that this function gave it."""
        thing, handed = substitute.term(event.term), ZERO if event.value == ZERO else substitute.term(event.value)
        if event.value == ZERO:
            callbacks = self._item_functions(thing, state)
        else:
            callbacks = self._callbacks(handed)
            self.watch_callbacks(thing, callbacks, self._step(node.place, node.text if isinstance(node, ir.Call) else node.macro), state)
        if not callbacks and self._hangs_on_param(thing) and (event.value == ZERO or handed[0] == "p"):
            self.emit(event._replace(term=thing, value=handed), state)
        elif callbacks:
            ways = self._run_later(event.extra, thing, callbacks, node, state.copy())
            chosen = max(ways, key=lambda way: len(way.events))
            state.events, state.gone = chosen.events, chosen.gone
        elif event.value != ZERO and isinstance(node, ir.Call):
            # Nobody knows what runs: counted, and taken for the end of it, as where it is queued here.
            self._unresolved(node, state)
            self._hand_over(thing, frozenset({self.border.defers[event.extra].kind}), node, state)

    def _callbacks(self, value: Term) -> list[str]:
        """The function that a value is, or that all callers give for it; none where it is not known, or is one of several."""
        given = (value[1],) if value[0] == "fn" else self.asked.given(self.function.key, value[1]) if value[0] == "p" else ()
        return list(given) if len(given) == 1 else []

    def _item_functions(self, thing: Term, state: State) -> list[str]:
        """The functions that a queued item may hold: by its own initialiser or assignment, else any that such a member ever gets."""
        base = terms.bottom(thing)
        if base[0] == "g" and (own := self.asked.holds(base[1])):
            return list(own)
        found = [value[1] for place, value in state.memory.items() if value[0] == "fn" and terms.contains(place, thing)]
        if found:
            return found
        return []

    def _holder(self, key: str, thing: Term, state: State) -> Term:
        """The part of a queued item that holds its function, which is what the function is called with: a delayed work's own work, say."""
        places = (place for place, value in state.memory.items() if value == ("fn", key) and place[0] == "f" and terms.contains(place, thing))
        return next((place[1] for place in places), thing)

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

    def _hand_over(self, thing: Term, after: frozenset[str], node: ir.Call | ir.Asm, state: State, *, onward: bool = False) -> None:
        """Something is queued by a node inside it, and what happens then is not known: it is the object that is handed over."""
        base = terms.record(thing)
        if self.level(base, state):
            self._free(base, after, (), node, "handover", state, Event("free", base, stripped=True) if onward else None)
        else:
            self.unknown.add(terms.root(base))  # another path, or the rest of this one, may tell that it is a table

    def _pend(self, thing: Term, node: ir.Call | ir.Asm, state: State) -> None:
        """What is queued by a node inside a table, and not freed by what runs then, must be there until then."""
        base = terms.root(terms.record(thing))
        freed = any(event.kind == "free" and event.term == base and event.chain[0].place == node.place for event in (*state.events, *state.gone))
        if thing[0] == "f" and not freed and (level := self.level(base, state)):
            text = node.text if isinstance(node, ir.Call) else node.macro
            hop = Hop(self.function.key, node.place, text, "pending", "handover", True)
            self.emit(Event("pend", base, chain=(hop,), place=node.place, level=level), state)

    def _list(self, name: str, values: list[Term], where: ir.Place, state: State) -> None:
        action = self.border.lists[name]
        if max(action.object, action.head) >= len(values):
            return
        thing, head = values[action.object], values[action.head]
        if action.action == "add":
            self._add(thing, head, where, state)
        elif action.action == "del":
            state.facts[("unlisted", thing)] = True
            state.events = tuple(event for event in state.events if event.kind != "pend" or event.value != terms.record(thing))
        elif action.action == "splice":
            self._splice(thing, head, where, state)

    def _splice(self, thing: Term, head: Term, where: ir.Place, state: State) -> None:
        """All of one list goes on another: one of this function's own, the caller's, or one that others have too."""
        held = state.memory.get(("f", thing, "held", ""))
        if head[0] == "p" and thing[0] == "a":
            # The caller sees nothing of a list of this function's own: what is on it goes to the caller's.
            for node in [value for place, value in state.memory.items() if place[0] == "f" and place[1] == thing and value[0] == "f"]:
                self._add(node, head, where, state)
        elif head[0] == "p":
            self.emit(Event("splice", thing, value=head), state)
        elif head[0] != "a":
            cell, source = self._cell(head), self._cell(thing)
            if held is not None and cell:
                self._put(held, cell, state, head, where)
            elif cell and source:
                self.ledger.moved.add((source, cell))
        else:
            content = held if held is not None else ("v", ("f", thing, "held", ""))
            state.memory[("f", head, "held", "")] = content
            if thing[0] != "a":
                state.take(content)
            for place in list(state.memory):
                # The list is walked through its head's pointers: these lead to what was held by the other one now.
                if place[0] == "f" and place[1] == head and place[3] == f"{str(place[2]).rsplit('.', 1)[0]} *":
                    state.memory[place] = content

    def _add(self, thing: Term, head: Term, where: ir.Place, state: State) -> None:
        """Something goes on a list by its node: one of this function's own, the caller's, or one that others have too."""
        base = thing[1] if thing[0] == "f" else thing
        if head[0] == "a":
            state.memory[("f", head, "held", "")] = base
            if thing[0] == "f" and thing[3] in self.border.links and self.level(base, state):
                # The list is walked through its head's pointers.
                state.memory[terms.field(head, f"{thing[3]}.next", f"{thing[3]} *")] = thing
        elif head[0] == "p":
            # Of a pointer that it is given the caller knows whether it leads to a table.
            if thing[0] == "p" or (thing[0] == "f" and self.level(base, state)):
                self.emit(Event("list", thing, value=head), state)
        else:
            cell = self._cell(head)
            if cell and not self._own(thing):
                self._put(base, cell, state, head, where)
            if base[0] == "m":
                self._listed(base, where, state)

    def _listed(self, record: Term, where: ir.Place, state: State) -> None:
        """A record made here goes where others find it: so do the tables that were put into it."""
        for place, value in state.memory.items():
            base = terms.root(value)
            if place[0] == "f" and place[1] == record and base[0] in ("p", "v") and (self.level(base, state) or self._may_be_page(base)):
                hop = Hop(self.function.key, where, "", "listed", "handover", True)
                self.emit(Event("pend", base, chain=(hop,), value=record, place=where, level=self.level(base, state)), state)

    def _account(self, event: Event, node: ir.Call | ir.Asm, state: State) -> None:
        """The constructor's state of what may be a table is given, or taken."""
        base = terms.root(event.term)
        if base[0] not in ("p", "v", "m", "up") or self._is_data(base, state):
            return
        text = node.text if isinstance(node, ir.Call) else node.macro
        chain = (Hop(self.function.key, node.place, text, event.kind, "wrapper", bool(self.level(base, state))), *event.chain)
        if event.kind == "strip":
            waited = self._waited(base, event.after, event, state)
            self._strips_again(base, event._replace(term=base, chain=chain), node.place, state)
            state.stripped = {**state.stripped, base: Strip(chain, waited if base in state.since else None)}
            self.ledger.strips.add((self.function.key, base))
            if any(before.kind in ("free", "put") and before.term == base for before in state.events):
                self.ledger.stripped_late.add((self.function.key, base))
            event = event._replace(after=waited)
        self.emit(event._replace(term=base, chain=chain), state)

    def _gone(self, owner: Term, state: State, where: ir.Place) -> None:
        """An address space or a mapping is given back: whom it was passed to before worked for one that is dying."""
        for one in state.passes:
            if owner in one.values:
                self.ledger.dying[one] = where
        state.passes = tuple(one for one in state.passes if owner not in one.values)

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

    def _see(self, node: ir.Call | ir.Asm, key: str, kind: str, state: State) -> None:
        if isinstance(node, ir.Call):
            text, macros = node.text, node.macros
        else:
            text, macros = node.macro, ()
        no_memory = any(not truth and term[0] == "m" for term, truth in state.facts.items())
        self.ledger.calls.add(CallSeen(self.function.key, node.place, text, macros, key, kind, no_memory), state.runtimes)

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


def _emptied(value: Term) -> bool:
    """Was it NULL before a loop went around? What else it may be by now is on the paths that put it there."""
    return bool(value[0] == "n" and value[1] and value[1][0] == "loop")


def _argument(arguments: dict[str, int], name: str, values: list[Term]) -> Term | None:
    """The argument that a primitive's meaning is about; None where it is no such primitive, or was not given that many."""
    index = arguments.get(name, len(values))
    return values[index] if index < len(values) else None
