"""Findings about the overlaid words: PTL010 to PTL013, and PTL015."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ptlint.analysis.evaluate import bare
from ptlint.analysis.overlay.levels import Levels
from ptlint.analysis.overlay.notes import Born, Clash, Flow, Notes, Queued, Recovered, Step
from ptlint.analysis.overlay.words import Words
from ptlint.analysis.proof import proof
from ptlint.analysis.result import Proof, RawFinding
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["findings", "rule_of"]

Runtimes = frozenset[str]
Names = Callable[[Runtimes], tuple[str, ...]]


def rule_of(words: Words, border: Border, member: str) -> str:
    """The rule that speaks of a member: a deposit, a list of the table's own descriptor, or any other."""
    row = words.members.get(member)
    if row is not None and bare(row.type) in border.level_types:
        return "PTL011"
    return "PTL010" if row is not None and f"{row.record} *" in border.tables else "PTL012"


def findings(
    notes: Notes, levels: Levels, words: Words, program: Program, border: Border, names: Names, once: Callable[[str], bool]
) -> list[RawFinding]:
    """The findings of a build. ``once``: does a function run while the kernel boots only?"""
    return [
        *_clashes(notes, words, program, border, names, once),
        *_for_life(notes, words, program, border, names),
        *_recovered(notes, levels, words, program, border, names),
    ]


def _clashes(notes: Notes, words: Words, program: Program, border: Border, names: Names, once: Callable[[str], bool]) -> Iterator[RawFinding]:
    """At the second claim: one for each head that is written, whatever says so; then what is used after."""
    groups: dict[tuple[str, str, Step], list[tuple[Clash, Runtimes]]] = {}
    used_at: dict[tuple[str, str, str, int], Step] = {}  # a member that is named, and what is called with it, use it once
    overwritten = {clash.second.at if clash.kind == "open" else clash.first.at for clash in notes.clashes if clash.kind != "after"}
    for clash, runtimes in notes.clashes.items():
        if clash.kind == "after":
            if clash.first.at not in overwritten:
                member, at = clash.second.member, clash.at
                step = used_at.setdefault((member, at.function, at.place.file, at.place.line), at)
                groups.setdefault(("PTL013", member, step), []).append((clash, runtimes))
            continue
        used = clash.second.member if clash.kind == "walked" else clash.first.member
        groups.setdefault((rule_of(words, border, used), used, clash.at), []).append((clash, runtimes))
    deposits = {at for rule, _, at in groups if rule == "PTL011"}
    for (rule, member, at), ways in groups.items():
        if at in deposits and rule != "PTL011":
            continue  # what links the deposits is part of the deposit
        clash = min((clash for clash, _ in ways), key=lambda clash: (len(clash.second.chain), repr(clash)))
        runtimes = frozenset().union(*(found for _, found in ways))
        if _said_below(rule, clash, groups):
            continue
        path = tuple(_path(clash, program))
        # A test that runs once at boot meets nobody.
        severity = "note" if all(once(way.function) for way, _ in ways) else "error"
        yield RawFinding(
            rule, severity, _message(clash, member), proof(at, program, ""), clash.level or "any", clash.space or "both", (), path, names(runtimes)
        )


def _for_life(notes: Notes, words: Words, program: Program, border: Border, names: Names) -> Iterator[RawFinding]:
    """Tables of a level that all stand on a list from the start, and are queued on a way on which nobody takes them off."""
    called = {passed.callee for passed in notes.passed}
    seen: dict[tuple[Born, Step], tuple[Flow, Runtimes]] = {}
    for born, runtimes in notes.born.items():
        for flow, others in notes.flows.items():
            queued = flow.kind == "head" and flow.level == born.level != "any" and words.overlap(flow.member, born.member) and runtimes & others
            handed_in = flow.origin == "param" and flow.from_.function in called
            if not queued or flow.origin == "fresh" or handed_in or any(words.overlap(member, born.member) for member, _ in flow.guards):
                continue
            first, before = seen.get((born, flow.at), (flow, frozenset()))
            seen[(born, flow.at)] = (min(first, flow, key=lambda way: (len(way.chain), repr(way))), before | (runtimes & others))
    for (born, at), (flow, runtimes) in seen.items():
        name = born.member.rsplit(".", 1)[-1]
        known = next((step for step in (*flow.chain, at) if step.function == flow.from_.function), at)
        path = (
            proof(born.at, program, f"{name} is put to use, for life"),
            *(proof(step, program, f"calls {step.text}") for step in flow.chain),
            proof(at, program, "the rcu_head is written: the words are RCU's"),
        )
        message = f"the rcu_head is written over {name}, by which every {born.level.upper()} table is on a list, and nobody has taken it off"
        space = flow.space if flow.space in ("user", "kernel") else "both"
        yield RawFinding(
            rule_of(words, border, born.member), "error", message, proof(known, program, ""), born.level, space, (), path, names(runtimes)
        )


