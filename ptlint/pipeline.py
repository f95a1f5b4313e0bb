"""The stages in order, for one tree: tree → build → select → frontend → program → analysis, and what comes out."""

from __future__ import annotations

import itertools
import tempfile
import time
from typing import TYPE_CHECKING

import msgspec

from ptlint import resources
from ptlint.cache import Deps, Recorder, Session, lookups, open_session, search_path, tool_identity
from ptlint.cache.deps import digest
from ptlint.errors import Unreadable, UsageError
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.progress import Progress
from ptlint.tree import Tolerant, Tree, open_tree

if TYPE_CHECKING:
    from ptlint.analysis.result import BuildResult
    from ptlint.build import Derived, Plan
    from ptlint.pool import Pool
    from ptlint.program.border import Border
    from ptlint.reading import Order, Reading
    from ptlint.select import Selection

__all__ = ["look", "run"]

_EARLY = 4  # processes that start while the tree is read, at most
_Commands = list[tuple[str, ...]]


def run(options: RunOptions, progress: Progress) -> Outcome:
    """Look at a tree.

    Raises:
        UsageError: there is no such tree, revision or variant, or the tree is no x86 kernel.
    """
    session = open_session(None if options.no_cache else options.cache_dir, progress.notice)
    try:
        with open_tree(options.tree, options.rev) as tree:
            return look(tree, options, progress, session)
    finally:
        session.close()


def look(tree: Tree, options: RunOptions, progress: Progress, session: Session) -> Outcome:
    """Look at an open tree, with what earlier runs found where all that it depends on is the same.

    Raises:
        UsageError: there is no such variant, or the tree is no x86 kernel.
    """
    started = time.monotonic()
    if any(tree.read(path) != data for path, data in tree.unsaved.items()):
        # What the compiler is given in the place of a file that is gone is nothing that other trees have.
        session = Session(None)
    tool = tool_identity() if session.active else b""
    key = _key(options, tool) if session.active else b""
    found = session.find(tree, "outcome", key)
    if found is not None:
        try:
            kept = msgspec.msgpack.decode(found, type=Outcome)
        except msgspec.MsgspecError:
            pass
        else:
            return msgspec.structs.replace(kept, commit=tree.commit, figures={"seconds in all": time.monotonic() - started, "from the cache": 1})
    recorder = Recorder(tree)
    outcome, read, commands = _look(recorder, options, progress, session, tool)
    if session.active and recorder.settled and read is not None:
        session.keep(tree, "outcome", key, _deps(tree, session, recorder, read, commands), msgspec.msgpack.encode(outcome))
    return outcome


def _key(options: RunOptions, tool: bytes) -> bytes:
    config = b""
    if options.config is not None:
        try:
            config = options.config.read_bytes()
        except OSError:
            return b""
    asked = (sorted(options.variants), str(options.config or ""), config)
    return digest(tool + msgspec.msgpack.encode(asked))


def _deps(tree: Tree, session: Session, recorder: Recorder, read: set[str], commands: list[tuple[str, ...]]) -> Deps:
    """What the result hangs on. ``read`` are the files that the compiler read, ``commands`` its command lines."""
    facts = session.facts(tree)
    inside = {path for path in read if not path.startswith("/")}
    folders, early = search_path(commands)
    paths = lookups(inside, folders, early, lambda path: tree.read(path) or b"")
    return recorder.deps({path: facts.source(path) for path in read}, facts.missing(paths, inside))


