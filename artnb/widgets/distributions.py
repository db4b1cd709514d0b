"""Histograms and charts of tables that a run logged, for the panel: of each the last."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from artnb.errors import ArtnbError
from artnb.histogram import Histogram
from artnb.table import Table

__all__ = ["distributions", "drawn_tables"]

_MOST_POINTS = 2_000
_MOST_LINES = 20
_MOST_BARS = 100
_MOST_CLASSES = 50


def distributions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each histogram that was logged the chart of the last one.

    Returns
    -------
    list of dict
        ``key``, ``x`` (the middle of each bin), ``y`` (its count), ``step``, and ``draw``,
        which is ``bars``.
    """
    last: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping) and value.get("_type") == "histogram":
                last[key] = (row["_step"], value)
    return [_bars(key, value["values"], _edges(value), step) for key, (step, value) in last.items()]


def _bars(key: str, counts: Sequence[float], edges: Sequence[float], step: Any) -> dict[str, Any]:
    """Return a chart of counts between edges."""
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    return {"key": key, "x": middles, "y": list(counts), "step": step, "draw": "bars"}


def _edges(value: Mapping[str, Any]) -> list[float]:
    if packed := value.get("packedBins"):
        low, width = packed["min"], packed["size"]
        return [low + n * width for n in range(packed["count"] + 1)]
    return list(value["bins"])


def drawn_tables(
    rows: Sequence[Mapping[str, Any]], read: Callable[[str], bytes]
) -> list[dict[str, Any]]:
    """Return the charts of tables that say how they are drawn.

    Of bars with labels the first 100 are drawn, of a matrix the first 50 classes; the table
    has all.

    Parameters
    ----------
    read : callable
        Digest -> bytes of a table.
    """
    last: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping) and value.get("plot"):
                last[key] = (row["_step"], value)
    found = []
    for key, (step, value) in last.items():
        plot = value["plot"]
        if plot.get("kind") in _DRAWN:
            try:
                table = Table.from_bytes(read(value["sha256"]))
                charts = _DRAWN[plot["kind"]](key, plot, table)
            except (ArtnbError, ValueError, KeyError):
                continue  # damaged, or without that column: the tab of the tables shows it
            found += [{**chart, "step": step} for chart in charts]
    return found


def _lines(key: str, plot: Mapping[str, Any], table: Table) -> list[dict[str, Any]]:
    lines: dict[str, list[tuple[float, float]]] = {}
    xs, ys = table.get_column(plot["x"]), table.get_column(plot["y"])
    for name, x, y in zip(_strokes(key, plot, table), xs, ys, strict=True):
        if _is_finite(x) and _is_finite(y):
            lines.setdefault(name, []).append((x, y))
    draw = "points" if plot["kind"] == "scatter" else "line"
    return [_points(name, points, draw) for name, points in list(lines.items())[:_MOST_LINES]]


def _strokes(key: str, plot: Mapping[str, Any], table: Table) -> list[str]:
    """Return for each row the chart that it is part of: the key's, or that of its stroke."""
    if not plot.get("stroke"):
        return [key] * len(table)
    names = table.get_column(plot["stroke"])
    return [key if name is None else f"{key} · {name}" for name in names]


def _points(key: str, points: list[tuple[float, float]], draw: str) -> dict[str, Any]:
    points.sort(key=lambda point: point[0])  # by x alone: a curve may rise at one x
    apart = -(-len(points) // _MOST_POINTS)
    shown = points[::apart]
    return {"key": key, "x": [x for x, _ in shown], "y": [y for _, y in shown], "draw": draw}


def _counts(key: str, plot: Mapping[str, Any], table: Table) -> list[dict[str, Any]]:
    values = [value for value in table.get_column(plot["value"]) if _is_finite(value)]
    found = Histogram(values)
    return [_bars(key, found.histogram, found.bins, None)]


def _labelled(key: str, plot: Mapping[str, Any], table: Table) -> list[dict[str, Any]]:
    """Return bars, those of one label added, as W&B stacks them."""
    charts: dict[str, dict[str, float | None]] = {}
    labels, values = table.get_column(plot["label"]), table.get_column(plot["value"])
    for name, label, value in zip(_strokes(key, plot, table), labels, values, strict=True):
        sums = charts.setdefault(name, {})
        known = sums.get(str(label)) or 0
        sums[str(label)] = known + value if _is_finite(value) else sums.get(str(label))
    return [
        _named(name, "labels", list(sums)[:_MOST_BARS], y=list(sums.values())[:_MOST_BARS])
        for name, sums in list(charts.items())[:_MOST_LINES]
    ]


def _matrix(key: str, plot: Mapping[str, Any], table: Table) -> list[dict[str, Any]]:
    actual, predicted, counts = (
        table.get_column(plot[name]) for name in ("Actual", "Predicted", "nPredictions")
    )
    names = list(dict.fromkeys(map(str, [*actual, *predicted])))[:_MOST_CLASSES]
    at = {name: n for n, name in enumerate(names)}
    found = [[0] * len(names) for _ in names]
    for was, taken, count in zip(map(str, actual), map(str, predicted), counts, strict=True):
        if was in at and taken in at and _is_finite(count):
            found[at[was]][at[taken]] += count
    return [_named(key, "matrix", names, counts=found)]


def _named(key: str, draw: str, labels: list[str], **more: Any) -> dict[str, Any]:
    return {"key": key, "x": [], "y": [], "labels": labels, "draw": draw, **more}


def _is_finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


_DRAWN = {
    "line": _lines,
    "scatter": _lines,
    "histogram": _counts,
    "bar": _labelled,
    "confusion_matrix": _matrix,
}
