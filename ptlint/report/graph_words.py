"""What is written on a node and on an edge, in whatever form."""

from __future__ import annotations

from ptlint.report.names import Names
from ptlint.results import Deferral, Edge, Node

__all__ = ["FREES", "edge_words", "node_words"]

FREES: dict[Deferral, str] = {
    "rcu": "frees via RCU",
    "sync-rcu": "frees after waiting for RCU",
    "semi-rcu": "frees via semi RCU",
    "mmu-gather": "frees via the page batch",
    "workqueue": "frees via a workqueue",
    "immediate": "frees at once",
}


def node_words(node: Node) -> list[str]:
    """The lines of a node's box."""
    return [node.function, f"{node.file}:{node.line}", *([FREES[node.frees]] if node.frees else [])]


def edge_words(edge: Edge, names: Names) -> list[str]:
    """The lines beside an edge; none for a plain call that is made in every variant."""
    words: list[str] = [edge.kind] if edge.kind in ("callback", "container") else []
    words += [edge.label] if edge.label else []
    within = frozenset(edge.variants)
    words += [f"[{names.phrase(within, names.all())}]"] if within != names.all() else []
    return words + ([f"if {edge.condition}"] if edge.condition else [])
