"""The Kconfig symbols that decide whether selected code is there: in conditionals of the text, and in Makefiles."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable

from ptlint.select.graph import Chosen
from ptlint.select.index import FILLED, Fact, Index
from ptlint.select.split import line_of, lines
from ptlint.tree import Tree

__all__ = ["guards", "makefile_gates", "switches", "text_gates"]

_ENABLED = re.compile(rb"\b(?:IS_ENABLED|IS_BUILTIN|IS_REACHABLE)[ \t]*\([ \t]*CONFIG_(\w+)")
_DENIED = re.compile(rb"![ \t]*(?:IS_ENABLED|IS_BUILTIN|IS_REACHABLE)[ \t]*\([ \t]*CONFIG_(\w+)")
_CONDITIONAL_END = re.compile(rb"^[ \t]*#[ \t]*endif", re.MULTILINE)
_LIST = re.compile(r"^[ \t]*([\w-]+?)-(y|objs|\$\(CONFIG_(\w+)\))[ \t]*[+:]?=[ \t]*(.*)$", re.MULTILINE)


def text_gates(index: Index, facts: Iterable[Fact]) -> frozenset[str]:
    """Symbols that let these functions, or a part of them, be there."""
    found: set[str] = set()
    for path, chosen in _by_file(facts).items():
        parts = index.files[path].parts
        inside = [guard for guard in parts.guards if guard.positive]
        for fact in chosen:
            definition = fact.definition
            found.update(guard.symbol for guard in definition.guards if guard.positive)
            found.update(guard.symbol for guard in inside if definition.start <= guard.offset < definition.end)
            text = parts.text[definition.body : definition.end]
            if b"CONFIG_" in text:
                denied = set(_DENIED.findall(text))
                found.update(symbol.decode() for symbol in _ENABLED.findall(text) if symbol not in denied)
    return frozenset(found)


def switches(index: Index, facts: frozenset[Fact]) -> frozenset[str]:
    """Symbols that change what these functions do: that are asked for in one, without which one is there, or that put one into a member."""
    found = _filling(index, {fact.name.encode() for fact in facts})
    for path, chosen in _by_file(facts).items():
        parts = index.files[path].parts
        for fact in chosen:
            definition = fact.definition
            found.update(guard.symbol for guard in definition.guards if not guard.positive)
            found.update(guard.symbol for guard in parts.guards if definition.start <= guard.offset < definition.end)
            found.update(symbol.decode() for symbol in _ENABLED.findall(parts.text, definition.body, definition.end))
    return frozenset(found)


def _filling(index: Index, names: set[bytes]) -> set[str]:
    """The symbols of the conditionals in which one of the functions is put into a member."""
    found: set[str] = set()
    for path, file in index.files.items():
        text = file.parts.text
        for guard in file.parts.guards if path.endswith(".c") and not names.isdisjoint(name for _, name in file.members) else ():
            end = _CONDITIONAL_END.search(text, guard.offset)
            if end is not None and any(match[2] in names for match in FILLED.finditer(text, guard.offset, end.start())):
                found.add(guard.symbol)
    return found


def guards(index: Index, chosen: Chosen) -> tuple[tuple[str, str, int], ...]:
    """The symbols around or inside the functions that free, each with the first place in every file."""
    found: dict[tuple[str, str], int] = {}
    for path, facts in _by_file(chosen.freeing | chosen.ways).items():
        parts = index.files[path].parts
        starts: list[int] | None = None
        for fact in facts:
            definition = fact.definition
            places = [(guard.symbol, guard.offset) for guard in definition.guards]
            places += [(guard.symbol, guard.offset) for guard in parts.guards if definition.start <= guard.offset < definition.end]
            places += [(match[1].decode(), match.start()) for match in _ENABLED.finditer(parts.text, definition.body, definition.end)]
            for symbol, offset in places:
                starts = lines(parts.text) if starts is None else starts
                line = line_of(starts, offset)
                found[symbol, path] = min(line, found.get((symbol, path), line))
    return tuple(sorted((symbol, path, line) for (symbol, path), line in found.items()))


def _by_file(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    found: defaultdict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[fact.file].append(fact)
    return found


def makefile_gates(tree: Tree, units: Iterable[str]) -> frozenset[str]:
    """The symbols under which Makefiles compile these files, and enter their folders."""
    makefiles: dict[str, list[tuple[str, str | None, list[str]]]] = {}
    found: set[str] = set()
    for unit in units:
        folder, name = posixpath.split(unit)
        _climb(tree, makefiles, folder, name.removesuffix(".c") + ".o", found)
    return frozenset(found)


def _climb(tree: Tree, makefiles: dict[str, list[tuple[str, str | None, list[str]]]], folder: str, word: str, found: set[str]) -> None:
    """Add the symbols for ``word`` of ``folder``, then for the folders above it."""
    done: set[str] = set()
    todo = [word]
    while todo:
        word = todo.pop()
        if word in done:
            continue
        done.add(word)
        for name, symbol, members in _lists(tree, makefiles, folder):
            if word in members:
                if symbol is not None:
                    found.add(symbol)
                if name not in ("obj", "lib"):
                    todo.append(f"{name}.o")
    parent, name = posixpath.split(folder)
    if parent:
        _climb(tree, makefiles, parent, name + "/", found)


def _lists(tree: Tree, makefiles: dict[str, list[tuple[str, str | None, list[str]]]], folder: str) -> list[tuple[str, str | None, list[str]]]:
    if folder not in makefiles:
        data = next((data for name in ("Kbuild", "Makefile") if (data := tree.read(f"{folder}/{name}")) is not None), b"")
        text = data.decode("utf-8", "replace").replace("\\\n", " ")
        makefiles[folder] = [(match[1], match[3], match[4].partition("#")[0].split()) for match in _LIST.finditer(text)]
    return makefiles[folder]
