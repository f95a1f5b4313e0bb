"""Calls: the summaries of functions that have a body, tables of functions, and inline assembly."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from ptlint.analysis import terms
from ptlint.analysis.assembly import Move, move_of
from ptlint.analysis.evaluate import PLAIN, bare
from ptlint.analysis.fates import since_unlinked
from ptlint.analysis.flow import settings
from ptlint.analysis.primitives import Primitives
from ptlint.analysis.substitute import Substitute
from ptlint.analysis.terms import ZERO, Term
from ptlint.analysis.values import Case, Event, Hop, State
from ptlint.frontend import ir
from ptlint.program.filled import inner_slot, slot

__all__ = ["Calls"]

_ONE: Term = ("c", 1)
_GIVEN = 12  # functions that a parameter may stand for, at most


class Calls(Primitives):
    """The part of a function's run that handles calls and what comes out of them."""

    def call(self, node: ir.Call, state: State) -> list[tuple[Term, State]]:
        """Evaluate the arguments, find the targets, apply what they do."""
        states: list[tuple[list[Term], State]] = [([], state)]
        for argument in node.args:
            evaluated = [
                ([*done, value], after) for done, before in states for value, after in self.evaluate(self._passed_as(argument, node), before)
            ]
            states = list(self.ledger.first(evaluated, 6, "states"))
        found: list[tuple[Term, State]] = []
        for values, after in states:
            if isinstance(node.function, ir.FunctionRef):
                found += self._direct(node.function.key, values, node, after, "call")
                continue
            for target, middle in self.evaluate(node.function, after):
                if target[0] == "fn":
                    found += self._direct(target[1], values, node, middle, "call")
                elif target[0] == "p" and any(self.level(value, middle) for value in values):
                    # What callers give; a function that nobody gives by name is not known.
                    given = self.asked.given(self.function.key, target[1])
                    for key in given[:_GIVEN]:
                        one = middle.copy()
                        one.facts[("o", "==", target, ("fn", key))] = True
                        found += self._direct(key, list(values), node, one, "call")
                    if not given[:_GIVEN] or given[_GIVEN:]:
                        found += self._through_member("", values, node, middle)
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

    def _passed_as(self, argument: ir.Expr, node: ir.Call) -> ir.Expr:
        """What is freed may be given as one of several types, in a union that is made for the call: it is passed as what is in that.

        Source: GCC manual, Common Type Attributes, ``transparent_union``.
        """
        if not isinstance(argument, ir.Init) or len(argument.fields) != 1:
            return argument
        frees = isinstance(node.function, ir.FunctionRef) and node.function.key in self.border.frees
        return argument.fields[0].value if frees else argument

    def _direct(self, key: str, values: list[Term], node: ir.Call, state: State, kind: str) -> list[tuple[Term, State]]:
        name = key.rsplit(":", 1)[-1]
        if name in self.border.named or name in self.border.readers or name in self.border.reader_ends:
            return self._border(name, key, values, node, state)
        if self.asked.takes(key) is None:
            if key.startswith(self.border.patched_names) and self.asked.offered(key):
                return self._through_member(key, values, node, state)
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
        for index, runtimes in summary.walked:
            if index < len(values) and (here := state.runtimes & runtimes):
                self._walked(terms.root(values[index]), node.text if isinstance(node, ir.Call) else node.macro, node.place, state, here)
        if summary.locks:
            self.locked(state)
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
        if summary.side and not self._gives_data(key, values, state):
            self._beside(key, summary.side, values, node, state, [after for _, after in found])
        if isinstance(node, ir.Call) and len(results) == 1 and next(iter(results))[0] == "c" and self._takes_table(key):
            # What a function of a table always answers, it answers in this configuration: whether a lock fits into the descriptor, say.
            found = [(("n", (node.place, "always"), bare(node.type)), after) for _, after in found]
        return _merge(found)

    def _gives_data(self, key: str, values: list[Term], state: State) -> bool:
        """Is a page given that is data? What was in the batch that it is put into was accounted for by who put that there."""
        pages = [value for type_, value in zip(self.asked.takes(key) or (), values, strict=False) if bare(type_) in self.border.pages]
        return bool(pages) and all(self._is_data_page(page, state) for page in pages)

    def _is_data_page(self, page: Term, state: State) -> bool:
        base = terms.root(page[1] if page[0] == "f" else page)
        return base[0] == "c" or base in self.folios or self._is_data(base, state)

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
                    # Into a container of this function's own goes what it puts there itself: how that is freed is seen here, and nowhere else.
                    shared = not self.is_local(substitute.place(event.term[1])) or self.of_gather(event.term)
                    through = frozenset({f"cell:{self._cell_of(event.term)}"}) if shared else frozenset()
                    self._free(term, event.after | through, event.chain, node, "wrapper", after, event)
        # The caller's: by nothing but what is given, taken off lists and waited for, whatever else the path knows.
        taken = {place: value for place, value in state.memory.items() if value in state.taken}
        asked = (key, node.place, tuple(values), state.waits, state.runtimes, frozenset(state.taken.items()))
        if asked in self.beside:
            return
        self.beside.add(asked)
        for event, runtimes in side:
            if runtimes & state.runtimes:
                one = State(runtimes & state.runtimes)
                one.waits, one.taken, one.memory = state.waits, state.taken, dict(taken)
                self._free(Substitute(self, values, one, node.place).term(event.term), event.after, event.chain, node, "wrapper", one, event)

    def _used(self, key: str, values: list[Term], node: ir.Call, state: State) -> None:
        """A table is given to a function that works on its descriptor after it was freed or queued on this path."""
        for type_, value in zip(self.asked.takes(key) or (), values, strict=False):
            if bare(type_) not in self.border.tables:
                continue
            for event in self._gone_before(terms.root(value), state):
                if bare(self.asked.gives(key)) == "void":
                    self.use(event, node.place, node.text, state.runtimes)

    def _may_matter(self, node: ir.Call) -> bool:
        return bare(node.type) == "void"

    def _passed(self, key: str, values: list[Term], node: ir.Call | ir.Asm, state: State) -> None:
        self.watch_passed(key, values, node, state)
        for index, (type_, value) in enumerate(zip(self.asked.takes(key) or (), values, strict=False)):
            self._typed(value, type_)
            if bare(type_) in PLAIN and terms.root(value) in state.since and self.level(value, state):
                self.ledger.numbered.add((key, index))

    def _havoc(self, values: list[Term], node: ir.Call, state: State) -> None:
        """A function that is not looked into may have written the local variables that it was shown."""
        for index, value in enumerate(values):
            if value[0] == "a" and value in state.memory and state.memory[value][0] == "c":
                state.memory[value] = ("n", (node.place, "shown", index), "")

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
                if not terms.holds_copy(place) and not self.sets_data(place, value, state, event.place or node.place):
                    plain = judge == "all" or (event.term[0] == "d" and event.term[1][0] == "p")
                    self.set_entry(place, value, state, node.place, event.unlinked, judge=judge if plain else "none")
                state.memory[place] = value
            elif event.kind == "queue":
                self._queued(event, substitute, node, state)
            elif event.kind == "list":
                self._add(substitute.term(event.term), substitute.term(event.value), node.place, state)
            elif event.kind == "splice":
                self._splice(substitute.term(event.term), substitute.term(event.value), node.place, state)
            elif event.kind == "use":
                self._used_below(event, terms.root(substitute.term(event.term)), node.place, state)
            elif event.kind == "pend":
                base = terms.root(substitute.term(event.term))
                text = node.text if isinstance(node, ir.Call) else node.macro
                hop = Hop(self.function.key, node.place, text, event.chain[0].deferral, "wrapper", True)
                self.emit(event._replace(term=base, chain=(hop, *event.chain), level=event.level or self.level(base, state)), state)
            elif event.kind in ("make", "strip"):
                self._account(event._replace(term=substitute.term(event.term)), node, state)
            elif event.kind == "free":
                self._free(substitute.term(event.term), event.after, event.chain, node, "wrapper", state, event)
            elif event.kind == "put":
                base = terms.root(substitute.term(event.term))
                where = substitute.term(event.value)
                if event.term[0] == "p" and (self._own(where) or self.is_local(where)):
                    self.batched.add(base)  # the callee does not know what it puts there
                if base[0] in ("p", "v", "m", "up", "n") and not self._is_data(base, state) and not self._own(where) and not self.is_local(where):
                    if self.of_gather(where):
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
                    since = since_unlinked(base, state)
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
            if not terms.is_place(place):
                continue
            if place[0] == "d" and place[2] in self.border.entries:
                self.set_entry(place, value, state, node.place)  # which the callee took for a number
            else:
                self.keep(place, value, state)
            state.memory[place] = value
        if isinstance(node, ir.Call):
            result = self._typed(result, node.type)
            if result[0] == "v" and result[1][0] == "g" and bare(node.type) in self.border.pages:
                self.slots.add(result[1])
        return result, state

    def assembly(self, node: ir.Asm, state: State) -> list[tuple[Term, State]]:
        """A call through a table of functions, an exchange, or something that writes its outputs."""
        member = next((index for index, operand in enumerate(node.operands) if self._slot(operand)), None)
        if member is not None:
            return self._assembly_call(node, member, state)
        move = move_of(node, self._assigned)
        if move is not None:
            return [(ZERO, after) for after in self._moved(move, node, state)]
        for index, operand in enumerate(node.operands):
            if isinstance(operand, ir.Var) and operand.scope == "local" and (index < node.outputs or ("a", operand.id) not in state.memory):
                state.memory[("a", operand.id)] = ("n", (node.place, "written", index), bare(operand.type))
        return [(ZERO, state)]

    @cached_property
    def _assigned(self) -> frozenset[str]:
        """The variables that get values by statements, not by assembly alone."""
        return frozenset(variable for block in self.function.blocks for variable, _, shown in settings(block) if not shown)

    def _moved(self, move: Move, node: ir.Asm, state: State) -> list[State]:
        """What comes out of a move: of a pointer or an entry that is compared first, both that it was made and that it was not."""
        memory, state = self.place(move.memory, state)[0]
        there = self._typed(self.load(memory, state), move.type)
        if move.value is None:
            self._tell(move.old, there, state)
            return [state]
        value = self._operand(move.value, state)
        expected = None if move.expected is None else self._operand(move.expected, state)
        if expected is None or not (move.of_pointer or terms.place_type(memory) in self.border.entries):
            self.store(memory, value, state, node.place)
            self._tell(move.old, there, state)
            self._tell(move.told, ("n", (node.place, "told"), "bool") if expected is not None else _ONE, state)
            return [state]
        test = self._binary("==", there, expected)
        found = []
        made = state.copy()
        if self.assume(test, True, made):
            self.store(memory, value, made, node.place)
            self._tell(move.old, expected, made)
            self._tell(move.told, _ONE, made)
            found.append(made)
        # What was read just now may have been changed since by another CPU.
        changed = there == expected and there[0] != "c"
        if changed or self.assume(test, False, state):
            self._tell(move.old, ("n", (node.place, "found"), bare(move.type)) if changed else there, state)
            self._tell(move.told, ZERO, state)
            found.append(state)
        return found

    def _operand(self, operand: ir.Expr, state: State) -> Term:
        """What an operand holds: of one that is made of halves, what it got as a whole."""
        whole = self._member_of(operand, state)
        return self.load(whole, state) if whole is not None else self.evaluate(operand, state)[0][0]

    def _tell(self, register: ir.Var | None, value: Term, state: State) -> None:
        if register is not None:
            state.memory[self._member_of(register, state) or self._variable(register)] = value

    def _member_of(self, operand: ir.Expr, state: State) -> Term | None:
        """The one member of a local variable that has a value."""
        if not isinstance(operand, ir.Var) or operand.scope != "local":
            return None
        variable = self._variable(operand)
        members = [place for place in state.memory if place[0] == "f" and place[1] == variable]
        return members[0] if len(members) == 1 and variable not in state.memory else None

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


def _merge(found: list[tuple[Term, State]]) -> list[tuple[Term, State]]:
    """Of those that are alike one. Which could be is seen by what costs little to compare."""
    if len(found) < 2:
        return found
    looks = [(value, len(state.events), len(state.memory), len(state.facts), state.runtimes) for value, state in found]
    several = Counter(looks)
    kept: dict[tuple[object, ...], tuple[Term, State]] = {}
    for look, (value, state) in zip(looks, found, strict=True):
        kept.setdefault((look, state.key()) if several[look] > 1 else (look,), (value, state))
    return list(kept.values())


def _member(node: ir.Expr) -> str:
    while isinstance(node, (ir.Unary, ir.Cast, ir.Index)):
        node = node.base if isinstance(node, ir.Index) else node.operand
    return slot(node)
