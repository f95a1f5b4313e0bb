"""The stages in order, for one tree: tree → build → select → frontend → program → analysis, and what comes out."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import tempfile
import time
from typing import TYPE_CHECKING

import msgspec

from ptlint import resources
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.program.border import load_border
from ptlint.progress import Progress
from ptlint.worker import Task, TaskResult, run_task

if TYPE_CHECKING:
    from ptlint.tree import Tree

__all__ = ["look", "run"]


def run(options: RunOptions, progress: Progress) -> Outcome:
    """Look at a tree.

    Raises:
        UsageError: there is no such tree, revision or variant, or the tree is no x86 kernel.
    """
    from ptlint.tree import open_tree

    with open_tree(options.tree, options.rev) as tree:
        return look(tree, options, progress)


def look(tree: Tree, options: RunOptions, progress: Progress) -> Outcome:
    """Look at a tree that is open, whatever ``options`` say of where it is.

    Raises:
        UsageError: there is no such variant, or the tree is no x86 kernel.
    """
    from ptlint.build import not_covered, prepare
    from ptlint.select import load_rules, select
    from ptlint.tree import Tolerant

    started = time.monotonic()
    border = load_border(resources.rules())
    with tempfile.TemporaryDirectory(prefix="ptlint-") as folder:
        progress.stage("reading the tree", 1)
        tolerant = Tolerant(tree)
        selection = select(tolerant, border, load_rules(resources.rules()), jobs=options.jobs)
        plan = prepare(tree, folder, gates=selection.gates, config=options.config)
        progress.advance()
        prepared = time.monotonic()
        chosen = set(options.variants)
        tasks, builds = [], []
        for build in plan.builds:
            variants = {runtime: build.variant(runtime) for runtime in build.runtimes}
            if chosen and not chosen & set(variants.values()):
                continue
            builds.append(build)
            units = tuple((file, plan.command(build, file).arguments) for file in sorted((build.units & selection.units) - tolerant.problems.keys()))
            gaps = [(file, "needed for the build, and missing or empty in the tree") for file in sorted(build.absent)]
            gaps += [(file, "the file is empty") for file in sorted(build.units & tolerant.empty)]
            gaps += [(file, reason) for file, reason in sorted(tolerant.problems.items())]
            tasks.append(
                Task(
                    build.name,
                    plan.tree.directory(),
                    units,
                    tuple(plan.common(build)),
                    build.runtimes,
                    variants,
                    selection.skipped,
                    tuple(gaps),
                    dict(tree.unsaved),
                )
            )
        known = {build.variant(runtime) for build in plan.builds for runtime in build.runtimes}
        if chosen - known:
            raise UsageError(f"no variant is called {', '.join(sorted(chosen - known))}; this tree has {', '.join(sorted(known))}")
        results = _run_all(tasks, options.jobs, progress)
        symbols = {symbol for symbol, _, _ in selection.guards}
        open_symbols = set(not_covered(plan.builds, symbols))
        guards = tuple(guard for guard in selection.guards if guard[0] in open_symbols)
        statistics: dict[str, int | float] = {
            "seconds to read and select": prepared - started,
            "seconds in all": time.monotonic() - started,
            "megabytes, largest process": max((result.megabytes for result in results), default=0.0),
            "files selected": len(selection.units),
            "functions selected": len(selection.functions),
        }
        for result in results:
            for stage, value in result.seconds.items():
                statistics[f"seconds to {stage} {result.result.build}"] = value
            for name, count in result.result.counts.items():
                statistics[f"{name} in {result.result.build}"] = count
        return Outcome(
            version=tree.version,
            commit=tree.commit,
            builds=tuple(builds),
            all_builds=tuple(plan.builds),
            analysed=tuple(result.result for result in results),
            guards=guards,
            chosen=frozenset(chosen),
            figures=statistics,
        )


def _run_all(tasks: list[Task], jobs: int, progress: Progress) -> list[TaskResult]:
    """The results, in the order of the tasks, whatever order they come in. Builds with most units start first."""
    progress.stage("analysing", len(tasks))
    encoded = [msgspec.msgpack.encode(task) for task in tasks]
    found: dict[int, TaskResult] = {}
    order = sorted(range(len(tasks)), key=lambda index: -len(tasks[index].units))
    if jobs <= 1 or len(tasks) <= 1:
        for index in order:
            found[index] = msgspec.msgpack.decode(run_task(encoded[index]), type=TaskResult)
            progress.advance()
    else:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context) as pool:
            waiting = {pool.submit(run_task, encoded[index]): index for index in order}
            for future in concurrent.futures.as_completed(waiting):
                found[waiting[future]] = msgspec.msgpack.decode(future.result(), type=TaskResult)
                progress.advance()
    return [found[index] for index in range(len(tasks))]
