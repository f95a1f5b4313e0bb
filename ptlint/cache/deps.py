"""What a result depends on, and a tree that writes it down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

from ptlint.errors import Unreadable
from ptlint.tree import Tree

__all__ = ["ABSENT", "Deps", "Recorder", "digest", "listing_digest"]

ABSENT = b""
"""Stands for the digest of what is not there."""


def digest(data: bytes) -> bytes:
    """16 bytes that tell contents apart. The tree is not trusted, so this is a cryptographic hash."""
    return hashlib.blake2b(data, digest_size=16).digest()


def listing_digest(paths: Iterable[str]) -> bytes:
    """The digest of a list of paths."""
    return digest("\0".join(paths).encode("utf-8", "surrogateescape"))


class Deps(msgspec.Struct, frozen=True, array_like=True):
    """What held of the tree when a result was made.

    ``contents``, ``exists``, ``folders`` and ``listings`` are the answers of ``Tree.read`` (a digest, ABSENT for None), ``exists``, ``is_dir``
    and ``files`` (a digest). ``sources`` are digests of files that the compiler read, by path relative to the tree's folder, or absolute.
    ``missing`` are what it must not find: names by folder; no names where the folder itself must not be there.
    """

    contents: dict[str, bytes] = {}
    exists: dict[str, bool] = {}
    folders: dict[str, bool] = {}
    listings: dict[str, bytes] = {}
    sources: dict[str, bytes] = {}
    missing: dict[str, tuple[str, ...]] = {}


class Recorder:
    """Stands for ``tree`` and writes down what it was asked. ``settled`` is False once an answer was an error."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.settled = True
        self.contents: dict[str, bytes] = {}
        self._exists: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}
        self._listings: dict[str, bytes] = {}

    def deps(self, sources: dict[str, bytes], missing: dict[str, tuple[str, ...]]) -> Deps:
        """Everything so far, with what the compiler read and looked for in vain."""
        return Deps(self.contents, self._exists, self._folders, self._listings, sources, missing)

    def absorb(self, deps: Deps) -> None:
        """All that ``deps`` says was asked here too."""
        for path, found in deps.contents.items():
            self._note(path, found)
        self._exists |= deps.exists
        self._folders |= deps.folders
        self._listings |= deps.listings

    def _note(self, path: str, found: bytes) -> None:
        if self.contents.setdefault(path, found) != found:
            self.settled = False  # it changed under our hands

    @property
    def root(self) -> str:
        """See ``Tree.root``."""
        return self.tree.root

    @property
    def commit(self) -> str | None:
        """See ``Tree.commit``."""
        return self.tree.commit

    @property
    def version(self) -> str:
        """See ``Tree.version``. It is what a file says."""
        self.read("Makefile")
        return self.tree.version

    @property
    def unsaved(self) -> Mapping[str, bytes]:
        """See ``Tree.unsaved``. What the compiler reads of it is written down with what else it reads."""
        return self.tree.unsaved

    def read(self, path: str) -> bytes | None:
        """See ``Tree.read``."""
        try:
            data = self.tree.read(path)
        except Unreadable:
            self.settled = False
            raise
        found = ABSENT if data is None else digest(data)
        self._note(path, found)
        return data

    def exists(self, path: str) -> bool:
        """See ``Tree.exists``."""
        found = self._exists[path] = self.tree.exists(path)
        return found

    def is_dir(self, path: str) -> bool:
        """See ``Tree.is_dir``."""
        found = self._folders[path] = self.tree.is_dir(path)
        return found

    def files(self, prefix: str) -> list[str]:
        """See ``Tree.files``."""
        found = self.tree.files(prefix)
        self._listings[prefix] = listing_digest(found)
        return found

    def directory(self) -> str:
        """See ``Tree.directory``."""
        return self.tree.directory()

    def close(self) -> None:
        """Nothing: the tree is somebody else's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
