"""Small results that depend on nothing but their key, many at a time."""

from __future__ import annotations

from ptlint.cache.deps import digest
from ptlint.cache.store import Store

__all__ = ["Shelf"]


class Shelf:
    """Results of one kind, made by this tool. What is put there, and that something was of use, is written in one go."""

    def __init__(self, store: Store | None, kind: str, tool: bytes) -> None:
        self._store, self._kind, self._tool = store, kind, tool
        self._fresh: list[tuple[bytes, bytes]] = []
        self._used: list[bytes] = []

    def find(self, *parts: bytes) -> bytes | None:
        """What is kept under a key of these parts."""
        if self._store is None:
            return None
        key = self._key(parts)
        found = self._store.get(self._kind, key)
        if found is not None:
            self._used.append(key)
        return found

    def keep(self, data: bytes, *parts: bytes) -> None:
        """Keep something, once ``write`` is called."""
        if self._store is not None:
            self._fresh.append((self._key(parts), data))

    def write(self) -> None:
        """Keep what was put here, and note what was used."""
        if self._store is not None:
            with self._store.batch():
                for key, data in self._fresh:
                    self._store.put(self._kind, key, data)
                for key in self._used:
                    self._store.touch(self._kind, key)
        self._fresh.clear()
        self._used.clear()

    def _key(self, parts: tuple[bytes, ...]) -> bytes:
        return digest(self._tool + b"".join(len(part).to_bytes(8, "little") + part for part in parts))
