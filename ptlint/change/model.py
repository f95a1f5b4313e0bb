"""What a patch says."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["FilePatch", "Hunk", "Patch", "split_lines"]


class Hunk(msgspec.Struct, frozen=True):
    """One hunk. ``lines`` begin with `` ``, ``-`` or ``+`` and end with a newline, unless the file ends without one.

    ``old`` and ``new`` are its first lines in the file before and after, from 1; ``number`` counts the hunks of a file from 1;
    ``at`` is the line of the patch that the hunk's head stands on; ``section`` is the text behind the second ``@@``.
    """

    old: int
    new: int
    lines: tuple[bytes, ...]
    section: bytes = b""
    number: int = 1
    at: int = 0

    @property
    def before(self) -> tuple[bytes, ...]:
        """The lines that the file has before."""
        return tuple(line[1:] for line in self.lines if line[:1] != b"+")

    @property
    def after(self) -> tuple[bytes, ...]:
        """The lines that it has afterwards."""
        return tuple(line[1:] for line in self.lines if line[:1] != b"-")

    @property
    def context(self) -> tuple[int, int]:
        """How many lines of context stand before the first change, and after the last."""
        changed = [index for index, line in enumerate(self.lines) if line[:1] != b" "]
        return (changed[0], len(self.lines) - 1 - changed[-1]) if changed else (len(self.lines), 0)


class FilePatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a patch does to one file.

    ``old`` is None for a file that it makes, ``new`` for one that it removes. ``bare`` is the new name with nothing stripped, for diffs
    that say their names without a prefix. ``old_id`` and ``new_id`` are the (short) hashes of the blobs. ``binary``: the change cannot be read.
    ``link``: it is of a symbolic link or a submodule, and no source. ``plain``: no git wrote it, so it cannot say that a file comes or goes.
    """

    kind: Literal["change", "add", "delete", "rename", "copy"]
    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...] = ()
    bare: str = ""
    old_id: str = ""
    new_id: str = ""
    binary: bool = False
    link: bool = False
    plain: bool = False
    at: int = 0

    @property
    def path(self) -> str:
        """The name that it goes by: the new one, if there is one."""
        return self.new or self.old or ""


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """One patch: a diff, or what a mail brings. ``number`` of ``total`` is its place in a series (0 of 0: it is not said)."""

    files: tuple[FilePatch, ...]
    name: str
    subject: str = ""
    author: str = ""
    message_id: str = ""
    number: int = 0
    total: int = 0
    version: int = 1


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their newline: only LF ends one (a form feed or a CR is a byte like any other)."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
