"""``ptlint diff``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ptlint.cli.change import looking, read_patch
from ptlint.cli.options import common
from ptlint.cli.run import Analysis, report
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.progress import Progress
from ptlint.results import DiffResult

if TYPE_CHECKING:
    from ptlint.review import ChangeRequest

__all__ = ["command"]


@click.command("diff")
@click.argument("what", nargs=-1, metavar="[A..B | TREE TREE]")
@common("diff", tree=False)
@click.option("--patch", metavar="FILE|-", help="What this diff, mail or mbox series makes of TREE (or of --rev).")
@click.option("--staged", is_flag=True, help="What a commit of the index would make of it.")
@click.option("--3way", "three_way", is_flag=True, help="With --patch: merge where it does not apply, if the repository has its blobs.")
def command(what: tuple[str, ...], patch: str | None, staged: bool, three_way: bool, **options: Any) -> int:
    """Say how the ways in which tables are freed differ: between two commits, two trees, or before and after a patch.

    \b
    ptlint diff A..B [TREE]       two commits
    ptlint diff TREE TREE         two folders
    ptlint diff --patch F [TREE]  before and after a patch (or --staged)
    """
    trees = [word for word in what if ".." not in word or os.path.isdir(word)]
    spans = [word for word in what if word not in trees]
    asked = [*spans, *(["--patch"] if patch is not None else []), *(["--staged"] if staged else [])]
    if len(asked) > 1 or len(trees) > (1 if asked else 2) or (not asked and len(trees) < 2):
        raise UsageError("diff: give A..B, or two folders, or --patch, or --staged")
    if options["rev"] and patch is None:
        raise UsageError("diff: --rev belongs to --patch")
    options["tree"] = Path(trees[0]) if trees else Path()
    if asked:
        from ptlint.review import ChangeRequest

        read = None if patch is None else read_patch(patch)
        span = spans[0] if spans else None
        request = ChangeRequest(patch=read, span=span, staged=staged, squash=not staged, three_way=three_way)
        produce = _of_change(request)
    else:
        produce = _of_trees(Path(trees[1]))
    return report("diff", options, lambda _analysis, _settings: _nothing(), produce=produce)[1]


def _nothing() -> DiffResult:
    raise AssertionError("a difference is of two analyses")


_Produce = Callable[[RunOptions, Progress, Callable[[Analysis], DiffResult]], DiffResult]


def _of_trees(other: Path) -> _Produce:
    def produce(options: RunOptions, meter: Progress, _answer: Callable[[Analysis], DiffResult]) -> DiffResult:
        from ptlint.compare.semantic import difference
        from ptlint.tree import open_tree

        with looking(options, meter) as look, open_tree(options.tree) as one, open_tree(other) as two:
            return difference(look(one).facts(), look(two).facts())

    return produce


def _of_change(request: ChangeRequest) -> _Produce:
    def produce(options: RunOptions, meter: Progress, _answer: Callable[[Analysis], DiffResult]) -> DiffResult:
        from ptlint.review import differ, left_out, planned

        with planned(options, request) as plan, looking(options, meter) as look:
            if line := left_out(plan):
                meter.notice(line)
            return differ(plan, lambda tree: look(tree).facts())

    return produce
