"""Precompiled headers: one for each build, of the headers that several of its units include."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from .clang import ClangMissing, load
from .problem import Problem
from .source import Sources
from .units import first_error, translation_unit

__all__ = ["common_headers", "header_files", "make_pch"]

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>", re.MULTILINE)
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(if|ifdef|ifndef|endif)\b", re.MULTILINE)
_HEADER = "ptlint-pch.h"
_FOR_PCH = 0x4 | 0x200  # incomplete; keep going


def common_headers(sources: Sources, units: Iterable[str], least: int = 3) -> list[str]:
    """The ``<...>`` headers that at least ``least`` of the units include outside any condition, in the order of their first mention."""
    count: Counter[str] = Counter()
    for unit in sorted(units):
        text = sources.text(unit)
        depth, position, found = 0, 0, {}
        marks = sorted([(m.start(), m[1]) for m in _CONDITION.finditer(text)] + [(m.start(), b"<" + m[1]) for m in _INCLUDE.finditer(text)])
        for position, mark in marks:
            if mark.startswith(b"<"):
                if depth == 0:
                    found[mark[1:].decode("utf-8", "replace")] = position
            else:
                depth += -1 if mark == b"endif" else 1
        count.update(dict.fromkeys(found, 1))
    return [header for header, number in count.items() if number >= least]


def make_pch(
    directory: str,
    arguments: Sequence[str],
    headers: Sequence[str],
    path: str,
    unsaved: Mapping[str, bytes] | None = None,
    *,
    sources: Sources | None = None,
) -> list[Problem]:
    """Write a precompiled header of ``headers`` (names as in ``#include <...>``) to ``path``, and beside it the list of its files.

    ``arguments`` are those of the units, without the file. Returns what went wrong: with a problem in it, the header is not to be
    used. Nothing is raised for broken C.
    """
    try:
        clang = load()
    except ClangMissing as error:
        return [Problem(path, str(error))]
    text = "".join(f"#include <{header}>\n" for header in headers)
    sources = (sources or Sources(directory, unsaved)).overlay({_HEADER: text.encode()})
    with translation_unit(clang, sources, _HEADER, [*arguments, "-x", "c-header"], only_local=False, flags=_FOR_PCH) as handle:
        if handle is None:
            return [Problem(path, "libclang cannot parse the headers")]
        error_ = first_error(clang, handle, sources)
        if error_ is not None:
            return [Problem(path, error_)]
        files = [sources.relative(clang.string(clang.getFileName(file))) for file in clang.inclusions(handle)]
        sources.read.update(files)
        if clang.saveTranslationUnit(handle, path.encode(), 0):
            return [Problem(path, "libclang cannot write the precompiled header")]
    Path(path + ".files").write_bytes(msgspec.json.encode([file for file in files if file != _HEADER]))
    return []


def header_files(path: str | None) -> tuple[str, ...]:
    """The files that a precompiled header was made of; none for None."""
    if path is None:
        return ()
    listing = Path(path + ".files")
    try:
        return _header_files(listing, listing.stat().st_mtime_ns)
    except OSError:
        return ()


@functools.lru_cache(maxsize=16)
def _header_files(listing: Path, _time: int) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(listing.read_bytes(), type=list[str]))
