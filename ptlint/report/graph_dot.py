"""The graph for Graphviz."""

from __future__ import annotations

from ptlint.report.graph_words import edge_words, node_words
from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.results import GraphResult

__all__ = ["render"]

_STYLES = {"call": "solid", "pv_ops": "bold", "callback": "dashed", "container": "dotted"}


def render(result: GraphResult, style: Style) -> str:
    """A digraph; roots have a double border, edges by function tables are bold, callbacks dashed, containers dotted."""
    names = Names(result.variants)
    lines = ["digraph ptlint {", "  rankdir=LR;", '  node [shape=box, fontname="monospace"];']
    for node in result.nodes:
        peripheries = ", peripheries=2" if node.id in result.roots else ""
        lines.append(f"  {_quote(node.id)} [label={_quote(*node_words(node))}{peripheries}];")
    for edge in result.edges:
        words = edge_words(edge, names)
        label = f", label={_quote(*words)}" if words else ""
        lines.append(f"  {_quote(edge.from_)} -> {_quote(edge.to)} [style={_STYLES[edge.kind]}{label}];")
    return "\n".join([*lines, "}"]) + "\n"


def _quote(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
