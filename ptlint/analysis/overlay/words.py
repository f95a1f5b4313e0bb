"""The layout of the descriptors: which members lie over the words of an rcu_head."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis import terms
from ptlint.analysis.terms import Term
from ptlint.frontend import ir
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["Member", "Words"]


class Member(NamedTuple):
    """A member of a descriptor; bytes. ``written`` is its name in the source, where a macro may stand for it."""

    record: str
    member: str
    offset: int
    size: int
    type: str
    written: str

    @property
    def path(self) -> str:
        """``struct page.lru``."""
        return f"{self.record}.{self.member}"


class Words:
    """The members of the records that describe a page of tables, by ``struct page.lru``."""

    def __init__(self, program: Program, border: Border) -> None:
        tables = {name.removesuffix("*").strip() for name in border.tables}
        pages = {name.removesuffix("*").strip() for name in border.pages}
        # Of the records that describe pages, those count that a page can be queued by.
        self.layouts: dict[str, ir.Layout] = {
            name: layout
            for name, layout in program.layouts.items()
            if name in tables or (name in pages and not border.heads.isdisjoint(layout.types))
        }
        self.members: dict[str, Member] = {}
        for name, layout in self.layouts.items():
            types = layout.types or ("",) * len(layout.members)
            written = layout.written or tuple(member for member, _, _ in layout.members)
            for (member, offset, size), type_, word in zip(layout.members, types, written, strict=True):
                row = Member(name, member, offset, size, type_, word)
                self.members[row.path] = row
        self.of_tables = [name for name in self.layouts if name in tables] or [name for name in self.layouts if name in pages]
        self.heads = {path for path, row in self.members.items() if row.type in border.heads}
        self.shared = {path for path in self.members if any(self.overlap(path, head) for head in self.heads)}

    def rows(self) -> tuple[Member, ...]:
        """All members, in order."""
        return tuple(self.members[path] for path in sorted(self.members))

    def name(self, path: str) -> str:
        """What the source calls a member, with its record."""
        row = self.members.get(path)
        return f"{row.record}.{row.written}" if row is not None else path

    def overlap(self, one: str, other: str) -> bool:
        """Do two members share bytes, both descriptors lying at the same address?"""
        a, b = self.members.get(one), self.members.get(other)
        return a is not None and b is not None and a.offset < b.offset + b.size and b.offset < a.offset + a.size

    def place(self, place: Term) -> tuple[Term, str] | None:
        """(object, member) of a place in a descriptor; None where it is none."""
        while place[0] == "f":
            if place[2] in self.members:
                return terms.root(place[1]), str(place[2])
            place = place[1]
        return None
