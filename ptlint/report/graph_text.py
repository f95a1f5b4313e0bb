"""The graph in the form of kernel commit logs: two spaces a level, variants in brackets where not all, ``[see above]``.

Functions that read the same (one name, one way of freeing, one caller, one label) are one line here, though they are nodes of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from ptlint.report.graph_words import FREES
from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.style import bold, dim
from ptlint.report.trouble import trouble
from ptlint.results import Edge, GraphResult, Node

__all__ = ["render"]

_BETWEEN = {"call": "", "pv_ops": "", "callback": " [callback]", "container": " [container]"}


def render(result: GraphResult, style: Style) -> str:
    """A tree for each root. Several are told apart by a line with the root's place."""
    nodes = {node.id: node for node in result.nodes}
    trees = []
    for root in result.roots:
        head = f"# {nodes[root].file}:{nodes[root].line}\n" if len(result.roots) > 1 else ""
        trees.append(head + "".join(f"{line}\n" for line in _Tree(result, nodes, nodes[root], style).lines()))
    gaps = trouble(result, style)
    return "\n".join([*trees, *([gaps] if gaps else [])])


class _Call(msgspec.Struct):
    """What is one line of the text: edges from one line above to functions that read the same."""

    function: str
    kind: str
    label: str | None
    place: tuple[str, int]
    to: set[str]
    variants: set[str]


class _Tree:
    """The tree below one root."""

    def __init__(self, result: GraphResult, nodes: dict[str, Node], root: Node, style: Style) -> None:
        self._nodes, self._root, self._style = nodes, root, style
        self._names = Names(result.variants)
        self._out: dict[str, list[Edge]] = defaultdict(list)
        for edge in result.edges:
            self._out[edge.from_].append(edge)
        self._context = self._contexts()
        self._shown: set[str] = set()

    def lines(self) -> Iterator[str]:
        """The lines of the tree."""
        yield bold(self._root.function, self._style) + self._frees({self._root.id})
        yield from self._below({self._root.id}, 1)

    def _contexts(self) -> dict[str, frozenset[str]]:
        """The variants in which each function is reached from the root."""
        start = frozenset(self._root.variants) or frozenset(name for edge in self._out[self._root.id] for name in edge.variants)
        context: dict[str, frozenset[str]] = {self._root.id: start}
        waiting = [self._root.id]
        while waiting:
            here = waiting.pop()
            for edge in self._out[here]:
                known = context.get(edge.to, frozenset())
                reached = known | (context[here] & frozenset(edge.variants))
                if reached != known:
                    context[edge.to] = reached
                    waiting.append(edge.to)
        return context

    def _below(self, callers: set[str], depth: int) -> Iterator[str]:
        """The calls of ``callers``, with those of one label together."""
        self._shown |= callers
        among = frozenset[str]().union(*(self._context[caller] for caller in callers))
        calls = self._calls(callers)
        labels: set[str] = set()
        for call in calls:
            if call.label is None:
                yield from self._line(call, among, depth)
            elif call.label not in labels:
                labels.add(call.label)
                yield "  " * depth + dim(f"[{call.label}:]", self._style)
                for other in calls:
                    if other.label == call.label:
                        yield from self._line(other, among, depth + 1)

    def _calls(self, callers: set[str]) -> list[_Call]:
        """The lines below ``callers``, in the order of the source; of one place, what holds in more variants first."""
        found: dict[tuple[str, str | None, str | None], _Call] = {}
        for edge in (edge for caller in sorted(callers) for edge in self._out[caller]):
            variants = self._context[edge.from_] & frozenset(edge.variants)
            if not variants:
                continue
            target = self._nodes[edge.to]
            key = (target.function, target.frees, edge.label)
            place = (edge.file, edge.line)
            call = found.setdefault(key, _Call(target.function, edge.kind, edge.label, place, set(), set()))
            call.place = min(call.place, place)
            call.to.add(edge.to)
            call.variants |= variants
        return sorted(found.values(), key=lambda call: (call.place, -len(call.variants), self._names.first(call.variants), call.function))

    def _line(self, call: _Call, among: frozenset[str], depth: int) -> Iterator[str]:
        within = frozenset(call.variants)
        variants = "" if within == among else f" [{self._names.phrase(within, among)}]"
        seen = call.to <= self._shown and any(self._context[edge.from_] & set(edge.variants) for node in call.to for edge in self._out[node])
        above = dim(" [see above]", self._style) if seen else ""
        frees = "" if seen else self._frees(call.to)
        yield "  " * depth + call.function + variants + _BETWEEN[call.kind] + frees + above
        if not seen:
            yield from self._below(call.to, depth + 1)

    def _frees(self, nodes: set[str]) -> str:
        found = next((node.frees for name in sorted(nodes) if (node := self._nodes[name]).frees), None)
        return f" [{FREES[found]}]" if found else ""
