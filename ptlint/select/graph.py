"""Who frees, hands on, links or walks tables: a graph of names, followed from the border upwards."""

from __future__ import annotations

import enum
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

import msgspec

from ptlint.cache import Shelf
from ptlint.select.border import BorderLike
from ptlint.select.flow import Flows, Given
from ptlint.select.index import Fact, Index
from ptlint.select.rules import SelectRules
from ptlint.select.vocabulary import Vocabulary

__all__ = ["Chosen", "choose"]

_NEAR = 3
_WORD = re.compile(rb"[A-Za-z_]\w*")
_PLACE = re.compile(rb"(\w+)[ \t]*\*[ \t]*\*")


class Chosen(msgspec.Struct, frozen=True):
    """Facts by why they were chosen. ``freeing`` handle tables and lead to a free, ``ways`` lie between these and the border."""

    freeing: frozenset[Fact]
    ways: frozenset[Fact]
    stores: frozenset[Fact]
    walkers: frozenset[Fact]
    callers: frozenset[Fact]
    helpers: frozenset[Fact]

    @property
    def core(self) -> frozenset[Fact]:
        """Those through which a table can get to the allocator."""
        return self.freeing | self.ways

    @property
    def all(self) -> frozenset[Fact]:
        """All of them."""
        return self.freeing | self.ways | self.stores | self.walkers | self.callers | self.helpers


class _Graph:
    """Names, and who has them in its text."""

    def __init__(self, index: Index, border: BorderLike, rules: SelectRules, vocabulary: Vocabulary, shelf: Shelf) -> None:
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
        self.flows = Flows(vocabulary, shelf)

    def text(self, fact: Fact) -> bytes:
        return self.index.files[fact.file].parts.text[fact.definition.start : fact.definition.end]

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
        for member, function in file.members:
            if function in known:
                found[member].add(function)
    return found


def choose(index: Index, border: BorderLike, rules: SelectRules, vocabulary: Vocabulary, shelf: Shelf) -> Chosen:
    """Follow the border's primitives up to all that handles tables, and choose what has to be parsed. ``shelf`` is for these rules."""
    graph = _Graph(index, border, rules, vocabulary, shelf)
    for member in [member for member, functions in graph.members.items() if len(functions) > rules.ways.members]:
        for function in graph.members.pop(member):
            graph.member_of[function].discard(member)
    freeing, edges, callers = _upwards(graph, border, rules)
    graph.flows.keep()
    used: set[Fact] = set()
    current = freeing
    while current:
        names = {name for fact in current for name in edges.get(fact, ())}
        current = {fact for name in names for fact in graph.by_name.get(name, ()) if fact in edges} - used - freeing
        used |= current
    known = freeing | used
    stores = {fact for fact in graph.facts if fact.table and fact.stores} - known
    walkers = {fact for fact in graph.facts if fact.walks and _near(graph, fact)} - known - stores
    helpers = _helpers(graph, border, known) - known - stores - walkers
    return Chosen(
        freeing=frozenset(freeing),
        ways=frozenset(used),
        stores=frozenset(stores),
        walkers=frozenset(walkers),
        callers=frozenset(callers - known),
        helpers=frozenset(helpers),
    )


class _Force(enum.IntEnum):
    """How much a call says: gives memory back, drops a reference as data pages have them too, puts on a list."""

    FREE = 0
    DROP = 1
    LIST = 2


class _State(msgspec.Struct, frozen=True):
    """What is known of a name that leads to a free: how much a call of it says, how far it is from the border, and whether it takes a number."""

    force: _Force
    depth: int
    numeric: bool

    def better(self, other: _State | None) -> _State:
        """Both together."""
        if other is None:
            return self
        return _State(min(self.force, other.force), min(self.depth, other.depth), self.numeric or other.numeric)


