"""What every picture of the graph that needs no page shows: boxes in columns, and arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artnb.lineage import NO_JOB_TYPE, LineageGraph

__all__ = ["HEIGHT", "MOST_NODES", "WIDTH", "Box", "Picture", "picture", "shortened"]

MOST_NODES = 200
WIDTH, HEIGHT = 168, 44
"""Of a box, in pixels."""
_GAP_X, _GAP_Y = 72, 22
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
    state : str
        Empty where all is well: finished runs, versions that are whole.
    """

    label: str
    note: str
    is_run: bool
    colour: str
    state: str = ""

    @property
    def told(self) -> str:
        """The note, with the state where the note does not have it."""
        return self.note if self.state in self.note else f"{self.state} · {self.note}"

    @property
    def outline(self) -> str:
        """The colour of the rim."""
        return _BAD if self.state in ("damaged", "failed", "crashed") else self.colour


@dataclass(frozen=True)
class Picture:
    """Boxes by node, arrows between them, and the nodes of each column, left to right."""

    boxes: Mapping[str, Box]
    arrows: Sequence[tuple[str, str]]
    columns: Sequence[Sequence[str]]

    def places(self) -> dict[str, tuple[int, int]]:
        """Return the left upper corner of each box."""
        return {
            node: (_MARGIN + x * (WIDTH + _GAP_X), _MARGIN + y * (HEIGHT + _GAP_Y))
            for x, column in enumerate(self.columns)
            for y, node in enumerate(column)
        }

    def size(self) -> tuple[int, int]:
        """Return width and height of the whole."""
        tallest = max((len(column) for column in self.columns), default=1)
        return (
            2 * _MARGIN + max(1, len(self.columns)) * (WIDTH + _GAP_X) - _GAP_X,
            2 * _MARGIN + tallest * (HEIGHT + _GAP_Y) - _GAP_Y,
        )


def picture(graph: LineageGraph, level: str = "types") -> Picture:
    """Return the picture of a graph at a level.

    Instances beyond 200 nodes are drawn by name, names beyond 200 by type: a picture of
    more cannot be read.
    """
    if level == "instances" and len(graph) > MOST_NODES:
        level = "names"
    if level == "names" and len(graph.groups("names")) > MOST_NODES:
        level = "types"
    boxes, arrows = _instances(graph) if level == "instances" else _groups(graph, level)
    return Picture(boxes, arrows, _columns(boxes, arrows))


def shortened(text: str, length: int) -> str:
    """Return one line of at most `length` characters, with none that could act on others."""
    text = "".join(mark if mark.isprintable() else " " for mark in text)
    return text if len(text) <= length else text[: length - 1] + "…"


def _groups(graph: LineageGraph, level: str) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node in graph.groups(level)[:MOST_NODES]:
        count = len(node.members)
        what = "run" if node.is_run else "version"
        note = f"{count} {what}{'s' * (count != 1)}"
        colour = _RUN if node.is_run else colours[graph.versions[node.members[0]].type]
        if node.id.startswith("c:"):
            note = f"{graph.versions[node.members[0]].type} · {note}"
        boxes[node.id] = Box(node.label, note, node.is_run, colour, _worst(graph, node.members))
    arrows = graph.group_arrows(level)
    return boxes, [(a, b) for a, b in arrows if a in boxes and b in boxes]


def _instances(graph: LineageGraph) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {
        node: Box(
            v.ref, " · ".join((v.type, *v.aliases)), False, colours[v.type], _worst(graph, [node])
        )
        for node, v in graph.versions.items()
    }
    boxes |= {
        node: Box(
            r.name,
            " · ".join((r.job_type or NO_JOB_TYPE, r.state)),
            True,
            _RUN,
            _worst(graph, [node]),
        )
        for node, r in graph.runs.items()
    }
    return boxes, list(dict.fromkeys(graph.arrows()))


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


def _columns(boxes: Mapping[str, Box], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the nodes by layer: each one right of all that lead to it, cycles cut."""
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(boxes)
    graph.add_edges_from((a, b) for a, b in arrows if a != b)
    forward = nx.DiGraph()
    forward.add_nodes_from(boxes)
    order = {node: place for place, node in enumerate(_reading_order(graph))}
    forward.add_edges_from((a, b) for a, b in graph.edges if order[a] < order[b])
    columns = [list(column) for column in nx.topological_generations(forward)]
    for column, before in zip(columns[1:], columns, strict=False):
        place = {node: n for n, node in enumerate(before)}
        column.sort(key=lambda node: _mean([place.get(p) for p in forward.predecessors(node)]))
    return columns


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
