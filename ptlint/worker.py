"""What runs in a process of the pool: reading units of one build, and analysing one build.

Everything that goes in and comes out is plain and encoded; a worker shares nothing with others.
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ptlint import resources
from ptlint.analysis.build import analyse
from ptlint.analysis.result import BuildResult
from ptlint.cache import LIMIT, Store, Summaries, keep_file, take_file
from ptlint.frontend import ir
from ptlint.frontend.parse import Headers, parse_shared
from ptlint.frontend.pch import common_headers, header_files, make_pch
from ptlint.frontend.problem import Problem
from ptlint.frontend.source import Sources
from ptlint.program.border import Border, load_border
from ptlint.program.link import link

__all__ = ["AnalyseTask", "Analysed", "ParseTask", "ParsedUnit", "ParsedUnits", "SharedRow", "headers_of", "ready", "run_task"]

_DEPTH = 20_000


class ParseTask(msgspec.Struct, frozen=True, tag=True):
    """Units of a build to read. ``units`` are (file, arguments), ``common`` the arguments that all units of the build share.

    ``headers`` are those to precompile. ``known`` are keys of functions of these headers that need not be lowered again. ``unsaved`` are
    contents in place of the files' own. ``pch`` is the precompiled header where there is one already, ``shelf`` the folder to
    keep one in that is made.
    """

    build: str
    directory: str
    units: tuple[tuple[str, tuple[str, ...]], ...]
    common: tuple[str, ...]
    headers: tuple[str, ...]
    known: frozenset[str] = frozenset()
    unsaved: dict[str, bytes] = {}
    pch: str = ""
    shelf: str = ""


class ParsedUnit(msgspec.Struct, frozen=True, array_like=True):
    """What one unit gives: an encoded ``ir.Unit`` (empty where it could not be read), and the functions of the header that it names."""

    file: str
    unit: bytes
    refs: tuple[str, ...]
    problems: tuple[Problem, ...]
    read: tuple[str, ...]


class SharedRow(msgspec.Struct, frozen=True, array_like=True):
    """An encoded ``ir.Shared``, with what it names."""

    refs: tuple[str, ...]
    records: tuple[str, ...]
    data: bytes


class ParsedUnits(msgspec.Struct, frozen=True, tag=True):
    """What a ParseTask gives. ``header`` are the files of the precompiled header, None where there is none.

    ``bound``: functions of the header differ from unit to unit, so what was read now goes with nothing that was read another time.
    ``pch`` is where a precompiled header was kept that was made for this.
    """

    units: tuple[ParsedUnit, ...]
    shared: dict[str, SharedRow]
    layouts: dict[str, ir.Layout]
    header: tuple[str, ...] | None
    bound: bool
    seconds: float
    megabytes: float
    pch: str = ""


class AnalyseTask(msgspec.Struct, frozen=True, tag=True):
    """A build to link and analyse. ``units`` and ``shared`` are encoded; ``incomplete`` are (file, reason) of what could not be read.

    ``cache`` is the folder of the cache that summaries of functions are kept in, empty where there is none; ``tool`` is this tool's identity.
    ``devices``: IOMMUs of the build walk the kernel's tables. ``broadcasts``: its flushes may interrupt no CPU.
    """

    build: str
    runtimes: tuple[str, ...]
    variants: dict[str, str]
    skipped: tuple[str, ...]
    incomplete: tuple[tuple[str, str], ...]
    count: int
    units: tuple[bytes, ...]
    shared: tuple[bytes, ...]
    layouts: tuple[ir.Layout, ...]
    cache: str = ""
    tool: bytes = b""
    devices: bool = False
    broadcasts: bool = False


class Analysed(msgspec.Struct, frozen=True, tag=True):
    """What an AnalyseTask gives; ``seconds`` and ``megabytes``, the most that the process used, are for people only."""

    result: BuildResult
    seconds: float
    megabytes: float


@contextmanager
def ready() -> Iterator[None]:
    """The process is ready for a task: deep recursion is allowed; what it makes lives until the end, so garbage is looked for only then."""
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    gc.disable()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()


def run_task(data: bytes) -> bytes:
    """Takes an encoded task, gives its encoded result. A unit that cannot be read is one with problems."""
    task = msgspec.msgpack.decode(data, type=ParseTask | AnalyseTask)
    del data  # which is as large as the program
    border = load_border(resources.rules())
    with ready():
        return msgspec.msgpack.encode(_parse(task, border) if isinstance(task, ParseTask) else _analyse(task, border))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _parse(task: ParseTask, border: Border) -> ParsedUnits:
    began = time.monotonic()
    records = frozenset(name.removesuffix("*").strip() for name in {*border.tables, *border.pages})
    sources = Sources(task.directory, task.unsaved)
    headers = Headers(known=set(task.known))
    units = []
    with tempfile.TemporaryDirectory(prefix="ptlint-") as folder:
        made = str(Path(folder) / "common.pch")
        known = bool(task.pch) and take_file(task.pch, made)
        # Some header may fail alone: then let each unit say so for itself.
        pch = None if not known and make_pch(task.directory, task.common, task.headers, made, sources=sources) else made
        files = None if pch is None else header_files(pch)
        # Whether its headers are as they were is known, by content.
        trusted = ("-Xclang", "-fno-validate-pch") if known else ()
        for file, words in task.units:
            arguments = (*words, *trusted)
            parsed = parse_shared(sources, file, arguments, headers, pch, records)
            if parsed.problems and pch is not None:
                # It may be that its headers do not go together in this order: they do in its own, or the problem is the file's.
                alone = parse_shared(sources, file, words, Headers(), None, records)
                parsed = parsed if alone.problems else alone
            unit = b"" if parsed.unit is None else msgspec.msgpack.encode(parsed.unit)
            units.append(ParsedUnit(file, unit, parsed.refs, parsed.problems, parsed.read))
        kept = keep_file(made, task.shelf) if task.shelf and pch and not known else ""
    shared = {key: SharedRow(one.refs, one.records, msgspec.msgpack.encode(one)) for key, one in headers.functions.items()}
    return ParsedUnits(tuple(units), shared, headers.layouts, files, headers.bound, time.monotonic() - began, _megabytes(), kept)


def _analyse(task: AnalyseTask, border: Border) -> Analysed:
    began = time.monotonic()
    decoder = msgspec.msgpack.Decoder(ir.Unit)
    units = [decoder.decode(unit) for unit in task.units]
    common = [msgspec.msgpack.decode(one, type=ir.Shared) for one in task.shared]
    # After all units: what stands in a unit's own file comes first.
    statics = tuple(static for one in common for static in one.statics)
    units.append(ir.Unit("\U0010ffff", tuple(one.function for one in common), statics, task.layouts, ()))
    program = link(units, border, task.runtimes)
    store = Store(Path(task.cache), lambda _: None, LIMIT) if task.cache else None
    summaries = Summaries(store, task.tool) if store is not None else None
    result = analyse(
        program,
        border,
        build=task.build,
        variants=task.variants,
        incomplete=task.incomplete,
        units=task.count,
        left_out=frozenset(task.skipped),
        keeper=summaries,
        devices=task.devices,
        broadcasts=task.broadcasts,
    )
    if store is not None and summaries is not None:
        summaries.write()
        store.close()
    return Analysed(result, time.monotonic() - began, _megabytes())


def headers_of(directory: str, files: list[str], unsaved: dict[str, bytes]) -> tuple[str, ...]:
    """The headers that are worth precompiling for these units of a tree; ``unsaved`` are contents in place of the files' own."""
    return tuple(common_headers(Sources(directory, unsaved), files))
