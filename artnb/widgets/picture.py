"""What every picture of the graph that needs no page shows: boxes in layers, and arrows."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from artnb.lineage import NO_JOB_TYPE, LineageGraph
from artnb.texts import say

__all__ = [
    "DIRECTIONS",
    "HEIGHT",
    "MOST_NODES",
    "WIDTH",
    "Box",
    "Picture",
    "picture",
    "runs",
    "shortened",
    "versions",
]

DIRECTIONS = ("right", "down")
"""Where arrows go."""


Point = tuple[float, float]
MOST_NODES = 200
WIDTH, HEIGHT = 168, 44
"""Of a box, in pixels."""
_GAP_X, _GAP_Y = 72, 22
_GAP_DOWN_X, _GAP_DOWN_Y = 24, 52
_MOST_IN_A_ROW = 8
_MARGIN = 20
# Okabe and Ito's colours, told apart by colour-blind eyes; runs are grey.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C7A00")
_RUN = "#6b7280"
_BAD = "#B3261E"


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a picture.

    Attributes
    ----------
    told : str
        What stands below the label, in the picture's language.
    state : str
        Empty where all is well: finished runs, versions that are whole. Not to be shown.
    """

    label: str
    told: str
    is_run: bool
    colour: str
    state: str = ""

    @property
    def outline(self) -> str:
        """The colour of the rim."""
        return _BAD if self.state in ("damaged", "failed", "crashed") else self.colour


