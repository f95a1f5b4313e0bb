"""``--format NAME[=FILE]``, several times: at most one to standard output, each other one to its file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from ptlint.cli.terminal import put
from ptlint.errors import UsageError
from ptlint.report.interface import Style
from ptlint.report.registry import FORMATS, renderer

__all__ = ["Output", "formats_option", "outputs", "silent", "write"]

_SUMMARY_LIMIT = 1_000_000
"""Bytes of a step's summary that GitHub takes, with some room."""


class Output(msgspec.Struct, frozen=True):
    """One format, and its file; None is standard output."""

    name: str
    file: Path | None


def formats_option(command: str) -> Callable[[Any], Any]:
    """The option, with the formats that ``command`` has."""
    names = ", ".join(FORMATS[command])
    return click.option(
        "--format", "formats", multiple=True, metavar="NAME[=FILE]", help=f"{names} [default: text]; several, all but one with a file."
    )


def outputs(command: str, words: tuple[str, ...]) -> tuple[Output, ...]:
    """What ``words`` ask for. Checked before the work begins."""
    found = tuple(_output(command, word) for word in words or ("text",))
    if sum(output.file is None for output in found) > 1:
        raise UsageError("--format: only one of the formats can go to standard output; give the others a file (NAME=FILE)")
    return found


def silent(wanted: tuple[Output, ...]) -> bool:
    """Whether a format goes to standard output whose reader takes every line of standard error for a failure."""
    return any(output.file is None and output.name == "b4" for output in wanted)


def write(command: str, result: Any, wanted: tuple[Output, ...], style: Style) -> None:
    """Each format to its place, in colour only on standard output; with ``github``, also the summary of the job's step."""
    plain = msgspec.structs.replace(style, color=False)
    for output in wanted:
        render = renderer(command, output.name)
        if output.file is None:
            put(render(result, style))
        else:
            _write(output.file, render(result, plain))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and any(output.name == "github" for output in wanted):
        _write(Path(summary), _short(renderer(command, "markdown")(result, plain)), "ab")


def _short(text: str) -> str:
    """A summary that GitHub takes: what is too long ends between two findings."""
    if len(text.encode("utf-8", "surrogateescape")) <= _SUMMARY_LIMIT:
        return text
    head = text.encode("utf-8", "surrogateescape")[:_SUMMARY_LIMIT].decode("utf-8", "ignore")
    return head[: max(head.rfind("\n<details>"), head.rfind("\n| "))] + "\n\nThe rest is too long for this page; it is in the log.\n"


def _output(command: str, word: str) -> Output:
    name, equals, file = word.partition("=")
    if name not in FORMATS[command]:
        raise UsageError(f"--format: {command} has no format {name!r}; it has {', '.join(FORMATS[command])}")
    if equals and not file:
        raise UsageError(f"--format {word}: no file after =")
    path = Path(file) if file else None
    if path and not path.absolute().parent.is_dir():
        raise UsageError(f"--format {word}: {path.parent} is no folder")
    return Output(name, path)


def _write(path: Path, text: str, mode: Literal["wb", "ab"] = "wb") -> None:
    try:
        with path.open(mode) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
