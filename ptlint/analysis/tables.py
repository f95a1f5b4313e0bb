"""What is a table: by types, by where a value was loaded from, and whose address space it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ptlint.analysis import terms
from ptlint.analysis.evaluate import FOLIO, bare
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.noted import Noted
from ptlint.analysis.overlay.watch import Watching
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Event, Runtimes, State

if TYPE_CHECKING:
    from ptlint.analysis.engine import Bounds
    from ptlint.analysis.flow import Flow

__all__ = ["Tables"]

_NUMBERS = frozenset(("unsigned long", "u64", "phys_addr_t", "pmd_t", "pud_t", "p4d_t", "pgd_t", "pgtable_t"))


class Tables(Watching):
    """The part of a function's run that knows a table when it sees one."""

    ledger: Ledger
    bounds: Bounds
    everywhere: frozenset[str]
    flow: Flow
    side: Noted[Event]
    beside: set[tuple[object, ...]]
    unknown: set[Term]
    folios: set[Term]
    reads_below: dict[int, Runtimes]
    batched: set[Term]
    noted: set[tuple[object, ...]]
    slots: set[Term]
    locks: bool

    def of_gather(self, place: Term) -> bool:
        """Does a place lie in the mmu_gather?"""
        return not self.border.gathers.isdisjoint(_records_of(place))

    def is_local(self, term: Term) -> bool:
        """Does the term hang on a local variable's place?"""
        return bool(terms.bottom(term)[0] == "a")

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

    def _may_be_page(self, value: Term) -> bool:
        base = terms.root(value)
        kind = bare(terms.type_of(base))
        return base[0] in ("p", "v", "up") and (
            kind in self.border.pages or kind in ("void *", "unsigned long", "u64", "phys_addr_t") or kind.endswith("**")
        )

    def _holds_pages(self, place: Term) -> bool:
        kind = bare(terms.place_type(place)).split("[")[0].strip()
        return kind in self.border.pages or kind == "void *" or kind in self.border.level_types

    def _leads(self, kind: str) -> bool:
        """Can a value of this type lead to a table?"""
        border = self.border
        return kind in border.level_types or kind in border.pages or kind in border.owners or kind.endswith("*") or kind in _NUMBERS

    def fresh(self, term: Term, state: State) -> bool:
        """Was it allocated on this path, and put into no entry that others could reach?"""
        return term[0] == "m" and term not in state.published

    def _published_in(self, base: Term, state: State) -> str:
        """Whose entry, that others can reach, points to the table right now, by what this path stored; empty where none does."""
        for place, value in state.memory.items():
            entry = self.border.entries.get(terms.place_type(place))
            if entry is None or terms.holds_copy(place) or (entry.below == "data" and value[0] != "o") or terms.root(value) != base:
                continue
            if (space := self.space(place)) != "own":
                return (space or "user") if terms.bottom(place)[0] in ("p", "v", "g") else ""
        return ""

    def _linked(self, base: Term) -> bool:
        """Was the value loaded from an entry, or from a root's member, and is so still linked?"""
        kind = bare(terms.type_of(base))
        return base[0] == "v" and (kind in self.border.entries or kind.removesuffix("*").strip() in self.border.entries)

    def _in_item(self, base: Term) -> bool:
        """Does it lie in the item that a callback is called with? It was put there before the callback began."""
        while base[0] in ("v", "f", "d"):
            base = base[1]
        while base[0] == "up" and base[1][0] == "up":
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

    def _entry_type(self, place: Term) -> str:
        kind = bare(terms.place_type(place)).removesuffix("*").strip()
        return kind if kind in self.border.entries else ""

    def _handles(self, base: Term, state: State) -> bool:
        """Does this function know that it has a table, or at least not take it for any page?"""
        return bool(self.level(base, state)) or bare(terms.type_of(base)) not in self.border.pages

    def _hangs_on_param(self, term: Term) -> bool:
        return bool(terms.bottom(term)[0] == "p")

    def space(self, term: Term) -> str:
        """Whose address space a table belongs to: ``kernel``, ``user``, or empty where this function cannot tell."""
        base = term
        for base in terms.down(term):
            if self._owner(base) and not self._kernel_root(base):
                return "own" if terms.bottom(base)[0] == "m" else "user"
        if base[0] == "g":
            return "kernel"
        if base[0] == "a":
            return "own"
        if any(value[0] == "g" and value[1] in self.border.kernel_roots for value in self.params.values()):
            return "kernel"
        if base[0] in ("p", "m", "n") and any(bare(param.type) in self.border.owners for param in self.function.params):
            return "user"
        return ""

    def always_user(self, term: Term) -> bool:
        """Does a table belong to a process? Who walks from the root of an address space that it is given, and frees, is given one of those."""
        border, base = self.border, term
        for base in terms.down(term):
            owner = self._owner(base)
            if owner and (owner not in border.root_types or terms.root(base[1])[0] != "g"):
                return True
        return base[0] == "p" and any(bare(param.type) in border.owners - border.root_types for param in self.function.params)

    def _owner(self, place: Term) -> str:
        """The type of the owner of tables, or of a mapping, that a place is a member of; empty where it is none of such."""
        owner = f"{str(place[2]).rsplit('.', 1)[0]} *" if place[0] == "f" else ""
        return owner if owner in self.border.owners else ""

    def _kernel_root(self, term: Term) -> bool:
        base = terms.bottom(term)
        return base[0] == "g" and base[1] in self.border.kernel_roots

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
                return str(place[1]) if place in self.slots or self.level_of_type(base) else ""
            while place[0] == "d":
                place = place[1][1] if place[1][0] == "v" else place[1]
            return str(place[2]) if place[0] == "f" else ""
        return ""


def _records_of(place: Term) -> list[str]:
    found = []
    while place[0] in ("f", "d", "v", "up"):
        if place[0] == "f":
            found.append(str(place[2]).rsplit(".", 1)[0])
        place = place[1]
    return found
