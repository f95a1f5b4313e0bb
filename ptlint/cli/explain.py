"""``ptlint explain``."""

from __future__ import annotations

import click

from ptlint import rulebook
from ptlint.cli.terminal import put
from ptlint.report.rule_page import page

__all__ = ["command"]


@click.command("explain")
@click.argument("rule")
def command(rule: str) -> None:
    """Explain RULE (an id or a name): what it does, why that is bad, an example, what to do instead."""
    put(page(rulebook.find(rule)))
