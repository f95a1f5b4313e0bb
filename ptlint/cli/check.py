"""``ptlint check``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ptlint import rulebook
from ptlint.cli.baseline import baseline_options, take_baseline
from ptlint.cli.change import change_options, producer, take_change
from ptlint.cli.options import common, split
from ptlint.cli.run import fails, report
from ptlint.cli.suppression import Filter
from ptlint.cli.terminal import say
from ptlint.config.load import load
from ptlint.words import SEVERITIES

__all__ = ["command"]


@click.command("check")
@common("check")
@click.option("--only", multiple=True, metavar="PATH", help="Report findings below these paths of the tree only.")
@click.option("--select", multiple=True, metavar="RULE", help="Report these rules only (several; commas are allowed).")
@click.option("--ignore", multiple=True, metavar="RULE", help="Do not report these rules.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="The lowest severity that makes the exit status 1 [default: warning].")
@change_options
@baseline_options
@click.option("--exit-zero", is_flag=True, help="Exit with 0 though there are findings; never hides that a run is not complete.")
@click.option("--strict", is_flag=True, help="Exit with 2 when a call is not resolved, or a symbol not covered by any build.")
@click.option("--suppressions", "files", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="More [[suppress]] entries (several).")
@click.option("--show-suppressed", is_flag=True, help="Show what suppressions hide, too; it does not count.")
@click.option("--statistics", "count", is_flag=True, help="Count the findings of each rule, on standard error.")
def command(
    only: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    exit_zero: bool,
    strict: bool,
    files: tuple[Path, ...],
    show_suppressed: bool,
    count: bool,
    **options: Any,
) -> int:
    """Report frees of page tables that do not wait for the walkers that TREE has.

    With --patch, --range or --staged only what the change brings is reported, and counts.
    """
    from ptlint.report.check_statistics import statistics
    from ptlint.report.check_text import summary
    from ptlint.report.wording import stale

    accept = take_baseline(options)
    change = take_change(options)
    found = load(options["tree"])
    settings = found.settings
    hidden = Filter(found, files, options)
    chosen = rulebook.select(select or settings.select)
    ignored = rulebook.select(ignore or settings.ignore)
    paths = split(only) or settings.only
    result, status = report(
        "check",
        options,
        lambda analysis, _: analysis.check(chosen, ignored, paths),
        summary=summary,
        strict=strict,
        finish=lambda result: accept(hidden.apply(result, chosen, ignored, paths)),
        show_suppressed=show_suppressed,
        produce=producer(change) if change else None,
    )
    if options["quiet"] <= options["verbose"] and "b4" not in options["formats"]:
        for line in filter(None, map(stale, result.suppressions)):
            say(f"ptlint: {line}")
    if count:
        for line in statistics(result).splitlines():
            say(line)
    return status or (0 if exit_zero else fails(result, fail_on or settings.fail_on))
