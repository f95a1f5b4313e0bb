"""Standard output and standard error: what goes where, and in colour or not."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__ = ["drop_stdout", "put", "say", "wants_color"]


def say(line: str) -> None:
    """A line that is no result: to standard error."""
    with suppress(BrokenPipeError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201


def put(text: str) -> None:
    """Results: to standard output, whatever its encoding. A reader who left early changes nothing else."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def drop_stdout() -> None:
    """Nobody reads any more: nor shall the interpreter complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wants_color(when: str) -> bool:
    """``always``, ``never``; ``auto`` is on a terminal that is not dumb, unless NO_COLOR or FORCE_COLOR say otherwise."""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