def _look(tree: Recorder, options: RunOptions, progress: Progress, session: Session, tool: bytes) -> tuple[Outcome, set[str] | None, _Commands]:
    """The outcome, the files that the compiler read (None when another run may find something else) and its command lines."""
    from ptlint.build import not_covered, realise
    from ptlint.pool import Pool
    from ptlint.program.border import load_border
    from ptlint.reading import Reading
    from ptlint.select import load_rules, select
    from ptlint.worker import run_task

    started = time.monotonic()
    border = load_border(resources.rules())
    kept = session.precompiled(tree.tree)
    with tempfile.TemporaryDirectory(prefix="ptlint-") as folder, Pool(run_task, options.jobs) as pool:
        progress.stage("reading the tree", 1)
        pool.warm(_EARLY)
        tolerant = Tolerant(tree)
        shelf = session.shelf("parts", tool)
        selection = select(tolerant, border, load_rules(resources.rules()), jobs=options.jobs, shelf=shelf)
        shelf.write()
        derived = _derived(tree, options, selection, session, tool)
        try:
            plan = realise(tree, folder if kept is None else kept.generated, derived)
        except Unreadable:
            if kept is None:
                raise
            # The cache's disk may be full, or not to be written on: then nothing is kept.
            kept = None
            plan = realise(tree, folder, derived)
        progress.advance()
        prepared = time.monotonic()
        chosen = frozenset(options.variants)
        orders = _orders(plan, chosen, selection.units, selection.skipped, tolerant, border)
        readings = [Reading(order, session, tree.tree, tool, kept) for order in orders]
        results, figures = _work(readings, pool, options.jobs, progress, session, tool)
        with session.batch():
            for reading in readings:
                reading.keep()
        read = set(plan.read).union(*(reading.read for reading in readings))
        made = tuple(plan.generated.values())
        inside = {path for path in read if not path.startswith(made)}
        commands = [arguments for reading in readings for _, arguments in reading.order.units] + [reading.order.common for reading in readings]
    analysed = {result.build for result in results}
    open_symbols = set(not_covered(plan.builds, {symbol for symbol, _, _ in selection.guards}))
    outcome = Outcome(
        version=tree.version,
        commit=tree.commit,
        builds=tuple(build for build in plan.builds if build.name in analysed),
        all_builds=tuple(plan.builds),
        analysed=tuple(results),
        guards=tuple(guard for guard in selection.guards if guard[0] in open_symbols),
        chosen=chosen,
        figures={
            "seconds to read and select": prepared - started,
            "seconds in all": time.monotonic() - started,
            "files selected": len(selection.units),
            "functions selected": len(selection.functions),
            **figures,
        },
    )
    return outcome, inside if all(reading.settled for reading in readings) else None, commands


def _derived(tree: Recorder, options: RunOptions, selection: Selection, session: Session, tool: bytes) -> Derived:
    """The builds and their headers: from an earlier run, where all Kconfig files, Makefiles and lists of headers are as they were."""
    from ptlint.build import Derived, derive

    key = digest(_key(options, tool) + msgspec.msgpack.encode((sorted(selection.gates), sorted(selection.switches))))
    found = session.find_with_deps(tree.tree, "builds", key)
    if found is not None:
        try:
            known = msgspec.msgpack.decode(found[0], type=Derived)
        except msgspec.MsgspecError:
            pass
        else:
            tree.absorb(found[1])
            return known
    recorder = Recorder(tree.tree)
    derived = derive(recorder, selection.gates, options.config, selection.switches)
    deps = recorder.deps({}, {})
    tree.absorb(deps)
    tree.settled = tree.settled and recorder.settled
    if recorder.settled:
        session.keep(tree.tree, "builds", key, deps, msgspec.msgpack.encode(derived))
    return derived


def _orders(plan: Plan, chosen: frozenset[str], wanted: frozenset[str], skipped: frozenset[str], tolerant: Tolerant, border: Border) -> list[Order]:
    """The builds that have a variant in ``chosen`` (all, when empty), each with those of its units that are ``wanted``.

    The ``border`` says which functions tell IOMMUs of tables, and which Kconfig symbols let a flush go by broadcast.
    """
    from ptlint.reading import Order
    from ptlint.select import defining
    from ptlint.worker import headers_of

    known = {build.variant(runtime) for build in plan.builds for runtime in build.runtimes}
    if chosen - known:
        raise UsageError(f"no variant is called {', '.join(sorted(chosen - known))}; this tree has {', '.join(sorted(known))}")
    orders = []
    device = {name: wait.defined_in for name, wait in border.waits.items() if wait.defined_in}
    broadcasting = frozenset(wait.broadcast_with for wait in border.waits.values() if wait.broadcast_with)
    telling = defining(tolerant, frozenset().union(*(build.units for build in plan.builds)), device)
    directory, unsaved = plan.tree.directory(), dict(plan.tree.unsaved)
    for build in plan.builds:
        variants = {runtime: build.variant(runtime) for runtime in build.runtimes}
        if chosen and not chosen & set(variants.values()):
            continue
        files = sorted((build.units & wanted) - tolerant.problems.keys())
        gaps = [(file, "needed for the build, and missing or empty in the tree") for file in sorted(build.absent)]
        gaps += [(file, "its folder matters, and no build enters it") for file in sorted(build.passed_by)]
        gaps += [(file, "the file is empty") for file in sorted(build.units & tolerant.empty)]
        gaps += [(file, reason) for file, reason in sorted(tolerant.problems.items())]
        orders.append(
            Order(
                build=build.name,
                directory=directory,
                generated=plan.generated[build.name],
                units=tuple((file, plan.command(build, file).arguments) for file in files),
                common=plan.common(build),
                headers=headers_of(directory, files, unsaved),
                runtimes=build.runtimes,
                variants=variants,
                skipped=tuple(sorted(skipped)),
                gaps=tuple(gaps),
                unsaved=unsaved,
                devices=not telling.isdisjoint(build.units),
                broadcasts=any(build.symbols.get(symbol) == "y" for symbol in broadcasting),
            )
        )
    return orders


