"""The graph as a picture that needs no script: for saved notebooks and for export.

An untrusted notebook keeps ``<img src="data:image/svg+xml...">``, ``<details>`` and
``<table>``, and drops inline SVG, so the figure is made of those.
"""

from __future__ import annotations

import base64
from html import escape

from artnb.lineage import NO_JOB_TYPE, LineageGraph
from artnb.texts import say
from artnb.widgets.picture import (
    HEIGHT,
    MOST_NODES,
    WIDTH,
    Box,
    Point,
    picture,
    runs,
    shortened,
    versions,
)

__all__ = ["figure_html", "figure_svg"]


def figure_svg(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> str:
    """Return the graph as SVG text, at a level, its arrows going right or down.

    Instances beyond 200 nodes are drawn collapsed: a picture of more cannot be read.
    """
    drawn = picture(graph, level, direction, lang)
    places = drawn.places()
    width, height = drawn.size()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, sans-serif">',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#8b93a1"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *(_arrow(drawn.curve(places[a], places[b])) for a, b in drawn.arrows if a != b),
        *(_box(drawn.boxes[node], *places[node]) for node in places),
    ]
    if not drawn.boxes:
        parts.append(
            f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" font-size="12" '
            f'fill="#6b7280">{escape(say(lang, "Nothing recorded yet"))}</text>'
        )
    return "".join([*parts, "</svg>"])


def figure_html(
    graph: LineageGraph,
    project: str,
    view_id: str,
    level: str = "types",
    direction: str = "right",
    lang: str = "en",
) -> str:
    """Return the picture and a table of the same facts, which the live widget hides."""
    svg = base64.b64encode(figure_svg(graph, level, direction, lang).encode()).decode()
    counts = f"{runs(len(graph.runs), lang)}, {versions(len(graph.versions), lang)}"
    heads = [say(lang, "Kind"), say(lang, "Name"), say(lang, "Type"), say(lang, "State")]
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    rows = "".join(
        f"<tr><td>{escape(kind)}</td><td>{escape(name)}</td><td>{escape(type_)}</td>"
        f"<td>{escape(state)}</td></tr>"
        for kind, name, type_, state in _table(graph, lang)
    )
    alt = escape(say(lang, "Lineage of {0}: {1}", project, counts), quote=True)
    since = say(lang, "A picture of when the cell ran. Run the cell again for the live graph.")
    return (
        f'<div class="artnb-static artnb-static-{escape(view_id, quote=True)}" lang="{lang}">'
        f'<img alt="{alt}" style="max-width:100%" src="data:image/svg+xml;base64,{svg}">'
        f"<p>{escape(since)}</p>"
        f"<details><summary>{escape(project)}: {escape(counts)}</summary><table><thead>"
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></details></div>"
    )


def _table(graph: LineageGraph, lang: str) -> list[tuple[str, str, str, str]]:
    artifact, run = say(lang, "artifact"), say(lang, "run")
    rows: list[tuple[str, str, str, str]] = [
        (artifact, f"{v.ref} {' '.join(v.aliases)}".strip(), v.type, say(lang, v.state))
        for v in graph.versions.values()
    ]
    rows += [
        (run, r.name, r.job_type or NO_JOB_TYPE, say(lang, r.state)) for r in graph.runs.values()
    ]
    if len(rows) > MOST_NODES:
        more = say(lang, "and {0} more", len(rows) - MOST_NODES)
        return [*rows[:MOST_NODES], ("", more, "", "")]
    return rows


def _box(box: Box, x: float, y: float) -> str:
    radius = 6 if box.is_run else HEIGHT / 2
    dash = ' stroke-dasharray="4 3"' if box.is_run else ""
    return (
        f'<g><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="{radius}" '
        f'fill="#fff" stroke="{box.outline}" stroke-width="1.6"{dash}/>'
        f'<circle cx="{x + 18}" cy="{y + HEIGHT / 2}" r="5" fill="{box.colour}"/>'
        f'<text x="{x + 32}" y="{y + 19}" font-size="12.5" font-weight="600" fill="#1f2937">'
        f"{escape(shortened(box.label, 19))}</text>"
        f'<text x="{x + 32}" y="{y + 34}" font-size="10.5" fill="#6b7280">'
        f"{escape(shortened(box.told, 24))}</text></g>"
    )


def _arrow(points: tuple[Point, ...]) -> str:
    start, *others = (f"{x} {y}" for x, y in points)
    return (
        f'<path d="M{start}C{" ".join(others)}" fill="none" '
        'stroke="#b6bcc6" stroke-width="1.4" marker-end="url(#a)"/>'
    )
