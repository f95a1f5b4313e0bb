"""Hunks between two versions of a file, where no patch says them."""

from __future__ import annotations

import difflib

from ptlint.change.model import Hunk, split_lines

__all__ = ["hunks_between"]

_CONTEXT = 3


def hunks_between(before: bytes | None, after: bytes | None) -> tuple[Hunk, ...]:
    """The hunks that make ``after`` of ``before``, with three lines of context; None is a file that is not there."""
    old, new = split_lines(before or b""), split_lines(after or b"")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head == len(old) == len(new):
        return ()
    first, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)
    matcher = difflib.SequenceMatcher(None, old[first : len(old) - end], new[first : len(new) - end], autojunk=len(old) > 20_000)
    found = []
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT), 1):
        lines: list[bytes] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += (b" " + line for line in old[first + i1 : first + i2])
                continue
            lines += (b"-" + line for line in old[first + i1 : first + i2])
            lines += (b"+" + line for line in new[first + j1 : first + j2])
        found.append(Hunk(first + group[0][1] + 1, first + group[0][3] + 1, tuple(lines), b"", number))
    return tuple(found)
