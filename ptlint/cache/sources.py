"""What the compiler looked for and did not find, told from the text: a new file there would be read in the place of another.

libclang names the files that it read, not those that it tried. What it can have tried is what the ``#include`` lines of these files name,
in the folder of the file that names it and in every folder of the search path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

__all__ = ["lookups", "search_path"]

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include(?:_next)?[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)
_HAS = re.compile(rb'__has_include(?:_next)?[ \t]*\([ \t]*[<"]([^>"\n]+)[>"]')


def search_path(commands: Iterable[Iterable[str]]) -> tuple[list[str], list[str]]:
    """The folders of ``-I`` in the tree, and the names of ``-include``, of some command lines."""
    folders: dict[str, None] = {}
    early: dict[str, None] = {}
    for command in commands:
        words = iter(command)
        for word in words:
            if word == "-include":
                early[next(words, "")] = None
            elif word.startswith("-I") and not word.startswith("-I/"):
                folders[posixpath.normpath(word[2:])] = None
    return ["" if folder == "." else folder for folder in folders], [name for name in early if not name.startswith("/")]


def lookups(files: Iterable[str], folders: list[str], early: Iterable[str], text: Callable[[str], bytes]) -> set[str]:
    """Every path that includes of ``files`` can have meant: relative to the tree, normalised, never leading out of it.

    ``folders`` is the search path; ``early`` are what the command line includes; ``text`` gives a file's content.
    """
    everywhere: set[str] = set(early)
    found: set[str] = {posixpath.normpath(name) for name in everywhere}
    for file in files:
        data = text(file)
        here = posixpath.dirname(file)
        for angled, quoted in _INCLUDE.findall(data):
            name = (angled or quoted).decode("utf-8", "surrogateescape")
            everywhere.add(name)
            if quoted:
                found.add(posixpath.normpath(posixpath.join(here, name)))
        if b"__has_include" in data:
            for name in _HAS.findall(data):
                decoded = name.decode("utf-8", "surrogateescape")
                everywhere.add(decoded)
                found.add(posixpath.normpath(posixpath.join(here, decoded)))
        # An include whose name comes from a macro: by where the file was found.
        everywhere.update(file[len(folder) + 1 :] for folder in folders if folder and file.startswith(folder + "/"))
    for name in everywhere:
        found.update(posixpath.normpath(posixpath.join(folder, name)) for folder in folders)
    return {path for path in found if not path.startswith(("../", "/")) and path != ".."}
