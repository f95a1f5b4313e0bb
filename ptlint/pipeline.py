"""The stages in order, for one tree: tree → build → select → frontend → program → analysis, and what comes out."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

import msgspec

from ptlint import resources
from ptlint.cache import Deps, Recorder, Session, lookups, open_session, search_path, tool_identity
from ptlint.cache.deps import digest
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.progress import Progress
from ptlint.tree import Tolerant, Tree, open_tree

if TYPE_CHECKING:
    from ptlint.build import Plan
    from ptlint.worker import Task, TaskResult

__all__ = ["look", "run"]


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
    key = _key(options) if session.active else b""
    found = session.find(tree, "outcome", key)
    if found is not None:
        try:
            kept = msgspec.msgpack.decode(found, type=Outcome)
        except msgspec.MsgspecError:
            pass
        else:
            return msgspec.structs.replace(kept, commit=tree.commit, figures={"seconds in all": time.monotonic() - started, "from the cache": 1})
    recorder = Recorder(tree)
    outcome, read, commands = _look(recorder, options, progress)
    if session.active and recorder.settled and read is not None:
        session.keep(tree, "outcome", key, _deps(tree, session, recorder, read, commands), msgspec.msgpack.encode(outcome))
    return outcome


def _key(options: RunOptions) -> bytes:
    config = b""
    if options.config is not None:
        try:
            config = options.config.read_bytes()
        except OSError:
            return b""
    asked = (sorted(options.variants), str(options.config or ""), config)
    return digest(tool_identity() + msgspec.msgpack.encode(asked))


def _deps(tree: Tree, session: Session, recorder: Recorder, read: set[str], commands: list[tuple[str, ...]]) -> Deps:
    """What the result hangs on. ``read`` are the files that the compiler read, ``commands`` its command lines."""
    facts = session.facts(tree)
    inside = {path for path in read if not path.startswith("/")}
    folders, early = search_path(commands)
    paths = lookups(inside, folders, early, lambda path: tree.read(path) or b"")
    return recorder.deps({path: facts.source(path) for path in read}, facts.missing(paths, inside))


def _look(tree: Recorder, options: RunOptions, progress: Progress) -> tuple[Outcome, set[str] | None, list[tuple[str, ...]]]:
    """The outcome, the files that the compiler read (None when nobody knows) and its command lines."""
    from ptlint.build import not_covered, prepare
    from ptlint.pool import run_all
    from ptlint.program.border import load_border
    from ptlint.select import load_rules, select

    started = time.monotonic()
    border = load_border(resources.rules())
    with tempfile.TemporaryDirectory(prefix="ptlint-") as folder:
        progress.stage("reading the tree", 1)
        tolerant = Tolerant(tree)
        selection = select(tolerant, border, load_rules(resources.rules()), jobs=options.jobs)
        plan = prepare(tree, folder, gates=selection.gates, config=options.config)
        progress.advance()
        prepared = time.monotonic()
        chosen = frozenset(options.variants)
        tasks = _tasks(plan, chosen, selection.units, selection.skipped, tolerant)
        results = run_all(tasks, options.jobs, progress)
        read = {path for result in results for path in result.read} | plan.read
        made = tuple(plan.generated.values())
        inside = {path for path in read if not path.startswith(made) and not path.startswith(folder)}
        commands = [arguments for task in tasks for _, arguments in task.units] + [task.common for task in tasks]
    analysed = {result.result.build for result in results}
    open_symbols = set(not_covered(plan.builds, {symbol for symbol, _, _ in selection.guards}))
    outcome = Outcome(
        version=tree.version,
        commit=tree.commit,
        builds=tuple(build for build in plan.builds if build.name in analysed),
        all_builds=tuple(plan.builds),
        analysed=tuple(result.result for result in results),
        guards=tuple(guard for guard in selection.guards if guard[0] in open_symbols),
        chosen=chosen,
        figures={
            "seconds to read and select": prepared - started,
            "seconds in all": time.monotonic() - started,
            "files selected": len(selection.units),
            "functions selected": len(selection.functions),
            **_figures(results),
        },
    )
    return outcome, inside if all(result.settled for result in results) else None, commands


def _tasks(plan: Plan, chosen: frozenset[str], wanted: frozenset[str], skipped: frozenset[str], tolerant: Tolerant) -> list[Task]:
    """The builds that have a variant in ``chosen`` (all, when empty), each with those of its units that are ``wanted``."""
    from ptlint.worker import Task

    known = {build.variant(runtime) for build in plan.builds for runtime in build.runtimes}
    if chosen - known:
        raise UsageError(f"no variant is called {', '.join(sorted(chosen - known))}; this tree has {', '.join(sorted(known))}")
    tasks = []
    for build in plan.builds:
        variants = {runtime: build.variant(runtime) for runtime in build.runtimes}
        if chosen and not chosen & set(variants.values()):
            continue
        files = sorted((build.units & wanted) - tolerant.problems.keys())
        units = tuple((file, plan.command(build, file).arguments) for file in files)
        gaps = [(file, "needed for the build, and missing or empty in the tree") for file in sorted(build.absent)]
        gaps += [(file, "the file is empty") for file in sorted(build.units & tolerant.empty)]
        gaps += [(file, reason) for file, reason in sorted(tolerant.problems.items())]
        place, unsaved = plan.tree.directory(), dict(plan.tree.unsaved)
        tasks.append(Task(build.name, place, units, plan.common(build), build.runtimes, variants, skipped, tuple(gaps), unsaved))
    return tasks


def _figures(results: list[TaskResult]) -> dict[str, int | float]:
    """How long each stage took, and how much there was."""
    figures: dict[str, int | float] = {"megabytes, largest process": max((result.megabytes for result in results), default=0.0)}
    for result in results:
        figures |= {f"seconds to {stage} {result.result.build}": value for stage, value in result.seconds.items()}
        figures |= {f"{name} in {result.result.build}": count for name, count in result.result.counts.items()}
    return figures
