"""A change as bytes: what each of its files is before and after, with the hunks that say so where a patch did."""

from __future__ import annotations

import msgspec

from ptlint.change.differ import hunks_between
from ptlint.change.model import Hunk
from ptlint.results import Part

__all__ = ["Delta", "Step"]


class Delta(msgspec.Struct, frozen=True):
    """One file of a change. ``source`` is its old name; None stands for a file that is not there. ``stated`` are the hunks of a patch, placed."""

    path: str
    source: str
    before: bytes | None
    after: bytes | None
    stated: tuple[Hunk, ...] = ()

    def hunks(self) -> tuple[Hunk, ...]:
        """The hunks, made from the bytes where nobody stated them."""
        return self.stated or hunks_between(self.before, self.after)


class Step(msgspec.Struct, frozen=True):
    """One commit or one patch: who it is, and its files.

    ``unread`` are those that could not be read (binary diffs), ``absent`` those that the tree does not have, and that do not matter.
    """

    part: Part
    deltas: tuple[Delta, ...]
    unread: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
