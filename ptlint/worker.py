"""One build, from its units to the results of its analysis: what runs in a process of the pool.

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
from ptlint.frontend import ir
from ptlint.frontend.parse import parse_unit
from ptlint.frontend.pch import common_headers, make_pch
from ptlint.frontend.source import Sources
from ptlint.program.border import load_border
from ptlint.program.link import link

__all__ = ["Task", "TaskResult", "run_task", "ready"]

_DEPTH = 20_000


class Task(msgspec.Struct, frozen=True):
    """A build to parse and analyse. ``units`` are (file, arguments), ``common`` the arguments that all share.

    ``gaps`` are (file, reason) of what is known to be missing before anything was parsed. ``unsaved`` are contents in place of the files' own.
    """

    build: str
    directory: str
    units: tuple[tuple[str, tuple[str, ...]], ...]
    common: tuple[str, ...]
    runtimes: tuple[str, ...]
    variants: dict[str, str]
    skipped: frozenset[str]
    gaps: tuple[tuple[str, str], ...] = ()
    unsaved: dict[str, bytes] = {}


class TaskResult(msgspec.Struct, frozen=True):
    """The build's result; ``seconds`` by stage and ``megabytes``, the most that the process used, are for people only.

    ``read`` are the files that the compiler read, relative to the tree, those outside of it absolute; ``settled`` is False where a
    second run might find something else (a worker that was killed).
    """

    result: BuildResult
    seconds: dict[str, float]
    megabytes: float
    read: tuple[str, ...] = ()
    settled: bool = True


@contextmanager
def ready() -> Iterator[None]:
    """The process is ready for tasks: deep recursion is allowed; what they make lives until the end, so no garbage is looked for."""
    limit, collecting = sys.getrecursionlimit(), gc.isenabled()
    gc.disable()
    sys.setrecursionlimit(max(limit, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()


@ready()
def run_task(data: bytes) -> bytes:
    """Parse, link, analyse. Takes an encoded Task, gives an encoded TaskResult. A unit that fails is an entry of ``incomplete``."""
    task = msgspec.msgpack.decode(data, type=Task)
    seconds = {"parse": -time.monotonic()}
    border = load_border(resources.rules())
    sources = Sources(task.directory, task.unsaved)
    units, incomplete = _parse(task, sources, frozenset(name.removesuffix("*").strip() for name in {*border.tables, *border.pages}))
    incomplete += task.gaps
    seconds["parse"] += time.monotonic()
    seconds["analyse"] = -time.monotonic()
    program = link(units, border, task.runtimes)
    result = analyse(
        program, border, build=task.build, variants=task.variants, incomplete=tuple(incomplete), units=len(task.units), left_out=task.skipped
    )
    seconds["analyse"] += time.monotonic()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return msgspec.msgpack.encode(TaskResult(result, seconds, peak, tuple(sorted(sources.read))))


def _parse(task: Task, sources: Sources, records: frozenset[str]) -> tuple[list[ir.Unit], list[tuple[str, str]]]:
    units: list[ir.Unit] = []
    incomplete: list[tuple[str, str]] = []
    known: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="ptlint-") as folder:
        pch: str | None = str(Path(folder) / "common.pch")
        headers = common_headers(sources, [file for file, _ in task.units])
        assert pch is not None
        if make_pch(task.directory, task.common, headers, pch, sources=sources):
            pch = None  # some header fails alone: let each unit say so for itself
        for file, arguments in task.units:
            unit, problems = parse_unit(task.directory, file, arguments, None, pch, records=records, sources=sources, known=known)
            incomplete += ((problem.file, problem.reason) for problem in problems)
            if unit is not None:
                units.append(unit)
    return units, incomplete
