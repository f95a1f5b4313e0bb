"""Changes that a repository holds: the commits of a range, and the index, each as bytes before and after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ptlint.change.apply import Applied, DoesNotApply, apply_hunks
from ptlint.change.differ import hunks_between
from ptlint.change.model import FilePatch
from ptlint.change.step import Delta, Step
from ptlint.errors import Unreadable, UsageError
from ptlint.results import Part
from ptlint.tree.objects import PLAIN, Entry, Raw, Repository
from ptlint.tree.patched import Merge

__all__ = ["History", "three_way"]


class History:
    """The changes of one repository. ``wanted`` tells by path which files' bytes are needed; others are as good as unchanged."""

    def __init__(self, repository: Repository, wanted: Callable[[str], bool]) -> None:
        self.repository = repository
        self._wanted = wanted

    def range(self, text: str) -> tuple[str, list[str]]:
        """The commit before ``A..B``, and its commits, oldest first, along first parents. ``A...B`` begins where the two part.

        Raises ``UsageError`` when there is no such commit, or A has nothing to do with B.
        """
        dots = "..." if "..." in text else ".."
        first, found, last = text.partition(dots)
        if not found or not (first or last):
            raise UsageError(f"--range {text}: two revisions with .. between are wanted (as in HEAD~3..HEAD)")
        old, new = (self.repository.commit_id(rev or "HEAD") for rev in (first, last))
        if dots == "...":
            base = self.repository.base(old, new)
            if base is None:
                raise UsageError(f"--range {text}: the two have no commit in common")
            old = base
        commits = self.repository.commits(old, new)
        if commits and old not in self.repository.commit(commits[0]).parents:
            base = self.repository.base(old, new)
            if base is None:
                raise UsageError(f"--range {text}: the two have no commit in common")
            old = base
            commits = self.repository.commits(old, new)
        return old, commits

    def step(self, old: str, new: str) -> Step:
        """What the commit ``new`` changes of the tree of ``old``, its parent."""
        commit = self.repository.commit(new)
        part = Part(commit=new, subject=commit.subject, author=commit.author)
        return self._step(part, self.repository.between(old, new))

    def sum(self, old: str, new: str) -> Step:
        """What lies between two commits, as one."""
        return self._step(Part(commit=new, subject=self.repository.commit(new).subject), self.repository.between(old, new))

    def staged(self, amend: bool = False) -> tuple[str | None, Step]:
        """The commit that a commit of the index would follow (None for a first one), and what the index changes of it.

        That is HEAD; its parent, where HEAD is to be amended.

        Raises ``UsageError`` when conflicts in files that matter are not resolved.
        """
        conflicts = [path for path in self.repository.conflicts() if self._wanted(path)]
        if conflicts:
            raise UsageError(f"--staged: {conflicts[0]} has conflicts that are not resolved")
        head = self.repository.resolve("HEAD^" if amend else "HEAD")
        if head is None:
            entries = self.repository.index()
            return None, self._step(Part(), [Raw(path, path, None, entry) for path, entry in sorted(entries.items())])
        return head, self._step(Part(), self.repository.staged(head))

    def _step(self, part: Part, raws: Iterable[Raw]) -> Step:
        deltas = []
        for raw in raws:
            old = raw.old if raw.old and raw.old.mode in PLAIN else None
            new = raw.new if raw.new and raw.new.mode in PLAIN else None
            if (old is None and new is None) or (old and new and old.blob == new.blob and raw.source == raw.path):
                continue
            if not (self._wanted(raw.path) or self._wanted(raw.source)):
                continue
            deltas.append(Delta(raw.path, raw.source, self._bytes(old, raw.source), self._bytes(new, raw.path)))
        return Step(part, tuple(deltas))

    def _bytes(self, entry: Entry | None, path: str) -> bytes | None:
        return None if entry is None else self.repository.read(entry.blob, path)


def three_way(repository: Repository) -> Merge:
    """A second try for a file that a patch does not fit, as git's ``--3way``: with the blob that it was made from, if the repository has it."""

    def merge(file: FilePatch, ours: bytes) -> Applied:
        blob = repository.resolve(file.old_id, "blob") if file.old_id.strip("0") else None
        if blob is None:
            raise DoesNotApply(f"the repository has no blob {file.old_id or '(the patch names none)'} that it was made from")
        try:
            base = repository.read(blob, file.path)
        except Unreadable as error:
            raise DoesNotApply(str(error)) from None
        theirs = apply_hunks(base, file.hunks).data
        merged = _merge(repository, ours, base, theirs)
        return Applied(merged, hunks_between(ours, merged))

    return merge


def _merge(repository: Repository, ours: bytes, base: bytes, theirs: bytes) -> bytes:
    with tempfile.TemporaryDirectory(prefix="ptlint-merge-") as folder:
        names: Sequence[str] = [os.path.join(folder, name) for name in ("tree", "base", "patch")]
        for name, data in zip(names, (ours, base, theirs), strict=True):
            Path(name).write_bytes(data)
        status, merged = repository.merge_file(*names)
    if status:
        line = merged[: merged.find(b"<<<<<<<")].count(b"\n") + 1
        raise DoesNotApply(f"the merge has conflicts ({status}; the first at line {line})" if status < 128 else "the files cannot be merged")
    return merged
