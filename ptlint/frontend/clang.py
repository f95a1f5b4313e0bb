"""A thin layer of ctypes on the libclang C library: structures, declared functions, and a few helpers.

The library is the wheel's, or the file that ``PTLINT_LIBCLANG`` in the environment (or the ``path`` argument) names.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import sys
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_longlong, c_uint, c_ulong, c_ulonglong, c_void_p
from pathlib import Path
from typing import Any

__all__ = ["Clang", "ClangMissing", "Cursor", "Range", "SourceLocation", "Type", "UnsavedFile", "load"]


class ClangMissing(RuntimeError):
    """The libclang library cannot be loaded, or lacks a function that is needed."""


class Cursor(ctypes.Structure):
    """CXCursor."""

    _fields_ = (("kind", c_int), ("xdata", c_int), ("data0", c_void_p), ("data1", c_void_p), ("data2", c_void_p))
    kind: int
    xdata: int
    data0: int | None
    data1: int | None
    data2: int | None


class Type(ctypes.Structure):
    """CXType."""

    _fields_ = (("kind", c_int), ("data0", c_void_p), ("data1", c_void_p))
    kind: int
    data0: int | None
    data1: int | None


class SourceLocation(ctypes.Structure):
    """CXSourceLocation."""

    _fields_ = (("data0", c_void_p), ("data1", c_void_p), ("offset", c_uint))


class Range(ctypes.Structure):
    """CXSourceRange."""

    _fields_ = (("data0", c_void_p), ("data1", c_void_p), ("begin", c_uint), ("end", c_uint))


class UnsavedFile(ctypes.Structure):
    """CXUnsavedFile."""

    _fields_ = (("name", c_char_p), ("contents", c_char_p), ("length", c_ulong))


class _CXString(ctypes.Structure):
    _fields_ = (("data", c_void_p), ("flags", c_uint))


_VISITOR = ctypes.PYFUNCTYPE(c_int, Cursor, Cursor, c_void_p)
_FIELD_VISITOR = ctypes.PYFUNCTYPE(c_int, Cursor, c_void_p)
_INCLUSION = ctypes.PYFUNCTYPE(None, c_void_p, c_void_p, c_uint, c_void_p)

_PLACE = [SourceLocation, POINTER(c_void_p), POINTER(c_uint), POINTER(c_uint), POINTER(c_uint)]
_FUNCTIONS: dict[str, tuple[list[Any], Any]] = {
    "createIndex": ([c_int, c_int], c_void_p),
    "disposeIndex": ([c_void_p], None),
    "parseTranslationUnit2": ([c_void_p, c_char_p, c_void_p, c_int, c_void_p, c_uint, c_uint, POINTER(c_void_p)], c_int),
    "disposeTranslationUnit": ([c_void_p], None),
    "saveTranslationUnit": ([c_void_p, c_char_p, c_uint], c_int),
    "getNumDiagnostics": ([c_void_p], c_uint),
    "getDiagnostic": ([c_void_p, c_uint], c_void_p),
    "getDiagnosticSeverity": ([c_void_p], c_int),
    "getDiagnosticSpelling": ([c_void_p], _CXString),
    "getDiagnosticLocation": ([c_void_p], SourceLocation),
    "disposeDiagnostic": ([c_void_p], None),
    "getCString": ([_CXString], c_char_p),
    "disposeString": ([_CXString], None),
    "getTranslationUnitCursor": ([c_void_p], Cursor),
    "visitChildren": ([Cursor, _VISITOR, c_void_p], c_uint),
    "Type_visitFields": ([Type, _FIELD_VISITOR, c_void_p], c_uint),
    "getInclusions": ([c_void_p, _INCLUSION, c_void_p], None),
    "getCursorSpelling": ([Cursor], _CXString),
    "getCursorReferenced": ([Cursor], Cursor),
    "getCursorDefinition": ([Cursor], Cursor),
    "getCursorSemanticParent": ([Cursor], Cursor),
    "getCursorLocation": ([Cursor], SourceLocation),
    "getCursorExtent": ([Cursor], Range),
    "getRangeStart": ([Range], SourceLocation),
    "getRangeEnd": ([Range], SourceLocation),
    "getExpansionLocation": (_PLACE, None),
    "getFileLocation": (_PLACE, None),
    "Location_isFromMainFile": ([SourceLocation], c_int),
    "getFileName": ([c_void_p], _CXString),
    "getCursorLinkage": ([Cursor], c_int),
    "Cursor_getStorageClass": ([Cursor], c_int),
    "Cursor_hasAttrs": ([Cursor], c_uint),
    "getCursorType": ([Cursor], Type),
    "getCursorResultType": ([Cursor], Type),
    "getCanonicalType": ([Type], Type),
    "getPointeeType": ([Type], Type),
    "getUnqualifiedType": ([Type], Type),
    "getTypeDeclaration": ([Type], Cursor),
    "getTypeSpelling": ([Type], _CXString),
    "Type_getSizeOf": ([Type], c_longlong),
    "Type_getOffsetOf": ([Type, c_char_p], c_longlong),
    "getEnumConstantDeclValue": ([Cursor], c_longlong),
    "getCursorUnaryOperatorKind": ([Cursor], c_int),
    "getCursorBinaryOperatorKind": ([Cursor], c_int),
    "Cursor_Evaluate": ([Cursor], c_void_p),
    "Cursor_getVarDeclInitializer": ([Cursor], Cursor),
    "EvalResult_getKind": ([c_void_p], c_int),
    "EvalResult_getAsLongLong": ([c_void_p], c_longlong),
    "EvalResult_getAsUnsigned": ([c_void_p], c_ulonglong),
    "EvalResult_isUnsignedInt": ([c_void_p], c_uint),
    "EvalResult_dispose": ([c_void_p], None),
}


class Clang:
    """The library's functions as attributes, ``clang_`` left out, and helpers on them.

    Raises: ClangMissing, from the constructor, when the library does not load or lacks a function.
    """

    def __init__(self, path: str) -> None:
        try:
            library = ctypes.PyDLL(path)
        except OSError as error:
            raise ClangMissing(f"{path}: {error}") from error
        for name, (arguments, result) in _FUNCTIONS.items():
            try:
                function = getattr(library, f"clang_{name}")
            except AttributeError as error:
                raise ClangMissing(f"{path}: no clang_{name}") from error
            function.argtypes = arguments
            function.restype = result
            setattr(self, name, function)
        self._found: list[Cursor] = []

        def collect(cursor: Cursor, _parent: Cursor, _data: object) -> int:
            self._found.append(cursor)
            return 1

        def collect_field(cursor: Cursor, _data: object) -> int:
            self._found.append(cursor)
            return 1

        self._collect = _VISITOR(collect)
        self._collect_field = _FIELD_VISITOR(collect_field)
        self._kinds: frozenset[int] = frozenset()

        def descend(cursor: Cursor, _parent: Cursor, _data: object) -> int:
            if cursor.kind in self._kinds:
                self._found.append(cursor)
            return 2

        self._descend = _VISITOR(descend)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def string(self, value: Any) -> str:
        """The text of a CXString, which is disposed of."""
        text = self.getCString(value)
        self.disposeString(value)
        return text.decode("utf-8", "replace") if text else ""

    def spelling(self, cursor: Cursor) -> str:
        """The cursor's name."""
        return self.string(self.getCursorSpelling(cursor))

    def children(self, cursor: Cursor) -> list[Cursor]:
        """The cursor's direct children, in order."""
        found: list[Cursor] = []
        self._found = found
        self.visitChildren(cursor, self._collect, None)
        return found

    def fields(self, record: Type) -> list[Cursor]:
        """The FIELD_DECL of each direct member of a record, anonymous ones too, in order."""
        found: list[Cursor] = []
        self._found = found
        self.Type_visitFields(record, self._collect_field, None)
        return found

    def descendants(self, cursor: Cursor, kinds: frozenset[int]) -> list[Cursor]:
        """The cursors of some kinds anywhere below a cursor, in order."""
        found: list[Cursor] = []
        self._found, self._kinds = found, kinds
        self.visitChildren(cursor, self._descend, None)
        return found

    def precompiled(self, location: SourceLocation) -> bool:
        """Does the location come out of a precompiled header? Such are numbered from the top down, others from the bottom up.

        Source: clang/include/clang/Basic/SourceManager.h, ``CurrentLoadedOffset`` (the bit above says that it is in a macro).
        """
        return bool(location.offset >> 30 & 1)

    def position(self, function: Callable[..., None], location: SourceLocation) -> tuple[int | None, int, int, int]:
        """(CXFile, line, column, offset) of a location by ``getExpansionLocation`` or ``getFileLocation``."""
        file, line, column, offset = c_void_p(), c_uint(), c_uint(), c_uint()
        function(location, byref(file), byref(line), byref(column), byref(offset))
        return file.value, line.value, column.value, offset.value

    def evaluate(self, cursor: Cursor) -> int | None:
        """The value of an integer constant expression, or None."""
        result = self.Cursor_Evaluate(cursor)
        if not result:
            return None
        try:
            if self.EvalResult_getKind(result) != 1:
                return None
            if self.EvalResult_isUnsignedInt(result):
                return int(self.EvalResult_getAsUnsigned(result))
            return int(self.EvalResult_getAsLongLong(result))
        finally:
            self.EvalResult_dispose(result)

    def inclusions(self, unit: int) -> list[int]:
        """The CXFile of each file that the unit includes (those of a precompiled header left out), once each."""
        seen: dict[int, None] = {}

        def add(file: int, _stack: object, _depth: int, _data: object) -> None:
            if file:
                seen.setdefault(file)

        self.getInclusions(unit, _INCLUSION(add), None)
        return list(seen)


@functools.cache
def load(path: str | None = None) -> Clang:
    """The libclang at ``path``, or at $PTLINT_LIBCLANG, or the wheel's.

    Raises: ClangMissing.
    """
    path = path or os.environ.get("PTLINT_LIBCLANG")
    if not path:
        package = importlib.util.find_spec("clang")
        if package is None or not package.submodule_search_locations:
            raise ClangMissing("no libclang wheel, and PTLINT_LIBCLANG is not set")
        name = "libclang.dylib" if sys.platform == "darwin" else "libclang.so"
        path = str(Path(package.submodule_search_locations[0], "native", name))
    return Clang(path)
