"""What was seen, with the runtimes in which it was."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["Noted"]

T = TypeVar("T")


class Noted(dict[T, frozenset[str]]):
    """A set whose members each have the runtimes in which they were seen, in any order."""

    def add(self, member: T, runtimes: frozenset[str]) -> None:
        """Note that ``member`` was seen in ``runtimes`` too."""
        self[member] = self.get(member, frozenset()) | runtimes
