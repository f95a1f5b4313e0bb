"""Laying hunks over the bytes of a file, as ``git apply`` does: a hunk may stand at another line than it says; all of its lines have to be there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ptlint.change.model import Hunk, split_lines

__all__ = ["Applied", "DoesNotApply", "apply_hunks"]


class DoesNotApply(Exception):
    """A hunk that does not apply, and why. ``hunk`` is None when the reason is not one hunk's."""

    def __init__(self, reason: str, hunk: Hunk | None = None) -> None:
        super().__init__(reason)
        self.hunk = hunk


class Applied(msgspec.Struct, frozen=True):
    """The file afterwards, and the hunks with the lines that they came to stand on."""

    data: bytes
    hunks: tuple[Hunk, ...]


def apply_hunks(data: bytes, hunks: Sequence[Hunk]) -> Applied:
    """Lay ``hunks``, in their order, over ``data``.

    Raises ``DoesNotApply`` for the first that has no place: behind the one before it, and with the lines that it expects. As in git, a hunk
    that begins at line 1 with no context belongs at the begin, one without context at its end belongs at the end.
    """
    lines = split_lines(data)
    done: list[bytes] = []
    placed: list[Hunk] = []
    taken = shift = 0
    for hunk in hunks:
        before = hunk.before
        wanted = hunk.old - 1 + shift
        place = _find(lines, before, wanted, taken, hunk)
        if place is None:
            raise DoesNotApply(_reason(lines, hunk, max(wanted, taken)), hunk)
        shift += place - wanted
        done += lines[taken:place]
        placed.append(msgspec.structs.replace(hunk, old=place + 1, new=len(done) + 1))
        done += hunk.after
        taken = place + len(before)
    return Applied(b"".join(done + lines[taken:]), tuple(placed))


def _find(lines: list[bytes], before: tuple[bytes, ...], wanted: int, least: int, hunk: Hunk) -> int | None:
    """The place nearest to ``wanted``, at or behind ``least``."""
    leading, trailing = hunk.context
    last = len(lines) - len(before)
    if last < least:
        return None
    places: Iterable[int]
    if leading == trailing == 0:
        places = [wanted]  # made without context: only where it says
    elif hunk.old <= 1 and not leading:
        places = [0]
    elif not trailing:
        places = [last]
    else:
        distance = max(abs(wanted - least), abs(last - wanted))
        places = (place for step in range(distance + 1) for place in ((wanted - step, wanted + step) if step else (wanted,)))
    first = before[0] if before else None
    for place in places:
        if least <= place <= last and (first is None or lines[place] == first) and tuple(lines[place : place + len(before)]) == before:
            return place
    return None


def _reason(lines: list[bytes], hunk: Hunk, wanted: int) -> str:
    """In words: the first line that is another one there; or that the change is in the file already."""
    after = hunk.after
    start = max(hunk.new - 1, 0)
    if after and any(tuple(lines[place : place + len(after)]) == after for place in range(max(0, start - 300), start + 300)):
        return "its lines are there as they are to be afterwards (is the patch applied already?)"
    for index, expected in enumerate(hunk.before):
        if wanted + index >= len(lines):
            return f"the file ends at line {len(lines)}, and line {wanted + index + 1} should be {_show(expected)}"
        if lines[wanted + index] != expected:
            if lines[wanted + index].rstrip(b"\r\n") == expected.rstrip(b"\r\n"):
                return f"line {wanted + index + 1} differs in how it ends (CR LF, or no newline at the end)"
            return f"line {wanted + index + 1} is {_show(lines[wanted + index])}, and should be {_show(expected)}"
    return "its lines stand elsewhere than its context lets it"


def _show(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r\n").expandtabs(1).strip()
    return repr(text if len(text) <= 50 else text[:47] + "...")
