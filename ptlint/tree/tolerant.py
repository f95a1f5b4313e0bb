"""A tree in which a file that cannot be read is as good as absent, and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from ptlint.errors import Unreadable
from ptlint.tree.base import Tree

__all__ = ["Tolerant"]


class Tolerant:
    """Stands for ``tree``. ``problems`` maps each file that could not be read to the reason, ``empty`` has those without content."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.problems: dict[str, str] = {}
        self.empty: set[str] = set()

    @property
    def root(self) -> str:
        """See ``Tree.root``."""
        return self._tree.root

    @property
    def commit(self) -> str | None:
        """See ``Tree.commit``."""
        return self._tree.commit

    @property
    def version(self) -> str:
        """See ``Tree.version``."""
        return self._tree.version

    @property
    def unsaved(self) -> Mapping[str, bytes]:
        """See ``Tree.unsaved``."""
        return self._tree.unsaved

    def read(self, path: str) -> bytes | None:
        """As ``Tree.read``, but None when the file is there and cannot be read."""
        try:
            data = self._tree.read(path)
        except Unreadable as error:
            self.problems[path] = str(error).removeprefix(f"{path}: ")
            return None
        if data == b"":
            self.empty.add(path)
        return data

    def exists(self, path: str) -> bool:
        """See ``Tree.exists``."""
        return self._tree.exists(path)

    def is_dir(self, path: str) -> bool:
        """See ``Tree.is_dir``."""
        return self._tree.is_dir(path)

    def files(self, prefix: str) -> list[str]:
        """See ``Tree.files``."""
        return self._tree.files(prefix)

    def directory(self) -> str:
        """See ``Tree.directory``."""
        return self._tree.directory()

    def close(self) -> None:
        """See ``Tree.close``."""
        self._tree.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
