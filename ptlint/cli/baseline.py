"""``--baseline`` and ``--write-baseline``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ptlint.errors import UsageError
from ptlint.results import CheckResult

__all__ = ["baseline_options", "take_baseline"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)


def baseline_options(function: _Command) -> _Command:
    """The options, for ``check``."""
    function = click.option("--write-baseline", type=_FILE, metavar="FILE", help="Accept all findings of today: write them to FILE.")(function)
    return click.option("--baseline", type=_FILE, metavar="FILE", help="Report only what FILE has not accepted.")(function)


def take_baseline(options: dict[str, Any]) -> Callable[[CheckResult], CheckResult]:
    """Take the options out of ``options``; what is to be done with the result. ``everything`` stays, for a change may want it too."""
    source, target = options.pop("baseline"), options.pop("write_baseline")
    if source is None and target is None:
        return lambda result: result
    if target is not None and any(options.get(name) for name in ("patch", "span", "staged")):
        raise UsageError("--write-baseline takes the findings of a whole tree; leave --patch, --range and --staged out")
    from ptlint.compare.baseline import accepted, read, with_baseline

    known = read(_bytes(source), str(source)) if source is not None else None
    everything = bool(options.get("everything"))

    def finish(result: CheckResult) -> CheckResult:
        if target is not None:
            _write(target, accepted(result))
        return result if known is None else with_baseline(result, known, everything)

    return finish


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"--baseline {path}: {error.strerror or error}") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"--write-baseline {path}: {error.strerror or error}") from None
