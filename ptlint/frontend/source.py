"""Source files as bytes: their text at a position, identifiers in it, and the macros that they define."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .ir import Place

__all__ = ["Definition", "MacroIndex", "Sources"]

_IDENTIFIER = re.compile(rb"[A-Za-z_]\w*")
_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)((?:[^\\\n]|\\[^\n]|\\\n)*)", re.MULTILINE)
_DEPTH = 6


class Definition(NamedTuple):
    """A ``#define``: its place and the identifiers in its body."""

    place: Place
    words: frozenset[str]


class _Raw(NamedTuple):
    file: str
    start: int
    body: bytes


class Sources:
    """The bytes of files below ``directory``, those in ``unsaved`` (by path relative to it, or absolute) before those on disk.

    One object serves all units of a process that have the same ``unsaved`` headers: it keeps what it has read.
    """

    def __init__(self, directory: str, unsaved: Mapping[str, bytes] | None = None) -> None:
        self.directory = str(Path(directory).absolute())
        self.unsaved = {self.relative(name): text for name, text in (unsaved or {}).items()}
        self.memo: dict[str, object] = {}  # what others keep with the sources
        self.read: set[str] = set()  # the files that libclang read
        self._texts: dict[str, bytes] = {}
        self._defines: dict[str, dict[str, list[_Raw]]] = {}
        self._merged: dict[tuple[str, ...], dict[str, list[_Raw]]] = {}
        self._definitions: dict[tuple[str, int], Definition] = {}

    def overlay(self, unsaved: Mapping[str, bytes]) -> Sources:
        """These sources with more unsaved files; what was read is shared."""
        other = Sources(self.directory)
        other.unsaved = {**self.unsaved, **{self.relative(name): text for name, text in unsaved.items()}}
        other._texts = {**self._texts, **other.unsaved}
        other._defines = self._defines
        other._merged = self._merged
        other._definitions = self._definitions
        other.read = self.read
        return other

    def relative(self, path: str) -> str:
        """``path`` relative to the tree, normalised; a path outside the tree stays absolute."""
        path = posixpath.normpath(path)
        prefix = self.directory + "/"
        return path[len(prefix) :] if path.startswith(prefix) else path

    def absolute(self, path: str) -> str:
        """The absolute path of a file of the tree."""
        return str(Path(self.directory, path))

    def text(self, file: str) -> bytes:
        """The bytes of a file (relative path); empty when it cannot be read."""
        found = self._texts.get(file)
        if found is None:
            found = self.unsaved.get(file)
            if found is None:
                try:
                    found = Path(self.directory, file).read_bytes()
                except OSError:
                    found = b""
            self._texts[file] = found
        return found

    def identifier(self, file: str, offset: int) -> str:
        """The identifier that starts at ``offset``, or nothing."""
        match = _IDENTIFIER.match(self.text(file), offset)
        return match[0].decode() if match else ""

    def arguments(self, file: str, offset: int, limit: int = 2000) -> str:
        """The text in parentheses after the identifier at ``offset``, or nothing."""
        text = self.text(file)[offset : offset + limit]
        match = re.match(rb"\w+\s*\(", text)
        if not match:
            return ""
        depth = 1
        for position in range(match.end(), len(text)):
            byte = text[position]
            if byte == 40:
                depth += 1
            elif byte == 41:
                depth -= 1
                if not depth:
                    return text[match.end() : position].decode("utf-8", "replace")
        return ""

    def defines(self, file: str) -> dict[str, list[_Raw]]:
        """The macros that a file defines: name to definitions, in order."""
        found = self._defines.get(file)
        if found is None:
            found = {}
            for match in _DEFINE.finditer(self.text(file)):
                found.setdefault(match[1].decode(), []).append(_Raw(file, match.start(1), match[2]))
            self._defines[file] = found
        return found

    def merged(self, files: tuple[str, ...]) -> dict[str, list[_Raw]]:
        """The macros of several files in one table (kept)."""
        found = self._merged.get(files)
        if found is None:
            found = self._merged[files] = {}
            for file in files:
                for name, raws in self.defines(file).items():
                    found.setdefault(name, []).extend(raws)
        return found

    def definition(self, raw: _Raw) -> Definition:
        """A definition with its place and words (kept)."""
        found = self._definitions.get(raw[:2])
        if found is None:
            words = frozenset(word.decode() for word in _IDENTIFIER.findall(raw.body))
            found = self._definitions[raw[:2]] = Definition(self.place(raw.file, raw.start), words)
        return found

    def place(self, file: str, offset: int) -> Place:
        """The place of an offset in a file."""
        text = self.text(file)
        return Place(file, text.count(b"\n", 0, offset) + 1, offset - text.rfind(b"\n", 0, offset))


_Step = tuple[tuple[tuple[str, Place], ...], tuple[str, Place], Definition]


class MacroIndex:
    """The macros of the files of one unit: its own, then those of the precompiled header (whose index is kept with the sources)."""

    def __init__(self, sources: Sources, own: list[str], shared: tuple[str, ...]) -> None:
        self._sources = sources
        covered = set(shared)
        self._own = [file for file in dict.fromkeys(own) if file not in covered]
        self._shared = sources.merged(shared)
        self._tables: list[dict[str, list[_Raw]]] | None = None
        self._found: dict[str, tuple[Definition, ...]] = {}
        self._chains: dict[tuple[str, str], tuple[tuple[str, Place], ...]] = {}

    def lookup(self, name: str) -> tuple[Definition, ...]:
        """All definitions of a macro, in the order of the files' names."""
        found = self._found.get(name)
        if found is None:
            if self._tables is None:
                self._tables = [self._sources.defines(file) for file in self._own]
            raws = [raw for table in self._tables if name in table for raw in table[name]]
            raws.extend(self._shared.get(name, ()))
            found = self._found[name] = tuple(self._sources.definition(raw) for raw in sorted(raws))
        return found

    def chain(self, outermost: str, callee: str) -> tuple[tuple[str, Place], ...]:
        """The macros from ``outermost`` to the one whose body names ``callee``, each with its place.

        Without a way (the name is pasted together), ``outermost`` alone; empty when that is no macro.
        """
        chain = self.way(outermost, callee)
        if not chain and (first := self.lookup(outermost)):
            return ((outermost, first[0].place),)
        return chain

    def way(self, outermost: str, word: str) -> tuple[tuple[str, Place], ...]:
        """The macros from ``outermost`` to the nearest one that has ``word`` in its body; empty when there is none."""
        key = (outermost, word)
        chain = self._chains.get(key)
        if chain is None:
            chain = self._chains[key] = self._search(outermost, word)
        return chain

    def _search(self, outermost: str, word: str) -> tuple[tuple[str, Place], ...]:
        seen = {outermost}
        level: list[_Step] = [((), (outermost, definition.place), definition) for definition in self.lookup(outermost)]
        for _ in range(_DEPTH):
            for before, link, definition in level:
                if word in definition.words:
                    return (*before, link)
            following: list[_Step] = []
            for before, link, definition in level:
                for inner_word in sorted(definition.words - seen):
                    seen.add(inner_word)
                    following.extend(((*before, link), (inner_word, inner.place), inner) for inner in self.lookup(inner_word))
            level = following
        return ()
