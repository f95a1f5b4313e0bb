"""What holds of a tree now: whether a result's dependencies are as they were.

For a work tree an *index* of earlier answers makes this fast, as git's index does: a file whose inode, size and times are those of the last
look has the content that it had then. Times that are too fresh to tell two writes apart are not relied on.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from typing import Protocol

import msgspec

from ptlint.cache.deps import ABSENT, Deps, digest, listing_digest
from ptlint.errors import Unreadable
from ptlint.tree import Tree, WorkTree
from ptlint.tree.base import clean
from ptlint.tree.overlay import Overlay

__all__ = ["Facts", "Index", "PlainFacts", "WorkFacts", "facts_of"]

_FRESH = 2_000_000_000  # nanoseconds: a time this close to now may be shared by a later write (the coarsest file systems count in 2 s)

Stamp = tuple[int, int, int, int]


class Index(msgspec.Struct, array_like=True):
    """Stamps of a work tree: of files, with their content's digest; of folders; of listings.

    Of a listing: its digest, the stamps of its folders, and which of the links in these are listed.
    """

    files: dict[str, tuple[Stamp, bytes]] = {}
    folders: dict[str, Stamp] = {}
    listings: dict[str, tuple[bytes, dict[str, Stamp], dict[str, bool]]] = {}


class Facts(Protocol):
    """Looks at one tree."""

    def holds(self, deps: Deps) -> bool:
        """Whether everything that ``deps`` says holds."""

    def content(self, path: str) -> bytes:
        """The digest of what ``Tree.read`` gives, ABSENT for None (and for what cannot be read)."""

    def exists(self, path: str) -> bool:
        """As ``Tree.exists``."""

    def source(self, path: str) -> bytes:
        """The digest of a file as the compiler reads it, ABSENT when there is none."""

    def missing(self, paths: Iterable[str], found: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Of ``paths``, where the compiler may look, those where nothing is, by folder (see ``Deps.missing``). It read ``found``."""


def facts_of(tree: Tree, index: Index | None, below: Facts | None = None) -> Facts:
    """The facts of ``tree``; ``index`` is what is known of a work tree, and is added to; ``below`` are those of the tree below an overlay."""
    if isinstance(tree, Overlay):
        return OverlayFacts(tree, below or facts_of(tree.ground, index))
    return WorkFacts(tree, index or Index()) if isinstance(tree, WorkTree) else PlainFacts(tree)