def _border(border: BorderLike, rules: SelectRules) -> dict[bytes, _State]:
    known = {name.encode(): _State(_Force.FREE, 0, False) for name in border.defers}
    for name, free in border.frees.items():
        force = _Force.DROP if free.form in rules.drops.forms else _Force.FREE
        known[name.encode()] = _State(force, 0, free.form in rules.ways.forms)
    known.update((name.encode(), _State(_Force.LIST, 0, False)) for name, found in border.lists.items() if found.action in rules.drops.actions)
    return known


def _upwards(graph: _Graph, border: BorderLike, rules: SelectRules) -> tuple[set[Fact], dict[Fact, set[bytes]], set[Fact]]:
    """The functions that handle tables and lead to a free, what they and those between call on the way, and who else calls them."""
    known = _border(border, rules)
    primitives = frozenset(known)
    todo = deque(known.items())
    freeing: set[Fact] = set()
    callers: set[Fact] = set()
    edges: defaultdict[Fact, set[bytes]] = defaultdict(set)
    while todo:
        callee, state = todo.popleft()
        if known[callee] != state:
            continue
        for fact, word in graph.callers(callee):
            given, turned, filled = graph.flows.gives(graph.text(fact), fact.definition, word)
            found: _State | None = None
            if fact.table:
                if (state.force and not turned) or not filled:
                    continue
                freeing.add(fact)
                edges[fact].add(callee)
                if given:
                    found = _State(_Force.FREE, 0, False)
            elif _passes(state, given, turned, rules) and not graph.vocabulary.maker.match(fact.name.encode()):
                edges[fact].add(callee)
                found = _State(state.force, state.depth + 1, given is Given.NUMBER)
            elif given and not state.depth and not state.force and callee not in primitives:
                callers.add(fact)
            name = fact.name.encode()
            if found is not None and (found := found.better(known.get(name))) != known.get(name):
                known[name] = found
                todo.append((name, found))
    for fact in freeing:
        if fact.name.encode() not in known and graph.flows.collects(graph.text(fact), fact.definition):
            callers.update(caller for caller, _ in graph.callers(fact.name.encode()))
    return freeing, dict(edges), callers


def _passes(state: _State, given: Given, turned: bool, rules: SelectRules) -> bool:
    """Whether code that serves any page passes on what it was given."""
    if state.depth >= (rules.drops.depth if state.force else rules.ways.depth):
        return False
    if given is Given.NUMBER:
        return state.numeric
    return given is Given.OBJECT and (turned or state.force is _Force.DROP)


def _near(graph: _Graph, fact: Fact) -> bool:
    """Whether a function handles tables, or calls one that does in the same file."""
    return fact.table or any(called.table and called.file == fact.file and not called.definition.macro for called in graph.called(fact))


def _helpers(graph: _Graph, border: BorderLike, users: set[Fact]) -> set[Fact]:
    """What functions that free call to wait or to find a table."""
    waiting: set[Fact] = set()
    current = {name.encode() for name in border.waits}
    for _ in range(_NEAR):
        more = {fact for name in current for fact in graph.users.get(name, ()) if not fact.table} - waiting
        waiting |= more
        current = {fact.name.encode() for fact in more}
    return _reached(graph, users, waiting) | _reached(graph, users, {fact for fact in graph.facts if fact.table and _finds(graph, fact)})


def _finds(graph: _Graph, fact: Fact) -> bool:
    """Whether a function gives back a pointer to a table, or puts one where it is told to."""
    text = graph.index.files[fact.file].parts.text
    before, _, after = text[fact.definition.start : fact.definition.body].partition(fact.name.encode())
    if b"*" in before and any(graph.vocabulary.is_table(word) for word in _WORD.findall(before)):
        return True
    return any(graph.vocabulary.is_table(match[1]) for match in _PLACE.finditer(after))


def _reached(graph: _Graph, start: Iterable[Fact], among: set[Fact]) -> set[Fact]:
    found: set[Fact] = set()
    current = set(start)
    for _ in range(_NEAR):
        current = {fact for user in current for fact in graph.called(user) if fact in among} - found
        found |= current
    return found
