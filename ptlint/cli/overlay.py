"""``ptlint overlay``."""

from __future__ import annotations

from typing import Any

import click

from ptlint.cli.options import common
from ptlint.cli.run import report

__all__ = ["command"]


@click.command("overlay")
@common("overlay")
def command(**options: Any) -> int:
    """Show the words that the rcu_head of a table of TREE lies over: who uses them, and whether they are free when it is written."""
    return report("overlay", options, lambda analysis, _: analysis.overlay())[1]
