"""A repository's objects, read with git commands that run nothing and ask nobody.

The repository's configuration is not trusted. Only commands that read objects and the index are run (``rev-parse``, ``rev-list``, ``ls-tree``,
``ls-files``, ``diff-tree``, ``diff-index --cached``, ``cat-file``; all without a work tree); the environment switches off what could still call a
program or reach for the network (a lazy fetch of a missing object). Commits are taken apart here, for ``git log`` may ask gpg.
"""

from __future__ import annotations

import os
import subprocess
import threading
from typing import Any, Self

import msgspec

from ptlint.errors import Unreadable, UsageError

__all__ = ["LINK", "PLAIN", "Commit", "Entry", "Raw", "Repository"]

PLAIN = ("100644", "100755", "100664")
"""The modes of files."""

LINK = "120000"
"""That of a symbolic link."""

_SETTINGS = (
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.attributesFile", os.devnull),
    ("core.sshCommand", "false"),
    ("core.askPass", "false"),
    ("core.pager", "cat"),
    ("core.alternateRefsCommand", ""),
    ("core.untrackedCache", "false"),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("diff.orderFile", ""),
    ("diff.ignoreSubmodules", "all"),
    ("safe.directory", "*"),
)


class Commit(msgspec.Struct, frozen=True):
    """A commit: its full hash, the tree's, its parents, and what it says of itself."""

    id: str
    tree: str
    parents: tuple[str, ...]
    subject: str
    author: str


class Entry(msgspec.Struct, frozen=True):
    """A file of a commit or of the index: its mode in octal, and its blob."""

    mode: str
    blob: str


class Raw(msgspec.Struct, frozen=True):
    """A file that differs. ``old`` and ``new`` are None where it is not there; ``source`` is the old name of one that was renamed."""

    path: str
    source: str
    old: Entry | None
    new: Entry | None


_KEPT = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES")


