"""Reading diffs, as git and diff write them, with the text around them.

Own code, and not a library: those that there are decode the bytes, take copies for changes, and do not say which hunk of which file is broken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ptlint.change.model import FilePatch, Hunk, split_lines
from ptlint.errors import UsageError

__all__ = ["parse_diff"]

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_PREFIX = re.compile(r"^(?:[abciow12]/)")
_ESCAPE = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')
_SIMPLE = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_GIT, _OLD, _NEW = b"diff --git ", b"--- ", b"+++ "
_COMBINED = (b"diff --cc ", b"diff --combined ")


def parse_diff(data: bytes, name: str = "the patch") -> tuple[FilePatch, ...]:
    """The files of a diff, in its order; text before, between and behind is passed over. ``name`` is what messages call it.

    Raises ``UsageError``, with the hunk, the file and the line, for a diff that is broken.
    """
    lines = _lines(data)
    found: list[FilePatch] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(_GIT):
            at = _git_file(lines, at, name, found)
        elif line.startswith(_OLD) and _starts(lines, at + 1, _NEW) and at + 2 < len(lines) and _HUNK.match(lines[at + 2]):
            at = _plain_file(lines, at, name, found)
        elif line.startswith(_COMBINED):
            raise UsageError(f"{name}:{at + 1}: a combined diff of a merge says nothing of what to apply; give the merge's diff with one parent")
        elif _HUNK.match(line):
            raise UsageError(f"{name}:{at + 1}: a hunk with no file before it (the lines --- and +++ are missing)")
        else:
            at += 1
    return tuple(found)


def _lines(data: bytes) -> list[bytes]:
    """With their newlines. Where the diff's own lines end with CR LF, it was carried so, and the CR goes."""
    lines = split_lines(data)
    heads = [line for line in lines if line.startswith((_GIT, _OLD, _NEW)) or _HUNK.match(line)] if b"\r\n" in data else []
    if heads and all(line.endswith(b"\r\n") for line in heads):
        return [line[:-2] + b"\n" if line.endswith(b"\r\n") else line for line in lines]
    return lines


def _starts(lines: Sequence[bytes], at: int, text: bytes) -> bool:
    return at < len(lines) and lines[at].startswith(text)


class _Head:
    """The lines between ``diff --git`` and the first hunk."""

    def __init__(self) -> None:
        self.kind = "change"
        self.names: dict[str, str | None] = {}
        self.old_id = self.new_id = ""
        self.binary = False
        self.modes: set[bytes] = set()

    def take(self, line: bytes) -> bool:
        """Whether ``line`` belongs to the head."""
        text = line.rstrip(b"\r\n")
        word, _, rest = text.partition(b" ")
        two, _, value = rest.partition(b" ")
        if text.startswith((b"new file mode ", b"deleted file mode ")):
            self.kind = "add" if word == b"new" else "delete"
            self.modes.add(value.removeprefix(b"mode "))
        elif text.startswith((b"old mode ", b"new mode ")):
            self.modes.add(value)
        elif text.startswith((b"rename from ", b"rename to ", b"copy from ", b"copy to ")):
            self.kind = word.decode()
            self.names["old" if two == b"from" else "new"] = _unquote(value)
        elif word == b"index" and b".." in rest:
            ids, _, mode = rest.partition(b" ")
            self.old_id, _, self.new_id = ids.decode("ascii", "replace").partition("..")
            self.modes.add(mode)
        else:
            return text.startswith((b"similarity index ", b"dissimilarity index "))
        return True


def _git_file(lines: list[bytes], start: int, name: str, found: list[FilePatch]) -> int:
    """Take the file that begins at ``start``; the line behind it."""
    head, at = _Head(), start + 1
    while at < len(lines) and head.take(lines[at]):
        at += 1
    old_line = new_line = None
    if _starts(lines, at, _OLD) and _starts(lines, at + 1, _NEW):
        old_line, new_line = _file_name(lines[at]), _file_name(lines[at + 1])
        at += 2
    elif _starts(lines, at, b"Binary files ") or _starts(lines, at, b"GIT binary patch"):
        head.binary = True
        at += 1
    old, new, bare = _names(lines[start], old_line, new_line)
    old, new = head.names.get("old", old), head.names.get("new", new)
    hunks, at = _hunks(lines, at, name, new or old or "")
    if old is None and new is None:
        raise UsageError(f"{name}:{start + 1}: no file name can be read from {_show(lines[start])}")
    found.append(
        FilePatch(
            kind=head.kind,  # type: ignore[arg-type]
            old=None if head.kind == "add" else old, new=None if head.kind == "delete" else new, hunks=hunks, bare=bare, old_id=head.old_id,
            new_id=head.new_id,
            binary=head.binary, link=bool(head.modes & {b"120000", b"160000"}), at=start + 1,
        )
    )  # fmt: skip
    return at


