"""``ptlint config``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from ptlint.cli.options import tree_argument
from ptlint.cli.terminal import put
from ptlint.config.load import load
from ptlint.report.documents import config
from ptlint.report.interface import Style
from ptlint.report.json import render
from ptlint.report.style import count

__all__ = ["command"]


@click.command("config")
@tree_argument
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
def command(tree: Path, form: str) -> None:
    """Show the settings that are in force for TREE, and where each comes from."""
    found = load(tree)
    document = config(found)
    if form == "json":
        put(render(document, Style()))
        return
    lines = {f"{key} = {_text(setting.value)}": setting.origin for key, setting in document.settings.items()}
    width = max(map(len, lines))
    put("".join(f"{line.ljust(width)}  # {origin}\n" for line, origin in lines.items()))


def _text(value: Any) -> str:
    """As TOML writes it, but for what stands in tables: those are counted."""
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return count(len(value), "entry", "entries")
    return msgspec.json.encode(value).decode()
