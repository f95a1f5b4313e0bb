"""Small results, many at a time: what is put there, and that something was of use, is written in one go."""

from __future__ import annotations

from ptlint.cache.deps import digest
from ptlint.cache.store import Store

__all__ = ["Pending", "Shelf"]


class Pending:
    """What is to be written to a store, of one kind of entries."""

    def __init__(self, store: Store, kind: str) -> None:
        self._store, self._kind = store, kind
        self._fresh: list[tuple[bytes, bytes, bytes, bytes]] = []
        self._used: list[tuple[bytes, bytes]] = []

    def put(self, key: bytes, data: bytes, tag: bytes = b"", deps: bytes = b"") -> None:
        """See ``Store.put``."""
        self._fresh.append((key, data, tag, deps))

    def touch(self, key: bytes, tag: bytes = b"") -> None:
        """See ``Store.touch``."""
        self._used.append((key, tag))

    def write(self) -> None:
        """Let others see it."""
        with self._store.batch():
            for row in self._fresh:
                self._store.put(self._kind, *row)
            for key, tag in self._used:
                self._store.touch(self._kind, key, tag)
        self._fresh.clear()
        self._used.clear()


class Shelf:
    """Results of one kind, made by this tool, that depend on nothing but their key. Without a store nothing stays."""

    def __init__(self, store: Store | None, kind: str, tool: bytes) -> None:
        self._store, self._kind, self._tool = store, kind, tool
        self._pending = Pending(store, kind) if store is not None else None

    def find(self, *parts: bytes) -> bytes | None:
        """What is kept under a key of these parts."""
        if self._store is None or self._pending is None:
            return None
        key = self._key(parts)
        found = self._store.get(self._kind, key)
        if found is not None:
            self._pending.touch(key)
        return found

    def keep(self, data: bytes, *parts: bytes) -> None:
        """Keep something, once ``write`` is called."""
        if self._pending is not None:
            self._pending.put(self._key(parts), data)

    def write(self) -> None:
        """Keep what was put here, and note what was used."""
        if self._pending is not None:
            self._pending.write()

    def _key(self, parts: tuple[bytes, ...]) -> bytes:
        return digest(self._tool + b"".join(len(part).to_bytes(8, "little") + part for part in parts))
