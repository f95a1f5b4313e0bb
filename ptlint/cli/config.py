"""``ptlint config``."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from ptlint import __version__
from ptlint.cli.options import tree_argument
from ptlint.cli.terminal import put
from ptlint.config.load import load

__all__ = ["command"]


@click.command("config")
@tree_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
def command(tree: Path, form: str) -> None:
    """Show the settings that are in force for TREE, and where each comes from."""
    found = load(tree)
    values = {key: (value, found.origins[key]) for key, value in msgspec.to_builtins(found.settings).items()}
    if form == "json":
        settings = {key: {"value": value, "origin": origin} for key, (value, origin) in values.items()}
        document = {"schema": "ptlint-config/1", "tool": {"name": "ptlint", "version": __version__}, "settings": settings}
        put(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    lines = {f"{key} = {msgspec.json.encode(value).decode()}": origin for key, (value, origin) in values.items()}
    width = max(map(len, lines))
    put("".join(f"{line.ljust(width)}  # {origin}\n" for line, origin in lines.items()))
