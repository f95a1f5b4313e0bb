"""The bytes of a kernel tree, from a work tree or from a commit.

``open_tree(path, rev)`` gives a ``Tree``. It is a context manager: closing one that stands for a commit removes the private folder that
its ``directory()`` was written to. Nothing is written in the kernel's own folder, and nothing of its git configuration is run.
"""

from __future__ import annotations

from ptlint.tree.base import Tree, kernel_version
from ptlint.tree.opening import open_tree
from ptlint.tree.tolerant import Tolerant
from ptlint.tree.worktree import WorkTree

__all__ = ["Tolerant", "Tree", "WorkTree", "kernel_version", "open_tree"]
