"""A rule in Markdown: what ``ptlint explain`` prints, and SARIF's help."""

from __future__ import annotations

from ptlint.rulebook import Rule

__all__ = ["page"]


def page(rule: Rule, *, fenced: bool = False) -> str:
    """The whole page; the example between fences where a machine reads it."""
    parts = [f"# {rule.id} {rule.name} ({rule.severity})", rule.title]
    example = f"```c\n{rule.example.strip(chr(10))}\n```" if fenced else rule.example
    for heading, text in (("What it does", rule.what), ("Why it is bad", rule.why), ("Example", example), ("Use instead", rule.instead)):
        parts += [f"## {heading}", text.strip("\n")]
    if rule.references:
        parts += ["## References", "\n".join(f"- {reference}" for reference in rule.references)]
    return "\n\n".join(parts) + "\n"
