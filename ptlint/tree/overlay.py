"""A tree with some files changed, in memory: what a patch, a later commit or the index makes of another tree."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import cached_property
from typing import Self

from ptlint.tree.base import Tree, clean, kernel_version

__all__ = ["Overlay"]

_ROOTS = ("arch/x86/include/uapi/", "include/uapi/", "arch/x86/include/", "include/")
_NO_SOURCE = (".rst", ".txt", ".yaml", ".yml", ".json", ".dts", ".dtsi", ".py", ".sh", ".pl", ".rs", ".config", ".tbl", ".md", ".svg")
_NO_SOURCE_NAMES = ("Kconfig", "Makefile", "Kbuild", "MAINTAINERS")


class Overlay:
    """``below`` with the files of ``changed`` in place of its own; None in it takes a file away.

    Nothing is written: libclang gets the bytes with each call (``unsaved``). Closing it leaves ``below`` open, for several may lie over one.
    """

    def __init__(self, below: Tree, changed: Mapping[str, bytes | None], commit: str | None = None) -> None:
        """``changed`` has paths as ``clean`` gives them; ``commit`` is the full hash, where the result is one."""
        self._below = below
        self._changed = dict(changed)
        self.commit = commit

    @property
    def changed(self) -> Mapping[str, bytes | None]:
        """What lies over the tree below."""
        return self._changed

    @property
    def ground(self) -> Tree:
        """The tree below."""
        return self._below

    @property
    def root(self) -> str:
        """See ``Tree.root``."""
        return self._below.root

    @cached_property
    def version(self) -> str:
        """What the top Makefile says."""
        return kernel_version(self.read("Makefile") or b"")

    @cached_property
    def unsaved(self) -> Mapping[str, bytes]:
        """See ``Tree.unsaved``.

        A header that is gone cannot be hidden from libclang; it gets one that goes on to where the compiler would have looked next.
        """
        found = dict(self._below.unsaved)
        for path, data in self._changed.items():
            if path.endswith(_NO_SOURCE) or posixpath.basename(path).startswith(_NO_SOURCE_NAMES) or path.startswith("Documentation/"):
                continue
            if data is not None:
                found[path] = data
            elif self._below.exists(path):
                found[path] = _gone(path)
            else:
                found.pop(path, None)
        return found

    @cached_property
    def _folders(self) -> frozenset[str]:
        found: set[str] = set()
        for path, data in self._changed.items():
            folder = posixpath.dirname(path) if data is not None else ""
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    def read(self, path: str) -> bytes | None:
        """See ``Tree.read``."""
        short = clean(path)
        return self._changed[short] if short in self._changed else self._below.read(path)

    def exists(self, path: str) -> bool:
        """See ``Tree.exists``."""
        short = clean(path)
        if short in self._changed:
            return self._changed[short] is not None
        return short in self._folders or (self._below.exists(path) and (not self._below.is_dir(path) or self.is_dir(path)))

    def is_dir(self, path: str) -> bool:
        """See ``Tree.is_dir``."""
        short = clean(path)
        if short in self._folders:
            return True
        if not self._below.is_dir(path):
            return False
        gone = any(data is None and name.startswith(f"{short}/") for name, data in self._changed.items())
        return not gone or bool(self.files(path))

    def files(self, prefix: str) -> list[str]:
        """See ``Tree.files``."""
        short = clean(prefix)
        if short is None:
            return []
        head = f"{short}/" if short else ""
        found = {path for path in self._below.files(prefix) if path not in self._changed}
        found |= {path for path, data in self._changed.items() if data is not None and path.startswith(head)}
        return sorted(found)

    def directory(self) -> str:
        """The folder of the tree below; ``unsaved`` says what stands in it otherwise."""
        return self._below.directory()

    def close(self) -> None:
        """Nothing of its own to let go of."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _gone(path: str) -> bytes:
    for root in _ROOTS:
        if path.startswith(root):
            return f"#include_next <{path.removeprefix(root)}>\n".encode()
    return f"#error {path} is removed by the change\n".encode()
