"""Translation units of libclang, and their diagnostics."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .clang import Clang, UnsavedFile
from .source import Sources

__all__ = ["first_error", "translation_unit"]

_ERROR = 3
_KEEP_GOING = 0x200


@contextmanager
def translation_unit(
    clang: Clang, sources: Sources, file: str, arguments: Sequence[str], *, only_local: bool = True, flags: int = _KEEP_GOING
) -> Iterator[int | None]:
    """A libclang translation unit, disposed of on leaving; None when libclang gives none (it has said why on no channel)."""
    command = ["-working-directory=" + sources.directory, *(found for found in arguments if not found.startswith("-working-directory"))]
    argv = (ctypes.c_char_p * len(command))(*[argument.encode() for argument in command])
    files = (UnsavedFile * len(sources.unsaved))()
    for slot, (name, text) in zip(files, sources.unsaved.items(), strict=True):
        slot.name, slot.contents, slot.length = name.encode("utf-8", "surrogateescape"), text, len(text)
    index = clang.createIndex(int(only_local), 0)
    unit = ctypes.c_void_p()
    try:
        clang.parseTranslationUnit2(index, file.encode("utf-8", "surrogateescape"), argv, len(command), files, len(files), flags, ctypes.byref(unit))
        yield unit.value
    finally:
        if unit.value:
            clang.disposeTranslationUnit(unit)
        clang.disposeIndex(index)


def first_error(clang: Clang, unit: int, sources: Sources) -> str | None:
    """The first error among a unit's diagnostics, as ``file:line: message``."""
    for number in range(clang.getNumDiagnostics(unit)):
        diagnostic = clang.getDiagnostic(unit, number)
        try:
            if clang.getDiagnosticSeverity(diagnostic) >= _ERROR:
                file, line, _, _ = clang.position(clang.getExpansionLocation, clang.getDiagnosticLocation(diagnostic))
                message = clang.string(clang.getDiagnosticSpelling(diagnostic))
                name = sources.relative(clang.string(clang.getFileName(file))) if file else ""
                return f"{name}:{line}: {message}" if name else message
        finally:
            clang.disposeDiagnostic(diagnostic)
    return None
