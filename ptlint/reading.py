"""One build on its way from units to a result: what earlier runs know of it, what has to be read, and what has to be analysed.

A unit is kept with the files that it is made of and the identity of the build's precompiled header; the header's functions are kept by that
identity; a build's result by the bytes of all that goes into its analysis. So a change that leaves the intermediate representation as it
was is analysed no second time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

import msgspec

from ptlint.analysis.result import BuildResult
from ptlint.cache import Deps, Precompiled, Session, lookups, search_path
from ptlint.cache.deps import digest
from ptlint.frontend.ir import Layout
from ptlint.frontend.problem import Problem
from ptlint.tree import Tree
from ptlint.worker import AnalyseTask, ParsedUnit, ParsedUnits, ParseTask, SharedRow

__all__ = ["Order", "Reading"]


class Order(msgspec.Struct, frozen=True):
    """A build to read and analyse. ``units`` are (file, arguments), ``common`` the arguments that all share, ``headers`` those to precompile.

    ``generated`` is the folder of its generated headers. ``gaps`` are (file, reason) of what is known to be missing before anything is read.
    ``unsaved`` are contents in place of the files' own. ``devices``: IOMMUs of the build walk the kernel's tables. ``broadcasts``: its
    flushes may interrupt no CPU.
    """

    build: str
    directory: str
    generated: str
    units: tuple[tuple[str, tuple[str, ...]], ...]
    common: tuple[str, ...]
    headers: tuple[str, ...]
    runtimes: tuple[str, ...]
    variants: dict[str, str]
    skipped: tuple[str, ...]
    gaps: tuple[tuple[str, str], ...]
    unsaved: dict[str, bytes]
    devices: bool
    broadcasts: bool


class _Header(msgspec.Struct, frozen=True, array_like=True):
    identity: bytes
    files: tuple[str, ...]


class _Table(msgspec.Struct, array_like=True):
    shared: dict[str, SharedRow] = {}
    layouts: dict[str, Layout] = {}


class Reading:
    """The state of one build. ``settled`` is False once something may be another time as it was not now (a process that was killed)."""

    def __init__(self, order: Order, session: Session, tree: Tree, tool: bytes, precompiled: Precompiled | None = None) -> None:
        """``precompiled`` is where precompiled headers of the tree are kept, if they are."""
        self.order, self._session, self._tree, self._tool = order, session, tree, tool
        self.settled = True
        self._header: _Header | None = None
        self._table = _Table()
        self._units: dict[str, ParsedUnit] = {}
        self._kept: frozenset[str] = frozenset()
        self._bound = False
        self._precompiled = precompiled
        self._made: list[str] = []
        if session.active:
            self._recall()

    # ---- keys ------------------------------------------------------------------------------------------------

    def _plain(self, arguments: Iterable[str]) -> list[str]:
        """Arguments without what is private to this run."""
        return [word.replace(self.order.generated, "@") for word in arguments if not word.startswith("-working-directory")]

    def _header_key(self) -> bytes:
        state = hashlib.blake2b(self._tool, digest_size=16)
        for folder, folders, names in os.walk(self.order.generated):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    state.update(msgspec.msgpack.encode((os.path.relpath(path, self.order.generated), file.read())))
        state.update(msgspec.msgpack.encode((self._plain(self.order.common), self.order.headers)))
        return state.digest()

    def _unit_key(self, file: str, arguments: tuple[str, ...]) -> bytes:
        identity = self._header.identity if self._header is not None else b""
        return digest(msgspec.msgpack.encode((identity, file, self._plain(arguments))))

    def _deps(self, files: Iterable[str], command: tuple[str, ...], names: Iterable[str] = ()) -> Deps:
        """What was read, and what was not there to be read."""
        facts = self._session.facts(self._tree)
        inside = self._inside(files)
        folders, early = search_path([command])
        paths = lookups([path for path in inside if not path.startswith("/")], folders, [*early, *names], lambda path: self._tree.read(path) or b"")
        return Deps(sources={path: facts.source(path) for path in inside}, missing=facts.missing(paths, inside))

    def _inside(self, files: Iterable[str]) -> set[str]:
        return {path for path in files if not path.startswith(self.order.generated)}

    # ---- what is known ----------------------------------------------------------------------------------------

    def _recall(self) -> None:
        self._key = self._header_key()
        data = self._session.find(self._tree, "header", self._key)
        try:
            if data is None:
                return
            self._header = msgspec.msgpack.decode(data, type=_Header)
            table = self._session.get("shared", self._header.identity)
            if table is None:
                return
            self._table = msgspec.msgpack.decode(table, type=_Table)
            for file, arguments in self.order.units:
                data = self._session.find(self._tree, "unit", self._unit_key(file, arguments))
                if data is not None:
                    self._units[file] = msgspec.msgpack.decode(data, type=ParsedUnit)
        except msgspec.MsgspecError:
            self._forget()
        self._kept = frozenset(self._units)
        if self._closure() is None:
            self._forget()

    def _forget(self) -> None:
        self._units, self._table, self._kept = {}, _Table(), frozenset()

    def missing(self, parts: int) -> list[ParseTask]:
        """What has to be read, in about this many parts."""
        left = [unit for unit in self.order.units if unit[0] not in self._units]
        known = frozenset(self._table.shared)
        shares = [left[number::parts] for number in range(parts)]
        order = self.order
        kept = self._precompiled
        pch = kept.find(self._slot, self._header.identity) if kept is not None and self._header is not None else ""
        shelf = str(kept.folder) if kept is not None else ""
        return [
            ParseTask(order.build, order.directory, tuple(share), order.common, order.headers, known, order.unsaved, pch, shelf)
            for share in shares
            if share
        ]

    @property
    def _slot(self) -> str:
        return os.path.basename(self.order.generated)

    # ---- what was read ----------------------------------------------------------------------------------------

    def take(self, task: ParseTask, found: ParsedUnits) -> bool:
        """Take what was read. Returns False when all has to be read anew, because it does not go with what is known from before."""
        self._bound = self._bound or found.bound or found.header is None
        self._made += [found.pch] if found.pch else []
        header = tuple(sorted(self._inside(found.header or ())))
        self._units.update((unit.file, unit) for unit in found.units)
        self._table.shared |= found.shared
        self._table.layouts |= found.layouts
        if self._kept and (self._bound or self._header is None or header != self._header.files):
            self._forget()
            return False
        if found.header is not None and self._header is None:
            self._header = _Header(b"", header)
        return True

    def lose(self, task: ParseTask, reason: str) -> list[ParseTask]:
        """What to do when a process does not come back from ``task``: read less at a time, until it is clear what it cannot read."""
        half = len(task.units) // 2
        if half:
            return [msgspec.structs.replace(task, units=units) for units in (task.units[:half], task.units[half:])]
        for file, _ in task.units:
            self._units[file] = ParsedUnit(file, b"", (), (Problem(file, f"the process that read it {reason}"),), ())
        self.settled = False
        return []

    @property
    def complete(self) -> bool:
        """Whether all units are there."""
        return len(self._units) == len(self.order.units)

    @property
    def read(self) -> set[str]:
        """All files that the compiler read."""
        found = {file for unit in self._units.values() for file in unit.read}
        return self._inside(found.union(self._header.files if self._header is not None else ()))

    def _closure(self) -> list[SharedRow] | None:
        """The header's functions that the units reach, in a fixed order; None when one of them is not known."""
        rows, seen = self._table.shared, set[str]()
        todo = [ref for unit in self._units.values() for ref in unit.refs]
        whole = True
        while todo:
            key = todo.pop()
            if key not in seen:
                seen.add(key)
                row = rows.get(key)
                whole = whole and row is not None
                todo += row.refs if row is not None else ()
        return [rows[key] for key in sorted(seen) if key in rows] if whole or not self._kept else None

    def analysis(self) -> AnalyseTask:
        """All of it, to be analysed."""
        order = self.order
        closure = self._closure() or []
        units = [self._units[file] for file, _ in order.units]
        records = sorted({record for row in closure for record in row.records})
        incomplete = [(problem.file, problem.reason) for unit in units for problem in unit.problems]
        return AnalyseTask(
            order.build,
            order.runtimes,
            order.variants,
            order.skipped,
            (*incomplete, *order.gaps),
            len(order.units),
            tuple(unit.unit for unit in units if unit.unit),
            tuple(row.data for row in closure),
            tuple(self._table.layouts[record] for record in records if record in self._table.layouts),
            devices=order.devices,
            broadcasts=order.broadcasts,
        )

    def lost(self, reason: str) -> BuildResult:
        """What is left to say when the analysis did not come back."""
        self.settled = False
        gap = (".", f"the process that analysed this build {reason}")
        variants = tuple(sorted(self.order.variants.values()))
        return BuildResult(self.order.build, (), (), (), {}, (), (), (*self.order.gaps, gap), len(self.order.units), 0, {}, variants)

    # ---- what is kept -----------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Keep what was read for later runs, the header's functions before the units that name them."""
        header = self._keep() if self._session.active and not self._bound and self.settled else None
        if self._precompiled is not None and self._made:
            if header is not None:
                self._precompiled.keep(self._slot, header.identity, self._made[-1])
            else:
                self._precompiled.drop(*self._made)

    def _keep(self) -> _Header | None:
        """The header, if all is kept."""
        if self._header is None:
            return None
        fresh = [unit for unit in self.order.units if unit[0] not in self._kept]
        if not self._header.identity:
            deps = self._deps(self._header.files, self.order.common, self.order.headers)
            self._header = _Header(digest(self._key + msgspec.msgpack.encode(deps)), self._header.files)
            if not self._session.keep(self._tree, "header", self._key, deps, msgspec.msgpack.encode(self._header)):
                return None
        if fresh:
            before = self._session.get("shared", self._header.identity)
            if before is not None:
                old = msgspec.msgpack.decode(before, type=_Table)
                self._table = _Table(old.shared | self._table.shared, old.layouts | self._table.layouts)
            self._session.put("shared", self._header.identity, msgspec.msgpack.encode(self._table))
        for file, arguments in fresh:
            unit = self._units[file]
            if unit.unit:
                deps = self._deps(unit.read, arguments)
                unit = msgspec.structs.replace(unit, read=tuple(sorted(self._inside(unit.read))))
                self._session.keep(self._tree, "unit", self._unit_key(file, arguments), deps, msgspec.msgpack.encode(unit))
        return self._header
