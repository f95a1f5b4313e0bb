"""Summaries of functions in the cache, as the process that analyses a build sees them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ptlint.cache.deps import digest
from ptlint.cache.shelf import Pending
from ptlint.cache.store import Store

__all__ = ["Summaries"]

_KIND = "summary"
_PATIENCE = 1.0  # seconds after which what was found is there for other processes


class Summaries:
    """Finds summaries that this tool made, and keeps new ones, many in one go. Builds that are analysed at the same time find each other's."""

    def __init__(self, store: Store, tool: bytes) -> None:
        self._store, self._tool = store, tool
        self._pending = Pending(store, _KIND)
        self._written = time.monotonic()

    def find(self, text: bytes) -> Iterator[tuple[bytes, bytes]]:
        """What is kept of a function with this digest: (what it asked, what was found), those used last first."""
        key = digest(self._tool + text)
        for tag, asked, found in self._store.entries(_KIND, key):
            yield asked, found
            self._pending.touch(key, tag)

    def keep(self, text: bytes, asked: bytes, found: bytes) -> None:
        """Keep what was found."""
        self._pending.put(digest(self._tool + text), found, digest(asked), asked)
        if time.monotonic() - self._written > _PATIENCE:
            self.write()

    def write(self) -> None:
        """Let others see what was found so far, and that what was used is still of use."""
        self._pending.write()
        self._written = time.monotonic()
