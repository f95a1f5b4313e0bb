"""A patch laid over a tree, in memory."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ptlint.change.apply import Applied, DoesNotApply, apply_hunks
from ptlint.change.model import FilePatch, Patch
from ptlint.change.step import Delta, Step
from ptlint.errors import UsageError
from ptlint.results import Part
from ptlint.tree.base import Tree, clean
from ptlint.tree.overlay import Overlay

__all__ = ["Merge", "lay"]

Merge = Callable[[FilePatch, bytes], Applied]
"""A second try for a file whose hunks do not apply; from its bytes. Raises DoesNotApply."""


def lay(tree: Tree, patch: Patch, merge: Merge | None = None, matters: Callable[[str], bool] = lambda _: True) -> tuple[Step, Overlay]:
    """``patch`` over ``tree``: what changes, and the tree afterwards (which needs ``tree`` to stay open).

    ``merge`` is asked where a file's hunks do not apply. A file that does not matter, as ``matters`` says of its path, may be missing in the tree
    (of which only a part may be there), as long as not all of them are. Raises ``UsageError`` with the hunk, the file and the reason.
    """
    changed: dict[str, bytes | None] = {}
    deltas: list[Delta] = []
    unread: list[str] = []
    absent: list[str] = []
    below = tree
    for file in patch.files:
        if file.link:
            continue
        state = Overlay(below, changed)
        if file.binary:
            unread.append(file.path)
            if file.new is None and file.old:
                changed[file.old] = None
            continue
        try:
            delta = _file(state, _named(file, state))
        except DoesNotApply as error:
            if _absent(state, file) and not matters(file.path) and not matters(file.old or ""):
                absent.append(file.path)
                continue
            delta = _merged(state, file, error, patch, merge)
        changed |= {delta.source: None, delta.path: delta.after} if file.kind == "rename" else {delta.path: delta.after}
        deltas.append(delta)
    if absent and not deltas and not unread:
        others = ", nor any other of the patch" if len(absent) > 1 else ""
        raise UsageError(f"{patch.name}: {absent[0]} does not apply: there is no such file{others}")
    part = Part(subject=patch.subject, author=patch.author, message_id=patch.message_id)
    beneath = dict(below.changed) if isinstance(below, Overlay) else {}
    ground = below.ground if isinstance(below, Overlay) else below
    return Step(part, tuple(deltas), tuple(unread), tuple(absent)), Overlay(ground, beneath | changed)


def _absent(tree: Tree, file: FilePatch) -> bool:
    return file.old is not None and file.kind != "add" and not tree.exists(file.old)


def _named(file: FilePatch, tree: Tree) -> FilePatch:
    """The file by the name that the tree has: diffs may be made without a folder before the names."""
    for name in (file.old, file.new):
        if name is not None and clean(name) != name:
            raise DoesNotApply(f"the name {name!r} leads out of the tree")
    if file.kind in ("change", "delete") and file.old and file.bare and not tree.exists(file.old) and tree.exists(file.bare):
        file = msgspec.structs.replace(file, old=file.bare, new=file.bare if file.new else None)
    if file.plain and file.kind == "change" and len(file.hunks) == 1:
        hunk = file.hunks[0]
        if not hunk.before and not tree.exists(file.path):
            return msgspec.structs.replace(file, kind="add", old=None)
        if not hunk.after and tree.read(file.path) == b"".join(hunk.before):
            return msgspec.structs.replace(file, kind="delete", new=None)
    return file


def _file(tree: Tree, file: FilePatch) -> Delta:
    if file.kind == "add":
        path = file.new or ""
        if tree.exists(path):
            raise DoesNotApply("the file is there already")
        applied = apply_hunks(b"", file.hunks)
        return Delta(path, path, None, applied.data, applied.hunks)
    source = file.old or ""
    before = tree.read(source)
    if before is None:
        raise DoesNotApply("there is no such file" if file.kind in ("change", "delete") else f"there is no file {source}")
    if file.kind in ("rename", "copy") and file.new != source and tree.exists(file.new or ""):
        raise DoesNotApply("the file is there already")
    applied = apply_hunks(before, file.hunks)
    if file.kind == "delete":
        if file.hunks and applied.data:
            raise DoesNotApply("the file is to be removed, and has lines that the patch does not know")
        return Delta(source, source, before, None, applied.hunks)
    path = file.new or source
    return Delta(path, source if file.kind == "rename" else path, before if file.kind != "copy" else None, applied.data, applied.hunks)


def _merged(tree: Tree, file: FilePatch, error: DoesNotApply, patch: Patch, merge: Merge | None) -> Delta:
    reason = str(error)
    if merge is not None and error.hunk is not None and file.kind in ("change", "rename"):
        before = tree.read(file.old or "")
        if before is not None:
            try:
                applied = merge(file, before)
                return Delta(file.path, file.old or file.path, before, applied.data)
            except DoesNotApply as second:
                reason = f"{reason}; --3way: {second}"
    place = f"hunk #{error.hunk.number} of {file.path} (line {error.hunk.at} of the patch)" if error.hunk else file.path
    raise UsageError(f"{patch.name}: {place} does not apply: {reason}") from None