@dataclass(frozen=True)
class Picture:
    """Boxes by node, arrows between them, and the nodes of each layer.

    Layers are columns from left to right, or rows from top to bottom.
    """

    boxes: Mapping[str, Box]
    arrows: Sequence[tuple[str, str]]
    layers: Sequence[Sequence[str]]
    down: bool = False

    def places(self) -> dict[str, tuple[int, int]]:
        """Return the left upper corner of each box."""
        if self.down:
            return self._places_in_rows()
        return {
            node: (_MARGIN + x * (WIDTH + _GAP_X), _MARGIN + y * (HEIGHT + _GAP_Y))
            for x, column in enumerate(self.layers)
            for y, node in enumerate(column)
        }

    def size(self) -> tuple[int, int]:
        """Return width and height of the whole."""
        longest = max((len(layer) for layer in self._lines()), default=1)
        count = max(1, len(self._lines()))
        if self.down:
            return (
                2 * _MARGIN + longest * (WIDTH + _GAP_DOWN_X) - _GAP_DOWN_X,
                2 * _MARGIN + count * (HEIGHT + _GAP_DOWN_Y) - _GAP_DOWN_Y,
            )
        return (
            2 * _MARGIN + count * (WIDTH + _GAP_X) - _GAP_X,
            2 * _MARGIN + longest * (HEIGHT + _GAP_Y) - _GAP_Y,
        )

    def curve(self, start: tuple[float, float], end: tuple[float, float]) -> tuple[Point, ...]:
        """Return the four points of an arrow between two boxes: ends and Bezier's handles."""
        (ax, ay), (bx, by) = start, end
        if self.down:
            x1, y1, x2, y2 = ax + WIDTH / 2, ay + HEIGHT, bx + WIDTH / 2, by
            bend = max(22.0, abs(y2 - y1) / 2)
            return (x1, y1), (x1, y1 + bend), (x2, y2 - bend), (x2, y2)
        x1, y1, x2, y2 = ax + WIDTH, ay + HEIGHT / 2, bx, by + HEIGHT / 2
        bend = max(30.0, abs(x2 - x1) / 2)
        return (x1, y1), (x1 + bend, y1), (x2 - bend, y2), (x2, y2)

    def _lines(self) -> list[Sequence[str]]:
        """Layers; one too wide for a page is several rows."""
        if not self.down:
            return list(self.layers)
        return [
            layer[at : at + _MOST_IN_A_ROW]
            for layer in self.layers
            for at in range(0, len(layer), _MOST_IN_A_ROW)
        ]

    def _places_in_rows(self) -> dict[str, tuple[int, int]]:
        step = WIDTH + _GAP_DOWN_X
        middle = self.size()[0] + _GAP_DOWN_X
        return {
            node: ((middle - len(row) * step) // 2 + x * step, _MARGIN + y * (HEIGHT + _GAP_DOWN_Y))
            for y, row in enumerate(self._lines())
            for x, node in enumerate(row)
        }


def picture(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> Picture:
    """Return the picture of a graph at a level, its arrows going right or down.

    States and counts are told in the language; names and types are a person's own.

    Instances beyond 200 nodes are drawn by name, names beyond 200 by type: a picture of
    more cannot be read.
    """
    if level == "instances" and len(graph) > MOST_NODES:
        level = "names"
    if level == "names" and len(graph.groups("names")) > MOST_NODES:
        level = "types"
    if level == "instances":
        boxes, arrows = _instances(graph, lang)
    else:
        boxes, arrows = _groups(graph, level, lang)
    return Picture(boxes, arrows, _layers(boxes, arrows), direction == "down")


def shortened(text: str, length: int) -> str:
    """Return one line of at most `length` letters, with no character that could act on others.

    A letter of Korean, Chinese or Japanese is as wide as two, and counts so.
    """
    text = "".join(mark if mark.isprintable() else " " for mark in text)
    ends = list(accumulate(2 if unicodedata.east_asian_width(m) in "WF" else 1 for m in text))
    return text[: bisect_right(ends, length - 1)] + "…" if ends and ends[-1] > length else text


def _groups(
    graph: LineageGraph, level: str, lang: str
) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node in graph.groups(level)[:MOST_NODES]:
        state = _worst(graph, node.members)
        type_ = "" if node.is_run else graph.versions[node.members[0]].type
        shown_type = type_ if node.id.startswith("c:") else ""
        count = (runs if node.is_run else versions)(len(node.members), lang)
        told = _joined(say(lang, state), shown_type, count)
        colour = _RUN if node.is_run else colours[type_]
        boxes[node.id] = Box(node.label, told, node.is_run, colour, state)
    arrows = graph.group_arrows(level)
    return boxes, [(a, b) for a, b in arrows if a in boxes and b in boxes]


def _instances(graph: LineageGraph, lang: str) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node, v in graph.versions.items():
        state = _worst(graph, [node])
        told = _joined(say(lang, state), v.type, *v.aliases)
        boxes[node] = Box(v.ref, told, False, colours[v.type], state)
    for node, r in graph.runs.items():
        told = _joined(r.job_type or NO_JOB_TYPE, say(lang, r.state))
        boxes[node] = Box(r.name, told, True, _RUN, _worst(graph, [node]))
    return boxes, list(dict.fromkeys(graph.arrows()))


def runs(count: int, lang: str) -> str:
    """Return how many runs, in a language."""
    return say(lang, "{0} run" if count == 1 else "{0} runs", count)


def versions(count: int, lang: str) -> str:
    """Return how many versions, in a language."""
    return say(lang, "{0} version" if count == 1 else "{0} versions", count)


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _worst(graph: LineageGraph, nodes: Sequence[str]) -> str:
    states = {
        graph.versions[node].state if node in graph.versions else graph.runs[node].state
        for node in nodes
    }
    bad = ("damaged", "failed", "crashed", "running")
    # One that was deleted says nothing of those that are left.
    gone = "deleted" if states == {"deleted"} else ""
    return next((state for state in bad if state in states), gone)


def _palette(graph: LineageGraph) -> dict[str, str]:
    types = list(dict.fromkeys(version.type for version in graph.versions.values()))
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(types)}


def _layers(boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the nodes by layer: each one after all that lead to it, cycles cut."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(boxes)
    graph.add_edges_from((a, b) for a, b in arrows if a != b)
    forward = nx.DiGraph()
    forward.add_nodes_from(boxes)
    order = {node: place for place, node in enumerate(_reading_order(graph))}
    forward.add_edges_from((a, b) for a, b in graph.edges if order[a] < order[b])
    layers = [list(layer) for layer in nx.topological_generations(forward)]
    for layer, before in zip(layers[1:], layers, strict=False):
        place = {node: n for n, node in enumerate(before)}
        layer.sort(key=lambda node: _mean([place.get(p) for p in forward.predecessors(node)]))
    return layers


def _reading_order(graph: Any) -> list[str]:
    """Return an order in which most arrows go forward: depth first from the sources."""
    import networkx as nx

    sources = [node for node, degree in graph.in_degree() if degree == 0]
    seen: dict[str, None] = {}
    for start in (*sources, *graph):
        if start not in seen:
            found = list(nx.dfs_postorder_nodes(graph, start))
            fresh = [node for node in reversed(found) if node not in seen]
            # What is found later comes before what it leads to.
            seen = dict.fromkeys([*fresh, *seen])
    return list(seen)


def _mean(places: Sequence[int | None]) -> float:
    known = [place for place in places if place is not None]
    return sum(known) / len(known) if known else 0.0
