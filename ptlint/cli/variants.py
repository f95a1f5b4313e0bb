"""``ptlint variants``."""

from __future__ import annotations

from typing import Any

import click

from ptlint.cli.options import common
from ptlint.cli.run import report

__all__ = ["command"]


@click.command("variants")
@common("variants")
def command(**options: Any) -> int:
    """Show the builds and variants of TREE, what tells them apart, which are the same, and what no build covers."""
    return report("variants", options, lambda analysis, _: analysis.variants())[1]
