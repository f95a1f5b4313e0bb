"""Whether a change can matter at all: by its paths first, which costs nothing, then by its text.

By paths: ``rules/change.toml`` for what is included or says what is built, the folders of ``rules/select.toml`` for what is compiled. By text: a
change of comments, of white space, of a Kconfig's help or of the version's numbers changes nothing that is looked at.
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import tomllib
from pathlib import Path

import msgspec

__all__ = ["Relevance", "same_text"]

_SOURCES = (".c", ".h", ".S", ".inc", ".def")
_TOKENS = re.compile(rb'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|\w+|\\\n|\n[ \t]*#|\n|[ \t\r\f\v]+|.', re.DOTALL)
_VERSION = re.compile(rb"^(?:VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION|NAME)[ \t]*:?=[^\n]*$", re.MULTILINE)


class _Entry(msgspec.Struct, frozen=True, rename={"excepted": "except"}, forbid_unknown_fields=True):
    relevant: bool
    reason: str
    below: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()

    def fits(self, path: str) -> bool:
        """Whether the entry says something of ``path``."""
        if self.below and not path.startswith(self.below):
            return False
        if self.names and not any(fnmatch.fnmatchcase(posixpath.basename(path), name) for name in self.names):
            return False
        return not (self.excepted and path.startswith(self.excepted))


class _Folder(msgspec.Struct, frozen=True):
    path: str
    deep: bool = True


class _Out(msgspec.Struct, frozen=True):
    paths: tuple[str, ...]


class Relevance:
    """The rules for paths, read from the folder ``rules``."""

    def __init__(self, rules: Path) -> None:
        change = tomllib.loads((rules / "change.toml").read_text("utf-8"))
        select = tomllib.loads((rules / "select.toml").read_text("utf-8"))
        self._entries = msgspec.convert(change["file"], tuple[_Entry, ...])
        self._folders = msgspec.convert(select["folder"], tuple[_Folder, ...])
        self._out = tuple(path for out in msgspec.convert(select["out"], tuple[_Out, ...]) for path in out.paths)

    def path(self, path: str) -> bool:
        """Whether a change of ``path`` can matter."""
        for entry in self._entries:
            if entry.fits(path):
                return entry.relevant
        return path.endswith(_SOURCES) and not path.startswith(self._out) and any(_inside(path, folder) for folder in self._folders)


def _inside(path: str, folder: _Folder) -> bool:
    head = folder.path + "/"
    return path == folder.path or (path.startswith(head) and (folder.deep or "/" not in path[len(head) :]))


def same_text(path: str, before: bytes | None, after: bytes | None) -> bool:
    """Whether two versions of a file say the same to a compiler or to Kconfig, whatever their lines and comments.

    A file that comes or goes does not. Never true for what is not understood well enough.
    """
    if before == after:
        return True
    if before is None or after is None:
        return False
    name = posixpath.basename(path)
    if name.endswith(_SOURCES):
        return _tokens(before) == _tokens(after)
    if name.startswith("Kconfig"):
        return _without_help(before) == _without_help(after)
    return path == "Makefile" and _VERSION.sub(b"", before) == _VERSION.sub(b"", after)


def _tokens(data: bytes) -> list[bytes]:
    """The tokens, and the ends of lines where they end a directive."""
    found: list[bytes] = []
    directive = False
    for match in _TOKENS.finditer(b"\n" + data + b"\n"):
        token = match[0]
        if token.startswith(b"\n"):
            if directive:
                if found[-1] == b" ":
                    found.pop()
                found.append(b"\n")
            directive = len(token) > 1
            if directive:
                found.append(b"#")
        elif token.isspace() or token == b"\\\n" or token.startswith((b"//", b"/*")):
            # White space tells `#define f (x)` from `#define f(x)`.
            if directive and (not found or found[-1] != b" "):
                found.append(b" ")
        else:
            found.append(token)
    return found


def _without_help(data: bytes) -> list[bytes]:
    """The lines of a Kconfig without comments, empty lines and help texts (what stands deeper than the first line of the help)."""
    found: list[bytes] = []
    depth: int | None = None
    waiting = False
    for line in data.split(b"\n"):
        text = line.expandtabs(8)
        indent = len(text) - len(text.lstrip())
        word = text.strip()
        if waiting and word:
            waiting, depth = False, indent
            if indent == 0:
                depth = None
        if depth is not None and (not word or indent >= depth):
            continue
        depth = None
        if word in (b"help", b"---help---"):
            waiting = True
        if word and not word.startswith(b"#"):
            found.append(b" ".join(word.split()))
    return found
