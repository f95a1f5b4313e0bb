"""The proofs: that an rcu_head may be written, because nothing that shares its words is live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ptlint.analysis.evaluate import bare
from ptlint.analysis.overlay.claims import tables
from ptlint.analysis.overlay.findings import rule_of
from ptlint.analysis.overlay.levels import Levels
from ptlint.analysis.overlay.notes import Flow, Notes, Step
from ptlint.analysis.overlay.words import Words
from ptlint.analysis.proof import proof
from ptlint.analysis.result import FoundProof, Proof
from ptlint.program.border import Border
from ptlint.program.link import Program
from ptlint.words import LEVELS

__all__ = ["proofs"]

Names = Callable[[frozenset[str]], tuple[str, ...]]
_SHOWN = 4
_GONE = {
    "unlinked": "after their entry was cleared",
    "fresh": "before anybody saw them",
    "member": "out of a member that keeps spare ones",
    "deposit": "out of another deposit",
}
_CAME = {
    "entry": "out of entries", "unlinked": "out of entries that were cleared", "fresh": "fresh", "deposit": "out of a deposit, withdrawn",
    "member": "out of a member that keeps spare ones",
}  # fmt: skip


class _Verdict(NamedTuple):
    word: str
    reason: str
    steps: tuple[Proof, ...] = ()


class _Prover:
    def __init__(self, notes: Notes, levels: Levels, words: Words, program: Program, border: Border) -> None:
        self.notes, self.levels, self.words, self.program, self.border = notes, levels, words, program, border
        self.heads = [flow for flow in notes.flows if flow.kind == "head" and self._is_table(flow)]
        self.called = {passed.callee for passed in notes.passed}

    def _is_table(self, flow: Flow) -> bool:
        return bool(flow.level) or bool(self._queued_levels(flow.at))

    # ---- levels --------------------------------------------------------------------------------------------

    def _queued_levels(self, at: Step) -> frozenset[str]:
        """The levels that can be where a head is queued, over all calls."""
        found: set[str] = set()
        for access in self.notes.accesses:
            if access.at == at and access.access == "opens":
                found |= tables(access, self.levels)
        return frozenset(found)

    def head_levels(self) -> dict[str, list[Flow]]:
        """By level the ways that lead to a head, as far as they could be followed; none for a level that only the arguments tell."""
        found: dict[str, list[Flow]] = {}
        for flow in self.heads:
            if flow.level and flow.level != "any":
                found.setdefault(flow.level, []).append(flow)
        for flow in self.heads:
            for level in self._queued_levels(flow.at):
                found.setdefault(level, [])
        return found

    def member_levels(self, member: str) -> dict[str, list[Step]]:
        """By level the places where the claim on a member is opened."""
        found: dict[str, list[Step]] = {}
        for access in self.notes.accesses:
            if access.member == member and access.access == "opens":
                for level in tables(access, self.levels):
                    found.setdefault(level, []).append(access.at)
        return found

    # ---- one pair ------------------------------------------------------------------------------------------

    def pair(self, member: str) -> _Verdict:
        """Is the member free whenever a head is written?"""
        opened = self.member_levels(member)
        places = {step for steps in opened.values() for step in steps}
        clash = next((one for one in self.notes.clashes if self._concerns(one.first.member, one.second.member, member)), None)
        if clash is not None:
            where = _spot(clash.at)
            return _Verdict("violated", f"{where}: the words are in use when they are given to RCU", (self._proof(clash.at, "given to RCU"),))
        queued = self.head_levels()
        if not queued:
            return _Verdict(
                "proved", f"no rcu_head of a table is ever queued; {_name(member)} is used at {_spots(places)}", self._proofs(places, "opens")
            )
        heads = {flow.at for flow in self.heads}
        common = [level for level in LEVELS if level in opened and (level in queued or "any" in queued or level == "any")]
        said = f"{_list(queued)} tables reach the rcu_head ({_spots(heads)}), {_name(member)} is used by {_list(opened)} tables ({_spots(places)})"
        steps = (*self._proofs(heads, "the rcu_head is written"), *self._proofs(places, f"{_name(member)} is put to use"))
        if not common:
            return _Verdict("proved", f"{said}: no table is both", steps)
        parts = [self._level(level, member, queued, opened) for level in common]
        word = "proved" if all(part.word == "proved" for part in parts) else "unknown"
        told = "; ".join(part.reason for part in parts if part.word == word)
        return _Verdict(word, f"{said}; {told}", (*steps, *(step for part in parts for step in part.steps)))

    def _concerns(self, first: str, second: str, member: str) -> bool:
        return member in (first, second) or any(
            rule_of(self.words, self.border, one) == rule_of(self.words, self.border, member)
            and self.words.overlap(one, member)
            and one not in self.words.heads
            for one in (first, second)
        )

    def _level(self, level: str, member: str, queued: dict[str, list[Flow]], opened: dict[str, list[Step]]) -> _Verdict:
        """A level that both have: is one table ever both at once?"""
        if level == "any":
            vague = [passed.at for flow in self.heads for passed in self.levels.vague(("param", flow.at.function, "0"))] + opened.get("any", [])
            return _Verdict("unknown", f"nothing tells the level of what is used at {_spots(vague)}")
        flows = queued.get(level) or queued.get("any", [])
        if not flows:
            return _Verdict("unknown", f"{level} tables get to the rcu_head on ways that were not followed to their end")
        if bare(self.words.members[member].type) in self.border.level_types:
            return self._emptied(level, member, flows)
        return self._apart(level, member, flows)

    def _emptied(self, level: str, member: str, flows: list[Flow]) -> _Verdict:
        """A member of the table itself: it has to be empty on every way to the head."""
        same = {other for other in self.words.shared if self.words.overlap(other, member) and other not in self.words.heads}
        open_ = [flow for flow in flows if not any(name in same for name, _ in flow.guards) and not self._inside(flow, flows)]
        if open_:
            ways = _spots(flow.from_ for flow in open_)
            return _Verdict("unknown", f"nothing asserts that {_name(member)} is empty, or empties it, between {ways} and the rcu_head")
        asserted = sorted({place for flow in flows for name, place in flow.guards if name in same})
        where = ", ".join(f"{place.file}:{place.line}" for place in asserted[:_SHOWN])
        steps = tuple(Proof(place.file, place.line, place.column, "", "", f"{_name(member)} is empty") for place in asserted[:_SHOWN])
        return _Verdict("proved", f"on every way of a {level} table to the rcu_head {_name(member)} is asserted to be empty ({where})", steps)

    def _inside(self, flow: Flow, flows: list[Flow]) -> bool:
        """Is the way only the end of a longer one? Then that one says more."""
        whole = (*flow.chain, flow.at)
        return flow.origin == "param" and any(
            len(other.chain) > len(flow.chain) and (*other.chain, other.at)[-len(whole) :] == whole for other in flows
        )

    def _apart(self, level: str, member: str, flows: list[Flow]) -> _Verdict:
        """A list of tables: those on it are no longer, or not yet, where those come from that are queued."""
        came = [flow for flow in flows if not self._passed_on(flow)]
        put = [flow for flow in self.notes.flows if flow.kind == "open" and flow.member == member and flow.level == level]
        put = [flow for flow in put if not self._passed_on(flow)]
        given_up = [flow for flow in put if self._last(flow.cell)]
        put = [flow for flow in put if not self._last(flow.cell)]
        odd = [flow for flow in came if flow.origin not in _CAME]
        if odd:
            return _Verdict("unknown", f"where {level} tables come from that are queued by {_spots(flow.from_ for flow in odd)} is not known")
        linked = [flow for flow in put if flow.origin not in _GONE]
        if linked:
            return _Verdict(
                "unknown", f"where {level} tables come from that go on {_name(member)} by {_spots(flow.from_ for flow in linked)} is not known"
            )
        told = [f"{level} tables that are queued come {self._sources(came, _CAME)}"]
        if given_up:
            told.append(self._ends(given_up))
        if put:
            told.append(f"those on {_name(member)} were put there {self._sources(put, _GONE)}, and are taken off before anybody gets them")
        return _Verdict("proved", "; ".join(told), tuple(self._proof(flow.from_, f"comes {_CAME[flow.origin]}") for flow in came[:_SHOWN]))

    def _sources(self, flows: list[Flow], words: dict[str, str]) -> str:
        return ", ".join(f"{words[word]} ({_spots(flow.from_ for flow in flows if flow.origin == word)})" for word in _words(flows))

    def _last(self, cell: str) -> bool:
        """Is it a list from which tables are freed and never queued? Who puts one there gives it up, as to the allocator."""
        return cell in self.notes.drained and not any(flow.origin == "list" and flow.cell == cell for flow in self.heads)

    def _ends(self, flows: list[Flow]) -> str:
        drains = {step for flow in flows for step in self.notes.drained[flow.cell]}
        return (
            f"those put on a list by {_spots(flow.at for flow in flows)} are given up: from there they are freed ({_spots(drains)}) and never queued"
        )

    def _passed_on(self, flow: Flow) -> bool:
        """Did callers hand the table in? Then their ways tell where it came from."""
        handed_in = flow.origin == "param" or (flow.kind == "open" and not flow.cell)
        return handed_in and flow.from_.function in self.called

    # ---- words ---------------------------------------------------------------------------------------------

    def _proof(self, step: Step, note: str) -> Proof:
        return proof(step, self.program, note)

    def _proofs(self, steps: Iterable[Step], note: str) -> tuple[Proof, ...]:
        return tuple(self._proof(step, note) for step in sorted(set(steps), key=lambda step: step.place)[:_SHOWN])


def proofs(notes: Notes, levels: Levels, words: Words, program: Program, border: Border, variants: tuple[str, ...]) -> tuple[FoundProof, ...]:
    """One proof for each member that shares words with an rcu_head and is put to use by tables."""
    prover = _Prover(notes, levels, words, program, border)
    used = sorted(
        {access.member for access in notes.accesses if access.access == "opens" and access.member not in words.heads and tables(access, levels)}
    )
    head = _head(words, {flow.member for flow in prover.heads})
    found = []
    for member in used:
        verdict = prover.pair(member)
        found.append(FoundProof(words.name(head), words.name(member), verdict.word, verdict.reason, verdict.steps, variants))
    return tuple(found)


def _head(words: Words, queued: set[str]) -> str:
    """The head's name: that of the table's own descriptor, where it has one."""
    own = sorted(path for path in words.heads if words.members[path].record in words.of_tables)
    return (own or sorted(queued) or sorted(words.heads) or [""])[0]


def _name(member: str) -> str:
    return member.rsplit(".", 1)[-1]


def _list(levels: Iterable[str]) -> str:
    found = set(levels)
    return ", ".join(level for level in LEVELS if level in found)


def _words(flows: list[Flow]) -> list[str]:
    return sorted({flow.origin for flow in flows})


def _spot(step: Step) -> str:
    return f"{step.place.file}:{step.place.line}"


def _spots(steps: Iterable[Step]) -> str:
    found = sorted({(step.place.file, step.place.line) for step in steps})
    shown = ", ".join(f"{file}:{line}" for file, line in found[:_SHOWN])
    return f"{shown} and {len(found) - _SHOWN} more" if len(found) > _SHOWN else shown
