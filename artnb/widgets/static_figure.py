"""The graph as a picture that needs no script: for saved notebooks and for export.

An untrusted notebook keeps ``<img src="data:image/svg+xml...">``, ``<details>`` and
``<table>``, and drops inline SVG, so the figure is made of those.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from artnb.lineage import LineageGraph

__all__ = ["figure_html", "figure_svg"]

_MOST_NODES = 200
_WIDTH, _HEIGHT = 168, 44
_GAP_X, _GAP_Y = 72, 22
_MARGIN = 20
# Okabe and Ito's colours, told apart by colour-blind eyes; runs are grey.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C7A00")
_RUN = "#6b7280"


@dataclass(frozen=True, slots=True)
class _Box:
    label: str
    note: str
    is_run: bool
    colour: str


def figure_svg(graph: LineageGraph, level: str = "types") -> str:
    """Return the graph as SVG text, collapsed by type or by ``instances``.

    Instances beyond 200 nodes are drawn collapsed: a picture of more cannot be read.
    """
    if level == "instances" and 0 < len(graph) <= _MOST_NODES:
        boxes, arrows = _instances(graph)
    else:
        boxes, arrows = _types(graph)
    columns = _columns(boxes, arrows)
    places = {
        node: (_MARGIN + x * (_WIDTH + _GAP_X), _MARGIN + y * (_HEIGHT + _GAP_Y))
        for x, column in enumerate(columns)
        for y, node in enumerate(column)
    }
    width = 2 * _MARGIN + max(1, len(columns)) * (_WIDTH + _GAP_X) - _GAP_X
    tallest = max((len(column) for column in columns), default=1)
    height = 2 * _MARGIN + tallest * (_HEIGHT + _GAP_Y) - _GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, sans-serif">',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8b93a1"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *(_arrow(places[a], places[b]) for a, b in arrows if a != b),
        *(_box(boxes[node], *places[node]) for node in places),
    ]
    if not boxes:
        parts.append(
            f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" font-size="12" '
            'fill="#6b7280">Nothing recorded yet</text>'
        )
    return "".join([*parts, "</svg>"])


def figure_html(graph: LineageGraph, project: str, view_id: str) -> str:
    """Return the picture and a table of the same facts, which the live widget hides."""
    svg = base64.b64encode(figure_svg(graph).encode()).decode()
    counts = f"{len(graph.runs)} runs, {len(graph.versions)} versions"
    rows = "".join(
        f"<tr><td>{escape(kind)}</td><td>{escape(name)}</td><td>{escape(type_)}</td>"
        f"<td>{escape(state)}</td></tr>"
        for kind, name, type_, state in _table(graph)
    )
    alt = escape(f"Lineage of {project}: {counts}", quote=True)
    return (
        f'<div class="artnb-static artnb-static-{escape(view_id, quote=True)}">'
        f'<img alt="{alt}" style="max-width:100%" src="data:image/svg+xml;base64,{svg}">'
        f"<details><summary>{escape(project)}: {counts}</summary><table><thead><tr><th>Kind</th>"
        f"<th>Name</th><th>Type</th><th>State</th></tr></thead><tbody>{rows}</tbody></table>"
        "</details></div>"
    )


def _table(graph: LineageGraph) -> list[tuple[str, str, str, str]]:
    rows: list[tuple[str, str, str, str]] = [
        ("artifact", f"{v.ref} {' '.join(v.aliases)}".strip(), v.type, v.state)
        for v in graph.versions.values()
    ]
    rows += [("run", r.name, r.job_type or "run", r.state) for r in graph.runs.values()]
    if len(rows) > _MOST_NODES:
        return [*rows[:_MOST_NODES], ("", f"and {len(rows) - _MOST_NODES} more", "", "")]
    return rows


def _types(graph: LineageGraph) -> tuple[dict[str, _Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node in graph.types()[:_MOST_NODES]:
        count = len(node.members)
        what = "run" if node.is_run else "version"
        colour = _RUN if node.is_run else colours[node.label]
        boxes[node.id] = _Box(
            node.label, f"{count} {what}{'s' * (count != 1)}", node.is_run, colour
        )
    return boxes, [(a, b) for a, b in graph.type_arrows() if a in boxes and b in boxes]


def _instances(graph: LineageGraph) -> tuple[dict[str, _Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {
        node: _Box(v.ref, " · ".join((v.type, *v.aliases)), False, colours[v.type])
        for node, v in graph.versions.items()
    }
    boxes |= {
        node: _Box(r.name, " · ".join((r.job_type or "run", r.state)), True, _RUN)
        for node, r in graph.runs.items()
    }
    return boxes, list(dict.fromkeys(graph.arrows()))


def _palette(graph: LineageGraph) -> dict[str, str]:
    types = list(dict.fromkeys(version.type for version in graph.versions.values()))
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(types)}


def _columns(boxes: Mapping[str, _Box], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
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


def _reading_order(graph: object) -> list[str]:
    """Return an order in which most arrows go forward: depth first from the sources."""
    import networkx as nx

    sources = [node for node, degree in graph.in_degree() if degree == 0]  # type: ignore[attr-defined]
    seen: dict[str, None] = {}
    for start in (*sources, *graph):  # type: ignore[misc]
        if start not in seen:
            found = list(nx.dfs_postorder_nodes(graph, start))
            fresh = [node for node in reversed(found) if node not in seen]
            # What is found later comes before what it leads to.
            seen = dict.fromkeys([*fresh, *seen])
    return list(seen)


def _mean(places: Sequence[int | None]) -> float:
    known = [place for place in places if place is not None]
    return sum(known) / len(known) if known else 0.0


def _box(box: _Box, x: float, y: float) -> str:
    radius = 6 if box.is_run else _HEIGHT / 2
    dash = ' stroke-dasharray="4 3"' if box.is_run else ""
    return (
        f'<g><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}" '
        f'fill="#fff" stroke="{box.colour}" stroke-width="1.6"{dash}/>'
        f'<circle cx="{x + 18}" cy="{y + _HEIGHT / 2}" r="5" fill="{box.colour}"/>'
        f'<text x="{x + 32}" y="{y + 19}" font-size="12.5" font-weight="600" fill="#1f2937">'
        f"{escape(_short(box.label, 19))}</text>"
        f'<text x="{x + 32}" y="{y + 34}" font-size="10.5" fill="#6b7280">'
        f"{escape(_short(box.note, 24))}</text></g>"
    )


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    x1, y1 = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    x2, y2 = end[0], end[1] + _HEIGHT / 2
    bend = max(30.0, abs(x2 - x1) / 2)
    return (
        f'<path d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" fill="none" '
        'stroke="#b6bcc6" stroke-width="1.4" marker-end="url(#a)"/>'
    )


def _short(text: str, length: int) -> str:
    text = "".join(mark if mark.isprintable() else " " for mark in text)
    return text if len(text) <= length else text[: length - 1] + "…"
