"""The graph as a picture (SVG): boxes from top to bottom, edges in a colour for each set of variants.

Whoever prints it without colour reads the numbers of the sets beside the edges; the kind of an edge is its line, as in the DOT form.
"""

from __future__ import annotations

from html import escape
from itertools import pairwise

from ptlint.report.graph_words import edge_words, node_words
from ptlint.report.interface import Style
from ptlint.report.layers import Node as Spot
from ptlint.report.layers import layers
from ptlint.report.names import Names
from ptlint.results import Edge, GraphResult, Node

__all__ = ["render"]

_CHAR, _LINE, _PAD = 7.0, 15, 8
_GAP, _MARGIN, _SMALL = 26, 20, 12
_COLORS = (
    "#000000", "#0072b2", "#d55e00", "#009e73", "#c0568f", "#8a6d00", "#2f8fc7", "#7f3c8d", "#a61c00", "#3d6b1f", "#5a4fcf", "#00777a", "#7a4a2b",
    "#555555", "#b8006b", "#4b7300",
)  # fmt: skip
"""Told apart by people who see few colours (Okabe and Ito), and dark enough for a printer."""
_DASHES = {"call": "", "pv_ops": "", "callback": "7 4", "container": "2 3"}
_KINDS = {"call": "call", "pv_ops": "call through a table of functions", "callback": "callback", "container": "through a container"}


def render(result: GraphResult, style: Style) -> str:
    """One picture of all roots, with a legend."""
    return _Picture(result).text()


