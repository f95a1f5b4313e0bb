"""Which files and functions can matter, found by words and text alone, for all builds of a tree at once.

::

    selection = select(tree, border, load_rules(resources.rules()))
    for build in plan.builds:
        for unit in build.units & selection.units:
            parse_unit(..., wanted=selection.wanted)

A search for plain texts in the bytes comes first. What it finds is taken apart into functions (``split``; tree-sitter has a second look at what
does not come out even), and a graph of names is followed from the border's primitives up to what handles tables (``graph``). This decides
what is read by the compiler, and is never evidence of anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ptlint.cache import Shelf
from ptlint.select.border import BorderLike
from ptlint.select.gates import guards, makefile_gates, switches, text_gates
from ptlint.select.graph import Chosen, choose
from ptlint.select.index import Index, read_index
from ptlint.select.model import LeftOut, Selection, Stats
from ptlint.select.rules import SelectRules, load_rules
from ptlint.select.split import split
from ptlint.tree import Tree

__all__ = ["BorderLike", "LeftOut", "SelectRules", "Selection", "Stats", "defining", "load_rules", "select"]

_CONTEXT = "links, makes or walks tables, or calls what frees them, and no table gets to the allocator through it"
_NO_WAY = "handles tables, and nothing in it frees, hands on, links or walks one"


def select(tree: Tree, border: BorderLike, rules: SelectRules, jobs: int = 1, shelf: Shelf | None = None) -> Selection:
    """Search ``tree`` and choose. ``jobs`` threads read files; what these come apart to is kept on ``shelf``, which belongs to these rules.

    Raises ``Unreadable`` when a file is there and cannot be read.
    """
    entries = [(entry.type, entry.below) for entry in border.entries.values()]
    vocabulary = rules.vocabulary(entries, border.tables, border.gathers)
    shelf = shelf or Shelf(None, "", b"")
    index = read_index(tree, rules, vocabulary, _primitives(border, rules), shelf, jobs)
    chosen = choose(index, border, rules, vocabulary, shelf)
    facts = chosen.all
    names = frozenset(fact.name for fact in facts)
    units = _units(index, frozenset(fact.file for fact in chosen.core if fact.source) | _fillers(index, chosen, border) | _broken(index))
    units |= _sharing(index, border, units)
    context = _units(index, frozenset(fact.file for fact in facts if fact.source)) - units
    others = [fact for file in index.files.values() for fact in file.facts if fact.name not in names]
    skipped = frozenset(fact.name for fact in others if fact.source) - frozenset(fact.name for fact in others if not fact.source)
    inside = [fact for path, file in index.files.items() if path in units for fact in file.facts if fact.source]
    return Selection(
        units=units,
        context=context,
        functions=names,
        skipped=skipped,
        gates=text_gates(index, chosen.freeing | chosen.ways | chosen.stores) | makefile_gates(tree, units),
        switches=switches(index, chosen.core | chosen.helpers),
        guards=guards(index, chosen),
        left_out=_left_out(index, chosen, units, context),
        stats=Stats(index.searched, index.size, len(index.files), len(inside), sum(fact.name in names for fact in inside)),
    )


def defining(tree: Tree, units: Iterable[str], names: Mapping[str, str]) -> frozenset[str]:
    """Those of the ``units`` that define one of these functions, in the folder that goes with its name."""
    found = set()
    for path in sorted(units):
        wanted = {name for name, folder in names.items() if path.startswith(folder)}
        data = tree.read(path) if wanted else None
        if data is not None and any(name.encode() in data for name in wanted):
            found |= {path for one in split(data).definitions if not wanted.isdisjoint(one.names)}
    return frozenset(found)


def _primitives(border: BorderLike, rules: SelectRules) -> list[bytes]:
    """What a header names that has a way to a free in it; slab's are in nearly all and take no page."""
    return [name.encode() for name, free in border.frees.items() if free.form in rules.ways.headers] + [name.encode() for name in border.defers]


def _broken(index: Index) -> frozenset[str]:
    """The .c files that do not come apart into functions: nothing can be said of what is in them, so the compiler has to look."""
    return frozenset(path for path, file in index.files.items() if path.endswith(".c") and not (file.parts.even and file.parts.definitions))


def _fillers(index: Index, chosen: Chosen, border: BorderLike) -> frozenset[str]:
    """The .c files that put a chosen function into a table of functions, in a function or outside of any, or something in the place of a wait."""
    names = {fact.name.encode() for fact in chosen.core}
    # What headers offer for entries is put into such tables too: without it nobody knows who sets an entry.
    names |= {
        fact.name.encode() for file in index.files.values() for fact in file.facts if fact.table and not fact.source and not fact.definition.macro
    }
    waits = {name.encode() for name in border.waits}
    waiting = {member for filled in index.filled.values() for member, name in filled if name in waits}
    return frozenset(path for path, filled in index.filled.items() if any(name in names or member in waiting for member, name in filled))


def _sharing(index: Index, border: BorderLike, units: frozenset[str]) -> frozenset[str]:
    """The .c files that name a list which headers offer to all, where functions of ``units`` that handle tables name it too: they use its words."""
    types = b"|".join(rb"\s+".join(re.escape(word.encode()) for word in name.split()) for name in sorted(border.links))
    offered = re.compile(rb"\bextern\s+(?:" + types + rb")\s+(\w+)\s*;")
    lists = {name for path, file in index.files.items() if path.endswith(".h") for name in offered.findall(file.parts.text)}
    used = {name for path in units if path in index.files for fact in index.files[path].facts if fact.table for name in lists & fact.words}
    return frozenset(
        path for path, file in index.files.items() if path.endswith(".c") and any(not used.isdisjoint(fact.words) for fact in file.facts)
    )


def _units(index: Index, files: frozenset[str]) -> frozenset[str]:
    """The files themselves, and those that include them."""
    found: set[str] = set()
    todo = list(files)
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo.extend(index.includers.get(path, ()))
    return frozenset(found)


def _left_out(index: Index, chosen: Chosen, units: frozenset[str], context: frozenset[str]) -> tuple[LeftOut, ...]:
    selected = {fact.file for fact in chosen.all}
    found = []
    for path, file in index.files.items():
        count = sum(fact.table for fact in file.facts)
        if count and path not in units and (path in context or path not in selected):
            found.append(LeftOut(path, count, _CONTEXT if path in context else _NO_WAY))
    return tuple(sorted(found))
