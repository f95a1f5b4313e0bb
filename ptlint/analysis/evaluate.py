"""Values of expressions: what a C expression gives, and does to the state."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.terms import ZERO, Term
from ptlint.analysis.values import Event, State, Unlink
from ptlint.frontend import ir
from ptlint.program.border import Border

if TYPE_CHECKING:
    from ptlint.analysis.asked import Asked
    from ptlint.analysis.ledger import Ledger

__all__ = ["FLAGS", "FOLIO", "PLAIN", "WORDS", "Evaluator", "bare", "written_type"]

FOLIO = "struct folio *"
PLAIN = frozenset(("unsigned long", "u64", "phys_addr_t"))
"""The types of numbers that pages are kept by: an address, or a frame's number."""
FLAGS = frozenset(("bool", "_Bool", "int", "unsigned int"))
"""The types of flags and levels: what callers ask for, and what functions say by a pointer that they are given."""
WORDS = frozenset(("u64", "unsigned long", "unsigned long long", "u32"))
"""The types of numbers that are as long as an entry, or as one half of it."""
_ADDRESS = 12
"""The lowest bit of the address in an entry (Intel SDM, volume 3A, 4.4 and 4.5)."""
_COMPARISONS = frozenset(("==", "!=", "<", ">", "<=", ">="))


@functools.cache
def _aligns(mask: int) -> bool:
    """Bits from the lowest up without a gap are asked for an alignment."""
    return not mask & (mask + 1)


def _masked(test: Term) -> Term:
    """The value of which a test asks bits: ``x & m``, or ``(x & m) == c``."""
    inner = test[2] if test[1] == "==" else test
    return inner[2] if inner[:2] == ("o", "&") else inner


def bare(type_: str) -> str:
    """A type without qualifiers, pointers set off by one space."""
    if "const" in type_ or "volatile" in type_:
        type_ = " ".join(word for word in type_.replace("*", " * ").split() if word not in ("const", "volatile"))
    return type_.strip()