def _environment(git_dir: str | None, path: str) -> dict[str, str]:
    """The process's own, with nothing of git's in it but where objects are, the index that a hook is to use, and what switches programs off."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    pairs = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (key, value) in enumerate(_SETTINGS):
        pairs[f"GIT_CONFIG_KEY_{number}"] = key
        pairs[f"GIT_CONFIG_VALUE_{number}"] = value
    found = pairs | {
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
    if git_dir is not None:
        found["GIT_DIR"] = git_dir
        index = os.path.realpath(os.path.join(path, os.environ.get("GIT_INDEX_FILE") or ""))
        if index.startswith(os.path.realpath(git_dir) + os.sep):
            found["GIT_INDEX_FILE"] = index
    else:
        found["GIT_CEILING_DIRECTORIES"] = os.path.dirname(os.path.realpath(path))
    return kept | found


class _Failed(Exception):
    """A git command that said no; with the first line of what it said."""


class Repository:
    """An open repository. A context manager: closing it ends git's processes.

    Commands are started directly; GitPython, which takes a tenth of a second to come, is asked for blobs only.
    """

    def __init__(self, path: str) -> None:
        """``path`` is the root of a work tree, or a bare repository. Raises ``UsageError`` when there is none."""
        self.path = path
        self._git: Any = None
        self._lock = threading.Lock()
        self._environment = _environment(None, path)
        try:
            self.git_dir = self._run("rev_parse", "--absolute-git-dir").rstrip("\n")
        except (_Failed, NotADirectoryError):
            raise UsageError(f"{path}: not a git repository; leave the revision out to read the files as they are") from None
        self._environment = _environment(self.git_dir, path)

    def _start(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        command = ["git", *words]
        return subprocess.run(command, cwd=self.path, env=self._environment, capture_output=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603

    def _run(self, command: str, *words: str) -> str:
        try:
            done = self._start(command.replace("_", "-"), *words)
        except FileNotFoundError:
            raise UsageError("git is not in PATH; it is needed to read commits and the index") from None
        if done.returncode:
            raise _Failed(done.stderr.decode("utf-8", "replace").strip().partition("\n")[0])
        return done.stdout.decode("utf-8", "surrogateescape")

    def resolve(self, rev: str, kind: str = "commit") -> str | None:
        """The full hash of what ``rev`` names, as far as it is (or leads to) a ``kind``; None when there is none."""
        if rev.startswith("-") or "\0" in rev:
            return None
        try:
            return self._run("rev_parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{{kind}}}").strip() or None
        except _Failed:
            return None

    def at(self, place: str) -> str | None:
        """The full hash of the blob at ``REV:PATH`` (``:PATH`` of the index); None when there is none."""
        try:
            return self._run("rev_parse", "--verify", "--quiet", "--end-of-options", place).strip() or None
        except _Failed:
            return None

    def commit_id(self, rev: str) -> str:
        """The full hash of the commit ``rev``. Raises ``UsageError`` when there is none."""
        found = self.resolve(rev)
        if found is None:
            raise UsageError(f"{self.path}: no commit {rev!r}; `git -C {self.path} log` lists those there are")
        return found

    def read(self, identity: str, path: str) -> bytes:
        """A blob's bytes; ``path`` is for the message. Raises ``Unreadable`` when it is not there (a partial clone may lack it)."""
        try:
            with self._lock:  # one git process answers all, in the order of the questions
                if self._git is None:
                    self._git = self._open()
                data: bytes = self._git.get_object_data(identity)[3]
        except (ValueError, OSError) as error:
            raise Unreadable(f"{path}: object {identity} cannot be read ({error})") from None
        return data

    def _open(self) -> Any:
        import git

        command = git.Git(self.path)
        command.update_environment(**self._environment)
        return command

    def commit(self, identity: str) -> Commit:
        """A commit taken apart. Raises ``Unreadable`` when it cannot be read."""
        text = self.read(identity, "commit").decode("utf-8", "replace")
        head, _, message = text.partition("\n\n")
        pairs = [line.partition(" ") for line in head.split("\n")]
        fields = {key: value for key, _, value in reversed(pairs) if key}
        author = fields.get("author", "").rpartition(">")[0]
        parents = tuple(value for key, _, value in pairs if key == "parent")
        return Commit(identity, fields.get("tree", ""), parents, message.strip().partition("\n")[0].strip(), f"{author}>" if author else "")

    def tree(self, commit: str) -> dict[str, Entry]:
        """All files of a commit. Raises ``Unreadable`` when they cannot be listed."""
        return self._entries(self._list("ls_tree", "-r", "-z", "--full-tree", commit))

    def index(self) -> dict[str, Entry]:
        """All files of the index (of the one that git told a hook to use, when it did). Raises ``Unreadable`` when it cannot be read."""
        found = {}
        for line in self._list("ls_files", "--stage", "-z").split("\0"):
            head, _, name = line.partition("\t")
            parts = head.split(" ")
            if name and parts[2] in ("0", "2"):  # of a file in conflict, ours
                found[name] = Entry(parts[0], parts[1])
        return found

    def conflicts(self) -> list[str]:
        """The files of the index whose conflicts are not resolved."""
        lines = self._list("ls_files", "--unmerged", "-z").split("\0")
        return sorted({line.partition("\t")[2] for line in lines if line})

    def between(self, old: str, new: str) -> list[Raw]:
        """What differs between two commits or trees; renames are found where git can."""
        return self._raw("diff_tree", "-r", "-z", "--raw", "--no-ext-diff", old, new)

    def staged(self, old: str) -> list[Raw]:
        """What differs between the commit or tree ``old`` and the index."""
        return self._raw("diff_index", "--cached", "-z", "--raw", "--no-ext-diff", old)

    def commits(self, first: str, last: str) -> list[str]:
        """The commits that ``last`` has and ``first`` has not, oldest first, along first parents."""
        return self._list("rev_list", "--reverse", "--first-parent", last, f"^{first}").split()

    def last(self, commit: str, count: int) -> list[str]:
        """The last ``count`` commits that lead to ``commit``, newest first, merges left out."""
        return self._list("rev_list", "--no-merges", f"--max-count={count}", commit).split()

    def base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits."""
        try:
            return self._run("merge_base", one, other).split()[0]
        except (_Failed, IndexError):
            return None

    def merge_file(self, ours: str, base: str, theirs: str) -> tuple[int, bytes]:
        """``git merge-file`` of three files: the number of conflicts (or an error above 127), and the merged text."""
        done = self._start("merge-file", "-p", ours, base, theirs)
        return done.returncode, done.stdout

    def hooks(self) -> str:
        """The absolute folder of the repository's hooks, where ``core.hooksPath`` says so, too. Raises ``Unreadable`` when git cannot tell."""
        environment = self._environment
        number = next(number for number, (key, _) in enumerate(_SETTINGS) if key == "core.hooksPath")
        # For this one question the user's configuration counts, all of it.
        self._environment = {name: value for name, value in environment.items() if name != "GIT_CONFIG_NOSYSTEM"} | {
            f"GIT_CONFIG_KEY_{number}": "core.pager",
            f"GIT_CONFIG_VALUE_{number}": "cat",
        }
        try:
            found = self._list("rev_parse", "--git-path", "hooks").rstrip("\n")
        finally:
            self._environment = environment
        return os.path.normpath(os.path.join(os.path.abspath(self.path), found))

    def merging(self) -> list[str]:
        """The commits that a merge in progress would have as further parents."""
        try:
            with open(os.path.join(self.git_dir, "MERGE_HEAD"), encoding="ascii", errors="replace") as file:
                return file.read().split()
        except OSError:
            return []

    def _list(self, command: str, *words: str) -> str:
        try:
            return self._run(command, *words)
        except _Failed as error:
            raise Unreadable(f"{self.path}: git {command.replace('_', '-')} failed ({error})") from None

    def _raw(self, command: str, *words: str) -> list[Raw]:
        try:
            text = self._run(command, "-M", *words)
        except _Failed:  # a blob that a rename would have to be compared with may be missing
            text = self._list(command, "--no-renames", *words)
        parts = text.split("\0")
        found, at = [], 0
        while at + 1 < len(parts):
            old_mode, new_mode, old_blob, new_blob, status = parts[at].lstrip(":").split(" ")
            two = status[0] in "RC"
            source, path = parts[at + 1], parts[at + 2] if two else parts[at + 1]
            old = Entry(old_mode, old_blob) if int(old_mode, 8) else None
            new = Entry(new_mode, new_blob) if int(new_mode, 8) else None
            if status[0] != "U":
                found.append(Raw(path, source if status[0] == "R" else path, old if status[0] != "C" else None, new))
            at += 3 if two else 2
        return found

    def _entries(self, listing: str) -> dict[str, Entry]:
        found = {}
        for line in listing.split("\0"):
            head, _, name = line.partition("\t")
            mode, _, rest = head.partition(" ")
            if name:
                found[name] = Entry(mode, rest.partition(" ")[2].strip())
        return found

    def close(self) -> None:
        """End git's processes."""
        if self._git is not None:
            self._git.clear_cache()
            self._git = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
