"""The claims of one build: every use of the overlaid words of a table, with the levels that can be there."""

from __future__ import annotations

from collections.abc import Callable

from ptlint.analysis.overlay.levels import Levels
from ptlint.analysis.overlay.notes import Access, Notes
from ptlint.analysis.overlay.words import Words
from ptlint.analysis.result import FoundClaim, FoundMatch, FoundMember
from ptlint.program.link import Program
from ptlint.words import LEVELS

__all__ = ["claims", "matches", "members"]

Names = Callable[[frozenset[str]], tuple[str, ...]]


def members(words: Words) -> tuple[FoundMember, ...]:
    """The members of the descriptors, and whether they lie over an rcu_head. Those of records that only describe data are left out."""
    return tuple(FoundMember(row.record, row.written, row.offset, row.size, path in words.shared) for path, row in sorted(words.members.items()))


def matches(words: Words) -> tuple[FoundMatch, ...]:
    """The tree's own assertions that two members lie at one offset, against the layout."""
    found = set()
    written = {words.name(path): row for path, row in words.members.items()}
    for layout in words.layouts.values():
        for match in layout.matches:
            one, other = written.get(match.one), written.get(match.other)
            if one is not None and other is not None:
                found.add(FoundMatch(match.place.file, match.place.line, match.one, match.other, one.offset == other.offset))
    return tuple(sorted(found))


def claims(notes: Notes, levels: Levels, words: Words, program: Program, names: Names) -> tuple[FoundClaim, ...]:
    """The uses of overlaid members of what is a table, for sure or by where it came from."""
    merged: dict[tuple[str, int, str, str, str], tuple[set[str], frozenset[str]]] = {}
    for access, runtimes in notes.accesses.items():
        found = tables(access, levels)
        if not found:
            continue
        name = program.name(access.at.function)
        key = (access.at.place.file, access.at.place.line, name, access.member, access.access)
        before, others = merged.get(key, (set(), frozenset()))
        merged[key] = (before | found, others | runtimes)
    rows = []
    for (file, line, name, member, word), (found, runtimes) in merged.items():
        if word == "reads" and any((file, line, name, member, other) in merged for other in ("opens", "closes", "writes")):
            continue  # naming the member is part of it
        known = tuple(level for level in LEVELS if level in (found - {"any"} or found))
        rows.append(FoundClaim(file, line, name, words.name(member), word, known, names(runtimes)))
    return tuple(sorted(rows))


def tables(access: Access, levels: Levels) -> set[str]:
    """The levels that the object of a use can have; empty where it is no table as far as anybody knows."""
    found = set(levels.of(access.source))
    return found or ({"any"} if access.known else set())
