"""The cache as one run uses it: results by key, used again where their dependencies hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from ptlint.cache.deps import Deps, digest
from ptlint.cache.facts import Facts, Index, WorkFacts, facts_of
from ptlint.cache.precompiled import Precompiled
from ptlint.cache.shelf import Shelf
from ptlint.cache.store import Store
from ptlint.tree import Tree, WorkTree
from ptlint.tree.overlay import Overlay

__all__ = ["LIMIT", "Session", "open_session"]

_SLACK = 20_000_000  # nanoseconds by which a file's time may lag behind the clock
LIMIT = 1 << 30


def open_session(folder: Path | None, say: Callable[[str], None], limit: int = LIMIT) -> Session:
    """A session with the cache in ``folder``, or with none."""
    return Session(Store(folder, say, limit) if folder is not None else None)


class Session:
    """One run's look at the cache. It began when it was made: what changes in the tree after that makes its results unfit to be kept."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._began = time.time_ns()
        self._facts: dict[int, tuple[Tree, Facts]] = {}
        self._settled = True
        self._wrote = False

    @property
    def active(self) -> bool:
        """Whether there is a cache at all."""
        return self._store is not None

    @property
    def folder(self) -> str:
        """Where the cache is; empty when there is none."""
        return str(self._store.path.parent) if self._store is not None else ""

    def precompiled(self, tree: Tree) -> Precompiled | None:
        """Where precompiled headers of ``tree`` are kept. Of a commit none are: its folder is another one each time."""
        while isinstance(tree, Overlay):
            tree = tree.ground
        if self._store is None or not isinstance(tree, WorkTree):
            return None
        found = Precompiled(self._store.path.parent)
        try:
            found.generated.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return None
        return found

    def facts(self, tree: Tree) -> Facts:
        """What holds of ``tree``, with the index of a work tree."""
        found = self._facts.get(id(tree))
        if found is None:
            index: Index | None = None
            if self._store is not None and isinstance(tree, WorkTree):
                data = self._store.get("index", self._root(tree))
                try:
                    index = msgspec.msgpack.decode(data, type=Index) if data is not None else None
                except msgspec.MsgspecError:
                    index = None
            below = self.facts(tree.ground) if isinstance(tree, Overlay) else None
            found = self._facts[id(tree)] = tree, facts_of(tree, index, below)
        return found[1]

    def _root(self, tree: Tree) -> bytes:
        return digest(os.fsencode(tree.root))

    def find(self, tree: Tree, kind: str, key: bytes) -> bytes | None:
        """The data of a result with this key whose dependencies hold of ``tree``, None when there is none."""
        found = self.find_with_deps(tree, kind, key)
        return None if found is None else found[0]

    def find_with_deps(self, tree: Tree, kind: str, key: bytes) -> tuple[bytes, Deps] | None:
        """As ``find``, with the dependencies."""
        if self._store is None:
            return None
        facts = self.facts(tree)
        for tag, encoded in self._store.candidates(kind, key):
            try:
                deps = msgspec.msgpack.decode(encoded, type=Deps)
            except msgspec.MsgspecError:
                continue
            if facts.holds(deps) and (data := self._store.get(kind, key, tag)) is not None:
                self._store.touch(kind, key, tag)
                return data, deps
        return None

    def keep(self, tree: Tree, kind: str, key: bytes, deps: Deps, data: bytes) -> bool:
        """Keep a result that was made in this session. Returns False where it is not kept: the tree was changed while it was made."""
        if self._store is None:
            return False
        facts = self.facts(tree)
        if isinstance(facts, WorkFacts):
            self._learn(tree, facts, deps)
            if not facts.settled(deps, self._began - _SLACK):
                self._settled = False  # nor is what it has learned
                return False
        encoded = msgspec.msgpack.encode(deps)
        self._store.put(kind, key, data, digest(encoded), encoded)
        self._wrote = True
        return True

    def _learn(self, tree: Tree, facts: WorkFacts, deps: Deps) -> None:
        for path, found in deps.contents.items():
            if found:
                try:
                    facts.learn(path, os.stat(os.path.join(tree.root, path)), found)
                except OSError:
                    continue
        for prefix, found in deps.listings.items():
            facts.learn_listing(prefix, found)

    def get(self, kind: str, key: bytes) -> bytes | None:
        """The data of a result that depends on nothing but its key, None when there is none."""
        data = self._store.get(kind, key) if self._store is not None else None
        if data is not None and self._store is not None:
            self._store.touch(kind, key)
        return data

    def put(self, kind: str, key: bytes, data: bytes) -> None:
        """Keep a result that depends on nothing but its key."""
        if self._store is not None:
            self._store.put(kind, key, data)

    def shelf(self, kind: str, tool: bytes) -> Shelf:
        """Where many small results of a kind are kept; nothing stays there without a cache."""
        return Shelf(self._store, kind, tool)

    def batch(self) -> AbstractContextManager[None]:
        """What is kept in here is kept together, or not at all."""
        return self._store.batch() if self._store is not None else nullcontext()

    def close(self) -> None:
        """Keep what was learned of work trees, drop what is too much, and let go of the cache's file."""
        if self._store is None:
            return
        for tree, facts in self._facts.values():
            if self._settled and isinstance(facts, WorkFacts) and facts.changed:
                self._store.put("index", self._root(tree), msgspec.msgpack.encode(facts.lasting(time.time_ns())))
        if self._wrote:
            self._store.prune()
        self._store.close()
