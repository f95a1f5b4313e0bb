"""``ptlint inventory``."""

from __future__ import annotations

from typing import Any

import click

from ptlint.cli.options import common
from ptlint.cli.run import report

__all__ = ["command"]


@click.command("inventory")
@common("inventory")
def command(**options: Any) -> int:
    """List every place of TREE where a table is freed, or handed to what frees it, findings or not."""
    return report("inventory", options, lambda analysis, _: analysis.inventory())[1]
