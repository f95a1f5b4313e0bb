"""A kernel in a folder, as it stands there."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from functools import cached_property
from typing import Self

from ptlint.errors import Unreadable
from ptlint.tree.base import clean, kernel_version

__all__ = ["WorkTree"]


class WorkTree:
    """The files below a folder. Symbolic links are followed only as long as they stay in it."""

    commit: str | None = None
    unsaved: Mapping[str, bytes] = {}

    def __init__(self, root: str) -> None:
        """``root`` is the folder of the kernel; it is not checked here (``open_tree`` does)."""
        self._root = os.path.realpath(root)
        self._folders: dict[str, str | None] = {}

    @property
    def root(self) -> str:
        """The absolute path of the work tree."""
        return self._root

    @cached_property
    def version(self) -> str:
        """What the top Makefile says."""
        return kernel_version(self.read("Makefile") or b"")

    def _place(self, path: str) -> str | None:
        short = clean(path)
        if short is None:
            return None
        folder, name = os.path.split(short)
        if folder not in self._folders:
            self._folders[folder] = self._inside(os.path.join(self._root, folder) if folder else self._root)
        above = self._folders[folder]
        if not name or above is None:
            return self._inside(os.path.join(self._root, short) if short else self._root)
        place = os.path.join(above, name)
        return self._inside(place) if os.path.islink(place) else place

    def _inside(self, place: str) -> str | None:
        """Where a path leads; None when that is out of the tree."""
        real = os.path.realpath(place)
        return real if real == self._root or real.startswith(self._root + os.sep) else None

    def read(self, path: str) -> bytes | None:
        """See ``Tree.read``."""
        place = self._place(path)
        if place is None:
            return None
        try:
            mode = os.stat(place).st_mode
            if stat.S_ISDIR(mode):
                return None
            if not stat.S_ISREG(mode):
                raise Unreadable(f"{path}: not a regular file")
            with open(place, "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror or error}") from None

    def exists(self, path: str) -> bool:
        """See ``Tree.exists``."""
        place = self._place(path)
        return place is not None and os.path.exists(place)

    def is_dir(self, path: str) -> bool:
        """See ``Tree.is_dir``."""
        place = self._place(path)
        return place is not None and os.path.isdir(place)

    def files(self, prefix: str) -> list[str]:
        """See ``Tree.files``. Linked folders are not entered, linked files are listed when they lead to a file of the tree."""
        place = self._place(prefix)
        if place is None or not os.path.isdir(place):
            return []
        short = clean(prefix) or ""
        found = []
        for folder, folders, names in os.walk(place):
            folders[:] = sorted(name for name in folders if name != ".git")
            below = os.path.relpath(folder, place)
            head = "/".join(part for part in (short, "" if below == "." else below.replace(os.sep, "/")) if part)
            for name in names:
                path = f"{head}/{name}" if head else name
                if os.path.islink(os.path.join(folder, name)) and not self.exists(path):
                    continue
                found.append(path)
        return sorted(found)

    def directory(self) -> str:
        """The work tree itself."""
        return self._root

    def close(self) -> None:
        """Nothing to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
