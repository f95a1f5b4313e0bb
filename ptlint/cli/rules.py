"""``ptlint rules``."""

from __future__ import annotations

import click
import msgspec

from ptlint import __version__, rulebook
from ptlint.cli.terminal import put

__all__ = ["command"]


@click.command("rules")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
def command(form: str) -> None:
    """List the rules."""
    rules = rulebook.load()
    if form == "json":
        document = {"schema": "ptlint-rules/1", "tool": {"name": "ptlint", "version": __version__}, "rules": rules}
        put(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        return
    width = max(len(rule.name) for rule in rules)
    put("".join(f"{rule.id}  {rule.name.ljust(width)}  {rule.severity.ljust(7)}  {rule.title}\n" for rule in rules))
