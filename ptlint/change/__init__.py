"""Patches as text: from a diff, a mail or an mbox to hunks, and from hunks and the bytes of a file to its bytes afterwards.

``read_patches(data, name)`` gives the patches of a series, in order. ``apply_hunks`` lays one file's hunks over its bytes, where git would: with an
offset, and without fuzz. Nothing here reads or writes a file; ``ptlint.tree`` lays a whole patch over a tree.
"""

from __future__ import annotations