def _work(
    readings: list[Reading], pool: Pool, jobs: int, progress: Progress, session: Session, tool: bytes
) -> tuple[list[BuildResult], dict[str, int | float]]:
    """Read and analyse what has to be: the results, in the order of the readings, and how long what took."""
    from ptlint.analysis.result import BuildResult
    from ptlint.pool import Job, Lost
    from ptlint.worker import Analysed, AnalyseTask, ParsedUnits, ParseTask

    found: dict[int, BuildResult] = {}
    figures: dict[str, int | float] = {"megabytes, largest process": 0.0}
    tasks: dict[str, tuple[int, ParseTask | AnalyseTask]] = {}
    numbers = itertools.count()
    open_tasks = dict.fromkeys(range(len(readings)), 0)
    tried: set[int] = set()
    progress.stage("analysing", len(readings))

    def job(index: int, task: ParseTask | AnalyseTask, weight: float) -> Job:
        name = str(next(numbers))
        tasks[name] = index, task
        return Job(name, msgspec.msgpack.encode(task), weight)

    def parse(index: int, parts: list[ParseTask]) -> list[Job]:
        open_tasks[index] += len(parts)
        # What is read has to be analysed yet: it goes before the analysis of others.
        return [job(index, part, 1000.0 + len(part.units)) for part in parts]

    def analyse(index: int) -> list[Job]:
        task = readings[index].analysis()
        key = digest(tool + msgspec.msgpack.encode(task))
        data = session.get("build", key)
        if data is not None:
            try:
                found[index] = msgspec.msgpack.decode(data, type=BuildResult)
            except msgspec.MsgspecError:
                pass
            else:
                progress.advance()
                return []
        keys[index] = key
        return [job(index, msgspec.structs.replace(task, cache=session.folder, tool=tool), float(len(task.units)))]

    keys: dict[int, bytes] = {}

    def next_of(index: int) -> list[Job]:
        return analyse(index) if not open_tasks[index] and readings[index].complete else []

    def done(finished: Job, answer: bytes | Lost) -> list[Job]:
        index, task = tasks.pop(finished.name)
        reading = readings[index]
        if isinstance(task, ParseTask):
            open_tasks[index] -= 1
            if isinstance(answer, Lost):
                return parse(index, reading.lose(task, answer.reason)) or next_of(index)
            units = msgspec.msgpack.decode(answer, type=ParsedUnits)
            _count(figures, f"seconds to parse {reading.order.build}", units.seconds, units.megabytes)
            if not reading.take(task, units):
                return parse(index, reading.missing(1))
            return next_of(index)
        if isinstance(answer, Lost):
            if index not in tried:
                tried.add(index)
                return [job(index, task, 0.0)]
            found[index] = reading.lost(answer.reason)
        else:
            analysed = msgspec.msgpack.decode(answer, type=Analysed)
            _count(figures, f"seconds to analyse {reading.order.build}", analysed.seconds, analysed.megabytes)
            found[index] = analysed.result
            if reading.settled:
                session.put("build", keys[index], msgspec.msgpack.encode(analysed.result))
        progress.advance()
        return []

    first: list[Job] = []
    for index, reading in enumerate(readings):
        parts = reading.missing(max(1, jobs // max(1, len(readings))))
        first += parse(index, parts) if parts else analyse(index)
    pool.run(first, done)
    results = [found[index] for index in range(len(readings))]
    for result in results:
        figures |= {f"{name} in {result.build}": count for name, count in result.counts.items()}
    return results, figures


def _count(figures: dict[str, int | float], name: str, seconds: float, megabytes: float) -> None:
    figures[name] = figures.get(name, 0.0) + seconds
    figures["megabytes, largest process"] = max(figures["megabytes, largest process"], megabytes)
