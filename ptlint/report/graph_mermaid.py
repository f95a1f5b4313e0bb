"""The graph for Mermaid, which code hosts draw inside Markdown."""

from __future__ import annotations

from ptlint.report.graph_words import edge_words, node_words
from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.results import GraphResult

__all__ = ["render"]

_ARROWS = {"call": "-->", "pv_ops": "==>", "callback": "-.->", "container": "-.->"}
_ESCAPES = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "|": "#124;", "`": "#96;", "\n": " "}


def render(result: GraphResult, style: Style) -> str:
    """A flowchart; edges by function tables are thick, callbacks and containers dotted."""
    names = Names(result.variants)
    ids = {node.id: f"n{number}" for number, node in enumerate(result.nodes)}
    lines = ["flowchart TD"]
    for node in result.nodes:
        left, right = ("([", "])") if node.id in result.roots else ("[", "]")
        lines.append(f"  {ids[node.id]}{left}{_quote(*node_words(node))}{right}")
    for edge in result.edges:
        words = edge_words(edge, names)
        label = f"|{_quote(*words)}|" if words else ""
        lines.append(f"  {ids[edge.from_]} {_ARROWS[edge.kind]}{label} {ids[edge.to]}")
    return "\n".join(lines) + "\n"


def _quote(*lines: str) -> str:
    escaped = ("".join(_ESCAPES.get(letter, letter) for letter in line) for line in lines)
    return '"' + "<br>".join(escaped) + '"'
