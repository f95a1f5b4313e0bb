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


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"without": "not"}):
    """``coarse`` texts, of which a file has one when it can matter; patterns of ``names`` of tables, ``without`` some."""

    coarse: tuple[str, ...]
    names: tuple[str, ...]
    without: tuple[str, ...]
    reason: str


class Ways(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far, and by which types of parameters (``objects``, and ``numbers`` for frees of ``forms``), code that serves any page is followed.

    From ``members`` functions on, a member of that name tells nothing; ``pages`` are types of
    parameters that may be a table's page; ``fresh`` are names of what makes new objects.
    A header that names a free of one of the forms ``headers`` is read.
    """

    depth: int
    members: int
    objects: tuple[str, ...]
    numbers: tuple[str, ...]
    pages: tuple[str, ...]
    fresh: tuple[str, ...]
    forms: tuple[str, ...]
    headers: tuple[str, ...]
    reason: str


class Drops(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Primitives (by form of a free, by action of a list) that count only for what came through one of the names ``ways``.

    Code that serves any page is followed ``depth`` calls from them.
    """

    forms: tuple[str, ...]
    depth: int
    actions: tuple[str, ...]
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


class Fillers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where files are looked into for what they put into tables of functions, whatever else is in them."""

    paths: tuple[str, ...]
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
    fillers: Fillers

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
        types = sorted({*(name.removesuffix("*").split()[-1] for name in tables), *collectors})
        expand = functools.partial(_expand, stems, upper)
        coarse = {pattern.replace("{stem}", stem) for pattern in self.words.coarse for stem in stems}
        return Vocabulary(
            coarse=tuple(text.encode() for text in sorted(coarse.union(types)) if not _longer(text, coarse.union(types))),
            word=_whole(expand([*self.words.names, *(f"{name}\\w*" for name in types)])),
            other=_whole(expand(self.words.without)),
            objects=re.compile(_any(expand(self.ways.objects))),
            numbers=re.compile(_any(expand(self.ways.numbers))),
            pages=re.compile(_any(self.ways.pages)),
            local=re.compile(rb"\b" + _any(collectors) + rb"[ \t]+(\w+)"),
            maker=_whole(self.ways.fresh),
            fresh=re.compile(rb"\b" + _any(self.ways.fresh) + rb"[ \t\n]*\("),
            way=_whole(expand(self.drops.ways)),
            store=_whole(expand([name for row in self.store for name in row.names])),
            walker=_whole(expand(self.walkers.names)),
        )


def _expand(stems: Sequence[str], upper: Sequence[str], patterns: Sequence[str]) -> list[str]:
    stem, above = "(?:" + "|".join(stems) + ")", "(?:" + "|".join(upper) + ")"
    return [pattern.replace("{stem}", stem).replace("{upper}", above) for pattern in patterns]


def _any(patterns: Iterable[str]) -> bytes:
    return b"(?:" + "|".join(patterns).encode() + b")"


def _longer(text: str, texts: Iterable[str]) -> bool:
    """Whether ``text`` only repeats a shorter one."""
    return any(other != text and other in text for other in texts)


def _whole(patterns: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(_any(patterns) + rb"\Z")


def load_rules(folder: Path) -> SelectRules:
    """Read ``select.toml`` of a folder. Raises ``Unreadable`` when it is broken."""
    path = folder / "select.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=SelectRules)
    except (msgspec.MsgspecError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from None
