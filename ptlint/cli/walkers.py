"""``ptlint walkers``."""

from __future__ import annotations

from typing import Any

import click

from ptlint.cli.options import common
from ptlint.cli.run import report

__all__ = ["command"]


@click.command("walkers")
@common("walkers")
def command(**options: Any) -> int:
    """Show who walks tables of TREE, and by what they hold them meanwhile."""
    return report("walkers", options, lambda analysis, _: analysis.walkers())[1]
