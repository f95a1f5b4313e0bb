"""What the selection hands on."""

from __future__ import annotations

import functools

import msgspec

__all__ = ["LeftOut", "Selection", "Stats"]


class LeftOut(msgspec.Struct, frozen=True, order=True):
    """A file with a word of tables of which nothing was selected, and why; ``functions`` counts those that have such a word."""

    file: str
    functions: int
    reason: str


class Stats(msgspec.Struct, frozen=True):
    """How much was looked at: files and bytes searched, files taken apart; functions of selected units, and of these selected."""

    searched: int
    size: int
    files: int
    functions: int
    selected: int


class Selection(msgspec.Struct, frozen=True, dict=True):
    """Which files and functions can matter, for all builds of a tree at once.

    ``units`` are .c files through which a table can get to the allocator, or that include such a file, or use the words
    of tables through a list that all share; ``context`` are more .c files with selected
    functions, which only link, make or walk tables or call what frees them. ``functions`` are
    the names selected; ``skipped`` those of other functions in .c files that were read: ``wanted`` is whatever is not skipped, so what no
    lexer sees (functions that macros make, helpers in headers) is kept. ``gates`` are Kconfig symbols that let selected code be there,
    ``switches`` those that change what functions that free do; ``guards`` (symbol, file, line) are all around or inside functions that free.
    """

    units: frozenset[str]
    context: frozenset[str]
    functions: frozenset[str]
    skipped: frozenset[str]
    gates: frozenset[str]
    switches: frozenset[str]
    guards: tuple[tuple[str, str, int], ...]
    left_out: tuple[LeftOut, ...]
    stats: Stats

    def wanted(self, name: str) -> bool:
        """Whether a function of that name is to be read."""
        return name not in self.skipped

    @functools.cached_property
    def counts(self) -> dict[str, int]:
        """How many files were left out, by reason."""
        found: dict[str, int] = {}
        for row in self.left_out:
            found[row.reason] = found.get(row.reason, 0) + 1
        return dict(sorted(found.items()))
