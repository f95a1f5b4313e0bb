"""A kernel in a commit, or in the index: read from the repository's objects, never checked out."""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from ptlint.errors import Unreadable
from ptlint.tree.base import clean, kernel_version
from ptlint.tree.objects import LINK, PLAIN, Entry, Repository

__all__ = ["CommitTree", "ObjectTree"]

_FOLDERS = (
    "include/", "arch/x86/", "mm/", "kernel/", "fs/", "lib/", "init/", "virt/", "drivers/xen/", "drivers/hv/", "drivers/iommu/",
    "drivers/firmware/efi/", "drivers/acpi/", "scripts/", "tools/include/", "security/", "ipc/",
)  # fmt: skip


class ObjectTree:
    """The files that ``entries`` list, of a repository's objects."""

    unsaved: Mapping[str, bytes] = {}

    def __init__(self, repository: Repository, entries: Mapping[str, Entry], commit: str | None) -> None:
        """``commit`` is the full hash of the commit that the entries are of, None for the index. Closing the tree closes the repository."""
        self._repository = repository
        self._folder: str | None = None
        self._root = os.path.realpath(repository.path)
        self.commit = commit
        self._entries: dict[str, Entry] = {}
        self._folders: set[str] = {""}
        for name, entry in entries.items():
            if entry.mode not in (*PLAIN, LINK):
                continue
            self._entries[name] = entry
            folder = posixpath.dirname(name)
            while folder not in self._folders:
                self._folders.add(folder)
                folder = posixpath.dirname(folder)

    @property
    def root(self) -> str:
        """The absolute path of the repository."""
        return self._root

    @cached_property
    def version(self) -> str:
        """What the top Makefile of the commit says."""
        return kernel_version(self.read("Makefile") or b"")

    def _resolve(self, path: str) -> str | None:
        """The file that ``path`` means, after links inside the commit; None when there is none."""
        for _ in range(20):
            short = clean(path)
            entry = self._entries.get(short) if short else None
            if not short or entry is None:
                return None
            if entry.mode != LINK:
                return short
            target = self._repository.read(entry.blob, short).decode("utf-8", "surrogateescape")
            path = target if target.startswith("/") else posixpath.join(posixpath.dirname(short), target)
        return None

    def read(self, path: str) -> bytes | None:
        """See ``Tree.read``."""
        found = self._resolve(path)
        return None if found is None else self._repository.read(self._entries[found].blob, found)

    def exists(self, path: str) -> bool:
        """See ``Tree.exists``."""
        return clean(path) in self._folders or self._resolve(path) is not None

    def is_dir(self, path: str) -> bool:
        """See ``Tree.is_dir``."""
        return clean(path) in self._folders

    def files(self, prefix: str) -> list[str]:
        """See ``Tree.files``."""
        short = clean(prefix)
        if short is None:
            return []
        head = f"{short}/" if short else ""
        names = (name for name in self._entries if name.startswith(head))
        return sorted(name for name in names if self._entries[name].mode != LINK or self._resolve(name) is not None)

    def directory(self) -> str:
        """A private folder with the commit's sources that x86 memory code needs, written at the first call."""
        if self._folder is None:
            folder = tempfile.mkdtemp(prefix="ptlint-tree-")
            self._folder = os.path.realpath(folder)
            try:
                self._write(Path(self._folder))
            except OSError as error:
                raise Unreadable(f"{folder}: the commit's files cannot be written ({error.strerror or error})") from None
        return self._folder

    def _write(self, folder: Path) -> None:
        made: set[str] = set()
        for name in sorted(self._entries):
            base = posixpath.basename(name)
            if not (name.startswith(_FOLDERS) or "/" not in name or base.startswith(("Kconfig", "Makefile", "Kbuild"))):
                continue
            if clean(name) != name or ".git" in name.split("/"):
                continue
            data = self.read(name)
            if data is None:
                continue
            parent = posixpath.dirname(name)
            if parent not in made:
                (folder / parent).mkdir(parents=True, exist_ok=True)
                made.add(parent)
            (folder / name).write_bytes(data)

    def close(self) -> None:
        """Remove the private folder and end git's process."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._repository.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class CommitTree(ObjectTree):
    """The files of one commit of a repository."""

    def __init__(self, path: str, rev: str) -> None:
        """``path`` is the root of a repository, ``rev`` whatever git takes for a commit.

        Raises ``UsageError`` when there is no repository or no such commit.
        """
        repository = Repository(path)
        try:
            commit = repository.commit_id(rev)
            entries = repository.tree(commit)
        except BaseException:
            repository.close()
            raise
        super().__init__(repository, entries, commit)
