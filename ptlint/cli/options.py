"""The options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from ptlint.cli.formats import formats_option

__all__ = ["Common", "RunArguments", "common", "split", "tree_argument"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


class RunArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the shared options say; None where nothing was said."""

    tree: Path
    rev: str | None
    variants: tuple[str, ...]
    formats: tuple[str, ...]
    dotconfig: Path | None
    jobs: int | None
    cache_dir: Path | None
    no_cache: bool
    color: str | None
    quiet: int
    verbose: int

    @property
    def verbosity(self) -> int:
        """-1 quiet, 0, 1 with details."""
        return self.verbose - self.quiet


Common = dict[str, Any]


def split(words: tuple[str, ...]) -> tuple[str, ...]:
    """The names in ``words``, each of which may hold several with commas between."""
    return tuple(name for word in words for name in map(str.strip, word.split(",")) if name)


tree_argument = click.argument("tree", default=".", type=click.Path(path_type=Path))


def common(command: str, tree: bool = True) -> Callable[[_Command], _Command]:
    """The options of every command that reads a tree, and TREE itself, if ``tree``."""
    options = [
        *([tree_argument] if tree else []),
        click.option("--rev", metavar="REV", help="Read this commit instead of the work tree."),
        click.option("--variant", "variants", multiple=True, metavar="NAME", help="Look at these variants only (several; commas are allowed)."),
        formats_option(command),
        click.option("--config", "dotconfig", type=click.Path(path_type=Path), metavar="FILE", help="A .config: look at the user's own build too."),
        click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="Processes to use [default: one for each CPU]."),
        click.option("--cache-dir", type=click.Path(path_type=Path), metavar="DIR", help="The cache's folder [also PTLINT_CACHE_DIR]."),
        click.option("--no-cache", is_flag=True, help="Use no cache [also PTLINT_NO_CACHE]."),
        click.option("--color", type=click.Choice(["auto", "always", "never"]), help="Colour [also NO_COLOR, FORCE_COLOR]."),
        click.option("--quiet", "-q", count=True, help="Results only."),
        click.option("--verbose", "-v", count=True, help="What was looked at, and what was not."),
    ]

    def decorate(function: _Command) -> _Command:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
