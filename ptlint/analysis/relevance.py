"""Which functions the analysis goes into: those that handle tables, wait, or pass a page on to where it is freed."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

from ptlint.analysis.evaluate import bare
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["Relevance"]

_DEPTH = 5
_SMALL = 24
_NEAR = 2  # calls from and to a function that hands on who holds a table


class Relevance:
    """Answers for one program; each answer is computed once.

    Args:
        kept: members and global variables that are known to be given tables, whatever their types say.
    """

    def __init__(self, program: Program, border: Border, kept: frozenset[str] = frozenset()) -> None:
        self.program = program
        self.border = border
        self.kept = kept
        self._vocabulary = frozenset({*border.level_types, *border.entries, *(f"{name} *" for name in border.gathers), *border.gathers})
        self._handling: dict[str, bool] = {}
        self._arrays = border.pages | {"void *"} | border.level_types.keys()
        # What is done under a function by calls, within a bound: wide helpers (printing, accounting) reach everything in the end.
        self.waits = self._within(border.waits, program.callers, 4)
        self.frees = self._within({*border.frees, *border.defers, *border.lists}, program.callers, _DEPTH)

    def _within(self, start: Iterable[str], next_of: Mapping[str, Iterable[str]], depth: int) -> frozenset[str]:
        """These functions, and what is so many steps away, the border's left out."""
        reached = set(start)
        edge = set(reached)
        for _ in range(depth):
            edge = {following for key in edge for following in next_of.get(key, ())} - reached - self.border.named
            reached |= edge
        return frozenset(reached)

    def handles_tables(self, key: str) -> bool:
        """Does the function's own text have a value of a table's, an entry's, or the gather's type?"""
        if key not in self._handling:
            self._handling[key] = self._handles_tables(key)
        return self._handling[key]

    def _handles_tables(self, key: str) -> bool:
        function = self.program.functions[key]
        if any(bare(param.type) in self._vocabulary for param in function.params) or bare(function.result) in self._vocabulary:
            return True
        return any(bare(type_) in self._vocabulary for type_ in self.program.outlines[key].types)

    def small(self, key: str) -> bool:
        """Is it a few lines that compute a value?"""
        function = self.program.functions[key]
        return len(function.blocks) <= 8 and self.program.outlines[key].size <= _SMALL * 4

    def empties(self, key: str) -> bool:
        """Does it read an array of pages, or what is known to be given tables, and free by what it calls? So a batch is emptied."""
        if key not in self.frees:
            return False
        types = self.program.outlines[key].members.values()
        return key in self._readers or any("[" in type_ and bare(type_).split("[")[0].strip() in self._arrays for type_ in types)

    def emptying(self, kept: Iterable[str], numbers: Iterable[str] = ()) -> bool:
        """Is there a function that would matter if these members and variables were known to be given tables?

        Of ``numbers`` among these nothing is seen before that, in whatever function.
        """
        hidden = bool(self._naming(frozenset(numbers) - self.kept) & self.frees)
        return hidden or any(not self.matters(key) for key in self._naming(frozenset(kept)) & self.frees)

    @functools.cached_property
    def _readers(self) -> frozenset[str]:
        return self._naming(self.kept)

    def _naming(self, kept: frozenset[str]) -> frozenset[str]:
        """The functions that name one of these members and variables, and who gets a page from such a function."""
        if not kept:
            return frozenset()
        outlines = self.program.outlines.items()
        found = {key for key, outlined in outlines if not kept.isdisjoint(outlined.members) or not kept.isdisjoint(outlined.variables)}
        giving = [key for key in found if bare(self.program.functions[key].result) in self._arrays]
        return frozenset(found.union(*(self.program.callers.get(key, ()) for key in giving)))

    def matters(self, key: str) -> bool:
        """Is the function looked at for its own sake, called or not?"""
        return self.handles_tables(key) or self.empties(key) or key in self._between

    @functools.cached_property
    def _between(self) -> frozenset[str]:
        """The functions through which a call goes from one that names a member for tables to another one that names it: they hand on who holds it."""
        naming: dict[str, set[str]] = {}
        for key, outlined in self.program.outlines.items():
            for member, type_ in outlined.members.items():
                if bare(type_) in self.border.level_types and bare(type_).removesuffix("*").strip() not in self.border.entries:
                    naming.setdefault(member, set()).add(key)
        callers, callees = self.program.callers, self.program.callees
        return frozenset().union(*(self._within(who, callers, _NEAR) & self._within(who, callees, _NEAR) for who in naming.values()))

    def enter(self, key: str, *, table: bool, place: bool) -> bool:
        """Go into a call of ``key``? ``table``: an argument is, or may be, a table; ``place``: one is the place of a local variable."""
        if self.matters(key) or self.small(key):
            return True
        return (table and key in self.frees) or key in self.waits or (place and self.small(key))
