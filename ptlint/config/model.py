"""What may stand in a configuration file."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec

from ptlint.words import Severity

__all__ = ["USER_ONLY", "Settings", "SuppressFile", "Suppression"]

USER_ONLY = frozenset({"cache-dir", "no-cache", "jobs", "color"})
"""What is the user's to say, and not the tree's: a tree that is only looked at must not choose where files are written."""

Names = tuple[str, ...]


class Suppression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A finding that somebody looked at and lets be: by its fingerprint, or all findings of a rule in one function.

    After the day ``expires`` it hides nothing any more.
    """

    reason: Annotated[str, msgspec.Meta(pattern=r"\S", description="Why the finding may stay. Shown wherever it is hidden.")]
    fingerprint: Annotated[str, msgspec.Meta(min_length=1, description="The finding's fingerprint (JSON, or text with -v).")] | None = None
    file: Annotated[str, msgspec.Meta(min_length=1, description="A path of the tree; with function and rule.")] | None = None
    function: Annotated[str, msgspec.Meta(min_length=1, description="The function that the finding stands in; with file and rule.")] | None = None
    rule: Annotated[str, msgspec.Meta(min_length=1, description="The rule's id or name; needed with file and function.")] | None = None
    expires: Annotated[datetime.date, msgspec.Meta(description="The last day on which it holds: 2027-03-31.")] | None = None

    def __post_init__(self) -> None:
        if self.fingerprint is None and not (self.file and self.function and self.rule):
            raise ValueError("a suppression needs a fingerprint, or file, function and rule")


_NEEDS = {"anyOf": [{"required": ["fingerprint"]}, {"required": ["file", "function", "rule"]}]}
Suppressions = tuple[Annotated[Suppression, msgspec.Meta(extra_json_schema=_NEEDS)], ...]


class SuppressFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of nothing but ``[[suppress]]``, for ``--suppressions``."""

    suppress: Suppressions = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The keys of ``.ptlint.toml`` and of the user's ``config.toml``, with their defaults."""

    select: Annotated[Names, msgspec.Meta(description="Report these rules only (ids or names); empty: all.")] = ()
    ignore: Annotated[Names, msgspec.Meta(description="Do not report these rules.")] = ()
    only: Annotated[Names, msgspec.Meta(description="Report findings below these paths of the tree only; empty: all.")] = ()
    variants: Annotated[Names, msgspec.Meta(description="Look at these variants only; empty: all.")] = ()
    fail_on: Annotated[Severity, msgspec.Meta(description="The lowest severity that makes the exit status 1.")] = "warning"
    strict: Annotated[bool, msgspec.Meta(description="Calls that are not resolved and symbols that are not covered make the exit status 2.")] = False
    jobs: Annotated[int, msgspec.Meta(ge=0, description="Processes to use; 0: one for each CPU. Only in the user's file.")] = 0
    cache_dir: Annotated[str, msgspec.Meta(description="The cache's folder; empty: the system's place for it. Only in the user's file.")] = ""
    no_cache: Annotated[bool, msgspec.Meta(description="Use no cache. Only in the user's file.")] = False
    color: Annotated[Literal["auto", "always", "never"], msgspec.Meta(description="Colour. Only in the user's file.")] = "auto"
    suppress: Annotated[Suppressions, msgspec.Meta(description="Findings that are hidden, each with a reason. Those of all files hold.")] = ()