def _said_below(rule: str, clash: Clash, groups: dict[tuple[str, str, Step], list[tuple[Clash, Runtimes]]]) -> bool:
    """Is the same said in a function that this one calls?"""
    inner = {step for claim in (clash.first, clash.second) for step in (*claim.chain[1:], claim.at)}
    return any(other == rule and at in inner and at != clash.at for other, _, at in groups)


def _message(clash: Clash, member: str) -> str:
    name = member.rsplit(".", 1)[-1]
    if clash.kind == "listed":
        return f"the rcu_head is written over {name} while the table is still on the list that it was found on"
    if clash.kind == "deposited":
        return f"the rcu_head is written while the table is still deposited in {name}, linked by its own words"
    if clash.kind == "walked":
        return f"the rcu_head is written over {name}, and the list is walked on through it"
    if clash.kind == "open":
        return f"the rcu_head is written over {name}, which is in use"
    return f"{name} is used after the table was queued by the rcu_head that shares its words"


def _path(clash: Clash, program: Program) -> Iterator[Proof]:
    for claim, note in ((clash.first, "first"), (clash.second, "second")):
        for step in claim.chain:
            yield proof(step, program, f"calls {step.text}")
        words = {"open": "is put to use", "close": "is unlinked", "head": "is written: the words are RCU's", "touch": "is read or written"}
        yield proof(claim.at, program, f"{claim.member.rsplit('.', 1)[-1]} {words.get(claim.kind, note)}")


def _recovered(notes: Notes, levels: Levels, words: Words, program: Program, border: Border, names: Names) -> Iterator[RawFinding]:
    """PTL015, at the place that makes the wrong object."""
    seen: dict[tuple[Recovered, str], tuple[Queued, Runtimes]] = {}
    for queued, runtimes in (*notes.queued.items(), *_given(notes)):
        for found in _objects(queued.callback, 0, notes):
            wrong = _wrong(queued, found, words, program)
            if wrong:
                first, before = seen.get((found, wrong), (queued, frozenset()))
                seen[(found, wrong)] = (min(first, queued), before | runtimes)
    for (found, wrong), (queued, runtimes) in seen.items():
        at = proof(Step(found.function, found.place, found.record), program, "")
        path = (proof(queued.at, program, f"queued by {queued.path[-1]}"), at)
        yield RawFinding("PTL015", "error", wrong, at, "any", "both", (), path, names(runtimes))


def _given(notes: Notes) -> Iterator[tuple[Queued, Runtimes]]:
    """What is queued by a parameter, as those queue it who give the node."""
    for queued, runtimes in notes.params.items():
        seen, stack = set(), [(queued.function, queued.position)]
        while stack:
            top = stack.pop()
            if top in seen:
                continue
            seen.add(top)
            yield from ((Queued(node.at, queued.callback, node.path), runtimes) for node in notes.nodes if (node.callee, node.position) == top)
            for passed in notes.passed:
                if (passed.callee, passed.position) == top and passed.source[0] == "param":
                    stack.append((passed.source[1], int(passed.source[2])))


def _objects(key: str, position: int, notes: Notes) -> list[Recovered]:
    """What a callback, or a helper that it hands its pointer to, makes of that."""
    found, seen, stack = [], set(), [(key, position)]
    while stack:
        top = stack.pop()
        if top in seen:
            continue
        seen.add(top)
        found += [one for one in notes.recovered if (one.function, one.position) == top]
        stack += [(one.callee, one.position) for one in notes.passed if one.source == ("param", top[0], str(top[1]))]
    return sorted(found)


def _offset(path: str, words: Words, program: Program) -> int:
    """Where a member lies in its record, bytes; 0 where that is not known."""
    if path in words.members:
        return words.members[path].offset
    record, _, name = path.rpartition(".")
    layout = program.layouts.get(record)
    return next((offset for member, offset, _ in layout.members if member == name), 0) if layout is not None else 0


def _wrong(queued: Queued, found: Recovered, words: Words, program: Program) -> str:
    """Why what is recovered is not what was queued; empty where it is."""
    levels = [path.rsplit(".", 1) for path in queued.path]
    records = [record for record, _ in levels]
    members = [member for _, member in levels]
    if not found.member:
        # A cast takes the node for the object's first member.
        if len(queued.path) == 1 and _offset(queued.path[0], words, program):
            return f"the callback takes {queued.path[-1]} for the start of the object by a cast"
        return ""
    tail = found.member.split(".")
    for index, record in enumerate(records):
        if record == found.record:
            want = members[index:]
            return "" if want == tail else f"the callback takes the node for {found.record}.{found.member}, and {'.'.join(want)} was queued"
    mine, other = words.members.get(queued.path[0]), words.members.get(f"{found.record}.{tail[0]}")
    if mine is not None and other is not None:
        if mine.offset == other.offset:
            return ""
        return f"the callback takes the node for {found.record}.{found.member}, and {queued.path[0]} was queued, which lies elsewhere"
    return f"the callback takes the node for {found.record}.{found.member}, and {queued.path[0]} was queued"
