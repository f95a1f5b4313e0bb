"""Progress as an object that is handed down, so that nothing below the command line prints."""

from __future__ import annotations

from typing import Protocol

__all__ = ["NullProgress", "Progress"]


class Progress(Protocol):
    """What a stage tells about how far it is."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins, of ``total`` steps (None: nobody knows)."""

    def advance(self) -> None:
        """One step of the stage is done."""

    def notice(self, text: str) -> None:
        """Something that the user should know, and that changes no result."""


class NullProgress:
    """Tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self) -> None:
        """Nothing."""

    def notice(self, text: str) -> None:
        """Nothing."""
