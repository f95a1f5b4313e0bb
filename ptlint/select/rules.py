"""``rules/select.toml``: where to look, by which words, and what counts as a way."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ptlint.errors import Unreadable
from ptlint.select.vocabulary import Vocabulary

__all__ = ["SelectRules", "load_rules"]


class Folder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder or file to look in. ``whole``: read in full, not only what has a word; not ``deep``: without the folders in it."""

    path: str
    reason: str
    whole: bool = False
    deep: bool = True


class Out(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prefixes of paths that are not looked at."""

    paths: tuple[str, ...]
    reason: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of tables beside the types: ``parts`` of identifiers, and ``texts`` inside them."""

    parts: tuple[str, ...]
    texts: tuple[str, ...]
    reason: str


class Ways(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far, and by which types of parameters, code that serves any page is followed.

    ``owners`` are the types of what tables belong to, ``members`` the number of functions from which on a member of that name tells nothing,
    ``fresh`` names of what makes new objects.
    """

    depth: int
    carriers: tuple[str, ...]
    owners: tuple[str, ...]
    members: int
    fresh: tuple[str, ...]
    reason: str


class Drops(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Primitives (by form of a free; ``lists`` too) that count only in a function with one of the names ``ways``."""

    forms: tuple[str, ...]
    lists: bool
    ways: tuple[str, ...]
    reason: str


class Names(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of names, and why."""

    names: tuple[str, ...]
    reason: str


class Generator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A macro that makes functions: ``names`` of them, of its first argument."""

    macro: str
    names: tuple[str, ...]
    reason: str


class SelectRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The file as a whole."""

    folder: tuple[Folder, ...]
    out: tuple[Out, ...]
    words: Words
    ways: Ways
    drops: Drops
    store: tuple[Names, ...]
    walkers: Names
    generator: tuple[Generator, ...]

    @functools.cached_property
    def prefixes(self) -> tuple[str, ...]:
        """Where not to look."""
        return tuple(path for row in self.out for path in row.paths)

    def vocabulary(self, entries: Iterable[tuple[str, str]], tables: Iterable[str], gathers: Iterable[str]) -> Vocabulary:
        """The patterns for these entry types, each with the level below it, these other types of tables, and what collects tables."""
        pairs = list(entries)
        stems = [name.removesuffix("_t") for name, _ in pairs]
        upper = [name.removesuffix("_t") for name, below in pairs if below != "data"]
        collectors = sorted(name.split()[-1] for name in gathers)
        names = sorted({*(name.removesuffix("*").split()[-1] for name in tables), *collectors})
        parts = [*stems, *self.words.parts]
        expand = functools.partial(_expand, stems, upper)
        word = rb"\b(?:\w*_)?(?:%s)(?:_\w+|val)?\b|%s" % (_any(parts), _any([*names, *self.words.texts]))
        return Vocabulary(
            coarse=tuple(text.encode() for text in [*(f"{stem}_" for stem in stems), *names, *self.words.texts, *(part for part in self.words.parts if len(part) > 5)]),
            word=re.compile(word),
            carrier=re.compile(_any(expand(self.ways.carriers))),
            owner=re.compile(_any(self.ways.owners)),
            local=re.compile(rb"\b" + _any(collectors) + rb"[ \t]+(\w+)"),
            fresh=re.compile(rb"\b" + _any(self.ways.fresh) + rb"[ \t\n]*\("),
            way=re.compile(rb"(?:%s)\Z" % _any(expand(self.drops.ways))),
            store=re.compile(rb"(?:%s)\Z" % _any(expand([name for row in self.store for name in row.names]))),
            walker=re.compile(rb"(?:%s)\Z" % _any(expand(self.walkers.names))),
        )


def _expand(stems: Sequence[str], upper: Sequence[str], patterns: Sequence[str]) -> list[str]:
    stem, above = "(?:" + "|".join(stems) + ")", "(?:" + "|".join(upper) + ")"
    return [pattern.replace("{stem}", stem).replace("{upper}", above) for pattern in patterns]


def _any(patterns: Iterable[str]) -> bytes:
    return b"(?:" + "|".join(patterns).encode() + b")"


def load_rules(folder: Path) -> SelectRules:
    """Read ``select.toml`` of a folder. Raises ``Unreadable`` when it is broken."""
    path = folder / "select.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=SelectRules)
    except (msgspec.MsgspecError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from None
