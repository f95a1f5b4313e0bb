"""Progress on a terminal; nothing anywhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ptlint.cli.terminal import say
from ptlint.progress import NullProgress, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

__all__ = ["progress"]


class _Plain(NullProgress):
    """No bars."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def notice(self, text: str) -> None:
        """A line of its own."""
        if not self._quiet:
            say(f"ptlint: {text}")


class _Bar:
    """One bar, that of the stage at work."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def stage(self, name: str, total: int | None) -> None:
        """The bar of the stage takes the place of the one before."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total)

    def advance(self) -> None:
        """One step."""
        if self._task is not None:
            self._bars.advance(self._task)

    def notice(self, text: str) -> None:
        """A line above the bar."""
        self._bars.console.print(f"ptlint: {text}", markup=False, highlight=False)


@contextmanager
def progress(verbosity: int) -> Iterator[Progress]:
    """What a run tells its progress to."""
    if verbosity < 0 or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield _Plain(verbosity < 0)
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        yield _Bar(bars)
