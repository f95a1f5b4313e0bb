"""What may stand in a configuration file."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["USER_ONLY", "Settings"]

USER_ONLY = frozenset({"cache-dir", "no-cache", "jobs", "color"})
"""What is the user's to say, and not the tree's: a tree that is only looked at must not choose where files are written."""

Names = tuple[str, ...]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of ``.ptlint.toml`` and of the user's ``config.toml``, with their defaults."""

    select: Annotated[Names, msgspec.Meta(description="Report these rules only (ids or names); empty: all.")] = ()
    ignore: Annotated[Names, msgspec.Meta(description="Do not report these rules.")] = ()
    only: Annotated[Names, msgspec.Meta(description="Report findings below these paths of the tree only; empty: all.")] = ()
    variants: Annotated[Names, msgspec.Meta(description="Look at these variants only; empty: all.")] = ()
    fail_on: Annotated[Literal["error", "warning", "note"], msgspec.Meta(description="The lowest severity that makes the exit status 1.")] = "warning"
    strict: Annotated[bool, msgspec.Meta(description="Calls that are not resolved and symbols that are not covered make the exit status 2.")] = False
    jobs: Annotated[int, msgspec.Meta(ge=0, description="Processes to use; 0: one for each CPU. Only in the user's file.")] = 0
    cache_dir: Annotated[str, msgspec.Meta(description="The cache's folder; empty: the system's place for it. Only in the user's file.")] = ""
    no_cache: Annotated[bool, msgspec.Meta(description="Use no cache. Only in the user's file.")] = False
    color: Annotated[Literal["auto", "always", "never"], msgspec.Meta(description="Colour. Only in the user's file.")] = "auto"
