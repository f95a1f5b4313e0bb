"""From the command line to the pipeline, and from its result to what is printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ptlint.cli.formats import outputs, write
from ptlint.cli.options import RunArguments, split
from ptlint.cli.progress import progress
from ptlint.cli.terminal import say, wants_color
from ptlint.config.load import load
from ptlint.config.model import Settings
from ptlint.options import RunOptions
from ptlint.report.interface import Style
from ptlint.results import CheckResult, GraphResult, InventoryResult, OverlayResult, VariantsResult

__all__ = ["Analysis", "cache_dir", "report"]


class Analysis(Protocol):
    """What ``ptlint.pipeline.run`` gives: one tree, looked at once, that can be asked several things."""

    def check(self, select: tuple[str, ...], ignore: tuple[str, ...], only: tuple[str, ...]) -> CheckResult:
        """The findings."""

    def inventory(self) -> InventoryResult:
        """The sites."""

    def graph(self, root: str) -> GraphResult:
        """The graph from ``[FILE:]FUNCTION``. Raises UsageError when there is none."""

    def overlay(self) -> OverlayResult:
        """The words that a table is queued by."""

    def variants(self) -> VariantsResult:
        """The builds and variants."""

    def statistics(self) -> dict[str, int | float]:
        """How much of what, and how long it took."""


_ResultT = TypeVar("_ResultT", CheckResult, GraphResult, InventoryResult, OverlayResult, VariantsResult)


def report(
    command: str,
    options: dict[str, Any],
    ask: Callable[[Analysis, Settings], _ResultT],
    *,
    summary: Callable[[_ResultT], str] | None = None,
    strict: bool = False,
) -> tuple[_ResultT, int]:
    """Run, print, and give the result with its exit status, findings aside: 2 where something is missing in it."""
    arguments = RunArguments(**options)
    wanted = outputs(command, arguments.formats)
    settings = load(arguments.tree).settings
    with progress(arguments.verbosity) as meter:
        from ptlint.pipeline import run
        from ptlint.report.order import ordered

        analysis: Analysis = run(_run_options(arguments, settings), meter)
        result = ordered(ask(analysis, settings))
    style = Style(color=wants_color(arguments.color or settings.color), verbose=arguments.verbosity > 0)
    write(command, result, wanted, style)
    if arguments.verbosity > 0:
        for name, value in sorted(analysis.statistics().items()):
            say(f"ptlint: {name}: {value:.2f}" if isinstance(value, float) else f"ptlint: {name}: {value:,}")
    if summary and arguments.verbosity >= 0:
        say(f"ptlint: {summary(result)}")
    return result, _gaps(result, strict or settings.strict)


def _gaps(result: CheckResult | GraphResult | InventoryResult | OverlayResult | VariantsResult, strict: bool) -> int:
    """2 when the result is not complete."""
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


def cache_dir(settings: Settings) -> Path:
    """The cache's folder where the command line names none."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("ptlint")
