"""``ptlint rules``."""

from __future__ import annotations

import click

from ptlint import rulebook
from ptlint.cli.terminal import put
from ptlint.report.documents import RulesDocument
from ptlint.report.interface import Style
from ptlint.report.json import render

__all__ = ["command"]


@click.command("rules")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[default: text]")
def command(form: str) -> None:
    """List the rules."""
    rules = rulebook.load()
    if form == "json":
        put(render(RulesDocument(rules=rules), Style()))
        return
    width = max(len(rule.name) for rule in rules)
    put("".join(f"{rule.id}  {rule.name.ljust(width)}  {rule.severity.ljust(7)}  {rule.title}\n" for rule in rules))
