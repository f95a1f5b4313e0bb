"""What a run is asked for: the command line's word to the pipeline."""

from __future__ import annotations

from pathlib import Path

import msgspec

__all__ = ["RunOptions"]


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """One run over one tree.

    ``rev`` is a revision of the tree's repository, read instead of the work tree. ``config`` is the user's own ``.config``. ``variants`` are
    the names to look at; empty means all. ``cache_dir`` is not touched with ``no_cache``. ``verbosity`` is -1 (quiet), 0, 1, …
    """

    tree: Path
    rev: str | None = None
    config: Path | None = None
    variants: tuple[str, ...] = ()
    jobs: int = 1
    cache_dir: Path | None = None
    no_cache: bool = False
    verbosity: int = 0
