"""``ptlint explain``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from ptlint import rulebook
from ptlint.cli.options import common
from ptlint.cli.run import report
from ptlint.cli.terminal import put
from ptlint.errors import UsageError
from ptlint.report.rule_page import page

__all__ = ["command"]

_FINDING = re.compile(r"[0-9a-f]{4,32}|[^:]+:\d+")


@click.command("explain")
@click.argument("what")
@common("explain")
def command(what: str, **options: Any) -> int:
    """Explain WHAT: a rule (its id or name), or a finding of TREE.

    A rule: what it does, why that is bad, an example, what to do instead. A finding is named by its fingerprint, or by FILE:LINE: who frees and
    who walks, side by side, step by step.
    """
    if _FINDING.fullmatch(what) and not any(what.lower() in (rule.id.lower(), rule.name) for rule in rulebook.load()):
        return report("explain", options, lambda analysis, _: analysis.explain(what))[1]
    if options["tree"] != Path("."):
        raise UsageError(f"{what!r} is no finding: a finding is named by its fingerprint or by FILE:LINE (and a rule needs no tree)")
    put(page(rulebook.find(what)))
    return 0
