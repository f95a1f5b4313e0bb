"""``ptlint graph``."""

from __future__ import annotations

from typing import Any

import click

from ptlint.cli.options import common
from ptlint.cli.run import report

__all__ = ["command"]


@click.command("graph")
@common("graph")
@click.option("--root", required=True, metavar="[FILE:]FUNCTION", help="The function that the graph begins at.")
def command(root: str, **options: Any) -> int:
    """Show how tables get from a function of TREE back to the allocator, in each variant."""
    return report("graph", options, lambda analysis, _: analysis.graph(root))[1]
