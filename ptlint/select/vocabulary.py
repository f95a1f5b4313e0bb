"""The patterns that the search goes by, compiled."""

from __future__ import annotations

import re

import msgspec

__all__ = ["Vocabulary"]


class Vocabulary(msgspec.Struct, frozen=True):
    """``coarse`` are plain texts of which a file has one when it can matter; the rest are patterns.

    ``word`` finds a word of tables, ``carrier`` a type by which a page is handed on, ``owner`` one of
    what tables belong to, ``local`` the declaration of a variable
    that collects tables, ``fresh`` a call that makes an object; ``way``, ``store``, ``walker`` match names.
    """

    coarse: tuple[bytes, ...]
    word: re.Pattern[bytes]
    carrier: re.Pattern[bytes]
    owner: re.Pattern[bytes]
    local: re.Pattern[bytes]
    fresh: re.Pattern[bytes]
    way: re.Pattern[bytes]
    store: re.Pattern[bytes]
    walker: re.Pattern[bytes]
