"""The patterns that the search goes by, compiled."""

from __future__ import annotations

import re

import msgspec

__all__ = ["Vocabulary"]


class Vocabulary(msgspec.Struct, frozen=True, dict=True):
    """``coarse`` are plain texts of which a file has one when it can matter; the rest are patterns.

    Of whole names: ``word`` of tables, but ``other`` of none after all; ``maker`` of objects; ``way`` from table to page; ``store`` links or
    makes a table; ``walker`` opens a section of walkers. In declarations: types of ``objects`` or ``numbers`` by which a page is handed on,
    ``pages`` among them that may be a table's; ``local`` a variable that collects tables. ``fresh`` is a call that makes an object.
    """

    coarse: tuple[bytes, ...]
    word: re.Pattern[bytes]
    other: re.Pattern[bytes]
    objects: re.Pattern[bytes]
    numbers: re.Pattern[bytes]
    pages: re.Pattern[bytes]
    local: re.Pattern[bytes]
    fresh: re.Pattern[bytes]
    maker: re.Pattern[bytes]
    way: re.Pattern[bytes]
    store: re.Pattern[bytes]
    walker: re.Pattern[bytes]
    known: dict[bytes, bool] = {}

    def is_table(self, name: bytes) -> bool:
        """Whether a name is a word of tables."""
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self.word.match(name) is not None and self.other.match(name) is None
        return found
