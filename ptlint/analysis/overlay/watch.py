"""The part of a function's run that watches the overlaid words: what opens, closes, writes and reads them, and what is queued by them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.evaluate import Evaluator, bare
from ptlint.analysis.overlay.notes import (
    Access,
    Born,
    Claim,
    Clash,
    Flow,
    GivenNode,
    Passed,
    Queued,
    QueuedParam,
    Recovered,
    Source,
    Step,
)
from ptlint.analysis.terms import ZERO, Term
from ptlint.analysis.values import State
from ptlint.frontend import ir

if TYPE_CHECKING:
    from ptlint.analysis.ledger import Ledger
    from ptlint.analysis.overlay.words import Words

__all__ = ["Watching"]

_Runtimes = frozenset[str]
_CLAIMS = 40
_CHAIN = 8


class Watching(Evaluator):
    """Hooks that the run calls. What an object is is only known at a function's end, so uses are kept until ``watch_end``."""

    ledger: Ledger
    words: Words
    here: ir.Place
    kept_uses: list[tuple[Step, str, str, Term, _Runtimes, str]]
    kept_flows: list[tuple[Claim, Term, str, str, _Runtimes]]
    kept_args: list[tuple[str, int, Term, Step, _Runtimes]]
    kept_clashes: list[tuple[str, Step, Claim, Claim, str, _Runtimes]]
    kept_born: list[tuple[Claim, Term, _Runtimes]]
    emptied: set[ir.Place]

    def watch_begin(self) -> None:
        """Before the first block."""
        self.here = self.function.place
        self.kept_uses, self.kept_flows, self.kept_args, self.kept_clashes = [], [], [], []
        self.kept_born = []
        self.emptied = set()

    # ---- members ---------------------------------------------------------------------------------------------

    def watch_member(self, node: ir.Member, place: Term, state: State) -> None:
        """A member of a descriptor is named."""
        found = self.words.place(place)
        if node.place is None or found is None or found[1] not in self.words.shared or not self._object(found[0], state):
            return
        thing, member = found
        at = self._step(node.place, f"{node.record}.{node.name}".rsplit(".", 1)[-1])
        self._use(at, member, "reads", thing, state)
        if node.macros:
            name, where = node.macros[-1]
            self._use(Step(name, where, name), member, "reads", thing, state)
        if member not in self.words.heads:
            self.claim(Claim("touch", thing, member, at, access="reads"), state)

    def watch_store(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """Something is stored in a place, before it is."""
        found = self.words.place(place)
        if found is None or found[1] not in self.words.shared or not self._object(found[0], state):
            return
        thing, member = found
        at = self._step(where, member.rsplit(".", 1)[-1])
        row = self.words.members[member]
        if place[0] != "f" or place[2] != member or bare(row.type) not in self.border.level_types:
            self._use(at, member, "writes", thing, state)
            return
        old = terms.root(self.load(place, state))
        new = terms.root(value)
        if value == ZERO or new == old or terms.contains(value, old):
            # The member is emptied, or what was in it is taken out: the next in line, which hangs on it, is the new first.
            taken = any(kept == old and local[0] == "a" for local, kept in state.memory.items())
            self._use(at, member, "closes" if taken else "writes", thing, state)
            if value == ZERO or new != old:
                # With the next in line there, this path's own deposit is taken back all the same.
                self.claim(Claim("close", thing, member, at), state)
            self.claim(Claim("close", old, "", at), state)
            self._left_linked(old, value, at, state)
            return
        self._use(at, member, "opens", thing, state)
        self.claim(Claim("open", thing, member, at, cell=member), state)
        if new[0] not in ("c", "n"):
            self.claim(Claim("open", new, member, at, cell=member), state)

    def _left_linked(self, taken: Term, following: Term, at: Step, state: State) -> None:
        """The next in line takes the place of the first, found by the first one's node: its neighbours still lead there until it is taken off."""
        member = self._node_of(taken, following)
        if member and not any(claim.kind == "close" and claim.term == taken and claim.member == member for claim in state.claims):
            self.claim(Claim("open", taken, member, at, cell=member), state)

    def _node_of(self, thing: Term, following: Term) -> str:
        """The member of a table by which another one was found that comes after it on a list; empty where it was found otherwise."""
        for part in terms.parts(following):
            found = self.words.place(part) if part[0] == "f" else None
            if found is not None and found[0] == thing and found[1] in self.words.shared and found[1] not in self.words.heads:
                return found[1]
        return ""

    def watch_asserted(self, condition: Term, where: ir.Place | None, state: State) -> None:
        """The source says that a condition never holds: a member that it is about is empty from here on."""
        self.watch_branch(condition, False, where, state)

    def watch_branch(self, test: Term, wanted: bool, where: ir.Place | None, state: State) -> None:
        """A branch is taken. Where it means that a member is empty, that is kept."""
        while test[0] == "o" and (test[1] == "!" or (test[1] in ("==", "!=") and test[3] == ZERO)):
            wanted = wanted == (test[1] == "!=")
            test = test[2]
        found = self.words.place(test[1]) if test[0] == "v" and not wanted else None
        if found is not None and where is not None and found[1] in self.words.shared and self._object(found[0], state):
            self.claim(Claim("empty", found[0], found[1], self._step(where, "assertion")), state)
        if not wanted and where is not None and test[0] == "up":
            # There is no next one in line: nobody's neighbour.
            for claim in [
                claim for claim in state.claims if claim.kind == "open" and claim.member and self._node_of(claim.term, test) == claim.member
            ]:
                self.claim(Claim("close", claim.term, claim.member, self._step(where, "")), state)

    # ---- lists -----------------------------------------------------------------------------------------------

    def watch_list(self, name: str, values: list[Term], node: ir.Call, state: State) -> None:
        """A primitive of lists: adds an object by its node, takes one off, or empties a list."""
        action = self.border.lists[name]
        if max(action.object, action.head) >= len(values):
            return
        thing, head = values[action.object], values[action.head]
        found = self.words.place(thing)
        at = self._step(node.place, node.text)
        if action.action == "add":
            other = self.words.place(head)
            if other is not None and other[1] in self.words.shared and self._object(other[0], state):
                self._use(at, other[1], "writes", other[0], state)
            if found is not None and found[1] in self.words.shared and self._object(found[0], state):
                cell = self.cell_name(head)
                self._use(at, found[1], "opens", found[0], state, cell)
                self.claim(Claim("open", found[0], found[1], at, cell=cell, head=head), state)
        elif action.action == "del" and found is not None and found[1] in self.words.shared and self._object(found[0], state):
            self._use(at, found[1], "closes", found[0], state)
            self.claim(Claim("close", found[0], found[1], at), state)
        elif action.action == "splice":
            self.claim(Claim("reset", ZERO, "", at, cell=self.cell_name(thing)), state)
        elif action.action == "none" and bare(node.type) == "void" and len(values) == 1:
            if found is not None and found[1] in self.words.shared:
                if self._object(found[0], state):
                    self._use(at, found[1], "writes", found[0], state)
            else:
                self.claim(Claim("reset", ZERO, "", at, cell=self.cell_name(thing)), state)

    def cell_name(self, head: Term) -> str:
        """A name for the list that begins at ``head``: a global, a member, a local of this function; empty where the caller knows."""
        if head[0] == "a":
            return f"{self.function.key}.{head[1]}"
        if head[0] == "g":
            return str(head[1])
        if head[0] == "f":
            inner = terms.root(head[1])
            held = self.words.place(inner[1]) if inner[0] == "v" else None
            return held[1] if held is not None else str(head[2])
        return ""

    def walked(self, thing: Term) -> tuple[Term, str, bool] | None:
        """The list and the member by which an object was found, and whether the list had been spliced away; None where it was found otherwise."""
        member = ""
        spliced = False
        while thing[0] == "up":
            member, thing = member or str(thing[2]), thing[1]
            while thing[0] == "v" and thing[1][0] == "f" and thing[1][2].split(".")[0] in self.border.links:
                thing = thing[1][1]
            while thing[0] == "v" and thing[1][0] == "f" and thing[1][2] == "held":
                thing = thing[1][1]
                spliced = True
            if thing[0] == "f" and thing[2] in self.words.members:
                thing = terms.root(thing[1])
        return (thing, member, spliced) if member else None

    # ---- queues ----------------------------------------------------------------------------------------------

    def watch_queue(self, thing: Term, callbacks: list[str], node: ir.Call, state: State) -> None:
        """An object is queued to RCU by a node inside it."""
        at = self._step(node.place, node.text)
        self.watch_callbacks(thing, callbacks, at, state)
        self.watch_head(thing, at, state)

    def watch_callbacks(self, thing: Term, callbacks: list[str], at: Step, state: State) -> None:
        """What is queued is given to these, by the node that it is queued by."""
        path, place = _path(thing)
        for key in callbacks:
            if path:
                self.ledger.overlay.queued.add(Queued(at, key, path), state.runtimes)
            elif thing[0] == "p":
                self.ledger.overlay.params.add(QueuedParam(at, key, self.function.key, thing[1]), state.runtimes)
            self.kept_args.append((key, 0, place if path else thing, at, state.runtimes))

    def watch_head(self, thing: Term, at: Step, state: State) -> None:
        """The words of a head are written: they are RCU's from here on."""
        found = self.words.place(thing)
        if found is not None and self._object(found[0], state):
            self._use(at, found[1], "opens", found[0], state)
            self.claim(Claim("head", found[0], found[1], at), state)

    def watch_recover(self, value: Term, type_: str, member: str, where: ir.Place | None, state: State) -> None:
        """An object is made out of a pointer to a node in it (``member``), or out of any pointer by a cast."""
        record = bare(type_).removesuffix("*").strip()
        place = where or self.here
        if value[0] == "p" and (member or (bare(value[2]).removesuffix("*").strip() in self.border.heads and self._record(type_))):
            self.ledger.overlay.recovered.add(Recovered(self.function.key, value[1], record, member, place))
        path = f"{record}.{member}"
        if path in self.words.shared and (value[0] == "p" or self.walked(("up", value, path))):
            access = "closes" if path in self.words.heads else "reads"
            self._use(self._step(place, "container_of"), path, access, terms.root(terms.up(value, path)), state)

    def _record(self, type_: str) -> bool:
        kind = bare(type_)
        return kind.endswith("*") and kind.startswith(("struct ", "union ")) and kind.removesuffix("*").strip() not in self.border.heads

    # ---- calls -----------------------------------------------------------------------------------------------

    def watch_passed(self, key: str, values: list[Term], node: ir.Call | ir.Asm, state: State) -> None:
        """Values go into parameters."""
        at = self._step(node.place, node.text if isinstance(node, ir.Call) else node.macro)
        for index, value in enumerate(values):
            if value[0] == "f" and bare(value[3]) in self.border.heads:
                self.ledger.overlay.nodes.add(GivenNode(at, key, index, _path(value)[0]))
            if value[0] not in ("c", "fn", "g", "a"):
                self.kept_args.append((key, index, value, at, state.runtimes))

    def watch_applied(self, claims: list[Claim], node: ir.Call | ir.Asm, state: State) -> None:
        """What a callee does with the words; its objects are this function's already."""
        step = self._step(node.place, node.text if isinstance(node, ir.Call) else node.macro)
        before = state.claims
        for claim in claims:
            if claim.term[0] not in ("c", "fn", "g", "a") and not self._is_data(terms.root(claim.term), state):
                cell = claim.cell or (self.cell_name(claim.head) if claim.head != ZERO else "")
                applied = claim._replace(term=terms.root(claim.term), chain=(step, *claim.chain)[:_CHAIN], cell=cell)
                self.claim(applied, state, before)

    # ---- claims ----------------------------------------------------------------------------------------------

    def claim(self, claim: Claim, state: State, before: tuple[Claim, ...] | None = None) -> None:
        """Add a claim to the path. What it meets of those ``before`` is noted."""
        claim = claim._replace(term=terms.root(claim.term)) if claim.term != ZERO else claim
        prior = state.claims if before is None else before
        if claim.kind == "reset":
            self.emptied |= {other.at.place for other in prior if other.kind == "head" and other.cell == claim.cell and claim.cell}
            state.claims = tuple(other for other in state.claims if not (other.kind == "open" and other.cell == claim.cell))
            return
        round_ = _this_round(prior)
        if claim.kind == "head":
            guards = dict(claim.guards)
            guards.update((other.member, other.at.place) for other in prior if other.kind in ("empty", "close") and other.term == claim.term)
            guards.update((member, claim.at.place) for member in self._empty(claim.term, state) if member not in guards)
            claim = claim._replace(guards=tuple(sorted(guards.items())))
            self._head_meets(claim, round_, state)
            found = self.walked(claim.term)
            if found is not None and not claim.cell:
                claim = claim._replace(cell=self.cell_name(found[0]))
        elif claim.kind in ("touch", "open", "close") and claim.member:
            self._use_meets(claim, round_, state)
        if claim.kind in ("head", "open"):
            self.kept_flows.append((claim, claim.term, self._origin(claim.term, state), self.space(claim.term), state.runtimes))
        worth = claim.kind != "touch" or terms.bottom(claim.term)[0] == "p"
        if worth and claim not in state.claims:
            if len(state.claims) < _CLAIMS:
                state.claims = (*state.claims, claim)
                return
            self.ledger.dropped["overlay claims"] += 1
            if claim.kind == "close":
                # That it ends must not be lost, where that it began is known.
                still = _open((*state.claims, claim), claim.term)
                state.claims = tuple(other for other in state.claims if other.kind != "open" or other.term != claim.term or other in still)

    def _head_meets(self, head: Claim, prior: tuple[Claim, ...], state: State) -> None:
        """Are the head's words in use when it is queued?"""
        inner = {claim.at for claim in prior if claim.kind == "head" and claim.term == head.term}
        if head.at in inner:
            return
        for claim in _open(prior, head.term):
            if self.words.overlap(claim.member, head.member) and not _together(claim, head):
                self._clash("open", head, claim, head, state)
        if (member := self._deposited(head.term, prior, state)) and not any(claim.term == head.term and claim.member == member for claim in prior):
            deposit = Claim("open", head.term, member, head.at, cell=member)
            self._clash("deposited", head, deposit, head, state)
        found = self.walked(head.term)
        if found is None or head.chain or found[2] or found[0][0] in ("a", "p") or not self.cell_name(found[0]):
            return
        closed = any(claim.kind == "close" and claim.term == head.term and claim.member in ("", found[1]) for claim in prior)
        if not closed and self.words.overlap(found[1], head.member):
            listed = Claim("open", head.term, found[1], head.at, cell=self.cell_name(found[0]))
            self._clash("listed", head, listed, head, state)

    def _deposited(self, thing: Term, prior: tuple[Claim, ...], state: State) -> str:
        """The member of another table in which this function found a table as a deposit, where it still lies; empty where it does not."""
        place = thing[1] if thing[0] == "v" else ZERO
        if place[0] != "f" or place[2] not in self.words.members or bare(place[3]) not in self.border.level_types:
            return ""
        holder = terms.root(place[1])
        if not any(member == place[2] and other == holder for _, member, _, other, _, _ in self.kept_uses):
            return ""  # what a callee gives may have been taken out there
        taken = any(claim.kind == "close" and claim.term == thing for claim in prior)
        return "" if taken or terms.root(self.load(place, state)) != thing else str(place[2])

    def _use_meets(self, use: Claim, prior: tuple[Claim, ...], state: State) -> None:
        """Was the object given away before?"""
        for claim in prior:
            if claim.kind != "head" or claim.term != use.term or not self.words.overlap(claim.member, use.member) or _together(claim, use):
                continue
            found = self.walked(use.term)
            kind = "walked" if found is not None and found[1] == use.member and use.kind == "touch" else "after"
            self._clash(kind, claim if kind == "walked" else use, claim, use, state)

    def _clash(self, kind: str, standing: Claim, first: Claim, second: Claim, state: State) -> None:
        at = standing.chain[0] if standing.chain else standing.at
        self.kept_clashes.append((kind, at, first, second, self.space(second.term), state.runtimes))

    def _empty(self, thing: Term, state: State) -> list[str]:
        """The members of an object that this path knows to be zero."""
        found = []
        for place, value in state.memory.items():
            if value == ZERO and place[0] == "f" and place[2] in self.words.shared and terms.root(place[1]) == thing:
                found.append(str(place[2]))
        for term, truth in state.facts.items():
            if not truth and term[0] == "v" and term[1][0] == "f" and term[1][2] in self.words.shared and terms.root(term[1][1]) == thing:
                found.append(str(term[1][2]))
        return found

    def _origin(self, thing: Term, state: State) -> str:
        if thing in state.since:
            return "unlinked"
        if thing[0] == "m":
            return "fresh"
        if thing[0] == "p":
            return "param"
        if self.walked(thing):
            return "list"
        if thing[0] == "v":
            if self._in_entry(thing[1]):
                return "entry"
            return "deposit" if self.words.place(thing[1]) else "member"
        return "unknown"

    def _in_entry(self, place: Term) -> bool:
        """Is it the place of an entry, or of a part of one?"""
        while place[0] in ("f", "d"):
            kind = bare(terms.place_type(place)).removesuffix("*").strip()
            if kind in self.border.entries:
                return True
            place = place[1]
        return False

    def watch_told(self, claims: tuple[Claim, ...]) -> Iterator[Claim]:
        """The claims that callers have to know of: of objects, or lists, that they hand in, and of what was taken from there and is linked yet."""
        for claim in claims:
            handed = terms.bottom(claim.term)[0] == "p" or (claim.kind == "open" and not claim.cell and terms.bottom(claim.head)[0] == "p")
            closed = claim.kind == "close" and not claim.member
            linked = claim.kind == "open" and claim.cell == claim.member
            taken = (closed or linked) and terms.anchor(claim.term)[0] == "p" and (closed or claim in _open(claims, claim.term))
            if claim.kind != "round" and (handed or taken):
                yield claim

    def watch_returned(self, result: Term, state: State) -> None:
        """A function gives a table to its caller. One that it made and put on a list stays there for life, unless somebody takes it off."""
        base = terms.root(result)
        if base[0] == "m":
            self.kept_born += [(claim, base, state.runtimes) for claim in _open(state.claims, base) if claim.member in self.words.shared]

    def watch_freed(self, thing: Term, at: Step, state: State) -> None:
        """A table goes back to the allocator. Where it was found on a list, that is where tables go that are put there."""
        found = self.walked(thing)
        if found is not None and (cell := self.cell_name(found[0])):
            self.ledger.overlay.drained.setdefault(cell, set()).add(at)
        self._read_over(thing, at, state)

    def _read_over(self, thing: Term, freed: Step, state: State) -> None:
        """In a callback: did it lie in a member of the callback's own object whose words the queue has written over?

        It is read here, or by the callee that is called at ``freed``.
        """
        found = self.words.place(thing[1]) if thing[0] == "v" else None
        if found is None or found[0][0] != "up" or found[0][1][0] != "p":
            return
        owner, member = found
        head = str(owner[2])
        reads = [at for at, read, access, other, _, _ in self.kept_uses if read == member and access == "reads" and other == owner]
        if head in self.words.heads and self.words.overlap(member, head):
            queued = Claim("head", owner, head, self._step(self.function.place, ""))
            use = Claim("touch", owner, member, reads[0] if reads else freed, access="reads")
            self._clash("after", use, queued, use, state)

    # ---- the end ---------------------------------------------------------------------------------------------

    def watch_end(self) -> None:
        """All types are known: say what each object is."""
        notes = self.ledger.overlay
        for at, member, access, thing, runtimes, cell in self.kept_uses:
            notes.accesses.add(Access(at, member, access, self.source(thing), bool(self.level_of_type(thing)), cell), runtimes)
        for key, index, value, at, runtimes in self.kept_args:
            source = self.source(value)
            if source != ("none",):
                notes.passed.add(Passed(key, index, source, at), runtimes)
        for claim, thing, origin, space, runtimes in self.kept_flows:
            if claim.kind == "open" and claim.cell:
                notes.puts.add((claim.cell, self.source(thing)))
            at = claim.chain[0] if claim.chain else claim.at
            level = self.level_of_type(thing)
            notes.flows.add(Flow(claim.kind, claim.at, claim.member, level, origin, at, claim.chain, claim.guards, claim.cell, space), runtimes)
        for kind, at, first, second, space, runtimes in self.kept_clashes:
            if kind == "listed" and first.at.place in self.emptied:
                continue
            notes.clashes.add(Clash(kind, self.function.key, at, first, second, self.level_of_type(second.term), space), runtimes)
        for claim, thing, runtimes in self.kept_born:
            notes.born.add(Born(claim.member, self.level_of_type(thing), claim.at), runtimes)

    def source(self, thing: Term) -> Source:
        """What tells an object's level."""
        base = terms.root(thing)
        level = self.level_of_type(base)
        if level and level != "any":
            return ("level", level)
        inner = base
        while inner[0] == "up" and inner[1][0] == "p":
            inner = inner[1]
        if inner[0] == "p":
            return ("param", self.function.key, str(inner[1]))
        found = self.walked(base)
        if found is not None and (cell := self.cell_name(found[0])):
            return ("cell", cell)
        if found is not None and found[0][0] == "p":
            return ("param", self.function.key, str(found[0][1]))
        return ("level", "any") if level else ("none",)

    # ---- parts -----------------------------------------------------------------------------------------------

    def _use(self, at: Step, member: str, access: str, thing: Term, state: State, cell: str = "") -> None:
        self.kept_uses.append((at, member, access, thing, state.runtimes, cell))

    def _object(self, thing: Term, state: State) -> bool:
        return thing[0] not in ("c", "fn", "g", "a") and not self._is_data(thing, state)

    def _step(self, place: ir.Place, text: str) -> Step:
        return Step(self.function.key, place, text)

    def level_of_type(self, value: Term) -> str:
        """The level of a table, by the types it was seen under; see ``Tables``."""
        raise NotImplementedError

    def _is_data(self, base: Term, state: State) -> bool:
        raise NotImplementedError


def _path(place: Term) -> tuple[tuple[str, ...], Term]:
    """The members that lead to a place, outermost first, and what they are members of."""
    path: list[str] = []
    while place[0] == "f":
        path.append(str(place[2]))
        place = place[1]
    return tuple(reversed(path)), place


def _this_round(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Those since the innermost loop last went around: an object has the same name in the next round, and is another one."""
    for index in range(len(claims) - 1, -1, -1):
        if claims[index].kind == "round":
            return claims[index + 1 :]
    return claims


def _open(claims: tuple[Claim, ...], thing: Term) -> list[Claim]:
    """The claims on an object that are open at the end."""
    found: list[Claim] = []
    for claim in claims:
        if claim.term != thing:
            continue
        if claim.kind == "open":
            found.append(claim)
        elif claim.kind == "close":
            found = [other for other in found if claim.member not in ("", other.member)]
    return found


def _together(one: Claim, other: Claim) -> bool:
    """Do both come out of one call? Then they were judged there."""
    return bool(one.chain and other.chain and one.chain[0] == other.chain[0])