class Evaluator:
    """The part of a function's run that evaluates expressions. Calls are in ``Calls``."""

    border: Border
    asked: Asked
    function: ir.Function
    params: dict[str, Term]
    types: dict[Term, str]
    arrays: set[str]
    slots: set[Term]
    ledger: Ledger
    folios: set[Term]
    guards: frozenset[str]
    here: ir.Place

    def evaluate(self, node: ir.Expr, state: State) -> list[tuple[Term, State]]:
        """The values that ``node`` may have, each with the state after it. ``state`` is used up."""
        if isinstance(node, ir.Const):
            return [(("c", node.value), state)]
        if isinstance(node, ir.Var):
            return [(self._load_var(node, state), state)]
        if isinstance(node, ir.Call):
            return self.call(node, state)
        if isinstance(node, ir.Assign):
            return self._assign(node, state)
        if isinstance(node, ir.Cast):
            found = [(self._typed(value, node.type), after) for value, after in self.evaluate(node.operand, state)]
            for value, after in found:
                if value[0] == "p":
                    self.watch_recover(value, node.type, "", None, after)
            return found
        if isinstance(node, (ir.Member, ir.Index)):
            found = self.place(node, state)
            if isinstance(node, ir.Index):
                found = [one for place, after in found for one in self._any_element(node, place, after)]
            for place, after in found:
                self.reads(place, after, self.here)
            loaded = [(self.load(place, after, node.type), after) for place, after in found]
            return [(self._typed(value, node.type), after) for value, after in loaded] if isinstance(node, ir.Index) else loaded
        if isinstance(node, ir.Unary):
            return self._unary(node, state)
        if isinstance(node, ir.Binary):
            return [
                (self._binary(node.op, x, y), after)
                for x, middle in self.evaluate(node.left, state)
                for y, after in self.evaluate(node.right, middle)
            ]
        if isinstance(node, ir.FunctionRef):
            return [(("fn", node.key), state)]
        if isinstance(node, ir.Cond):
            return self._cond(node, state)
        if isinstance(node, ir.Opaque):
            return self._opaque(node, state)
        if isinstance(node, ir.Asm):
            return self.assembly(node, state)
        if isinstance(node, ir.Init):
            return self._init(node, state)
        return [(("n", ("string",), "char *"), state)]

    # ---- places --------------------------------------------------------------------------------------------

    def place(self, node: ir.Expr, state: State) -> list[tuple[Term, State]]:
        """The place that an lvalue names."""
        if isinstance(node, ir.Var):
            return [(self._variable(node), state)]
        if isinstance(node, ir.Member):
            bases = self.evaluate(node.base, state) if node.arrow else self.place(node.base, state)
            record = bare(node.record)
            if record in self.border.entries or bare(written_type(node.base)) in self.border.entries:
                return [(terms.deref(base, record) if node.arrow else base, after) for base, after in bases]
            named = [(terms.field(base, f"{record}.{node.name}", bare(node.type)), after) for base, after in bases]
            if node.place is not None:
                for place, after in named:
                    self.watch_member(node, place, after)
                    self.touches(place, node.place, after)
            return named
        if isinstance(node, ir.Index):
            return [
                (self._element(base, index, bare(node.type)), after)
                for base, middle in self.evaluate(node.base, state)
                for index, after in self.evaluate(node.index, middle)
            ]
        if isinstance(node, ir.Unary) and node.op == "*":
            kind = bare(node.type)
            return [(terms.deref(pointer, self.entry_at(pointer, kind)), after) for pointer, after in self.evaluate(node.operand, state)]
        if isinstance(node, ir.Cast):
            return self.place(node.operand, state)
        if isinstance(node, ir.Call) and bare(node.type) not in self.border.entries:
            # A record that is returned lies where its function had it.
            return [
                (value[1] if value[0] == "v" else value if terms.is_place(value) else ("d", value, ""), after)
                for value, after in self.evaluate(node, state)
            ]
        return [(value if terms.is_place(value) else ("d", value, ""), after) for value, after in self.evaluate(node, state)]

    def entry_at(self, pointer: Term, kind: str) -> str:
        """The type of what a pointer leads to: an entry, too, where it was cast to a plain number's (``cmpxchg64((u64 *)pmd, …)``)."""
        if kind not in WORDS and kind not in self.border.entry_values:
            return kind
        own = bare(terms.type_of(pointer)).removesuffix("*").strip()
        above = self.border.entries.get(terms.type_of(terms.root(pointer)))
        if own in self.border.entries:
            return own
        return next((name for name, entry in self.border.entries.items() if above is not None and entry.holds == above.below), kind)

    def _element(self, base: Term, index: Term, type_: str) -> Term:
        """The place of an element of an array: of pointers each by itself, where the index is known."""
        first = terms.deref(base, type_)
        if first[0] == "a":
            self.arrays.add(first[1])
        pointers = type_.endswith("*") or type_ in self.border.level_types
        return terms.element(base, index[1], type_) if pointers and index[0] == "c" and index[1] else first

    def _any_element(self, node: ir.Index, place: Term, state: State) -> list[tuple[Term, State]]:
        """Where ``node`` names an element of the array at ``place`` by an index that is not known: those that this path stored.

        A counter's number in the first round of a loop stands for all that it will be.
        """
        if isinstance(node.index, ir.Const) or terms.is_element(place):
            return [(place, state)]
        known = [
            one for one in state.memory if terms.is_element(one) and terms.element(place[1] if place[0] == "d" else place, one[-1], one[-2]) == one
        ]
        ways = [*([place] if place in state.memory or not known else []), *known]
        return [(one, state.copy()) for one in ways] if len(ways) > 1 else [(ways[0], state)]

    def load(self, place: Term, state: State, type_: str = "") -> Term:
        """What lies in a place."""
        if type_.endswith("]"):
            return place
        value = state.memory.get(place)
        if value is not None:
            return value
        if terms.is_element(place) and (some := state.memory.get(terms.deref(place[1], place[-2]))) is not None:
            return some  # stored by an index that was not known
        if place[0] == "f":
            outer = state.memory.get(place[1])
            if outer is not None and outer[0] == "v":
                return self.load(terms.field(outer[1], place[2], place[3]), state, type_)
            if (
                place[1][0] == "g"
                and (state.waits or state.due)
                and ("v", place) not in state.taken
                and bare(place[3]).removesuffix("*").strip() in self.border.links
            ):
                # A list that all share: what came on it while this path waited was not waited for.
                state.take(("v", place))
        return ("v", place)

    def _variable(self, node: ir.Var) -> Term:
        place: Term = ("a", node.id) if node.scope in ("param", "local") else ("g", node.id)
        kind = bare(node.type).split("[")[0].strip()
        if place[0] == "g" and (kind in self.border.pages or kind == "void *"):
            self.slots.add(place)  # an array of them too
        if place[0] == "g" and kind in PLAIN and self.asked.keeps(str(node.id)):
            # Numbers of tables: told from the base addresses that they are added to, as if they lay in a member.
            return terms.field(place, str(node.id), kind)
        return place

    def _load_var(self, node: ir.Var, state: State) -> Term:
        place = self._variable(node)
        return self._typed(self.load(place, state, bare(node.type)), node.type)

    def _typed(self, value: Term, type_: str) -> Term:
        """Remember that the value was seen as a table."""
        kind = bare(type_)
        if kind == FOLIO and value[0] not in ("c", "fn"):
            # What an entry points to and is taken for a folio right where it was read is data.
            self.folios.add(terms.root(value))
        level = self.border.level_types.get(kind)
        if level is not None and value[0] not in ("c", "fn"):
            base = terms.root(value)
            # A base address plus something unknown is not the table that the base address would be.
            known = base == value or terms.bottom(base)[0] != "g" or (base[0] == "v" and base[1][0] in "fd")
            if known and self.types.get(base, "any") == "any":
                self.types[base] = level
        return value

    # ---- stores --------------------------------------------------------------------------------------------

    def store(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """Put a value into a place; an entry of a table that points to tables is an event."""
        if terms.place_type(place) in self.border.entries and not terms.holds_copy(place):
            if not self.sets_data(place, value, state, where):
                self.set_entry(place, value, state, where)
        elif place[0] == "f" and not self._own(place):
            self.watch_store(place, value, state, where)
            self.put_field(place, value, state, where)
        elif place[0] == "g":
            self.put_global(place, value, state, where)
        self.keep(place, value, state)
        state.memory[place] = value

    def sets_data(self, place: Term, value: Term, state: State, where: ir.Place) -> bool:
        """Does an entry of the last level's type get what is not put together of a table's address, as it is where a large page is split?

        Of what a caller gives, the caller knows: it is told.
        """
        entry, base = self.border.entries.get(terms.place_type(place)), terms.root(value)
        table = value[0] == "o" and base[0] in ("m", "p") and self.types.get(base, "any") != "any"
        if table or entry is None or entry.below != "data":
            return False
        if value[0] == "p":
            self.emit(Event("set", place, value=value, place=where, unlinked=Unlink(self.function.key, where, state.held > 0)), state)
        return True

    def _own(self, place: Term) -> bool:
        """Is it a local variable, or part of one?"""
        return bool(terms.record(place)[0] == "a")

    def set_entry(self, place: Term, value: Term, state: State, where: ir.Place, by: Unlink | None = None, judge: str = "all") -> None:
        """An entry gets a value: the table that it pointed to is unlinked, the one that it points to now published.

        ``judge`` says which frees before a clear are looked at: ``all``; those of earlier calls and of the ``own`` callee that clears; or of
        earlier calls only.
        """
        old = terms.root(self.load(place, state))
        new = terms.root(value)
        if new[0] in ("v", "p", "up") and terms.anchor(place)[0] == "m":
            self.copy(terms.anchor(place), new)
        entry = self.border.entries.get(terms.place_type(place))
        self.serves(new, entry is not None and value[0] == "o" and not self.maps_memory(value))
        if new[0] in ("m", "n", "p"):
            if new[0] == "m":
                self.publish(new, place, state)
            if not self.fresh(terms.anchor(place), state):
                # What hangs on a table that nobody has seen has been seen by nobody.
                state.published |= {new}
            known = self.types.get(new, "any") != "any" or state.facts.get(("leaf", new)) or (new in self.folios and new not in self.types)
            # Made as a folio, and with which flags it goes in cannot be seen: data.
            known = known or (new[0] == "m" and bare(terms.type_of(new)) == FOLIO and value[1] not in "|+")
            if entry is not None and value[0] == "o" and not known and not self.maps_memory(value):
                self.types[new] = entry.below
        locked = state.held > 0 or (by is not None and by.locked)
        space = self.space(place) or (by.space if by is not None else "")
        if by is not None and not by.place.file.endswith(".h"):
            unlink = by._replace(locked=locked, space=space, alone=by.alone or self.alone(state))
        else:
            # An accessor of a header clears for whoever calls it.
            unlink = Unlink(self.function.key, where, locked, space, self.alone(state))
        if old != new and old[0] != "c":
            state.since[old] = (unlink, frozenset())
            state.due = frozenset()
            if "cookie" in state.waits:
                # The moment that was noted is before this.
                state.waits = (state.waits - {"cookie"}) | {"late"}
            self.put_before_clear(old, unlink, state)
            for event in state.events[state.fence :]:
                gone = event.kind in ("free", "put") and bool(event.chain)
                looked = judge == "all" or (event.kind == "free" and (judge == "own" or event.chain[0].place != where))
                if gone and looked and terms.root(event.term) == old and (value == ZERO or self.maps_memory(value)):
                    self.freed_before_clear(event, where, state)
            if value == ZERO and judge == "all":
                self.freed_below(old, place, where, state)
        self.emit(Event("set", place, value=value, place=where, unlinked=unlink), state)

    def _assign(self, node: ir.Assign, state: State) -> list[tuple[Term, State]]:
        self.here = node.place
        if isinstance(node.right, ir.Init) and not node.op:
            return self._assign_fields(node, node.right, state)
        found = []
        for value, middle in self.evaluate(node.right, state):
            for place, after in self.place(node.left, middle):
                result = self._binary(node.op, self.load(place, after), value) if node.op else value
                result = self._typed(result, written_type(node.left))
                self.store(place, result, after, node.place)
                found.append((result, after))
        return found

    def _assign_fields(self, node: ir.Assign, init: ir.Init, state: State) -> list[tuple[Term, State]]:
        found = []
        for base, after in self.place(node.left, state):
            if bare(init.type) in self.border.entries:
                value, after = self._init(init, after)[0]
                self.store(base, value, after, node.place)
                found.append((value, after))
                continue
            found += [(base, filled) for filled in self.fill(base, init, after)]
        return found

    def fill(self, base: Term, init: ir.Init, state: State) -> list[State]:
        """The members of what lies at ``base`` get their values."""
        states = [state]
        for part in init.fields:
            member = f"{part.record}.{part.path[-1]}"
            place = terms.field(base, member, self.asked.type_of(member)) if part.record else base
            found = [way for before in states for way in self.evaluate(part.value, before)]
            for value, after in found:
                self.keep(place, value, after)
                after.memory[place] = value
            states = list(self.ledger.first([after for _, after in found], 6, "states"))
        return states

    def maps_memory(self, value: Term) -> bool:
        """Does the value that is put together for an entry have the leaf bit?"""
        if value[0] == "c":
            return bool(value[1] >> self.border.leaf_bit & 1) and value[1] < 1 << 12
        return value[0] == "o" and value[1] in "|+" and (self.maps_memory(value[2]) or self.maps_memory(value[3]))

    # ---- operators -----------------------------------------------------------------------------------------

    def _unary(self, node: ir.Unary, state: State) -> list[tuple[Term, State]]:
        if node.op == "&":
            if isinstance(node.operand, ir.FunctionRef):
                return self.evaluate(node.operand, state)
            return [(self._one_page(place), after) for place, after in self.place(node.operand, state)]
        if node.op == "*":
            places = self.place(node, state)
            for place, after in places:
                self.reads(place, after, self.here)
            return [(self.load(place, after, node.type), after) for place, after in places]
        if node.op in ("++", "--", "post++", "post--"):
            found = []
            for place, after in self.place(node.operand, state):
                old = self.load(place, after)
                new = terms.op("+" if "+" in node.op else "-", old, ("c", 1)) if old[0] == "c" else old
                after.memory[place] = new
                found.append((old if node.op.startswith("post") else new, after))
            return found
        values = self.evaluate(node.operand, state)
        if node.op == "!":
            return [(terms.negated(value), after) for value, after in values]
        if node.op in "-~":
            return [(("c", -value[1] if node.op == "-" else ~value[1]) if value[0] == "c" else value, after) for value, after in values]
        return values

    def _one_page(self, place: Term) -> Term:
        """The descriptor of a page inside another one is the same page: ``&folio->page`` is the folio."""
        if place[0] == "f" and not terms.is_place(place[1]):
            record = f"{str(place[2]).rsplit('.', 1)[0]} *"
            if f"{place[3]} *" in self.border.pages and record in self.border.pages:
                inner: Term = place[1]
                return inner
        return place

    def _binary(self, operator: str, x: Term, y: Term) -> Term:
        if operator in _COMPARISONS and x == y and (x[0] != "n" or x[2].endswith("*")):
            return ("c", int(operator in ("==", "<=", ">=")))
        for address, offset in ((x, y), (y, x)) if operator == "+" else ():
            if self._of_this_cpu(address, offset):
                return address
        return terms.op(operator, x, y)

    def _of_this_cpu(self, address: Term, offset: Term) -> bool:
        """Is it a variable's address and a number that was read? A CPU's copy of a variable holds what the variable is for."""
        number = offset[0] in ("n", "v") and not terms.type_of(offset).endswith(("*", "]")) and terms.bottom(offset)[0] in ("n", "g")
        table = bare(terms.type_of(address)) in self.border.level_types or address[1] in self.border.kernel_roots
        return number and address[0] == "g" and not table

    def _cond(self, node: ir.Cond, state: State) -> list[tuple[Term, State]]:
        found = []
        for test, after in self.evaluate(node.test, state):
            for arm, wanted in ((node.yes, True), (node.no, False)):
                one = after.copy()
                if self.assume(test, wanted, one):
                    found += self.evaluate(arm, one)
        distinct: dict[Term, tuple[Term, State]] = {}
        for value, after in found:
            distinct.setdefault(value if value[0] == "c" else terms.root(value), (value, after))
        if len(distinct) > 1 and all(value[0] == "c" for value, _ in distinct.values()):
            return found
        if len(distinct) > 1 and any(value[0] == "c" for value, _ in distinct.values()):
            return list(distinct.values())
        return [next(iter(distinct.values()))] if distinct else [(("n", ("cond",), ""), state)]

    def _opaque(self, node: ir.Opaque, state: State) -> list[tuple[Term, State]]:
        if node.kind == "container_of" and len(node.operands) == 2 and isinstance(node.operands[1], ir.String):
            record = bare(node.type).removesuffix("*").strip()
            member = node.operands[1].value
            values = self.evaluate(node.operands[0], state)
            for value, after in values:
                self.watch_recover(value, node.type, member, node.place, after)
            return [(self._typed(terms.up(value, f"{record}.{member}"), node.type), after) for value, after in values]
        if node.kind == "unchecked":
            value, after = self.evaluate(node.operands[0], state)[0]
            self.watch_asserted(value, node.place, after)
            return [(ZERO, after)]
        for operand in node.operands:
            state = self.evaluate(operand, state)[0][1]
        return [(("n", ("opaque", node.kind), bare(node.type)), state)]

    def _init(self, node: ir.Init, state: State) -> list[tuple[Term, State]]:
        """A compound literal: of an entry, its value; else unknown."""
        result: Term = ZERO if not node.fields else ("n", ("init",), bare(node.type))
        for index, part in enumerate(node.fields):
            value, state = self.evaluate(part.value, state)[0]
            if bare(node.type) in self.border.entries and (index == 0 or result == ZERO):
                result = value
        return [(result, state)]

    # ---- conditions ----------------------------------------------------------------------------------------

    def assume(self, test: Term, wanted: bool, state: State) -> bool:
        """Add what holds when ``test`` is ``wanted``. Returns whether it can be."""
        if test[0] == "leaf":
            state.facts[("leaf", terms.root(test[1]))] = True
            return True
        if test[0] == "kernel":
            state.facts[("kernel", terms.root(test[1]))] = True
            return not self.always_user(terms.root(test[1]))
        while test[0] == "o":
            if test[1] == "!":
                test, wanted = test[2], not wanted
            elif test[1] in ("==", "!=") and test[3] == ZERO:
                wanted = wanted == (test[1] == "!=")
                test = test[2]
            else:
                break
        if test[0] == "c":
            return bool(test[1]) == wanted
        if test[0] in ("a", "g", "f", "d", "fn") and test[0] != "d":
            return wanted
        known = state.facts.get(test)
        if known is not None:
            return known == wanted
        mask = self._bits(test)
        if wanted and mask and self.empty_bits(_masked(test), state) & mask:
            return False
        present = 1 << self.border.present_bit
        absent = not wanted and mask & present and test[1] == "&" and (mask == present or not _aligns(mask))
        if absent and bare(terms.type_of(terms.root(test))) in self.border.entries:
            # An entry that is not present leads nowhere.
            state.facts[("leaf", terms.root(test))] = True
        if wanted and mask >> self.border.leaf_bit & 1 and self._one_bit(test, mask):
            state.facts[("leaf", terms.root(test if test[1] not in _COMPARISONS else test[2]))] = True
        if self._worth_knowing(test):
            state.facts[test] = wanted
            if test[0] == "o" and test[1] in ("==", "!=") and test[3][0] == "c" and test[2][0] == "n" and wanted == (test[1] == "=="):
                for place, value in list(state.memory.items()):
                    if value == test[2]:
                        state.memory[place] = test[3]
        return True

    def empty_bits(self, value: Term, state: State) -> int:
        """The bits of an entry that are known to be clear where it was found to be empty, neither present nor with an address."""
        masks = [self._bits(fact) for fact, truth in state.facts.items() if not truth and fact[:3] == ("o", "&", value)]
        empty = 1 << self.border.present_bit | 1 << _ADDRESS
        return functools.reduce(operator.or_, (mask for mask in masks if mask & empty == empty and not _aligns(mask)), 0)

    def _bits(self, test: Term) -> int:
        """Bits that are known to be set where ``x & m`` or ``(x & m) == c`` holds."""
        if test[0] != "o":
            return 0
        if test[1] == "==" and test[3][0] == "c":
            return int(test[3][1])
        if test[1] == "&" and test[3][0] == "c":
            return int(test[3][1])
        if test[1] == "&" and test[2][0] == "c":
            return int(test[2][1])
        return 0

    def _one_bit(self, test: Term, mask: int) -> bool:
        return test[1] == "==" or mask & (mask - 1) == 0

    def _worth_knowing(self, test: Term) -> bool:
        for leaf in terms.leaves(test):
            if leaf[0] in ("p", "m", "n"):
                return True
            if leaf[0] == "v":
                kind = terms.place_type(leaf[1])
                if kind in self.border.entries or kind in self.border.level_types or leaf[1][0] == "d":
                    return True
        return False

    # ---- what the other half does ---------------------------------------------------------------------------

    def call(self, node: ir.Call, state: State) -> list[tuple[Term, State]]:
        """A call; see ``Calls``."""
        raise NotImplementedError

    def assembly(self, node: ir.Asm, state: State) -> list[tuple[Term, State]]:
        """Inline assembly; see ``Calls``."""
        raise NotImplementedError

    def emit(self, event: Event, state: State) -> None:
        """Add an event; see ``Fates``."""
        raise NotImplementedError

    def touches(self, place: Term, where: ir.Place, state: State) -> None:
        """A member of a descriptor is read or written; see ``Uses``."""
        raise NotImplementedError

    def watch_member(self, node: ir.Member, place: Term, state: State) -> None:
        """A member of a descriptor is named; see ``Watching``."""
        raise NotImplementedError

    def watch_store(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """Something goes into a member; see ``Watching``."""
        raise NotImplementedError

    def watch_recover(self, value: Term, type_: str, member: str, where: ir.Place | None, state: State) -> None:
        """An object is made out of a pointer; see ``Watching``."""
        raise NotImplementedError

    def watch_asserted(self, condition: Term, where: ir.Place | None, state: State) -> None:
        """A condition must never hold; see ``Watching``."""
        raise NotImplementedError

    def alone(self, state: State) -> bool:
        """Are all locks held for write under which others walk the tables of a process?"""
        return bool(self.guards) and self.guards <= state.exclusive

    def space(self, term: Term) -> str:
        """Whose address space a term belongs to; see ``Tables``."""
        raise NotImplementedError

    def always_user(self, term: Term) -> bool:
        """Does it belong to a process for sure? See ``Tables``."""
        raise NotImplementedError

    def keep(self, place: Term, value: Term, state: State) -> None:
        """A member gets a value; see ``Fates``."""
        raise NotImplementedError

    def fresh(self, term: Term, state: State) -> bool:
        """Has nobody else seen it; see ``Tables``."""
        raise NotImplementedError

    def publish(self, value: Term, place: Term, state: State) -> None:
        """What was allocated here goes into an entry; see ``Fates``."""
        raise NotImplementedError

    def freed_below(self, table: Term, place: Term, where: ir.Place, state: State) -> None:
        """The entry of a table is cleared that others hang on; see ``Clears``."""
        raise NotImplementedError

    def reads(self, place: Term, state: State, where: ir.Place) -> None:
        """An entry is read; see ``Fates``."""
        raise NotImplementedError

    def copy(self, table: Term, value: Term) -> None:
        """An entry of what was allocated here gets what another entry had; see ``Fates``."""
        raise NotImplementedError

    def put_field(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """A value goes into a member; see ``Fates``."""
        raise NotImplementedError

    def put_global(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """A value goes into a global variable; see ``Fates``."""
        raise NotImplementedError

    def serves(self, value: Term, linked: bool = False) -> None:
        """What lay in a container goes into an entry; see ``Fates``."""
        raise NotImplementedError

    def put_before_clear(self, table: Term, unlink: Unlink, state: State) -> None:
        """A table was put into a container, and only then its entry cleared; see ``Clears``."""
        raise NotImplementedError

    def freed_before_clear(self, event: Event, where: ir.Place, state: State) -> None:
        """A table was freed, and only then its entry cleared; see ``Clears``."""
        raise NotImplementedError


def written_type(node: ir.Expr) -> str:
    """The type of an expression, where it says one: that of lvalues, addresses, casts and calls."""
    if isinstance(node, (ir.Var, ir.Member, ir.Index, ir.Unary, ir.Cast, ir.Call)):
        return node.type
    return ""
