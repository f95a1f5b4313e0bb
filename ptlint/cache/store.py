"""The cache's file: sqlite, one table.

It may be used by several processes, which may be killed at any moment (write-ahead log; each write is one transaction). A file that is
not what it should be is replaced by an empty one; where nothing can be written, nothing is kept. Either is said once, and never an error.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

__all__ = ["Store", "StoreInfo"]

_SCHEMA = 2
_NAME = "ptlint.sqlite"
_CANDIDATES = 8
_NOTED = 3600.0  # seconds for which a use is not noted again
_WAIT = 5.0  # seconds for another process to finish its write


class StoreInfo(msgspec.Struct, frozen=True):
    """What is in a cache: entries and bytes by kind, the file's size in bytes, and the bound in bytes."""

    path: str
    entries: dict[str, tuple[int, int]]
    size: int
    limit: int


def _sum(*parts: bytes) -> bytes:
    state = hashlib.blake2b(digest_size=8)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


class Store:
    """Entries by kind, key and tag, each with what it depends on (``deps``) and its data. Of a key there are several tags, the newest first."""

    def __init__(self, folder: Path, say: Callable[[str], None], limit: int) -> None:
        """``folder`` is made when it is not there; ``say`` is told, once, what is wrong; ``limit`` is the size in bytes not to outgrow."""
        self.path = folder / _NAME
        self.limit = limit
        self._say = say
        self._said = False
        self._batching = False
        self._connection: sqlite3.Connection | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connect()
        except sqlite3.DatabaseError as error:
            self._failed(error)
        except OSError as error:
            self._complain(f"the cache {folder} cannot be used ({error.strerror or error}); going on without")

    def _connect(self) -> None:
        connection = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _SCHEMA):
                raise sqlite3.DatabaseError("of another version")
            if version == 0:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(
                    # What is asked of many rows comes before what is long.
                    "CREATE TABLE IF NOT EXISTS entry (kind TEXT, key BLOB, tag BLOB, used REAL, sum BLOB, deps BLOB, data BLOB, "
                    "PRIMARY KEY (kind, key, tag)) WITHOUT ROWID"
                )
                connection.execute(f"PRAGMA user_version = {_SCHEMA}")
            # What the machine's end may damage is found damaged by its sum, or is a broken file: nothing is lost that cannot be made again.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("SELECT kind, key, tag, deps, data, sum, used FROM entry LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def _complain(self, text: str) -> None:
        if not self._said:
            self._said = True
            self._say(text)

    def _failed(self, error: sqlite3.Error) -> None:
        """Start anew when the file is broken; go on without when it is the disk or another process."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if isinstance(error, sqlite3.OperationalError):
            self._complain(f"the cache {self.path} cannot be used ({error}); going on without")
            return
        try:
            for name in (self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))):
                name.unlink(missing_ok=True)
            self._connect()
            self._complain(f"the cache {self.path} was broken ({error}) and starts anew")
        except (OSError, sqlite3.Error) as again:
            self._connection = None
            self._complain(f"the cache {self.path} cannot be used ({again}); going on without")

    def candidates(self, kind: str, key: bytes) -> list[tuple[bytes, bytes]]:
        """(tag, deps) of the entries of a key, those used last first."""
        if self._connection is None:
            return []
        try:
            rows = self._connection.execute(
                "SELECT tag, deps FROM entry WHERE kind = ? AND key = ? ORDER BY used DESC LIMIT ?", (kind, key, _CANDIDATES)
            )
            return [(bytes(tag), bytes(deps)) for tag, deps in rows]
        except (sqlite3.Error, TypeError) as error:
            self._failed(error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError(str(error)))
            return []

    def get(self, kind: str, key: bytes, tag: bytes = b"") -> bytes | None:
        """The data of one entry, None when there is none (or it is damaged)."""
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT deps, data, sum FROM entry WHERE kind = ? AND key = ? AND tag = ?", (kind, key, tag)).fetchone()
            return bytes(row[1]) if row is not None and self._sound(self._connection, kind, key, tag, *row) else None
        except (sqlite3.Error, TypeError) as error:
            self._failed(error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError(str(error)))
            return None

    def entries(self, kind: str, key: bytes) -> list[tuple[bytes, bytes, bytes]]:
        """(tag, deps, data) of the entries of a key, those used last first, but for what is damaged."""
        if self._connection is None:
            return []
        try:
            rows = self._connection.execute(
                "SELECT tag, deps, data, sum FROM entry WHERE kind = ? AND key = ? ORDER BY used DESC LIMIT ?", (kind, key, _CANDIDATES)
            ).fetchall()
            return [(tag, deps, data) for tag, deps, data, found in rows if self._sound(self._connection, kind, key, tag, deps, data, found)]
        except (sqlite3.Error, TypeError) as error:
            self._failed(error if isinstance(error, sqlite3.Error) else sqlite3.DatabaseError(str(error)))
            return []

    def _sound(self, connection: sqlite3.Connection, kind: str, key: bytes, tag: bytes, deps: bytes, data: bytes, found: bytes) -> bool:
        """Does an entry have the sum that was kept with it? One that has not is dropped, which is said."""
        if found == _sum(kind.encode(), key, tag, deps, data):
            return True
        connection.execute("DELETE FROM entry WHERE kind = ? AND key = ? AND tag = ?", (kind, key, tag))
        self._complain(f"an entry of the cache {self.path} was damaged and is dropped")
        return False

    def touch(self, kind: str, key: bytes, tag: bytes = b"") -> None:
        """The entry was used now. That is noted once an hour: to note it writes the whole entry anew."""
        if self._connection is not None:
            now = time.time()
            with suppress(sqlite3.Error):
                self._connection.execute(
                    "UPDATE entry SET used = ? WHERE kind = ? AND key = ? AND tag = ? AND used < ?", (now, kind, key, tag, now - _NOTED)
                )

    def put(self, kind: str, key: bytes, data: bytes, tag: bytes = b"", deps: bytes = b"") -> None:
        """Keep an entry, in the place of one with the same kind, key and tag. Beyond eight tags of a key the oldest goes."""
        if self._connection is None or len(data) + len(deps) > self.limit // 4:
            return
        row = (kind, key, tag, time.time(), _sum(kind.encode(), key, tag, deps, data), deps, data)
        try:
            if not self._batching:
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            self._connection.execute(
                "DELETE FROM entry WHERE kind = ?1 AND key = ?2 AND tag NOT IN "
                "(SELECT tag FROM entry WHERE kind = ?1 AND key = ?2 ORDER BY used DESC LIMIT ?3)",
                (kind, key, _CANDIDATES),
            )
            if not self._batching:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._failed(error)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """What is put in here is kept together, or not at all."""
        connection = self._connection
        if connection is None or self._batching:
            yield
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._failed(error)
            yield
            return
        self._batching = True
        try:
            yield
        finally:
            self._batching = False
            try:
                if self._connection is connection:
                    connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._failed(error)

    def prune(self, limit: int | None = None) -> int:
        """Drop what was not used for longest until the data fit in ``limit`` bytes (the store's own when None). Returns how many entries went."""
        if self._connection is None:
            return 0
        limit = self.limit if limit is None else limit
        try:
            total = self._connection.execute("SELECT COALESCE(SUM(LENGTH(deps) + LENGTH(data)), 0) FROM entry").fetchone()[0]
            if total <= limit:
                return 0
            self._connection.execute("BEGIN IMMEDIATE")
            rows = self._connection.execute("SELECT kind, key, tag, LENGTH(deps) + LENGTH(data) FROM entry ORDER BY used").fetchall()
            gone = 0
            for kind, key, tag, size in rows:
                if total <= limit:
                    break
                self._connection.execute("DELETE FROM entry WHERE kind = ? AND key = ? AND tag = ?", (kind, key, tag))
                total -= size
                gone += 1
            self._connection.execute("COMMIT")
            self._connection.execute("VACUUM")
            return gone
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._failed(error)
            return 0

    def info(self) -> StoreInfo:
        """What is in it."""
        entries: dict[str, tuple[int, int]] = {}
        if self._connection is not None:
            try:
                rows = self._connection.execute("SELECT kind, COUNT(*), SUM(LENGTH(deps) + LENGTH(data)) FROM entry GROUP BY kind ORDER BY kind")
                entries = {str(kind): (int(count), int(size)) for kind, count, size in rows}
            except sqlite3.Error as error:
                self._failed(error)
        size = 0
        for name in (self.path, self.path.with_name(self.path.name + "-wal")):
            with suppress(OSError):
                size += os.stat(name).st_size
        return StoreInfo(str(self.path), entries, size, self.limit)

    def clear(self) -> int:
        """Drop everything. Returns how many entries went."""
        if self._connection is None:
            return 0
        try:
            count = int(self._connection.execute("SELECT COUNT(*) FROM entry").fetchone()[0])
            self._connection.execute("DELETE FROM entry")
            self._connection.execute("VACUUM")
            return count
        except sqlite3.Error as error:
            self._failed(error)
            return 0

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