def _names(line: bytes, old_line: str | None, new_line: str | None) -> tuple[str | None, str | None, str]:
    """Old and new name with the prefixes off, and the new one as it stands; from ``---`` and ``+++``, else from ``diff --git``."""
    if old_line is None and new_line is None:
        old_line, new_line = _from_git_line(line)
    known = [word for word in (old_line, new_line) if word not in (None, "/dev/null")]
    strip = 2 if all(_PREFIX.match(word or "") for word in known) else 0
    names = [None if word is None or word == "/dev/null" else word[strip:] for word in (old_line, new_line)]
    return names[0] or names[1], names[1] or names[0], known[-1] or "" if known else ""


def _from_git_line(line: bytes) -> tuple[str | None, str | None]:
    """The two names of ``diff --git A B``: quoted, or the same but for their prefix, or without blanks."""
    text = line.rstrip(b"\r\n")[len(_GIT) :]
    if text.endswith(b'"') or text.startswith(b'"'):
        parts = re.findall(rb'"(?:[^"\\]|\\.)*"|\S+', text)
        return (_unquote(parts[0]), _unquote(parts[-1])) if len(parts) == 2 else (None, None)
    middle = len(text) // 2
    if text[middle : middle + 1] == b" " and text[:middle].partition(b"/")[2] == text[middle + 1 :].partition(b"/")[2]:
        return _unquote(text[:middle]), _unquote(text[middle + 1 :])
    parts = text.split(b" ")
    return (_unquote(parts[0]), _unquote(parts[1])) if len(parts) == 2 else (None, None)


def _plain_file(lines: list[bytes], start: int, name: str, found: list[FilePatch]) -> int:
    """A file of a diff that is not git's."""
    old_name, new_name = _file_name(lines[start]), _file_name(lines[start + 1])
    chosen = (new_name if new_name != "/dev/null" else old_name) or ""
    stripped = chosen.partition("/")[2] or chosen
    hunks, at = _hunks(lines, start + 2, name, stripped)
    kind = "add" if old_name == "/dev/null" else "delete" if new_name == "/dev/null" else "change"
    found.append(
        FilePatch(
            kind=kind,  # type: ignore[arg-type]
            old=None if kind == "add" else stripped, new=None if kind == "delete" else stripped, hunks=hunks, bare=chosen, plain=True, at=start + 1,
        )
    )  # fmt: skip
    return at


def _file_name(line: bytes) -> str:
    text = line[4:].rstrip(b"\r\n")
    return _unquote(text if text.startswith(b'"') else text.partition(b"\t")[0].rstrip(b" "))


def _unquote(text: bytes) -> str:
    if len(text) > 1 and text.startswith(b'"'):
        inside = text[1 : text.rindex(b'"')]
        text = _ESCAPE.sub(lambda match: _SIMPLE.get(match[1]) or bytes([int(match[1], 8)]), inside)
    return text.decode("utf-8", "surrogateescape")


def _hunks(lines: list[bytes], at: int, name: str, file: str) -> tuple[tuple[Hunk, ...], int]:
    found: list[Hunk] = []
    while at < len(lines) and (head := _HUNK.match(lines[at])):
        old, new = int(head[1]), int(head[3])
        left = [int(head[2]) if head[2] is not None else 1, int(head[4]) if head[4] is not None else 1]
        number, start, body = len(found) + 1, at + 1, list[bytes]()
        at += 1
        while left[0] or left[1]:
            at = _body_line(lines, at, body, left, f"{name}:{start}: hunk #{number} of {file}")
        if _starts(lines, at, b"\\"):
            body[-1] = body[-1].removesuffix(b"\n")
            at += 1
        # A side without lines is numbered by the line that it stands behind.
        old, new = old + (head[2] == b"0"), new + (head[4] == b"0")
        found.append(Hunk(old, new, tuple(body), head[5].rstrip(b"\r\n"), number, start))
    return tuple(found), at


def _body_line(lines: list[bytes], at: int, body: list[bytes], left: list[int], what: str) -> int:
    """Take one line of a hunk that lacks ``left`` lines of each side."""
    if at >= len(lines):
        raise UsageError(f"{what} is cut off: {left[0]} old and {left[1]} new lines are missing; was the patch copied in full?")
    line = lines[at]
    tag = line[:1]
    if tag == b"\\" and body:
        body[-1] = body[-1].removesuffix(b"\n")
        return at + 1
    if line == b"\n" or line == b"\r\n":
        tag, line = b" ", b" " + line  # a mailer took the blank off
    sides = {b" ": (1, 1), b"-": (1, 0), b"+": (0, 1)}.get(tag)
    if sides is None or sides[0] > left[0] or sides[1] > left[1]:
        raise UsageError(f"{what} is broken at line {at + 1} of the patch: {_show(line)}; was it wrapped or edited?")
    left[0] -= sides[0]
    left[1] -= sides[1]
    body.append(line if line.endswith(b"\n") else line + b"\n")
    return at + 1


def _show(line: bytes) -> str:
    text = line.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= 60 else text[:57] + "...")
