"""Which levels of tables get where: into parameters, and into lists."""

from __future__ import annotations

from ptlint.analysis.overlay.notes import Notes, Passed, Source

__all__ = ["Levels"]

_Node = tuple[str, ...]


class Levels:
    """The levels of every parameter and list, over all calls that were seen."""

    def __init__(self, notes: Notes) -> None:
        self._levels: dict[_Node, set[str]] = {}
        self._into: dict[_Node, list[Passed]] = {}
        edges: dict[_Node, set[_Node]] = {}
        for passed in notes.passed:
            node: _Node = ("param", passed.callee, str(passed.position))
            self._into.setdefault(node, []).append(passed)
            self._edge(passed.source, node, edges)
        for cell, source in notes.puts:
            self._edge(source, ("cell", cell), edges)
        work = list(self._levels)
        while work:
            node = work.pop()
            for target in edges.get(node, ()):
                known = self._levels.setdefault(target, set())
                if not self._levels[node] <= known:
                    known |= self._levels[node]
                    work.append(target)

    def _edge(self, source: Source, node: _Node, edges: dict[_Node, set[_Node]]) -> None:
        if source[0] == "level":
            self._levels.setdefault(node, set()).add(source[1])
        elif source[0] in ("param", "cell"):
            edges.setdefault(source, set()).add(node)

    def of(self, source: Source) -> frozenset[str]:
        """The levels; empty where nothing says that it is a table. ``any`` only where nothing says more."""
        if source[0] == "level":
            return frozenset({source[1]})
        found = frozenset(self._levels.get(source, ()))
        return found - {"any"} or found

    def vague(self, source: Source) -> list[Passed]:
        """The calls that pass a table of a level that nothing tells, directly or through others."""
        found: list[Passed] = []
        seen: set[_Node] = set()
        stack: list[_Node] = [source]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            for passed in self._into.get(node, ()):
                if passed.source == ("level", "any"):
                    found.append(passed)
                elif passed.source[0] in ("param", "cell"):
                    stack.append(passed.source)
        return found
