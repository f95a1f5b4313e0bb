"""Which command has which formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from ptlint.report.interface import Style

__all__ = ["FORMATS", "renderer"]

FORMATS: dict[str, dict[str, str]] = {
    "check": {
        "text": "check_text",
        "concise": "check_concise",
        "json": "json",
        "github": "check_github",
        "sarif": "check_sarif",
        "gitlab": "check_gitlab",
        "checkpatch": "check_checkpatch",
        "mail": "check_mail",
        "b4": "check_b4",
        "b4-review": "check_b4_review",
        "markdown": "check_markdown",
    },
    "diff": {"text": "diff_text", "json": "json", "markdown": "diff_markdown"},
    "explain": {"text": "explain_text", "json": "json"},
    "graph": {"text": "graph_text", "json": "json", "dot": "graph_dot", "mermaid": "graph_mermaid", "svg": "graph_svg"},
    "inventory": {"text": "inventory_text", "json": "json"},
    "overlay": {"text": "overlay_text", "json": "json"},
    "walkers": {"text": "walkers_text", "json": "json"},
    "variants": {"text": "variants_text", "json": "json"},
}
"""The formats of each command, and the module of this package that writes each."""


def renderer(command: str, name: str) -> Callable[[Any, Style], str]:
    """The format ``name`` of ``command``; loaded only now."""
    module = import_module(f"ptlint.report.{FORMATS[command][name]}")
    render: Callable[[Any, Style], str] = module.render
    return render
