"""Which hunk of a change brings a finding.

Every changed line is a candidate; the best one wins, by these grades:

1. it is a line of the finding itself: where it stands, or a step of its path;
2. it lies in a function of the path; the more names of the path it has, the better, then the nearer it is to the step;
3. it names a function of the path, or its object, elsewhere: an initialiser of a table of functions, a macro, a declaration;
4. it switches something: a Kconfig or a Makefile;
5. it is a header's, then any other line.

A removed line counts where it stood. Lines of comments only, and empty ones, never count. This is a guess by what is near, not a proof: an
analysis without each hunk would be one, and costs as many runs as there are hunks.
"""

from __future__ import annotations

import bisect
import posixpath
import re
from collections.abc import Iterable, Sequence

import msgspec

from ptlint.change.model import Hunk
from ptlint.change.step import Delta, Step
from ptlint.results import Cause, Finding

__all__ = ["cause"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_CONFIG = ("Kconfig", "Makefile", "Kbuild")
_END = re.compile(rb"^\}", re.MULTILINE)


class _Line(msgspec.Struct, frozen=True):
    """A changed line: its number in the file afterwards (before, where the file goes), its text, and its hunk."""

    delta: Delta
    hunk: Hunk
    number: int
    text: str
    added: bool


def cause(finding: Finding, step: Step, part: int) -> Cause | None:
    """The line of ``step``, the change's ``part``-th, that most likely brings ``finding``; None when nothing in it can."""
    places = _places(finding)
    names = _names(finding)
    ends = {delta.path: _ends(delta.after or delta.before) for delta in step.deltas if delta.path in places}
    best = min(
        ((_grade(line, finding, places, names, ends), order, line) for order, line in enumerate(_lines(step.deltas))),
        key=lambda found: found[:2],
        default=None,
    )
    if best is None:
        return None
    line = best[2]
    return Cause(line.delta.path, line.number, step.part.commit, part, _text(line.hunk))


def _places(finding: Finding) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {finding.location.file: {finding.location.line}}
    for step in finding.path:
        found.setdefault(step.file, set()).add(step.line)
    for also in finding.related:
        found.setdefault(also.file, set()).add(also.line)
    return found


def _names(finding: Finding) -> frozenset[str]:
    """The functions of the path, and what its steps call."""
    words = {finding.location.function, *(step.function for step in finding.path)}
    for step in finding.path:
        if step.note.startswith("calls "):
            words |= set(_WORD.findall(step.note)[1:])
    return frozenset(words | set(_WORD.findall(finding.object.expression))) - {"", "struct"}


def _grade(line: _Line, finding: Finding, places: dict[str, set[int]], names: frozenset[str], ends: dict[str, list[int]]) -> tuple[int, int, int]:
    file = line.delta.path
    overlap = len(names.intersection(_WORD.findall(line.text)))
    here = places.get(file, set())
    if line.added and line.number in here:
        place = finding.location
        return 1, 0 if (file, line.number) == (place.file, place.line) else 1, 0
    same = [abs(line.number - other) for other in here if _function(line.number, ends[file]) == _function(other, ends[file])] if here else []
    if same:
        return 2, -overlap, min(same)
    if overlap:
        return 3, -overlap, 0 if line.added else 1
    base = posixpath.basename(file)
    if base.startswith(_CONFIG):
        return 4, 0, 0
    return 5 if file.endswith(".h") else 6, 0, 0 if file in places else 1


def _lines(deltas: Iterable[Delta]) -> Iterable[_Line]:
    for delta in deltas:
        c_like = delta.path.endswith((".c", ".h", ".S"))
        for hunk in delta.hunks():
            number = hunk.old if delta.after is None else hunk.new
            for raw in hunk.lines:
                tag, text = raw[:1], raw[1:].decode("utf-8", "replace").strip()
                if tag != b" " and text and not (text.startswith(("/*", "* ", "//", "*/")) or text == "*" if c_like else text.startswith("#")):
                    yield _Line(delta, hunk, max(number, 1), text, tag == b"+")
                if tag != (b"+" if delta.after is None else b"-"):
                    number += 1


def _ends(data: bytes | None) -> list[int]:
    """The lines on which a function ends, in kernel style."""
    data = data or b""
    found, line, last = [], 1, 0
    for match in _END.finditer(data):
        line += data.count(b"\n", last, match.start())
        last = match.start()
        found.append(line)
    return found


def _function(line: int, ends: Sequence[int]) -> int:
    return bisect.bisect_left(ends, line)


def _text(hunk: Hunk) -> tuple[str, ...]:
    old, new = len(hunk.before), len(hunk.after)
    section = hunk.section.decode("utf-8", "replace")
    head = f"@@ -{hunk.old if old else hunk.old - 1},{old} +{hunk.new if new else hunk.new - 1},{new} @@{' ' if section else ''}{section}"
    return (head, *(line.decode("utf-8", "replace").rstrip("\n") for line in hunk.lines))
