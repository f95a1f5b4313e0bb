"""Reading a tree: the files that can matter, taken apart into facts about each function."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec

from ptlint.cache import Shelf
from ptlint.select.rules import Folder, SelectRules
from ptlint.select.split import Definition, Parts, split
from ptlint.select.syntax import complete
from ptlint.select.vocabulary import Vocabulary
from ptlint.tree import Tree

__all__ = ["FILLED", "Fact", "File", "Index", "read_index"]

_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_INCLUDED = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+\.c)"', re.MULTILINE)
_MEMBER = re.compile(rb"(?:\.|->)[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t\n]*(?:[A-Z_]+\()?[ \t\n]*&?([A-Za-z_]\w*)")
FILLED = re.compile(rb"(?:\.|->)\s*(\w+)\s*=\s*&?\s*(\w+)\s*[,;}]")
_SOURCES = (".c", ".h")


class Fact(msgspec.Struct, frozen=True, eq=False, gc=False, array_like=True):
    """A function or macro of a file: the identifiers in it, and whether it has a word of tables, makes or links one, or opens a walkers' section."""

    name: str
    file: str
    definition: Definition
    words: frozenset[bytes]
    table: bool
    stores: bool
    walks: bool

    @property
    def source(self) -> bool:
        """Whether it is a function of a .c file."""
        return self.file.endswith(".c") and not self.definition.macro


class File(msgspec.Struct, frozen=True, eq=False, array_like=True):
    """A file that was taken apart. ``members`` are what it puts into members: (member, name)."""

    path: str
    parts: Parts
    facts: tuple[Fact, ...]
    members: frozenset[tuple[bytes, bytes]]


_DECODER = msgspec.msgpack.Decoder(File)


class Index(msgspec.Struct, frozen=True, eq=False):
    """All files that were taken apart; ``includers`` of each .c file that is included; how many files and bytes were searched.

    ``filled`` are what each .c file puts into members, in a function or in an initialiser outside of any: (member, name).
    """

    files: dict[str, File]
    includers: dict[str, frozenset[str]]
    searched: int
    size: int
    filled: dict[str, frozenset[tuple[bytes, bytes]]]


def read_index(tree: Tree, rules: SelectRules, vocabulary: Vocabulary, ways: Sequence[bytes], shelf: Shelf, jobs: int = 1) -> Index:
    """Search the folders of ``rules``; take apart what has a word, what is to be read in full, and headers that name one of ``ways``.

    What files come apart to is kept on ``shelf``.
    """
    files: dict[str, File] = {}
    includers: dict[str, set[str]] = {}
    filled: dict[str, frozenset[tuple[bytes, bytes]]] = {}
    searched = size = 0
    for path, whole, data in _contents(tree, rules, jobs):
        searched += 1
        size += len(data)
        for name in _INCLUDED.findall(data) if b'.c"' in data else ():
            includers.setdefault(posixpath.normpath(posixpath.join(posixpath.dirname(path), name.decode())), set()).add(path)
        if path.endswith(".c") and path.startswith(rules.fillers.paths) and (pairs := frozenset(FILLED.findall(data))):
            filled[path] = pairs
        if whole or any(text in data for text in vocabulary.coarse) or (path.endswith(".h") and any(text in data for text in ways)):
            files[path] = _apart(path, data, rules, vocabulary, shelf)
    return Index(files, {path: frozenset(found) for path, found in includers.items()}, searched, size, filled)


def _contents(tree: Tree, rules: SelectRules, jobs: int) -> Iterator[tuple[str, bool, bytes]]:
    wanted: dict[str, bool] = {}
    for folder in rules.folder:
        for path in _paths(tree, folder):
            if path.endswith(_SOURCES) and not path.startswith(rules.prefixes):
                wanted[path] = wanted.get(path, False) or folder.whole
    if jobs == 1:
        for path, whole in wanted.items():
            data = tree.read(path)
            if data is not None:
                yield path, whole, data
        return
    with ThreadPoolExecutor(jobs) as pool:
        for (path, whole), data in zip(wanted.items(), pool.map(tree.read, wanted, chunksize=64), strict=True):
            if data is not None:
                yield path, whole, data


def _paths(tree: Tree, folder: Folder) -> list[str]:
    if folder.path.endswith(_SOURCES):
        return [folder.path] if tree.exists(folder.path) else []
    return [path for path in tree.files(folder.path) if folder.deep or "/" not in path[len(folder.path) + 1 :]]


def _apart(path: str, data: bytes, rules: SelectRules, vocabulary: Vocabulary, shelf: Shelf) -> File:
    kept = shelf.find(path.encode(), data)
    if kept is not None:
        with suppress(msgspec.MsgspecError):
            return _DECODER.decode(kept)
    found = take_apart(path, data, rules, vocabulary)
    shelf.keep(msgspec.msgpack.encode(found), path.encode(), data)
    return found


def take_apart(path: str, data: bytes, rules: SelectRules, vocabulary: Vocabulary) -> File:
    """The facts of one file."""
    parts = split(data)
    if not parts.even:
        parts = complete(parts)
    inside = [(definition, frozenset(_IDENTIFIER.findall(parts.text, definition.start, definition.end))) for definition in parts.definitions]
    named = set().union(*(words for _, words in inside))
    tables = frozenset(filter(vocabulary.is_table, named))
    storing, walking = frozenset(filter(vocabulary.store.match, named)), frozenset(filter(vocabulary.walker.match, named))
    facts: list[Fact] = []
    for definition, words in inside:
        kinds = [not some.isdisjoint(words) for some in (tables, storing, walking)]
        head = parts.text[definition.start : definition.body] if definition.generated else b""
        facts.extend(Fact(name, path, definition, words, *kinds) for name in _names(definition, head, rules))
    return File(path, parts, tuple(facts), frozenset((match[1], match[2]) for match in _MEMBER.finditer(parts.text)))


def _names(definition: Definition, head: bytes, rules: SelectRules) -> tuple[str, ...]:
    if not definition.generated:
        return definition.names
    macros = [word.decode() for word in _IDENTIFIER.findall(head.partition(b"(")[0])]
    for generator in rules.generator:
        if any(re.fullmatch(generator.macro, macro) for macro in macros):
            return tuple(name.replace("{0}", definition.names[0]) for name in generator.names)
    return definition.names
