"""What every tree can do, wherever its bytes come from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Protocol, Self

__all__ = ["Tree", "clean", "kernel_version"]

_ASSIGNMENT = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*:?=[ \t]*([^\n#]*)", re.MULTILINE)


class Tree(Protocol):
    """The files of one kernel. All paths are relative to its root, with ``/``.

    ``root`` is the absolute path of the work tree, or of the repository a commit comes from; ``commit`` is the full hash of the commit, or
    None for a work tree; ``version`` is what the top Makefile says (``6.12.117``).
    """

    @property
    def root(self) -> str:
        """The absolute path of the work tree or repository."""
        ...

    @property
    def commit(self) -> str | None:
        """The commit's full hash, None for a work tree."""
        ...

    @property
    def version(self) -> str:
        """The kernel's version, empty when the Makefile does not say."""
        ...

    @property
    def unsaved(self) -> Mapping[str, bytes]:
        """What libclang has to be given for files of ``directory()`` that are others in this tree, or are not there; by path in the tree."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content of a file; None when there is none (or it is a folder, or leads out of the tree).

        Raises ``Unreadable`` when it is there and cannot be read.
        """
        ...

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path is in the tree."""
        ...

    def is_dir(self, path: str) -> bool:
        """Whether that path is a folder of the tree."""
        ...

    def files(self, prefix: str) -> list[str]:
        """The paths of all files below the folder ``prefix``, sorted; empty when there is no such folder."""
        ...

    def directory(self) -> str:
        """An absolute folder on disk with the sources, for libclang to work in.

        Raises ``Unreadable`` when the bytes of a commit cannot be read or written out.
        """
        ...

    def close(self) -> None:
        """Let go of what was made for this tree (private folders, processes)."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def clean(path: str) -> str | None:
    """``path`` in its shortest form (the root is ``""``); None when it is absolute or leads out of the tree."""
    if path.startswith("/") or "\0" in path:
        return None
    short = posixpath.normpath(path) if path else "."
    if short == ".":
        return ""
    return None if short == ".." or short.startswith("../") else short


def kernel_version(makefile: bytes) -> str:
    """The version in the text of a top Makefile, as ``make kernelversion`` would say it."""
    pairs: list[tuple[bytes, bytes]] = _ASSIGNMENT.findall(makefile)
    found = {name.decode(): value.decode("utf-8", "replace").strip() for name, value in pairs}
    numbers = [found.get(part, "") for part in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    return ".".join(number for number in numbers if number) + found.get("EXTRAVERSION", "")
