"""Lines of the tree, for the formats that quote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ptlint.errors import Unreadable, UsageError

if TYPE_CHECKING:
    from ptlint.tree import Tree

__all__ = ["Lines"]


class Lines:
    """The lines of TREE, or of its commit ``rev``, as they are asked for. Nothing is opened before; what cannot be read is None, never an error."""

    def __init__(self, tree: Path, rev: str | None) -> None:
        self._where = tree, rev
        self._tree: Tree | None = None
        self._files: dict[str, list[str]] = {}

    def line(self, file: str, number: int) -> str | None:
        """The text of line ``number`` (from 1) of ``file``."""
        if file not in self._files:
            self._files[file] = self._read(file)
        lines = self._files[file]
        return lines[number - 1] if 0 < number <= len(lines) else None

    def close(self) -> None:
        """Let go of the tree."""
        if self._tree is not None:
            self._tree.close()

    def _read(self, file: str) -> list[str]:
        from ptlint.tree import open_tree

        try:
            self._tree = self._tree or open_tree(*self._where)
            text = self._tree.read(file)
        except (UsageError, Unreadable):
            return []
        return (text or b"").decode("utf-8", "replace").split("\n")