class _Picture:
    def __init__(self, result: GraphResult) -> None:
        self.result = result
        self.names = Names(result.variants)
        self.nodes = {node.id: node for node in result.nodes}
        ordered = sorted(result.edges, key=lambda edge: (edge.file, edge.line, edge.to))
        self.rows, self.routes = layers(result.roots, [(edge.from_, edge.to) for edge in ordered])
        sets = sorted({frozenset(edge.variants) for edge in result.edges}, key=lambda names: (names != self.names.all(), -len(names), sorted(names)))
        self.colors = {names: _COLORS[index % len(_COLORS)] for index, names in enumerate(sets)}
        self.numbers = {names: index for index, names in enumerate((names for names in sets if names != self.names.all()), 1)}
        self.labels: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for edge in ordered:
            words = [word for word in edge_words(edge, self.names) if not word.startswith("[") and word != edge.kind]
            number = self.numbers.get(frozenset(edge.variants))
            text = " ".join([*words, *([f"[{number}]"] if number else [])])
            rows = self.labels.setdefault((edge.from_, edge.to), []) if text else []
            if text and (text, self._color(edge)) not in rows:
                rows.append((text, self._color(edge)))
        self.at: dict[Spot, tuple[float, float, float, float]] = {}
        self.width = self.height = 0.0
        self._place()

    def _place(self) -> None:
        """Rows from top to bottom, each in the middle, with room below for the labels of the edges that leave it."""
        wide = [sum(self._size(spot)[0] + _GAP for spot in row) - _GAP for row in self.rows]
        middle = _MARGIN + max(wide, default=0.0) / 2
        y = float(_MARGIN)
        for row, width in zip(self.rows, wide, strict=True):
            tall = max((self._size(spot)[1] for spot in row), default=0.0)
            x = middle - width / 2
            for spot in row:
                w, h = self._size(spot)
                self.at[spot] = (x, y + (tall - h) / 2, w, h)
                x += w + _GAP
            self.width = max(self.width, x - _GAP)
            y += tall + 34 + _SMALL * max((len(self.labels[pair]) for spot in row for pair in self._leaving(spot)), default=0)
        self.height = y

    def _leaving(self, spot: Spot) -> list[tuple[str, str]]:
        return [pair for pair in self.labels if pair[0] == spot[0]]

    def _size(self, spot: Spot) -> tuple[float, float]:
        """Of a box; of a point that an edge runs through: a box is at least as wide as the labels that arrive at it."""
        node = self.nodes.get(spot[0])
        if node is None:
            return 14.0, 4.0
        words = node_words(node)
        arriving = [len(word) for pair, rows in self.labels.items() if pair[1] == spot[0] for word, _ in rows]
        inside = max(len(words[0]) * _CHAR, *(len(word) * _CHAR * 0.86 for word in words)) + 2 * _PAD
        return max(inside, max(arriving, default=0) * _CHAR * 0.86 * (1 if len(arriving) < 2 else 1.6)), len(words) * _LINE + 2 * _PAD

    def _color(self, edge: Edge) -> str:
        return self.colors[frozenset(edge.variants)]

    # ---- drawing -------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The document."""
        body = [line for pair in self.routes for line in self._edges(pair)]
        body += [line for spot in self.at if spot[0] in self.nodes for line in self._box(self.nodes[spot[0]])]
        legend = self._legend()
        width = max(self.width + _MARGIN, max((len(words) * _CHAR for _, _, words in self._entries()), default=0.0) + 100)
        height = self.height + _LINE * (len(self._entries()) + 2)
        title = escape(", ".join(self.nodes[root].function for root in self.result.roots))
        markers = [
            f'<marker id="a{index}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{color}"/></marker>'
            for index, color in enumerate(_COLORS)
        ]
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
            ' font-family="monospace" font-size="12">'
        )
        ground = f'<rect width="{width:.0f}" height="{height:.0f}" fill="white"/>'
        return "\n".join([head, f"<title>{title}</title>", "<defs>", *markers, "</defs>", ground, *body, *legend, "</svg>"]) + "\n"

    def _edges(self, pair: tuple[str, str]) -> list[str]:
        """One line for each edge between two boxes, a little apart, and the words in between."""
        edges = [edge for edge in self.result.edges if (edge.from_, edge.to) == pair]
        kinds = list(dict.fromkeys((edge.kind, self._color(edge)) for edge in edges))
        lines = []
        for number, (kind, color) in enumerate(kinds):
            shift = (number - (len(kinds) - 1) / 2) * 5
            dash = f' stroke-dasharray="{_DASHES[kind]}"' if _DASHES[kind] else ""
            wide = 2.6 if kind == "pv_ops" else 1.4
            marker = _COLORS.index(color)
            path = self._path(self.routes[pair], shift)
            lines.append(f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{wide}"{dash} marker-end="url(#a{marker})"/>')
        rows = self.labels.get(pair, [])
        if rows:
            x, y = self._label(pair, len(rows))
            for index, (word, color) in enumerate(rows):
                place = f'x="{x:.0f}" y="{y + index * _SMALL:.0f}" font-size="10"'
                lines.append(f'<text {place} fill="white" stroke="white" stroke-width="3">{escape(word)}</text>')
                lines.append(f'<text {place} fill="{color}">{escape(word)}</text>')
        return lines

    def _label(self, pair: tuple[str, str], rows: int) -> tuple[float, float]:
        """Where the words of an edge begin: at its lower end, beside the line."""
        (_, y), (to_x, to_y) = self._ends(self.routes[pair])[-2:]
        return to_x + 6, to_y - 12 - (rows - 1) * _SMALL if to_y > y else y

    def _ends(self, route: list[Spot]) -> list[tuple[float, float]]:
        """The points that an edge runs through. What arrives at a box, or leaves it, does so side by side."""
        points = []
        for index, spot in enumerate(route):
            x, y, w, h = self.at[spot]
            if spot[0] not in self.nodes:
                points += [(x + w / 2, y), (x + w / 2, y + h)]
            else:
                out = index == 0
                same = [pair for pair in self.routes if pair[0 if out else 1] == spot[0]]
                beyond = {pair: self.at[self.routes[pair][1 if out else -2]][0] for pair in same}
                order = sorted(same, key=lambda pair: beyond[pair])
                number = order.index((route[0][0], route[-1][0]))
                points.append((x + w * (number + 1) / (len(order) + 1), y + h if out else y))
        return points

    def _path(self, route: list[Spot], shift: float) -> str:
        points = [(x + shift, y) for x, y in self._ends(route)]
        text = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for (x, y), (to_x, to_y) in pairwise(points):
            bend = max(14.0, abs(to_y - y) / 2)
            text += f" C{x:.1f},{y + bend:.1f} {to_x:.1f},{to_y - bend:.1f} {to_x:.1f},{to_y:.1f}"
        return text

    def _box(self, node: Node) -> list[str]:
        x, y, w, h = self.at[(node.id, 0)]
        fill = "#eeeeee" if node.frees else "white"
        wide = 2.5 if node.id in self.result.roots else 1.2
        lines = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="4" fill="{fill}" stroke="black" stroke-width="{wide}"/>']
        words = node_words(node)
        top = y + (h - len(words) * _LINE) / 2 + 11
        for index, word in enumerate(words):
            weight = ' font-weight="bold"' if index == 0 else ' font-size="10"'
            lines.append(f'<text x="{x + w / 2:.1f}" y="{top + index * _LINE:.1f}" text-anchor="middle"{weight}>{escape(word)}</text>')
        return lines

    # ---- the legend ----------------------------------------------------------------------------------------

    def _entries(self) -> list[tuple[str, str, str]]:
        """(colour, dashes, words) of each line of the legend."""
        every = self.names.all()
        kinds = [("#000000", f"{_DASHES[kind]}|{2.6 if kind == 'pv_ops' else 1.4}", words) for kind, words in _KINDS.items()]
        used = {edge.kind for edge in self.result.edges}
        rows = [row for kind, row in zip(_KINDS, kinds, strict=True) if kind in used]
        rows += [
            (color, "|1.4", f"[{self.numbers[names]}] {self.names.phrase(names, every)}" if names in self.numbers else "all variants")
            for names, color in self.colors.items()
        ]
        return rows

    def _legend(self) -> list[str]:
        lines = []
        y = self.height + _LINE
        for color, look, words in self._entries():
            dashes, _, wide = look.partition("|")
            dash = f' stroke-dasharray="{dashes}"' if dashes else ""
            lines.append(f'<line x1="{_MARGIN}" y1="{y - 4:.0f}" x2="{_MARGIN + 50}" y2="{y - 4:.0f}" stroke="{color}" stroke-width="{wide}"{dash}/>')
            lines.append(f'<text x="{_MARGIN + 60}" y="{y:.0f}" fill="{color}">{escape(words)}</text>')
            y += _LINE
        return lines
