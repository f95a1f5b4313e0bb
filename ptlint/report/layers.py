"""A drawing of a directed graph in layers, which layer, and where in it, each node stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

__all__ = ["Node", "layers"]

Node = tuple[str, int]
"""A node's name and 0; or, where an edge passes a layer, a point of it: the edge's name and the layer."""
_SWEEPS = 8


def layers(roots: Sequence[str], edges: Sequence[tuple[str, str]]) -> tuple[list[list[Node]], dict[tuple[str, str], list[Node]]]:
    """The layers, each in order, and the nodes and points that each edge runs through.

    A node stands after all that lead to it, but for edges that close a circle: these run back.
    """
    below: dict[str, list[str]] = {}
    for source, target in edges:
        below.setdefault(source, []).append(target)
    rank = _ranks(roots, below)
    found: list[list[Node]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name, layer in rank.items():
        found[layer].append((name, 0))
    routes: dict[tuple[str, str], list[Node]] = {}
    for source, target in dict.fromkeys(edges):
        if source not in rank or target not in rank:
            continue
        step = 1 if rank[target] > rank[source] else -1
        points: list[Node] = [(f"{source}\0{target}", layer) for layer in range(rank[source] + step, rank[target], step)]
        for point in points:
            found[point[1]].append(point)
        routes[(source, target)] = [(source, 0), *points, (target, 0)]
    _untangle(found, routes.values())
    return found, routes


def _ranks(roots: Sequence[str], below: dict[str, list[str]]) -> dict[str, int]:
    """In which layer each node that is reached stands: by the longest way, circles cut where they close."""
    order: list[str] = []
    state: dict[str, int] = {}
    back: set[tuple[str, str]] = set()
    for root in roots:
        if root in state:
            continue
        stack = [(root, iter(below.get(root, ())))]
        state[root] = 1
        while stack:
            name, targets = stack[-1]
            for target in targets:
                if state.get(target) == 1:
                    back.add((name, target))
                elif target not in state:
                    state[target] = 1
                    stack.append((target, iter(below.get(target, ()))))
                    break
            else:
                state[name] = 2
                order.append(name)
                stack.pop()
    rank = dict.fromkeys(reversed(order), 0)
    for name in rank:
        for target in below.get(name, ()):
            if (name, target) not in back:
                rank[target] = max(rank[target], rank[name] + 1)
    return rank


def _untangle(found: list[list[Node]], routes: Iterable[list[Node]]) -> None:
    """Order each layer by the middle of its neighbours, forth and back, so that few edges cross."""
    beside: dict[Node, list[Node]] = {}
    for route in routes:
        for one, other in pairwise(route):
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    where = {node: (number, index) for number, layer in enumerate(found) for index, node in enumerate(layer)}
    for sweep in range(_SWEEPS):
        numbers = range(1, len(found)) if sweep % 2 == 0 else range(len(found) - 2, -1, -1)
        for number in numbers:
            toward = number - 1 if sweep % 2 == 0 else number + 1

            def middle(node: Node, toward: int = toward) -> float:
                near = [where[other][1] for other in beside.get(node, ()) if where[other][0] == toward]
                return sum(near) / len(near) if near else float(where[node][1])

            found[number].sort(key=middle)
            for index, node in enumerate(found[number]):
                where[node] = (number, index)
