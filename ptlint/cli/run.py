"""From the command line to the pipeline, and from its result to what is printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from ptlint.cli.formats import outputs, silent, write
from ptlint.cli.options import RunArguments, split
from ptlint.cli.progress import progress
from ptlint.cli.source import Lines
from ptlint.cli.terminal import say, wants_color
from ptlint.config.load import load
from ptlint.config.model import Settings
from ptlint.options import RunOptions
from ptlint.progress import Progress
from ptlint.report.interface import Style
from ptlint.results import CheckResult, DiffResult, ExplainResult, Facts, GraphResult, InventoryResult, OverlayResult, VariantsResult, WalkersResult
from ptlint.words import SEVERITIES

__all__ = ["Analysis", "cache_dir", "fails", "report"]


class Analysis(Protocol):
    """What ``ptlint.pipeline.run`` gives: one tree, looked at once, that can be asked several things."""

    def check(self, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> CheckResult:
        """The findings."""

    def inventory(self) -> InventoryResult:
        """The sites."""

    def graph(self, root: str) -> GraphResult:
        """The graph from ``[FILE:]FUNCTION``. Raises UsageError when there is none."""

    def facts(self) -> Facts:
        """All sites and edges."""

    def explain(self, word: str) -> ExplainResult:
        """Findings as races, by fingerprint or file:line. Raises UsageError when there is none."""

    def overlay(self) -> OverlayResult:
        """The words that a table is queued by."""

    def walkers(self) -> WalkersResult:
        """Who walks tables."""

    def variants(self) -> VariantsResult:
        """The builds and variants."""

    def statistics(self) -> dict[str, int | float]:
        """How much of what, and how long it took."""


_ResultT = TypeVar("_ResultT", CheckResult, DiffResult, ExplainResult, GraphResult, InventoryResult, OverlayResult, VariantsResult, WalkersResult)


def report(
    command: str,
    options: dict[str, Any],
    ask: Callable[[Analysis, Settings], _ResultT],
    *,
    summary: Callable[[_ResultT], str] | None = None,
    strict: bool = False,
    finish: Callable[[_ResultT], _ResultT] | None = None,
    show_suppressed: bool = False,
    produce: Callable[[RunOptions, Progress, Callable[[Analysis], _ResultT]], _ResultT] | None = None,
) -> tuple[_ResultT, int]:
    """Run, print, and give the result with its exit status, findings aside: 2 where something is missing in it.

    ``ask`` says what is asked of an analysis. ``produce`` runs as many as it takes and gives one result; without it there is one run.
    ``finish`` makes the result that is printed out of the one that was found.
    """
    arguments = RunArguments(**options)
    wanted = outputs(command, arguments.formats)
    if quiet := silent(wanted):
        arguments = msgspec.structs.replace(arguments, quiet=1, verbose=0)
    settings = load(arguments.tree).settings
    figures: dict[str, int | float] = {}

    def answer(analysis: Analysis) -> _ResultT:
        figures.update(analysis.statistics())
        return ask(analysis, settings)

    with progress(arguments.verbosity) as meter:
        from ptlint.report.order import ordered

        found = (produce or _once)(_run_options(arguments, settings), meter, answer)
        result = ordered(finish(found) if finish else found)
    lines = Lines(arguments.tree, arguments.rev)
    style = Style(color=wants_color(arguments.color or settings.color), verbose=arguments.verbosity > 0, suppressed=show_suppressed)
    if not getattr(result, "change", None):  # what a change gives is on no disk
        style = msgspec.structs.replace(style, source=lines.line)
    write(command, result, wanted, style)
    lines.close()
    if arguments.verbosity > 0:
        for name, value in sorted(figures.items()):
            say(f"ptlint: {name}: {value:.2f}" if isinstance(value, float) else f"ptlint: {name}: {value:,}")
    if summary and arguments.verbosity >= 0:
        say(f"ptlint: {summary(result)}")
    return result, _gaps(result, strict or settings.strict, quiet)


def _once(options: RunOptions, meter: Progress, answer: Callable[[Analysis], _ResultT]) -> _ResultT:
    from ptlint.pipeline import run

    return answer(run(options, meter))


def _gaps(
    result: CheckResult | DiffResult | ExplainResult | GraphResult | InventoryResult | OverlayResult | VariantsResult | WalkersResult,
    strict: bool,
    quiet: bool,
) -> int:
    """2 when the result is not complete; ``quiet`` where the result itself says so."""
    if result.incomplete and quiet:
        return 2
    if result.incomplete:
        files = len({gap.file for gap in result.incomplete})
        say(f"ptlint: not complete: {result.incomplete[0].file}{f' and {files - 1} more' if files > 1 else ''} could not be read in full")
        return 2
    if strict and (result.unresolved or result.not_covered):
        say(f"ptlint: --strict: {len(result.unresolved)} calls not resolved, {len(result.not_covered)} symbols not covered")
        return 2
    return 0


def _run_options(arguments: RunArguments, settings: Settings) -> RunOptions:
    return RunOptions(
        tree=arguments.tree,
        rev=arguments.rev,
        config=arguments.dotconfig,
        variants=split(arguments.variants) or settings.variants,
        jobs=arguments.jobs or settings.jobs or _cpus(),
        cache_dir=arguments.cache_dir or cache_dir(settings),
        no_cache=arguments.no_cache or settings.no_cache,
        verbosity=arguments.verbosity,
    )


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fails(result: CheckResult, fail_on: str) -> int:
    """1 with a finding at or above the severity ``fail_on`` that was not known, else 0."""
    worst = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return int(any(finding.severity in worst for finding in result.findings if not finding.known))


def cache_dir(settings: Settings) -> Path:
    """The cache's folder where the command line names none."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("ptlint")
