"""Who frees, hands on, links or walks tables: a graph of names, followed from the border upwards."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

import msgspec

from ptlint.select.border import BorderLike
from ptlint.select.flow import Flow
from ptlint.select.index import Fact, Index
from ptlint.select.rules import SelectRules
from ptlint.select.vocabulary import Vocabulary

__all__ = ["Chosen", "choose"]

_MEMBER = re.compile(rb"(?:\.|->)[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t\n]*(?:[A-Z_]+\()?[ \t\n]*&?([A-Za-z_]\w*)")


class Chosen(msgspec.Struct, frozen=True):
    """Facts by why they were chosen. ``freeing`` handle tables and lead to a free, ``ways`` lie between these and the border."""

    freeing: frozenset[Fact]
    ways: frozenset[Fact]
    stores: frozenset[Fact]
    walkers: frozenset[Fact]
    callers: frozenset[Fact]
    helpers: frozenset[Fact]

    @property
    def all(self) -> frozenset[Fact]:
        """All of them."""
        return self.freeing | self.ways | self.stores | self.walkers | self.callers | self.helpers


class _Graph:
    """Names, and who has them in its text."""

    def __init__(self, index: Index, border: BorderLike, rules: SelectRules, vocabulary: Vocabulary) -> None:
        self.index, self.rules, self.vocabulary = index, rules, vocabulary
        named = {name.encode() for name in border.named}
        self.facts = [fact for file in index.files.values() for fact in file.facts if fact.name.encode() not in named]
        self.by_name: defaultdict[bytes, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            self.by_name[fact.name.encode()].append(fact)
        self.members = _members(index, self.by_name.keys())
        self.member_of: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for member, functions in self.members.items():
            for function in functions:
                self.member_of[function].add(member)
        interesting = self.by_name.keys() | named | self.members.keys()
        self.users: defaultdict[bytes, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            for word in fact.words & interesting:
                self.users[word].append(fact)
        self._flows: dict[Fact, Flow] = {}
        self._ways: dict[Fact, bool] = {}

    def text(self, fact: Fact) -> bytes:
        return self.index.files[fact.file].parts.text[fact.definition.start:fact.definition.end]

    def flow(self, fact: Fact) -> Flow:
        if fact not in self._flows:
            self._flows[fact] = Flow(self.index.files[fact.file].parts.text, fact.definition, self.vocabulary)
        return self._flows[fact]

    def converts(self, fact: Fact) -> bool:
        """Whether a table can have become a page in this function."""
        if fact not in self._ways:
            match = self.vocabulary.way.match
            self._ways[fact] = any(match(word) for word in fact.words)
        return self._ways[fact]

    def callers(self, name: bytes) -> Iterator[tuple[Fact, bytes]]:
        """Who calls ``name``, directly or by a member that it is assigned to, and the word it is called by."""
        for fact in self.users.get(name, ()):
            if fact.name.encode() != name:
                yield fact, name
        for member in self.member_of.get(name, ()):
            use = re.compile(rb"(?:\.|->)[ \t]*%s[ \t]*[(,)]" % member)
            for fact in self.users.get(member, ()):
                if use.search(self.text(fact)):
                    yield fact, member

    def called(self, fact: Fact) -> Iterator[Fact]:
        for word in fact.words:
            yield from self.by_name.get(word, ())


def _members(index: Index, functions: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    known = set(functions)
    found: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for file in index.files.values():
        for match in _MEMBER.finditer(file.parts.text):
            if match[2] in known:
                found[match[1]].add(match[2])
    return found


def choose(index: Index, border: BorderLike, rules: SelectRules, vocabulary: Vocabulary) -> Chosen:
    """Follow the border's primitives up to all that handles tables, and choose what has to be parsed."""
    graph = _Graph(index, border, rules, vocabulary)
    for member in [member for member, functions in graph.members.items() if len(functions) > rules.ways.members]:
        for function in graph.members.pop(member):
            graph.member_of[function].discard(member)
    freeing, ways, carrying = _upwards(graph, border, rules)
    used = _reached(graph, freeing, ways, rules.ways.depth)
    stores = _with(graph, vocabulary.store, freeing | used)
    walkers = _with(graph, vocabulary.walker, freeing | used | stores)
    kept = freeing | used | stores
    callers = {fact for name in carrying for fact, _ in graph.callers(name) if fact not in kept}
    helpers = _helpers(graph, border, freeing | used) - kept
    return Chosen(*map(frozenset, (freeing, used, stores, walkers, callers, helpers)))


def _upwards(graph: _Graph, border: BorderLike, rules: SelectRules) -> tuple[set[Fact], set[Fact], set[bytes]]:
    """The functions that handle tables and lead to a free; those between; and the names that give away what they are given."""
    soft = {name for name, free in border.frees.items() if free.form in rules.drops.forms} | (set(border.lists) if rules.drops.lists else set())
    todo = deque((name.encode(), name in soft, 0) for name in (*border.frees, *border.defers, *border.lists))
    best = {name: (weak, depth) for name, weak, depth in todo}
    freeing: set[Fact] = set()
    ways: set[Fact] = set()
    carrying: set[bytes] = set()
    while todo:
        callee, weak, depth = todo.popleft()
        if best[callee] != (weak, depth):
            continue
        for fact, word in graph.callers(callee):
            if fact.table:
                if weak and not graph.converts(fact):
                    continue
                freeing.add(fact)
                weaker, deeper = False, 0
            elif fact.carrier and depth < rules.ways.depth:
                weaker, deeper = weak and not graph.converts(fact), depth + 1
            else:
                continue
            if not graph.flow(fact).gives(word.decode()):
                continue
            if fact.table:
                carrying.add(fact.name.encode())
            else:
                ways.add(fact)
            name = fact.name.encode()
            if name not in best or (weaker, deeper) < best[name]:
                best[name] = (weaker, deeper)
                todo.append((name, weaker, deeper))
    return freeing, ways, carrying


def _reached(graph: _Graph, start: Iterable[Fact], among: set[Fact], depth: int) -> set[Fact]:
    found: set[Fact] = set()
    current = set(start)
    for _ in range(depth):
        current = {fact for user in current for fact in graph.called(user) if fact in among} - found
        found |= current
    return found


def _with(graph: _Graph, pattern: re.Pattern[bytes], known: set[Fact]) -> set[Fact]:
    return {fact for fact in graph.facts if fact.table and fact not in known and any(pattern.match(word) for word in fact.words)}


def _helpers(graph: _Graph, border: BorderLike, users: set[Fact]) -> set[Fact]:
    """What functions that free call to wait or to find a table."""
    waiting: set[Fact] = set()
    current = {name.encode() for name in border.waits}
    for _ in range(3):
        more = {fact for name in current for fact in graph.users.get(name, ()) if not fact.table} - waiting
        waiting |= more
        current = {fact.name.encode() for fact in more}
    found = _reached(graph, users, waiting, 3)
    for fact in {fact for user in users for fact in graph.called(user)} - users:
        text = graph.index.files[fact.file].parts.text
        head = text[fact.definition.start:fact.definition.body].partition(fact.name.encode())[0]
        if b"*" in head and graph.vocabulary.word.search(head):
            found.add(fact)
    return found
