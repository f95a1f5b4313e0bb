"""What becomes of a table: freed, put into a container, waited for, used afterwards."""

from __future__ import annotations

from ptlint.analysis import terms
from ptlint.analysis.clears import Clears
from ptlint.analysis.evaluate import FLAGS, PLAIN, bare
from ptlint.analysis.ledger import Double, Early, Hit, Suspect, Told, Walk
from ptlint.analysis.terms import Term
from ptlint.analysis.values import GRACE, Event, Hop, Runtimes, State, Unlink, deferral_of
from ptlint.analysis.ways import guessed
from ptlint.frontend import ir

__all__ = ["Fates", "since_unlinked"]

_NOTHING: frozenset[str] = frozenset()
_AT_ONCE = frozenset(("immediate", "semi-rcu", "sync-rcu"))
_CHOICES = {("o", operator) for operator in ("!", "==", "!=", "&")}


class Fates(Clears):
    """The part of a function's run that follows what happens to tables, in order."""

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
        if base[0] == "v" and base not in self.types and self._only_base(base[1]):
            return
        since = since_unlinked(base, state)
        waited = self._waited(base, after, inner, state)
        unlinked = since[0] if since is not None else None
        nearer = inner.unlinked if inner is not None else None
        if nearer is not None and (unlinked is None or (nearer.place != unlinked.place and not nearer.place.file.endswith(".h"))):
            unlinked = nearer  # the callee's own is the last one
        level = self.level(base, state) or (inner.level if inner is not None else "")
        text = node.text if isinstance(node, ir.Call) else node.macro
        self.watch_freed(base, self._step(node.place, text), state)
        hop = Hop(self.function.key, node.place, text, deferral_of(waited), role, self._handles(base, state))
        # Linked here: what was made, or deposited, or unlinked before. What is freed later may be unlinked by then.
        own = base[0] == "m" or self._in_member(base) or base in state.since
        if own and level and hop.deferral in _AT_ONCE and (holder := self._published_in(base, state)):
            still = Event("free", base, waited, (hop, *chain), place=node.place, level=level, space=holder)
            self.ledger.suspects.add(Suspect("linked", self.function.key, still), state.runtimes)
        extra = ""
        if inner is not None:
            # What this path allocated, and a member for one table led to, lay in no batch.
            alone = base[0] == "m" and self._in_member(inner.term)
            extra = inner.extra or ("" if alone else self._drained(inner.term))
        event = Event(
            "free",
            base,
            waited,
            (hop, *chain),
            extra,
            place=node.place,
            unlinked=unlinked,
            level=level,
            space=inner.space if inner is not None else "",
            stripped=self._destroyed(base, state) or (inner is not None and inner.stripped),
        )
        if role == "handover" and inner is not None and inner.stripped:
            self._strips_again(base, event, node.place, state)
        self._found(event, state, said=inner is not None and bool(inner.level))

    def _strips_again(self, base: Term, event: Event, where: ir.Place, state: State) -> None:
        """Did the destructor run before on this path, by another call, for what is the same table yet?"""
        before = state.stripped.get(base)
        if before is not None and before.chain[0].place != where and (base[0] != "v" or base in state.since) and self.level(base, state):
            self.ledger.restripped.add((self.function.key, event), state.runtimes)

    def _waited(self, base: Term, after: frozenset[str], inner: Event | None, state: State) -> frozenset[str]:
        """What was waited for since the table was unlinked; ``after`` in a callee, whose event is ``inner``."""
        since = since_unlinked(base, state)
        if "polled" in after and state.waits & {"cookie", "late"}:
            # The callee asks whether the grace period is over since a moment that was noted here: before the table was unlinked, or after.
            later = since is not None and "cookie" in since[1]
            after = (after - {"polled"}) | ({"sync-rcu"} if later else _NOTHING)
        if since is not None:
            return since[1] | after
        if self.fresh(base, state):
            return after  # nobody had to be waited for
        taken = next((waits for content, waits in state.taken.items() if terms.contains(base, content)), None)
        if taken is not None:
            # What came on the list while this waited was not waited for.
            return taken | after
        # What was waited for before a table was unlinked does not count: not where the callee unlinks, nor where an entry still points to it.
        early = self._linked(base) or self.is_local(base) or (self._kept(base) and not self._in_item(base))
        return after if early or (inner is not None and inner.unlinked is not None) else state.waits | after

    def _drained(self, term: Term) -> str:
        """What is said of a free of what lay in a container: on a list by a node of its own, in a member for one table, or in a batch."""
        cell = self._cell_of(term)
        by_node = f"{cell.rsplit('.', 1)[0]} *" in self.border.pages
        return "" if not cell else "drained" if by_node else "held" if self._in_member(term) else "emptied"

    def _destroyed(self, base: Term, state: State) -> bool:
        """Did the destructor run, or does the page's type say that no constructor did?"""
        return base in state.stripped or ("bare", base) in state.facts

    def _only_base(self, place: Term) -> bool:
        """Does a base address lie there, that something was added to which was lost? One behind NULL is no path of the program."""
        bottom = terms.bottom(place)
        number = bottom[0] == "g" and bare(terms.place_type(place)) == "unsigned long"
        if bottom != terms.ZERO and (place in self.slots or (number and place[0] == "f" and self.asked.keeps(str(place[2])))):
            return False  # tables are put there
        return bottom == terms.ZERO or place[0] == "g" or number

    def _never_set(self, place: Term) -> bool:
        """Is it a local variable, or a number in one, that this path has not set?"""
        number = not bare(terms.place_type(place)).endswith(("*", "]"))
        inner = terms.record(place)
        return bool(inner[0] == "a" and (inner == place or (number and not self._holds_pages(place))))

    def _put(self, value: Term, cell: str, state: State, where: Term, at: ir.Place) -> None:
        base = terms.root(value)
        if base in self.folios:
            self.unknown.add(base)
        if base[0] not in ("p", "v", "m", "up", "n") or self._is_data(base, state):
            return
        if self.of_gather(where):
            self.ledger.gathers.add(cell)
        since = since_unlinked(base, state)
        self._found(
            Event(
                "put",
                base,
                extra=cell,
                value=where,
                place=at,
                level=self.level(base, state),
                unlinked=since[0] if since is not None else None,
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

    def publish(self, value: Term, place: Term, state: State) -> None:
        """What was allocated here goes into an entry."""
        self.ledger.publish(self.function.key, value, place)
        entry = self.border.entries.get(terms.place_type(place))
        if entry is not None and entry.below != "data":
            made = any(event.kind == "make" and event.term == value for event in state.events)
            if made:
                self.ledger.makers.add((self.function.key, entry.below))
            elif self.space(place) != "user":
                self.ledger.plain_makers.add((self.function.key, entry.below))

    def reads(self, place: Term, state: State, where: ir.Place) -> None:
        """An entry is read: a step of a walker, if an entry of another table led to this one."""
        entry = self.border.entries.get(terms.place_type(place))
        if entry is None or place[0] != "d" or self._own(place):
            return
        self._walked(terms.root(place[1]), "", where, state, state.runtimes)
        for leaf in terms.leaves(place[1]):
            if leaf[0] in ("v", "p") and bare(terms.type_of(leaf)) in self.border.entries:
                self.ledger.walks.add(Walk(self.function.key, where, entry.holds, leaf, state.reading, state.held > 0), state.runtimes)

    def copy(self, table: Term, value: Term) -> None:
        """An entry of what was allocated here gets what another entry had."""
        self.ledger.copy(self.function.key, table, value)

    def put_field(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """A page, or something untyped, goes into a member of a record that outlives the call."""
        kind = place[3]
        base = terms.root(value)
        if base[0] in ("c", "fn", "n", "m", "g") or base[0] in ("a", "f", "d"):
            return
        kept = kind.split("[")[0].strip()
        typed = kept in self.border.pages or kept in self.border.tables or kept == "void *"
        # Numbers of pages are kept for many reasons: of one that was unlinked here there is one.
        plain = kept in PLAIN
        if plain:
            self._number(base, str(place[2]))
        if typed or (plain and ((base in state.since and self.level(value, state)) or self.asked.keeps(str(place[2])))):
            self._put(value, str(place[2]), state, place, where)

    def put_global(self, place: Term, value: Term, state: State, where: ir.Place) -> None:
        """A table goes into a global variable, or one of each CPU."""
        self._number(terms.root(value), str(place[1]))
        if value[0] not in ("c", "fn", "a", "g", "f", "d") and (self.level(value, state) or place in self.slots):
            self._put(value, str(place[1]), state, place, where)

    def _number(self, base: Term, cell: str) -> None:
        """A number that the caller gave goes where others find it."""
        if base[0] == "p" and bare(base[2]) in PLAIN:
            self.ledger.numbers.add((self.function.key, base[1], cell))

    def serves(self, value: Term, linked: bool = False) -> None:
        """A table that lay in a container goes into an entry (``linked``: as one, of whatever type), or is given to who asked for a new one: it is
        in service again.

        A deposit goes back to the range that it was for: the locks of that range keep all away but those who turn interrupts off.
        """
        base = terms.root(value)
        direct = base[0] == "v" and base[1][0] in ("f", "g") and self._entry_type(base[1]) == ""
        if (direct or base[0] == "up") and (linked or self.level_of_type(base)):
            cell = self._cell_of(base)
            if cell:
                (self.ledger.returned if cell in self.words.members else self.ledger.served).add(cell)

    def _found(self, event: Event, state: State, *, said: bool = False) -> None:
        """A table goes somewhere. Where a callee knew that it is one, what is to be said of the callee's own calls is ``said`` there."""
        level = event.level
        event = event._replace(space=self.space(event.term) or event.space)
        origin = event.term[0] not in ("p",) and not self._hangs_on_param(event.term)
        fresh = self.fresh(event.term, state)
        cell = self._cell_of(event.term) if event.kind == "free" else ""
        marked = state.facts.get(("kernel", event.term)) is True
        # Only of what may be judged by its flush it matters who decided the way.
        told = self._told(state) if event.kind == "free" and level and event.unlinked is not None else ()
        look = (event, said, fresh, cell, marked, told, state.runtimes, state.held > 0, state.apart)
        if look not in self.noted:
            self.noted.add(look)
            self._note(*look)
        if (unlink := event.unlinked) is not None and event.chain:
            self.ledger.clearing.add(next((hop.place for hop in event.chain if hop.function == unlink.function), event.chain[0].place))
        elif event.chain and guessed(state):
            self.ledger.guessed.add(event.chain[0].place)
        if level:
            self._twice(event, state)
            self._state_left(event, state)
        if event.kind == "free" and not level and cell and self._hangs_on_param(event.term):
            self.side.add(event, state.runtimes)
        elif not origin or event.term[0] == "v":
            self.emit(event, state)
        elif level and event.kind == "free":
            state.gone = self.ledger.first((*state.gone, event), 4, "frees")

    def _told(self, state: State) -> Told:
        """What holds on this way of flags that the caller gave, of numbers of which it gave one, or of the function that it gave."""
        choices = [(fact, truth) for fact, truth in state.facts.items() if fact[0] == "p" or fact[:2] in _CHOICES]
        told = []
        for fact, truth in choices:
            flag = any(leaf[0] == "p" and bare(leaf[2]) in FLAGS for leaf in terms.leaves(fact))
            if flag or (fact[0] == "o" and fact[2][0] == "p" and fact[3][0] == "fn"):
                told.append((fact, truth))
        return tuple(sorted(told, key=terms.order)[:4])

    def _note(
        self, event: Event, said: bool, fresh: bool, cell: str, marked: bool, told: Told, runtimes: Runtimes, held: bool, apart: ir.Place | None
    ) -> None:
        """What a run notes of a table that goes somewhere; many ways of a function do it alike."""
        level = event.level
        if level:
            below = tuple(hop.function for hop in event.chain[1:])
            for index, hop in enumerate(event.chain[:1] if said else event.chain):
                here = index == 0 and event.term[0] != "p"
                own = self.function.key
                hit = Hit(hop, level, fresh and index == 0, here, event.space, own, event.term, held, apart, below[:index])
                self.ledger.hits.add(hit, runtimes)
            self.ledger.chains.add(event.chain)
            if event.kind == "put":
                self.ledger.ways.add(("put", event), runtimes)
            elif deferral_of(event.after) == "semi-rcu":
                self.ledger.ways.add(("semi-rcu", event), runtimes)
            elif deferral_of(event.after) == "workqueue":
                self.ledger.ways.add(("workqueue", event), runtimes)
        if marked and event.kind == "put":
            self.ledger.marked.add(_container(event.value, event.extra))
        if event.kind == "free" and "device" not in event.after and (marked or cell):
            self.ledger.unannounced.add((self.function.key, "" if marked else _container(event.term, cell), event), runtimes)
        if event.kind == "put":
            self.ledger.puts[event.extra].add((event.chain, level), runtimes)
        elif cell:
            if event.stripped:
                self.ledger.stripped_cells.add(cell)
            self.ledger.drains[cell].add((event.chain, level), runtimes)
        if "flush" in event.after:
            self.ledger.flushed.add(event.chain)
        short = deferral_of(event.after) in ("immediate", "semi-rcu") or "flush" not in event.after
        if event.kind == "free" and level and event.unlinked is not None and short:
            self.ledger.suspects.add(Suspect("unlinked", self.function.key, event, told), runtimes)
        if event.kind == "free" and not level:
            self.unknown.add(event.term)

    def _twice(self, event: Event, state: State) -> None:
        """Was the table freed or queued before on this path, and not put into an entry since? What a batch frees was put there before."""
        if any(word.startswith("cell:") for word in event.after) or terms.names_global(event.term):
            return  # what a global leads to by an index that is not known is told apart by nothing
        for before in (*state.events[state.fence :], *state.gone, *state.again):
            if any(word.startswith("cell:") for word in before.after) or not (self._known(before) and self._known(event)):
                continue  # code that serves any page drops references: each its own
            if before.kind == "put" and before.extra not in self.ledger.gathers:
                continue  # what put it there may have taken it out again
            same = (
                before.kind in ("free", "put", "pend")
                and before.term == event.term
                and before.level
                and not {before.extra, event.extra} & {"pooled", "drained", "emptied"}
            )
            elsewhere = before.chain and event.chain and before.chain[0].place != event.chain[0].place
            if same and (elsewhere or before in state.again):
                entry = self._linked(event.term) and (not self._in_member(event.term) or self._owner(event.term[1]))
                if entry and event.term not in state.since:
                    continue  # another table may be in that entry by now
                self.ledger.doubles.add(Double(self.function.key, before, event), state.runtimes)

    def _known(self, event: Event) -> bool:
        """Do all on the way to the free know that it is a table? Who gives a page back may be told of a page; who drops a reference is not enough."""
        last = len(event.chain) > 1 and not self.border.drops(event.chain[-1].text)
        return all(hop.handles for hop in (event.chain[:-1] if last else event.chain))

    def _in_member(self, term: Term) -> bool:
        """Does a table lie in a member that is there for one? Until something else is put there it is the same one."""
        return term[0] == "v" and term[1][0] == "f" and bare(term[1][3]) in self.border.level_types

    def _state_left(self, event: Event, state: State) -> None:
        """Is the constructor's state taken, and not before its time?"""
        base = event.term
        strip = state.stripped.get(base)
        later = event.kind == "put" or bool(event.after & GRACE)
        batched = any(word.startswith("cell:") for word in event.after)
        if strip is not None and strip.waits is not None and not batched and later and event.unlinked is not None and not strip.waits & GRACE:
            self.ledger.early.add(Early(self.function.key, strip, event), state.runtimes)
        if event.kind == "put" and not event.chain and event.place is not None:
            hop = Hop(self.function.key, event.place, "", f"cell:{event.extra}", "handover", self._handles(base, state))
            event = event._replace(chain=(hop,))
        if event.stripped or event.extra == "pooled" or not event.chain or batched or not event.chain[0].handles:
            return
        if event.extra in ("emptied", "held") and base not in self.batched:
            return  # that is seen where it was put there
        made = any(before.kind == "make" and before.term == base for before in state.events)
        # With a table that is unlinked, those that hang on it are.
        unlinked = event.unlinked is not None or any(part in state.since for part in terms.down(base))
        if (base[0] == "v" and unlinked) or (base[0] == "m" and made):
            self.ledger.unstripped.add((self.function.key, event), state.runtimes)

    def locked(self, state: State) -> None:
        """The first lock is taken: an entry that was seen to be empty before may have been set by another CPU meanwhile."""
        if state.held > 0:
            return
        self.locks = True
        for fact, truth in list(state.facts.items()):
            entry = fact[2] if fact[:2] == ("o", "&") else fact
            if not truth and entry[0] == "v" and entry[1][0] == "d" and terms.place_type(entry[1]) in self.border.entries:
                if self.empty_bits(entry, state):
                    state.facts.pop(("leaf", terms.root(entry)), None)
                del state.facts[fact]

    def emit(self, event: Event, state: State) -> None:
        """Add an event to the path, once."""
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
        """A moment is noted, or a grace period since the moment that was noted last is over. Where none was noted on this path, a caller did."""
        noted = bool(state.waits & {"cookie", "late"})

        def after(waits: frozenset[str]) -> frozenset[str]:
            if kind == "cookie":
                return waits | {kind}
            return waits | {"sync-rcu"} if "cookie" in waits else waits if noted else waits | {"polled"}

        state.since = {base: (where, after(waits)) for base, (where, waits) in state.since.items()}
        state.taken = {content: after(waits) for content, waits in state.taken.items()}
        state.waits = after(state.waits) - {"late"} if kind == "cookie" else after(state.waits)


def since_unlinked(base: Term, state: State) -> tuple[Unlink, frozenset[str]] | None:
    """Where a table was unlinked, and the waits since: by its own entry, or with the table that it hangs on."""
    if not state.since or (base[0] == "v" and base[1][0] == "g"):
        return None  # what is taken out of a variable is in no entry: it is another table than the one that lay there before
    return next((state.since[part] for part in terms.above(base) if part in state.since), None)


def _container(place: Term, cell: str) -> str:
    """What a container is told by: the global variable that it is part of, or the member."""
    anchor = terms.anchor(place)
    return str(anchor[1]) if anchor[0] == "g" else cell