def _group(paths: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for path in paths:
        folder, name = posixpath.split(path)
        groups.setdefault(folder, []).append(name)
    return groups


class PlainFacts:
    """Facts of any tree, by its own methods."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._contents: dict[str, bytes] = {}

    def source(self, path: str) -> bytes:
        """See ``Facts.source``."""
        return self.content(path)

    def exists(self, path: str) -> bool:
        """See ``Facts.exists``."""
        return self._tree.exists(path)

    def content(self, path: str) -> bytes:
        """See ``Facts.content``."""
        found = self._contents.get(path)
        if found is None:
            try:
                data = self._tree.read(path)
            except Unreadable:
                data = None
            found = self._contents[path] = ABSENT if data is None else digest(data)
        return found

    def missing(self, paths: Iterable[str], found: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """See ``Facts.missing``. What is not in the folder that the compiler works in is missing for it too."""
        read, root = set(found), self._tree.directory()
        result: dict[str, tuple[str, ...]] = {}
        for folder, names in _group(set(paths) - read).items():
            if folder and not self._tree.is_dir(folder):
                result[folder] = ()
                continue
            gone = [
                name for name in names if not os.path.exists(os.path.join(root, folder, name)) or not self._tree.exists(posixpath.join(folder, name))
            ]
            if gone:
                result[folder] = tuple(sorted(gone))
        return result

    def holds(self, deps: Deps) -> bool:
        """See ``Facts.holds``."""
        tree = self._tree
        return (
            all(self.content(path) == wanted for path, wanted in deps.contents.items())
            and all(self.source(path) == wanted for path, wanted in deps.sources.items())
            and all(self.exists(path) == wanted for path, wanted in deps.exists.items())
            and all(tree.is_dir(path) == wanted for path, wanted in deps.folders.items())
            and all(listing_digest(tree.files(prefix)) == wanted for prefix, wanted in deps.listings.items())
            and not any(
                any(self.exists(posixpath.join(folder, name)) for name in names) if names else tree.is_dir(folder)
                for folder, names in deps.missing.items()
            )
        )


class OverlayFacts(PlainFacts):
    """Facts of a tree over another: of what it does not change, those of the one below."""

    def __init__(self, tree: Overlay, below: Facts) -> None:
        super().__init__(tree)
        self._changed, self._below = tree.changed, below
        self._takes_away = None in tree.changed.values()  # and with it perhaps folders

    def _touched(self, path: str) -> bool:
        return path in self._changed or clean(path) != path

    def content(self, path: str) -> bytes:
        """See ``Facts.content``."""
        return super().content(path) if self._touched(path) else self._below.content(path)

    def source(self, path: str) -> bytes:
        """See ``Facts.source``."""
        return super().content(path) if self._touched(path) else self._below.source(path)

    def exists(self, path: str) -> bool:
        """See ``Facts.exists``."""
        return super().exists(path) if self._takes_away or self._touched(path) or not self._below.exists(path) else True


def _stamp(found: os.stat_result) -> Stamp:
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class WorkFacts:
    """Facts of a work tree. ``changed`` says whether the index has learned something."""

    def __init__(self, tree: Tree, index: Index) -> None:
        self._tree, self.index = tree, index
        self._root = tree.root + "/"
        self._inside: dict[str, bool] = {}
        self._sources: dict[str, bytes] = {}
        self._stamps: dict[str, Stamp | None] = {}
        self._names: dict[str, frozenset[str] | None] = {}
        self.changed = False

    # ---- single answers --------------------------------------------------------------------------------------

    def _known(self, path: str) -> tuple[os.stat_result | None, bytes | None]:
        """The file's state, and the digest that the index has for just that state."""
        try:
            state = os.stat(self._root + path)
        except (OSError, ValueError):
            return None, None
        entry = self.index.files.get(path)
        return state, entry[1] if entry is not None and entry[0] == _stamp(state) else None

    def source(self, path: str) -> bytes:
        """See ``Facts.source``."""
        found = self._sources.get(path)
        if found is None:
            found = self._sources[path] = self._source(path)
        return found

    def _source(self, path: str) -> bytes:
        state, known = self._known(path)
        if known is not None or state is None:
            return known or ABSENT
        try:
            with open(self._root + path, "rb") as file:
                found = digest(file.read())
        except OSError:
            return ABSENT
        self.learn(path, state, found)
        return found

    def learn(self, path: str, state: os.stat_result, found: bytes) -> None:
        """A file in this state, seen before it was read, has this content."""
        self.index.files[path] = (_stamp(state), found)
        self.changed = True

    def content(self, path: str) -> bytes:
        """See ``Facts.content``."""
        state, known = self._known(path)
        if known is not None:
            return known
        try:
            data = self._tree.read(path)
        except Unreadable:
            data = None
        if data is None:
            return ABSENT
        found = digest(data)
        if state is not None:
            self.learn(path, state, found)
        return found

    def _content_is(self, path: str, wanted: bytes) -> bool:
        state, known = self._known(path)
        if known is not None and known == wanted:
            return True
        try:
            data = self._tree.read(path)
        except Unreadable:
            return False
        if data is None:
            return wanted == ABSENT
        found = digest(data)
        if state is not None:
            self.learn(path, state, found)
        return found == wanted

    def exists(self, path: str) -> bool:
        """As ``Tree.exists``, with one look where neither the path nor a folder above it is a link."""
        folder, name = posixpath.split(path)
        if name in ("", ".", "..") or path.startswith("/") or not self._plain(folder):
            return self._tree.exists(path)
        try:
            mode = os.lstat(self._root + path).st_mode
        except (OSError, ValueError):
            return False
        return self._tree.exists(path) if mode & 0o170000 == 0o120000 else True

    def _plain(self, folder: str) -> bool:
        """Whether a folder is reached over no link."""
        known = self._inside.get(folder)
        if known is None:
            place = self._root + folder if folder else self._tree.root
            known = self._inside[folder] = os.path.realpath(place) == place and os.path.isdir(place)
        return known

    def _listing_is(self, prefix: str, wanted: bytes) -> bool:
        entry = self.index.listings.get(prefix)
        if entry is not None and entry[0] == wanted:
            same = all(self._folder(folder) == stamp for folder, stamp in entry[1].items())
            if same and all(self._listed(path) == listed for path, listed in entry[2].items()):
                return True
        found = listing_digest(self._tree.files(prefix))
        self.learn_listing(prefix, found)
        return found == wanted

    def learn_listing(self, prefix: str, found: bytes) -> None:
        """The list of files below a folder has this digest."""
        stamps: dict[str, Stamp] = {}
        links: dict[str, bool] = {}
        todo = [prefix.rstrip("/")]
        while todo:
            folder = todo.pop()
            stamp = self._folder(folder)
            if stamp is None:
                return
            stamps[folder] = stamp
            with os.scandir(self._root + folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_symlink():
                        links[path] = self._listed(path)
                    elif entry.name != ".git" and entry.is_dir():
                        todo.append(path)
        self.index.listings[prefix] = (found, stamps, links)
        self.changed = True

    def _listed(self, path: str) -> bool:
        return self._tree.exists(path) and not os.path.isdir(self._root + path)

    def _folder(self, folder: str) -> Stamp | None:
        if folder not in self._stamps:
            self._stamps[folder] = self._stamp_of(folder)
        return self._stamps[folder]

    def _stamp_of(self, path: str) -> Stamp | None:
        try:
            return _stamp(os.stat(self._root + path))
        except (OSError, ValueError):
            return None

    def _inside_of(self, folder: str) -> frozenset[str] | None:
        """The names in a folder, None when there is no such folder."""
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(self._root + folder))
            except (OSError, ValueError):
                self._names[folder] = None
        return self._names[folder]

    def missing(self, paths: Iterable[str], found: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """See ``Facts.missing``."""
        result: dict[str, tuple[str, ...]] = {}
        for folder, names in _group(set(paths) - set(found)).items():
            there = self._inside_of(folder)
            if there is None:
                result[folder] = ()
                continue
            gone = [name for name in names if name not in there or not os.path.exists(f"{self._root}{folder}/{name}")]
            if gone:
                result[folder] = tuple(sorted(gone))
                if there.isdisjoint(gone) and (stamp := self._folder(folder)) is not None:
                    self.index.folders[folder] = stamp
                    self.changed = True
        return result

    def _is_missing(self, folder: str, names: tuple[str, ...]) -> bool:
        stamp = self._folder(folder)
        if stamp is None or not names:
            return not os.path.isdir(self._root + folder)
        if self.index.folders.get(folder) == stamp:
            return True
        gone = not any(os.path.lexists(f"{self._root}{folder}/{name}") for name in names)
        if gone:
            self.index.folders[folder] = stamp
            self.changed = True
        return gone

    # ---- all answers -----------------------------------------------------------------------------------------

    def holds(self, deps: Deps) -> bool:
        """See ``Facts.holds``."""
        tree = self._tree
        return (
            all(self._content_is(path, wanted) for path, wanted in deps.contents.items())
            and all(self.source(path) == wanted for path, wanted in deps.sources.items())
            and all(self.exists(path) == wanted for path, wanted in deps.exists.items())
            and all(tree.is_dir(path) == wanted for path, wanted in deps.folders.items())
            and all(self._listing_is(prefix, wanted) for prefix, wanted in deps.listings.items())
            and all(self._is_missing(folder, names) for folder, names in deps.missing.items())
        )

    def settled(self, deps: Deps, moment: int) -> bool:
        """Whether nothing that ``deps`` names changed after ``moment``, or since it was looked at, as far as times tell.

        ``moment`` is in nanoseconds since the epoch.
        """
        index = self.index
        looked: list[tuple[str, Stamp | None]] = []
        for path, wanted in (*deps.contents.items(), *deps.sources.items()):
            if wanted:
                entry = index.files.get(path)
                if entry is None or entry[1] != wanted:
                    return False
                looked.append((path, entry[0]))
        for prefix in deps.listings:
            listing = index.listings.get(prefix)
            looked += listing[1].items() if listing is not None else ()
        looked += ((folder, index.folders.get(folder)) for folder in deps.missing if folder in index.folders)
        return all(stamp is not None and stamp[3] < moment and self._stamp_of(path) == stamp for path, stamp in looked)

    def lasting(self, now: int) -> Index:
        """The index without times so fresh that a later write may share them. ``now`` is in nanoseconds since the epoch."""
        bound = now - _FRESH
        return Index(
            {path: entry for path, entry in self.index.files.items() if entry[0][3] < bound},
            {path: stamp for path, stamp in self.index.folders.items() if stamp[3] < bound},
            {path: entry for path, entry in self.index.listings.items() if all(stamp[3] < bound for stamp in entry[1].values())},
        )
