"""What the lowering of one translation unit shares: types, places, names of functions, and the queue of functions to lower."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import kinds as k
from .clang import Clang, Cursor, Type
from .ir import FunctionRef, Place
from .source import MacroIndex, Sources

__all__ = ["FieldInfo", "Reach", "TypeInfo", "UnitContext", "VarInfo"]

_COUNTED = re.compile(r"^(.*?\D)(\d+)$")


class TypeInfo:
    """A type: as spelled, its canonical kind, its size in bytes (0 if unknown)."""

    __slots__ = ("canonical", "derived", "kind", "size", "spelling", "type")

    def __init__(self, clang: Clang, type_: Type, prefix: str) -> None:
        self.type = type_
        self.canonical: Type = clang.getCanonicalType(type_)
        self.kind: int = self.canonical.kind
        text = clang.string(clang.getTypeSpelling(type_))
        if "typeof" in text or "__auto_type" in text:
            text = clang.string(clang.getTypeSpelling(self.canonical))
            self.derived = True
        else:
            self.derived = False
        self.spelling = text.replace(prefix, "") if "(" in text else text
        self.size = 0
        if self.kind in k.UNSIGNED_TYPES or self.kind in k.SIGNED_TYPES or self.kind in (k.TYPE_ENUM, k.TYPE_POINTER):
            self.size = max(int(clang.Type_getSizeOf(self.canonical)), 0)

    @property
    def integer(self) -> bool:
        """Whether the type is an integer or an enumeration."""
        return self.kind in k.UNSIGNED_TYPES or self.kind in k.SIGNED_TYPES or self.kind == k.TYPE_ENUM

    @property
    def unsigned(self) -> bool:
        """Whether values of the type are never negative (enumerations count as signed)."""
        return self.kind in k.UNSIGNED_TYPES or self.kind == k.TYPE_POINTER


class Reach:
    """What one part of the lowering names: functions of the precompiled header, records, functions with no body, cleanup functions."""

    __slots__ = ("cleanups", "declared", "functions", "records", "refs", "shared")

    def __init__(self, shared: bool) -> None:
        self.shared = shared
        self.refs: set[str] = set()
        self.records: dict[str, Type] = {}
        self.declared: dict[str, str] = {}
        self.cleanups: dict[str, None] = {}
        self.functions: dict[int | None, tuple[FunctionRef, bool]] = {}


class FieldInfo:
    """A member of a record: its name (empty for an anonymous record), the nearest named record, its type."""

    __slots__ = ("name", "record", "type")

    def __init__(self, name: str, record: str, type_: TypeInfo) -> None:
        self.name, self.record, self.type = name, record, type_


class VarInfo:
    """What a declaration cursor names: its stable name, kind, type."""

    __slots__ = ("cursor", "name", "type")

    def __init__(self, cursor: Cursor, name: str, type_: TypeInfo) -> None:
        self.cursor, self.name, self.type = cursor, name, type_


class UnitContext:
    """The state of one translation unit's lowering. It lives as long as the libclang unit and never leaves the front end.

    ``own`` is what the unit's own part reaches; functions of the precompiled header have a ``Reach`` each.
    ``bound`` is set when such a function is not the same for all units after all.
    """

    def __init__(
        self,
        clang: Clang,
        unit: int,
        sources: Sources,
        file: str,
        header_files: tuple[str, ...],
        wanted: Callable[[str], bool] | None,
        known: set[str] | None = None,
        marked: frozenset[str] = frozenset(),
    ) -> None:
        self.marked = marked
        self.clang, self.unit, self.sources, self.file = clang, unit, sources, file
        self.wanted = wanted
        self.known = known if known is not None else set()
        self.failed: list[str] = []
        self.prefix = sources.directory + "/"
        self._files: dict[int, str] = {}
        included = [self.file_name(found) for found in clang.inclusions(unit)]
        self.read = tuple(dict.fromkeys((file, *included)))
        sources.read.update(self.read)
        self.macros = self._own_macros = MacroIndex(sources, [file, *included], header_files)
        self._shared_macros = MacroIndex(sources, [], header_files)
        self._header_files, self._included = frozenset(header_files), frozenset(included)
        self.bound = False
        self._types: dict[tuple[int, int | None, int | None], TypeInfo] = {}
        self._fields: dict[int | None, FieldInfo] = {}
        self._records: dict[str, Type] = {}
        self.queue: list[tuple[str, Cursor]] = []
        self.shared_queue: list[tuple[str, Cursor]] = []
        self.queued: set[str] = set()
        self.own = self.reach = Reach(False)
        self._named: dict[str, Cursor] | None = None

    def enter(self, reach: Reach) -> None:
        """What is lowered from here on belongs to ``reach``."""
        self.reach = reach
        self.macros = self._shared_macros if reach.shared else self._own_macros

    # files and places

    def file_name(self, file: int | None) -> str:
        """The path, relative to the tree, of a CXFile."""
        if not file:
            return ""
        name = self._files.get(file)
        if name is None:
            name = self._files[file] = self.sources.relative(self.clang.string(self.clang.getFileName(file)))
        return name

    def place(self, cursor: Cursor) -> Place:
        """Where a cursor stands in its file; of a macro's expansion, where the macro is used."""
        clang = self.clang
        file, line, column, _ = clang.position(clang.getExpansionLocation, clang.getCursorLocation(cursor))
        return Place(self.file_name(file), line, column)

    def spot(self, cursor: Cursor) -> tuple[Place, int]:
        """Where a cursor stands in the file, seen through macro arguments, and the offset there."""
        clang = self.clang
        file, line, column, offset = clang.position(clang.getFileLocation, clang.getCursorLocation(cursor))
        return Place(self.file_name(file), line, column), offset

    def spot_start(self, cursor: Cursor) -> tuple[str, int]:
        """The file and offset where a cursor's extent starts."""
        clang = self.clang
        extent = clang.getCursorExtent(cursor)
        file, _, _, offset = clang.position(clang.getFileLocation, clang.getRangeStart(extent))
        return self.file_name(file), offset

    def written(self, cursor: Cursor) -> str:
        """The source text of a cursor's extent, in one line."""
        clang = self.clang
        extent = clang.getCursorExtent(cursor)
        file, _, _, begin = clang.position(clang.getFileLocation, clang.getRangeStart(extent))
        other, _, _, end = clang.position(clang.getFileLocation, clang.getRangeEnd(extent))
        if file != other or end <= begin:
            return ""
        return " ".join(self.sources.text(self.file_name(file))[begin:end].decode("utf-8", "replace").split())

    # types and members

    def type_info(self, type_: Type) -> TypeInfo:
        """What is known of a type (kept)."""
        key = (type_.kind, type_.data0, type_.data1)
        info = self._types.get(key)
        if info is None:
            info = self._types[key] = TypeInfo(self.clang, type_, self.prefix)
        return info

    def type_of(self, cursor: Cursor) -> TypeInfo:
        """The type of an expression or a declaration."""
        return self.type_info(self.clang.getCursorType(cursor))

    def same(self, one: Type, other: Type) -> bool:
        """Whether two canonical types are the same but for qualifiers."""
        if one.kind != other.kind or not one.data0 or not other.data0:
            return False
        return bool(self.clang.getUnqualifiedType(one).data0 == self.clang.getUnqualifiedType(other).data0)

    def record_name(self, cursor: Cursor) -> str:
        """The nearest named record at or around a record's declaration."""
        clang = self.clang
        while cursor.kind in (k.STRUCT_DECL, k.UNION_DECL):
            type_ = clang.getCursorType(cursor)
            name = self.type_info(type_).spelling
            if "(" not in name:
                self.reach.records[name] = self._records.setdefault(name, type_)
                return name
            cursor = clang.getCursorSemanticParent(cursor)
        return ""

    def field(self, cursor: Cursor) -> FieldInfo:
        """What is known of the FIELD_DECL that a member expression names."""
        info = self._fields.get(cursor.data0)
        if info is None:
            clang = self.clang
            type_ = self.type_of(cursor)
            name = clang.spelling(cursor)
            if "(" in name:
                name = ""
            info = FieldInfo(name, self.record_name(clang.getCursorSemanticParent(cursor)), type_)
            self._fields[cursor.data0] = info
        elif info.record:
            self.reach.records[info.record] = self._records[info.record]
        return info

    # names

    def name(self, cursor: Cursor) -> str:
        """A declaration's name. Numbers that a macro took from ``__COUNTER__`` become ``#``: they differ from parse to parse."""
        name = self.clang.spelling(cursor)
        match = _COUNTED.match(name)
        if match:
            place, offset = self.spot(cursor)
            text = self.sources.text(place.file)
            here = self.sources.identifier(place.file, offset)
            if here and here != name and not re.search(rf"{match[2]}\b".encode(), text[offset : offset + 300]):
                return match[1] + "#"
        return name

    def function(self, cursor: Cursor) -> FunctionRef:
        """The function that a FUNCTION_DECL declares; its definition is queued when there is one to lower."""
        entry = self.reach.functions.get(cursor.data0)
        if entry is None:
            entry = self.reach.functions[cursor.data0] = self._function(cursor)
        return entry[0]

    def noreturn(self, cursor: Cursor) -> bool:
        """Whether the function that a FUNCTION_DECL declares never returns."""
        self.function(cursor)
        return self.reach.functions[cursor.data0][1]

    def _function(self, cursor: Cursor) -> tuple[FunctionRef, bool]:
        clang = self.clang
        definition = clang.getCursorDefinition(cursor)
        found = definition.kind == k.FUNCTION_DECL
        name = self.name(cursor)
        key = name
        nearest = definition if found else cursor
        file = self.place(nearest).file
        internal = clang.getCursorLinkage(cursor) == k.LINKAGE_INTERNAL
        if internal:
            key = f"{file}:{name}"
        noreturn = "noreturn" in self.type_of(cursor).spelling
        # A unit may include a header that was precompiled once more, for what it says then.
        shared = file in self._header_files and (file not in self._included or clang.precompiled(clang.getCursorLocation(nearest)))
        if found and not noreturn and "noreturn" in self.type_of(definition).spelling:
            noreturn = True
            self.bound = self.bound or (self.reach.shared and not shared)
        if not found:
            if not name.startswith("__builtin_"):
                self.reach.declared[key] = self.type_info(clang.getCursorResultType(cursor)).spelling
        elif shared:
            self.reach.refs.add(key)
            if key not in self.queued and key not in self.known and (self.wanted is None or self.wanted(name)):
                self.queued.add(key)
                self.shared_queue.append((key, definition))
        else:
            if self.reach.shared and internal:
                self.bound = True
            if key not in self.queued and (self.wanted is None or self.wanted(name)):
                self.queued.add(key)
                self.queue.append((key, definition))
        return FunctionRef(key), noreturn

    def named(self, name: str) -> FunctionRef:
        """The function of a name that no cursor leads to (a cleanup function).

        One that only a precompiled header has is found without its file; ``cleanups`` remembers it.
        """
        if self._named is None:
            clang = self.clang
            self._named = {}
            for cursor in clang.children(clang.getTranslationUnitCursor(self.unit)):
                if cursor.kind == k.FUNCTION_DECL:
                    self._named[clang.spelling(cursor)] = cursor
        found = self._named.get(name)
        if found is not None:
            return self.function(found)
        self.reach.cleanups.setdefault(name)
        return FunctionRef(name)

    # layouts

    def declares(self, record: Type) -> bool:
        """Does the unit's own file declare this record?"""
        return self.place(self.clang.getTypeDeclaration(self.clang.getCanonicalType(record))).file == self.file

    def field_names(self, record: Type) -> list[str]:
        """The names of a record's direct members; empty for anonymous records."""
        return [self.field(child).name for child in self.clang.fields(record)]

    def members(self, record: Type) -> list[tuple[str, int, int]]:
        """(name, offset, size) of each member of a record, anonymous records seen through, bytes."""
        found: list[tuple[str, int, int]] = []
        self._members(record, record, found)
        return found

    def member_words(self, record: Type, name: str) -> tuple[str, str] | None:
        """The type of a member as spelled, and its name as written (a macro may stand for it); anonymous records are seen through."""
        for child in self.clang.fields(record):
            field = self.field(child)
            if field.name == name:
                place, offset = self.spot(child)
                return field.type.spelling, self.sources.identifier(place.file, offset) or name
            if not field.name and (found := self.member_words(field.type.canonical, name)):
                return found
        return None

    def _members(self, whole: Type, record: Type, found: list[tuple[str, int, int]]) -> None:
        clang = self.clang
        for child in clang.fields(record):
            field = self.field(child)
            if field.name:
                offset = clang.Type_getOffsetOf(whole, field.name.encode())
                found.append((field.name, max(offset, 0) // 8, max(clang.Type_getSizeOf(field.type.canonical), 0)))
            else:
                self._members(whole, field.type.canonical, found)
