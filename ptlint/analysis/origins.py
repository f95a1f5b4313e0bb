"""Where a table comes from, and what keeps walkers away from it there: asked of the callers, top down, after all functions are summed up.

A summary says what a function does with what it is given. Whether that was a table that nobody has seen, one of a process or one of the
kernel, and whether its mapping was out of everybody's reach by then, only the callers know.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

from ptlint.analysis import terms
from ptlint.analysis.evaluate import bare
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.terms import Term
from ptlint.analysis.values import Hop, Pass
from ptlint.frontend.ir import Place
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["Answers", "Origin", "Origins"]

_DEPTH = 48


class Origin(NamedTuple):
    """One answer.

    ``kind``: ``fresh``, allocated and put into no entry that others can reach; ``linked``, an entry or an address space leads, or led, to it;
    ``kept``, it lay in a member or a list of its own; or ``unknown``. ``space`` is whose it is: ``user``, ``kernel``, ``own`` (a tree that
    only its maker has),
    or empty. ``shelter`` is what keeps others away: ``apart``, the mapping was taken out of everybody's reach; ``dying``, the address space is
    given back next; or ``open``.
    """

    kind: str
    space: str
    shelter: str


Answers = dict[Origin, tuple[Place | None, Place | None]]


class Origins:
    """Answers for one build, once all functions are summed up; each computed once.

    An answer comes with the line that says where from, and that of the shelter.
    """

    def __init__(self, ledger: Ledger, program: Program, border: Border) -> None:
        self._ledger = ledger
        self._program = program
        self._border = border
        self._known: dict[tuple[str, Term], Answers] = {}
        self._sheltered: dict[str, dict[str, Place | None]] = {}
        self._active: set[object] = set()
        self._sorted: dict[str, list[Pass]] = {}
        self._once: dict[tuple[str, int], bool] = {}
        self._callers: dict[str, set[str]] = {}
        for seen in ledger.calls:
            self._callers.setdefault(seen.callee, set()).add(seen.function)

    def of(self, function: str, term: Term, *, fresh: bool = False) -> Answers:
        """Where what ``function`` calls ``term`` comes from. ``fresh``: nobody but this function has seen it."""
        if fresh:
            return self._under(function, "fresh", "own", None)
        key = (function, term)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._active or self._too_deep():
            return {}
        self._active.add(key)
        try:
            found = self._value(function, term)
        finally:
            self._active.discard(key)
        self._known[key] = found
        return found

    def shelter(self, function: str) -> dict[str, Place | None]:
        """What may hold whenever ``function`` runs, with the line where that was brought about."""
        known = self._sheltered.get(function)
        if known is not None:
            return known
        if ("shelter", function) in self._active or self._too_deep():
            return {}
        self._active.add(("shelter", function))
        try:
            found: dict[str, Place | None] = {}
            for row in self._rows(function):
                word, place = self._of_row(row)
                for each, where in ({word: place} if word else self.shelter(row.caller)).items():
                    found.setdefault(each, where)
        finally:
            self._active.discard(("shelter", function))
        found = found or {"open": None}
        self._sheltered[function] = found
        return found

    def dead(self, function: str) -> bool:
        """Is it a static function whose callers were all looked at, and none was seen to get to the call?"""
        if ":" not in function or self._ledger.passes.get(function) or function in self._program.fillers:
            return False
        return bool(self._program.callers.get(function)) and function not in self._callers

    def doomed(self, chain: tuple[Hop, ...]) -> bool:
        """Does one of these calls work for an address space that is given back next?"""
        for hop, inner in itertools.pairwise(chain):
            for row in self._ledger.passes.get(inner.function, ()):
                if row.caller == hop.function and row.place == hop.place and self._of_row(row)[0] == "dying":
                    return True
        return False

    def once(self, function: str, depth: int = 12) -> bool:
        """Does it run while the kernel boots only: marked so, or called by such functions only?"""
        known = self._once.get((function, depth))
        if known is None:
            known = self._once[function, depth] = self._runs_once(function, depth)
        return known

    def _too_deep(self) -> bool:
        deep = len(self._active) > _DEPTH
        self._ledger.dropped["ways back to an origin"] += deep
        return deep

    # ---- one step ------------------------------------------------------------------------------------------

    def _runs_once(self, function: str, depth: int) -> bool:
        found = self._program.functions.get(function)
        if found is None or depth == 0:
            return False
        if self._border.once & set(found.marks):
            return True
        callers = self._callers.get(function, set())
        return bool(callers) and function not in self._program.fillers and all(self.once(caller, depth - 1) for caller in callers - {function})

    def _rows(self, function: str) -> list[Pass]:
        known = self._sorted.get(function)
        if known is None:
            known = self._sorted[function] = sorted(self._ledger.passes.get(function, ()), key=repr)
        return known

    def _of_row(self, row: Pass) -> tuple[str, Place | None]:
        if row.apart is not None:
            return "apart", row.apart
        if row in self._ledger.dying and row not in self._ledger.surviving:
            return "dying", self._ledger.dying[row]
        return "", None

    def _under(self, function: str, kind: str, space: str, where: Place | None) -> Answers:
        return {Origin(kind, space, shelter): (where, place) for shelter, place in self.shelter(function).items()}

    def _value(self, function: str, term: Term) -> Answers:
        kind = term[0]
        if kind == "&":
            # Of a local variable that nothing was put into here: what is in it comes from what puts it there.
            return {} if term[1] == terms.ZERO else self.of(function, term[1])
        if kind == "g":
            return self._under(function, "linked", "kernel", None)
        if kind == "a":
            return self._under(function, "fresh", "own", None)
        if kind == "p":
            return self._param(function, term)
        if kind in ("f", "d"):
            # The address of a place: it lies in the record or the table that the place is part of.
            return self.of(function, term[1])
        if kind == "v":
            return self._loaded(function, term[1])
        if kind == "up":
            return self._under(function, "kept", "", None)
        if kind == "m":
            return self._allocated(function, term)
        if kind == "o":
            base = self._base(term)
            return self.of(function, base) if base != term else self._under(function, "unknown", "", None)
        owned = bare(terms.type_of(term)) in self._border.owners or self._owned(function)
        return self._under(function, "unknown", "user" if owned else "", None)

    def _owned(self, function: str) -> bool:
        """Does it work on an address space that it is given?"""
        params = self._program.functions[function].params if function in self._program.functions else ()
        return any(bare(param.type) in self._border.owners for param in params)

    def _base(self, term: Term) -> Term:
        """The operand that is a table's or a record's address, if one is by its type; else the one with the identity."""
        while term[0] == "o" and len(term) == 4:
            typed = [side for side in term[2:] if self._typed(side)]
            if not typed:
                return terms.root(term)
            term = typed[0]
        return term

    def _typed(self, term: Term) -> bool:
        if term[0] == "o" and len(term) == 4:
            return self._typed(term[2]) or self._typed(term[3])
        kind = bare(terms.type_of(term))
        return kind.endswith("*") or kind in self._border.entries or kind in self._border.tables

    def _allocated(self, function: str, term: Term) -> Answers:
        """Allocated here: seen by whoever can reach the entries that it was put into."""
        found: Answers = {}
        for place in sorted(self._ledger.published.get((function, term), ()), key=repr):
            for origin, evidence in self.of(function, place).items():
                found.setdefault(origin if origin.space == "own" else origin._replace(kind="linked"), evidence)
        return found or self._under(function, "fresh", "own", None)

    def _param(self, function: str, term: Term) -> Answers:
        found: Answers = {}
        some = False
        for row in self._rows(function):
            if term[1] >= len(row.values) or row.values[term[1]][0] == "c":
                continue
            some = True
            value = row.values[term[1]]
            word, place = self._of_row(row)
            for origin, (where, sheltered) in self.of(row.caller, value, fresh=term[1] in row.fresh).items():
                if word:
                    found.setdefault(origin._replace(shelter=word), (where or row.place, place))
                else:
                    found.setdefault(origin, (where or row.place, sheltered))
        if some:
            return found
        return self._under(function, "unknown", "user" if self._owned(function) else "", None)

    def _loaded(self, function: str, place: Term) -> Answers:
        """What lay in a place when it was read."""
        border = self._border
        kind = bare(terms.place_type(place)).split("[")[0].strip()
        if place[0] in ("a", "g"):
            return self._under(function, "linked", "kernel" if place[0] == "g" else "", None)
        if kind in border.entries:
            return self._hanging(function, place)
        if place[0] == "f":
            record = f"{str(place[2]).rsplit('.', 1)[0]} *"
            stored = self._ledger.kept.get(str(place[2]), set())
            if record in border.owners and not (stored and (kind in border.tables or kind in border.owners)):
                # Of an address space that is its maker's own, a table is linked: by the one who may.
                return {origin._replace(kind="linked"): evidence for origin, evidence in self.of(function, place[1]).items()}
            if not stored:
                space = "user" if kind in border.owners else ""
                return self._under(function, "linked" if kind.removesuffix("*").strip() in border.entries else "unknown", space, None)
            return self._stored(function, str(place[2]), stored)
        if place[0] == "d" and place[1][0] == "p":
            return self._pointed(function, place)
        return self.of(function, place[1])

    def _hanging(self, function: str, place: Term) -> Answers:
        """What an entry points to: part of the same tree, unless it was copied from another."""
        found: Answers = {}
        for value in sorted(self._ledger.copied.get((function, terms.anchor(place)), ()), key=repr):
            found.update(self.of(function, value))
        if any(origin.space != "own" for origin in found):
            return found
        return {
            origin if origin.space == "own" else origin._replace(kind="linked"): evidence for origin, evidence in self.of(function, place[1]).items()
        }

    def _stored(self, function: str, member: str, stored: set[tuple[str, Term, Term, bool]]) -> Answers:
        """What lay in a member: anything that is ever put there, but what was taken out by whoever published it."""
        found: Answers = {}
        shelter = self.shelter(function)
        for other, record, value, fresh in sorted(stored, key=repr):
            owner = bare(terms.type_of(value)) in self._border.owners
            fresh = fresh and member not in self._ledger.leaky
            private = not owner or all(origin.space == "own" for origin in self.of(other, record))
            for origin, (where, _) in self.of(other, value, fresh=fresh).items():
                if owner:
                    # An address space is its maker's own only as long as it lies in a record that is.
                    origin = origin if private else Origin("linked", "user" if origin.space == "own" else origin.space, "")
                elif origin.kind != "fresh":
                    origin = origin._replace(kind="kept")
                for word, place in shelter.items():
                    found.setdefault(origin._replace(shelter=word), (where, place))
        return found

    def _pointed(self, function: str, place: Term) -> Answers:
        """What lay where a parameter points to."""
        found: Answers = {}
        for row in self._rows(function):
            index = place[1][1]
            if index >= len(row.values) or row.values[index][0] == "c":
                continue
            value = row.values[index]
            if value[0] == "&":
                inner = self.of(row.caller, value[1], fresh=index in row.fresh)
            else:
                inner = self.of(row.caller, ("v", value if value[0] in ("f", "d", "g") else ("d", value, place[2])))
            word, sheltered = self._of_row(row)
            for origin, (where, other) in inner.items():
                found.setdefault(origin._replace(shelter=word) if word else origin, (where, sheltered if word else other))
        return found or self._under(function, "unknown", "", None)
