"""``ptlint explain``."""

from __future__ import annotations

import click

from ptlint import rulebook
from ptlint.cli.terminal import put
from ptlint.rulebook import Rule

__all__ = ["command"]


@click.command("explain")
@click.argument("rule")
def command(rule: str) -> None:
    """Explain RULE (an id or a name): what it does, why that is bad, an example, what to do instead."""
    put(_page(rulebook.find(rule)))


def _page(rule: Rule) -> str:
    parts = [f"# {rule.id} {rule.name} ({rule.severity})", rule.title]
    for heading, text in (("What it does", rule.what), ("Why it is bad", rule.why), ("Example", rule.example), ("Use instead", rule.instead)):
        parts += [f"## {heading}", text.strip("\n")]
    if rule.references:
        parts += ["## References", "\n".join(f"- {reference}" for reference in rule.references)]
    return "\n\n".join(parts) + "\n"
