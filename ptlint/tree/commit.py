"""A kernel in a commit: read from the repository's objects, never checked out.

The repository's configuration is not trusted. Only ``ls-tree`` and ``cat-file`` are run, which read objects and start nothing; the
environment switches off what could still call a program or reach for the network (a lazy fetch of a missing object).
"""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from ptlint.errors import Unreadable, UsageError
from ptlint.tree.base import clean, kernel_version

__all__ = ["CommitTree"]

_LINK = "120000"
_FILE = ("100644", "100755", "100664", _LINK)
_SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.sshCommand", "false"),
    ("core.askPass", "false"),
    ("core.pager", "cat"),
    ("core.alternateRefsCommand", ""),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("safe.directory", "*"),
)
_FOLDERS = (
    "include/", "arch/x86/", "mm/", "kernel/", "fs/", "lib/", "init/", "virt/", "drivers/xen/", "drivers/hv/", "drivers/iommu/",
    "drivers/firmware/efi/", "drivers/acpi/", "scripts/", "tools/include/", "security/", "ipc/",
)  # fmt: skip


def _environment(git_dir: str) -> dict[str, str]:
    pairs = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (key, value) in enumerate(_SETTINGS):
        pairs[f"GIT_CONFIG_KEY_{number}"] = key
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    return pairs | {
        "GIT_DIR": git_dir,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def _repository(path: str) -> Any:
    import git

    try:
        repository = git.Repo(path)
    except (git.exc.InvalidGitRepositoryError, git.exc.NoSuchPathError):
        raise UsageError(f"{path}: not a git repository; leave the revision out to read the files as they are") from None
    repository.git.update_environment(**_environment(os.path.abspath(repository.git_dir)))
    return repository


class CommitTree:
    """The files of one commit of a repository."""

    def __init__(self, path: str, rev: str) -> None:
        """``path`` is the root of a repository, ``rev`` whatever git takes for a commit.

        Raises ``UsageError`` when there is no repository or no such commit.
        """
        import git

        self._repository = _repository(path)
        self._folder: str | None = None
        self._root = os.path.realpath(path)
        try:
            if rev.startswith("-"):
                raise ValueError(rev)
            self.commit: str | None = self._repository.git.rev_parse("--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
            listing = self._repository.git.ls_tree("-r", "-z", "--full-tree", str(self.commit), strip_newline_in_stdout=False)
        except (git.exc.GitCommandError, ValueError):
            self._repository.close()
            raise UsageError(f"{path}: no commit {rev!r}; `git -C {path} log` lists those there are") from None
        self._entries: dict[str, tuple[str, str]] = {}
        self._folders: set[str] = {""}
        for line in listing.split("\0"):
            head, _, name = line.partition("\t")
            mode, _, rest = head.partition(" ")
            if mode not in _FILE:
                continue
            self._entries[name] = (mode, rest.partition(" ")[2].strip())
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

    def _blob(self, identity: str, path: str) -> bytes:
        try:
            data: bytes = self._repository.git.get_object_data(identity)[3]
        except (ValueError, OSError) as error:
            raise Unreadable(f"{path}: object {identity} cannot be read ({error})") from None
        return data

    def _resolve(self, path: str) -> str | None:
        """The file that ``path`` means, after links inside the commit; None when there is none."""
        for _ in range(20):
            short = clean(path)
            entry = self._entries.get(short) if short else None
            if not short or entry is None:
                return None
            if entry[0] != _LINK:
                return short
            target = self._blob(entry[1], short).decode("utf-8", "surrogateescape")
            path = target if target.startswith("/") else posixpath.join(posixpath.dirname(short), target)
        return None

    def read(self, path: str) -> bytes | None:
        """See ``Tree.read``."""
        found = self._resolve(path)
        return None if found is None else self._blob(self._entries[found][1], found)

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
        return sorted(name for name in names if self._entries[name][0] != _LINK or self._resolve(name) is not None)

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
