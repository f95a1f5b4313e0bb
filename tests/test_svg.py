"""The picture of a graph: boxes that do not overlap, every edge and every set of variants."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from test_report import seed_graph

from ptlint.report.graph_svg import render
from ptlint.report.interface import Style
from ptlint.report.layers import layers
from ptlint.report.order import ordered

SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.sampled_from("abcdefgh")


def boxes(root: ET.Element) -> list[tuple[float, float, float, float]]:
    found = [rect for rect in root.iter(f"{SVG}rect") if rect.get("rx")]
    return [tuple(float(rect.get(name, "")) for name in ("x", "y", "width", "height")) for rect in found]  # type: ignore[misc]


def test_each_node_has_a_box_and_each_edge_a_line() -> None:
    graph = ordered(seed_graph())
    root = ET.fromstring(render(graph, Style()))
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert len(boxes(root)) == len(graph.nodes)
    assert {node.function for node in graph.nodes} <= set(words)
    paths = [path for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(paths) == len({(edge.from_, edge.to, edge.kind, edge.variants) for edge in graph.edges})


def test_boxes_do_not_overlap_and_lie_inside() -> None:
    root = ET.fromstring(render(ordered(seed_graph()), Style()))
    found = boxes(root)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for index, (x, y, w, h) in enumerate(found):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for other_x, other_y, other_w, other_h in found[:index]:
            assert x >= other_x + other_w or other_x >= x + w or y >= other_y + other_h or other_y >= y + h


def test_without_colour_the_sets_of_variants_are_told_by_numbers() -> None:
    text = render(ordered(seed_graph()), Style())
    legend = [part for part in ET.fromstring(text).iter(f"{SVG}text") if part.text and part.text.startswith("[") and " " in part.text]
    assert any("!CONFIG_PARAVIRT" in (entry.text or "") for entry in legend)
    for entry in legend:
        number = (entry.text or "").partition(" ")[0]
        assert text.count(number) >= 3, "on an edge (twice: its ground and its ink) and in the legend"


@given(st.lists(st.tuples(NAMES, NAMES), max_size=20))
def test_any_graph_is_laid_out(edges: list[tuple[str, str]]) -> None:
    found, routes = layers(["a"], edges)
    placed = [spot for layer in found for spot in layer]
    assert len(placed) == len(set(placed))
    reached = {"a"}
    for _ in edges:
        reached |= {target for source, target in edges if source in reached}
    assert {name for name, _ in placed if "\0" not in name} == reached
    assert set(routes) == {(source, target) for source, target in edges if source in reached}
    for (source, target), route in routes.items():
        assert (route[0][0], route[-1][0]) == (source, target)
