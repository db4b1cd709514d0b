"""The graph as a picture that needs no script: for saved notebooks and for export.

An untrusted notebook keeps ``<img src="data:image/svg+xml...">``, ``<details>`` and
``<table>``, and drops inline SVG, so the figure is made of those.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from artnb.lineage import NO_JOB_TYPE, LineageGraph
from artnb.texts import say
from artnb.widgets.picture import (
    HEIGHT,
    MOST_NODES,
    WIDTH,
    Box,
    Curve,
    Picture,
    Point,
    corners,
    picture,
    runs,
    shortened,
    sign,
    versions,
)

__all__ = ["figure_html", "figure_svg"]

_UNLOADED = (
    ".jp-OutputArea-child:has(+ .jp-OutputArea-child .artnb-static) > "
    ".jp-OutputArea-output:not([data-mime-type]):not(:has(*)) { display: none; }"
)
"""Hides JupyterLab's "Loading widget..." above the picture, which no kernel ever answers.

A live widget has elements, and those words have none. Who strips styles of a notebook that is
not trusted (JupyterLab, GitHub) shows no widgets there either.
"""
_LEAST_WIDTH = 640
"""A picture that is smaller cannot be read: on a phone it is scrolled."""


def figure_svg(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> str:
    """Return the graph as SVG text, at a level, its arrows going right or down.

    Instances beyond 200 nodes are drawn collapsed: a picture of more cannot be read.
    """
    return _svg(picture(graph, level, direction, lang), lang)


def _svg(drawn: Picture, lang: str) -> str:
    places = drawn.places()
    width, height = drawn.size()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, sans-serif">',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7d8694"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        *(_arrow(drawn.curves(a, b)) for a, b in drawn.arrows if a != b),
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
    drawn = picture(graph, level, direction, lang)
    svg = base64.b64encode(_svg(drawn, lang).encode()).decode()
    least = min(_LEAST_WIDTH, drawn.size()[0])
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
        f"<style>{_UNLOADED}</style>"
        f'<div class="artnb-static artnb-static-{escape(view_id, quote=True)}" lang="{lang}">'
        f'<div style="overflow-x:auto"><img alt="{alt}" style="max-width:100%;min-width:{least}px" '
        f'src="data:image/svg+xml;base64,{svg}"></div>'
        f'<p style="margin:4px 0;opacity:0.7">{escape(since)}</p>'
        f"<details><summary>{escape(project)}: {escape(counts)}</summary><table><thead>"
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></details></div>"
    )


def _table(graph: LineageGraph, lang: str) -> list[tuple[str, str, str, str]]:
    artifact, run = say(lang, "artifact"), say(lang, "run")
    rows: list[tuple[str, str, str, str]] = [
        (artifact, " ".join((v.ref_in(graph.project), *v.aliases)), v.type, say(lang, v.state))
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
    paint = f'fill="{box.ground}" stroke="{box.outline}" stroke-width="1.5"'
    dash = ' stroke-dasharray="4 3"' if box.state == "deleted" else ""
    shape = (
        f'<path d="{_line(corners(x, y))}z" {paint}{dash}/>'
        if box.is_run
        else f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="{HEIGHT / 2}" '
        f"{paint}{dash}/>"
    )
    filled, lines = sign(box.is_run, x + 20, y + HEIGHT / 2)
    pen = f'stroke="{box.colour}" stroke-width="1.5" stroke-linejoin="round"'
    return (
        f'<g>{shape}<path d="{_line(filled)}z" fill="{box.colour}" {pen}/>'
        + "".join(f'<path d="{_line(line)}" fill="none" {pen}/>' for line in lines)
        + f'<text x="{x + 35}" y="{y + 19}" font-size="12.5" font-weight="600" fill="#1f2937">'
        f"{escape(shortened(box.label, 19))}</text>"
        f'<text x="{x + 35}" y="{y + 34}" font-size="10.5" fill="#5b6472">'
        f"{escape(shortened(box.told, 24))}</text></g>"
    )


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _arrow(curves: Sequence[Curve]) -> str:
    start = "{:g} {:g}".format(*curves[0][0])
    rest = "".join("C" + " ".join(f"{x:g} {y:g}" for x, y in curve[1:]) for curve in curves)
    return (
        f'<path d="M{start}{rest}" fill="none" '
        'stroke="#98a1ae" stroke-width="1.3" marker-end="url(#a)"/>'
    )
