"""Precompiled headers of work trees, in files beside the cache's own, each with the identity of all that it was made of.

The compiler finds the headers that one was made of by their paths, so it is of use for one tree and one build (a *slot*) only. It is used where
its bytes are those that were written, and where all of its headers are as they were, by content; the compiler need not look at times.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import msgspec

__all__ = ["Precompiled", "keep_file", "take_file"]

_MOST = 12  # slots: at about 20 MB each
_LISTING = ".files"
_YOUNG = 600.0  # seconds


class _Note(msgspec.Struct, frozen=True, array_like=True):
    identity: bytes
    name: str
    sum: bytes


def _sum(path: Path) -> bytes:
    state = hashlib.blake2b(digest_size=16)
    for part in (path, path.with_name(path.name + _LISTING)):
        state.update(part.read_bytes())
    return state.digest()


def keep_file(made: str, folder: str) -> str:
    """Put a precompiled header, and the list of its files, into ``folder`` under the sum of both. Returns its path there; empty where that fails."""
    source = Path(made)
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        target = Path(folder) / f"{_sum(source).hex()}.pch"
        shutil.move(source.with_name(source.name + _LISTING), target.with_name(target.name + _LISTING))
        shutil.move(source, target)
        return str(target)
    except OSError:
        return ""


def take_file(kept: str, target: str) -> bool:
    """Put one that is kept where nobody else takes it away. Returns False where it is gone already."""
    try:
        for end in ("", _LISTING):
            try:
                os.link(kept + end, target + end)
            except OSError:
                shutil.copyfile(kept + end, target + end)
    except OSError:
        return False
    return True


class Precompiled:
    """The precompiled headers in a cache's folder."""

    def __init__(self, cache: Path) -> None:
        self.folder = cache / "headers"

    @property
    def generated(self) -> Path:
        """Where generated headers lie, by content: their paths are part of what is precompiled."""
        return self.folder / "made"

    def _note(self, slot: str) -> Path:
        return self.folder / f"{slot}.note"

    def find(self, slot: str, identity: bytes) -> str:
        """The path of what is kept in a slot, if it was made of just this; else empty."""
        try:
            note = msgspec.msgpack.decode(self._note(slot).read_bytes(), type=_Note)
            path = self.folder / note.name
            if note.identity != identity or _sum(path) != note.sum:
                return ""
            os.utime(self._note(slot))
            return str(path)
        except (OSError, msgspec.MsgspecError):
            return ""

    def keep(self, slot: str, identity: bytes, path: str) -> None:
        """Say what a header that ``keep_file`` put here was made of. What was in the slot goes, and what was used longest ago."""
        try:
            kept = Path(path)
            note = self._note(slot)
            written = note.with_name(f".{note.name}.{os.getpid()}")
            written.write_bytes(msgspec.msgpack.encode(_Note(identity, kept.name, _sum(kept))))
            written.replace(note)
            self._tidy()
        except OSError:
            return

    def _tidy(self) -> None:
        notes = sorted(self.folder.glob("*.note"), key=lambda note: note.stat().st_mtime, reverse=True)
        for note in notes[_MOST:]:
            note.unlink(missing_ok=True)
            shutil.rmtree(self.generated / "generated" / note.name.removesuffix(".note"), ignore_errors=True)
        known = set()
        for note in notes[:_MOST]:
            with suppress(OSError, msgspec.MsgspecError):
                known.add(msgspec.msgpack.decode(note.read_bytes(), type=_Note).name)
        for path in self.folder.glob("*.pch"):
            # Of a young one somebody is about to say what it was made of.
            if path.name not in known and time.time() - path.stat().st_mtime > _YOUNG:
                self.drop(str(path))

    def drop(self, *paths: str) -> None:
        """Nobody will ask for these."""
        for path in paths:
            with suppress(OSError):
                os.unlink(path)
                os.unlink(path + _LISTING)

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def clear(self) -> None:
        """Drop everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
