"""``--patch``, ``--range``, ``--staged``: which change a command is about."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.progress import Progress
from ptlint.results import CheckResult

if TYPE_CHECKING:
    from ptlint.cli.run import Analysis
    from ptlint.review import ChangeRequest
    from ptlint.tree import Tree

__all__ = ["change_options", "looking", "producer", "read_patch", "take_change"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def change_options(function: _Command) -> _Command:
    """The options, for ``check``."""
    options = [
        click.option("--patch", metavar="FILE|-", help="Look at what this diff, mail or mbox series brings to TREE (or to --rev)."),
        click.option("--range", "span", metavar="A..B", help="Look at what each commit of A..B brings."),
        click.option("--staged", is_flag=True, help="Look at what a commit of the index would bring."),
        click.option("--squash", is_flag=True, help="With --range or a series: what all of it brings together."),
        click.option("--3way", "three_way", is_flag=True, help="With --patch: merge where it does not apply, if the repository has its blobs."),
        click.option("--all", "everything", is_flag=True, help="Report what the tree or the baseline had before, too; it does not count."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def take_change(options: dict[str, Any]) -> ChangeRequest | None:
    """Take the options of ``change_options`` out of ``options``; None when no change is named."""
    patch, span, staged, squash, three_way, everything = (
        options.pop(name) for name in ("patch", "span", "staged", "squash", "three_way", "everything")
    )
    named = [word for word, given in (("--patch", patch is not None), ("--range", span is not None), ("--staged", staged)) if given]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)}: only one change can be looked at in one run")
    if options.get("rev") and (span is not None or staged):
        raise UsageError(f"{named[0]} says itself which commit it begins at; leave --rev out")
    if three_way and patch is None:
        raise UsageError("--3way belongs to --patch")
    if squash and (staged or not named):
        raise UsageError("--squash belongs to --range, or to --patch with a series")
    if not named:
        return None
    from ptlint.review import ChangeRequest

    return ChangeRequest(
        patch=None if patch is None else read_patch(patch), span=span, staged=staged, squash=squash, three_way=three_way, everything=everything
    )


def read_patch(word: str) -> tuple[str, bytes]:
    """What messages call the patch, and its bytes; ``-`` is standard input."""
    if word == "-":
        return "standard input", sys.stdin.buffer.read()
    try:
        return word, Path(word).read_bytes()
    except OSError as error:
        raise UsageError(f"--patch {word}: {error.strerror or error}") from None


def producer(request: ChangeRequest) -> Callable[[RunOptions, Progress, Callable[[Analysis], CheckResult]], CheckResult]:
    """What ``report`` is to do for a change."""

    def produce(options: RunOptions, meter: Progress, answer: Callable[[Analysis], CheckResult]) -> CheckResult:
        from ptlint.review import left_out, planned, review

        with planned(options, request) as plan, looking(options, meter) as look:
            if line := left_out(plan):
                meter.notice(line)
            return review(plan, request, lambda tree: answer(look(tree)))

    return produce


@contextmanager
def looking(options: RunOptions, meter: Progress) -> Iterator[Callable[[Tree], Analysis]]:
    """What analyses one tree after the other, with one cache. Nothing is loaded or opened before the first."""
    session: list[Any] = []

    def look(tree: Tree) -> Analysis:
        from ptlint.cache import open_session
        from ptlint.pipeline import look as analyse

        if not session:
            session.append(open_session(None if options.no_cache else options.cache_dir, meter.notice))
        return analyse(tree, options, meter, session[0])

    try:
        yield look
    finally:
        for one in session:
            one.close()
