"""The two ways in which a run can fail that the user should hear about in one line."""

from __future__ import annotations

__all__ = ["Unreadable", "UsageError"]


class UsageError(Exception):
    """The run cannot be made as it was asked for: no such tree, revision, variant or function."""


class Unreadable(Exception):
    """A file of the tree is missing, unreadable, or nothing that could be parsed."""
