"""From what the user typed to a tree, or to one line that says what is wrong."""

from __future__ import annotations

import os

from ptlint.errors import UsageError
from ptlint.tree.base import Tree
from ptlint.tree.worktree import WorkTree

__all__ = ["open_tree"]


def open_tree(path: str | os.PathLike[str], rev: str | None = None) -> Tree:
    """The kernel in the folder ``path``, or its commit ``rev`` when one is given.

    Raises ``UsageError`` when there is no such folder, it holds no kernel, or it has no such revision.
    """
    name = os.fspath(path)
    if not os.path.exists(name):
        raise UsageError(f"{name}: no such folder; give the root of a Linux source tree")
    if not os.path.isdir(name):
        raise UsageError(f"{name}: not a folder; give the root of a Linux source tree")
    tree: Tree
    if rev is None:
        tree, display = WorkTree(name), name
    else:
        from ptlint.tree.commit import CommitTree

        tree, display = CommitTree(name, rev), f"{name} at {rev}"
    missing = _missing(tree)
    if missing:
        tree.close()
        raise UsageError(f"{display}: not a Linux source tree (no {', '.join(missing)}); give the root of one")
    return tree


def _missing(tree: Tree) -> list[str]:
    files = [path for path in ("Makefile", "Kconfig") if not tree.exists(path)]
    return files + ([] if tree.is_dir("arch/x86/mm") else ["arch/x86/mm"])
