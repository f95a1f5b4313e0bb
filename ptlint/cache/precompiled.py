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
    """What a slot holds: a file that is called by the sum of its bytes, and the identity of what it was made of."""

    identity: bytes
    name: str


def _name(path: Path) -> str:
    """What a precompiled header, with the list of its files, is called by its bytes."""
    state = hashlib.blake2b(digest_size=16)
    for part in (path, path.with_name(path.name + _LISTING)):
        state.update(part.read_bytes())
    return f"{state.hexdigest()}.pch"


def keep_file(made: str, folder: str) -> str:
    """Put a precompiled header, and the list of its files, into ``folder`` under the sum of both. Returns its path there; empty where that fails.

    Others may look at what is there already under that name: each file appears as a whole.
    """
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        target = os.path.join(folder, _name(Path(made)))
        for end in (_LISTING, ""):
            written = f"{target}{end}.{os.getpid()}"
            try:
                shutil.copyfile(made + end, written)
                os.replace(written, target + end)
            except OSError:
                with suppress(OSError):
                    os.unlink(written)
                raise
        return target
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
            os.utime(self._note(slot))  # its generated headers are in use, whatever else
            path = self.folder / note.name
            return str(path) if note.identity == identity and _name(path) == note.name else ""
        except (OSError, msgspec.MsgspecError):
            return ""

    def keep(self, slot: str, identity: bytes, path: str) -> None:
        """Say what a header that ``keep_file`` put here was made of. What was in the slot goes, and what was used longest ago."""
        try:
            note = self._note(slot)
            written = note.with_name(f".{note.name}.{os.getpid()}")
            written.write_bytes(msgspec.msgpack.encode(_Note(identity, os.path.basename(path))))
            written.replace(note)
            self._tidy()
        except OSError:
            return

    def _tidy(self) -> None:
        old = time.time() - _YOUNG  # what is younger may be in use, or somebody is about to say what it was made of
        for note in [note for note in self._notes()[_MOST:] if note.stat().st_mtime < old]:
            self._forget(note)
        self._sweep(old)

    def _notes(self) -> list[Path]:
        """The notes of all slots, those used last first."""
        return sorted(self.folder.glob("*.note"), key=lambda note: note.stat().st_mtime, reverse=True)

    def _forget(self, note: Path) -> None:
        note.unlink(missing_ok=True)
        shutil.rmtree(self.generated / "generated" / note.name.removesuffix(".note"), ignore_errors=True)

    def _sweep(self, old: float) -> None:
        """Drop headers that no note names, of before ``old``."""
        known = set()
        for note in self.folder.glob("*.note"):
            with suppress(OSError, msgspec.MsgspecError):
                known.add(msgspec.msgpack.decode(note.read_bytes(), type=_Note).name)
        for path in self.folder.glob("*.pch*"):
            if path.name.removesuffix(_LISTING) not in known and path.stat().st_mtime < old:
                path.unlink(missing_ok=True)

    def prune(self, limit: int) -> int:
        """Drop what was not used for longest until the rest fits in ``limit`` bytes. Returns how many went."""
        gone = 0
        with suppress(OSError):  # another process may tidy up meanwhile
            for note in reversed(self._notes()):
                if self.size <= limit:
                    break
                self._forget(note)
                self._sweep(time.time())
                gone += 1
        return gone

    def drop(self, *paths: str) -> None:
        """Nobody will ask for these."""
        for path in paths:
            with suppress(OSError):
                os.unlink(path)
                os.unlink(path + _LISTING)

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(OSError):  # another process may tidy up meanwhile
                total += path.stat().st_size if path.is_file() else 0
        return total

    def clear(self) -> None:
        """Drop everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
