"""Figures of Plotly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from artnb.drawings.base import (
    MOST_COUNTED,
    Drawing,
    Trace,
    apart,
    read_array,
    read_matrix,
    size_of,
)

__all__ = ["plotly_drawing"]

_COUNTED = (
    ("x", "y"), ("z",), ("labels", "values"), ("lat", "lon"), ("locations",), ("r", "theta"),
    ("a", "b", "c"), ("open", "close"), ("parents",), ("geojson",),
)  # fmt: skip
_LINES = ("scatter", "scattergl")
_FEW = 20
"""Points from which on Plotly draws a scatter without a mode as a line alone."""


def plotly_drawing(figure: Mapping[str, Any]) -> Drawing:
    """Return what a figure shows: its dict, or the JSON of it."""
    layout = figure.get("layout") or {}
    traces = tuple(_trace(each, layout) for each in figure.get("data") or ())
    return Drawing("Plotly", _text(layout.get("title")), traces)


def _text(title: Any) -> str:
    found = title.get("text") if isinstance(title, Mapping) else title
    return "" if found is None else str(found)


def _trace(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> Trace:
    kind, name = str(trace.get("type", "scatter")), str(trace.get("name") or "")
    points = _points(trace)
    if kind in ("heatmap", "contour"):
        return Trace(kind, name, points, **_matrix(trace, layout))
    if kind in ("box", "violin", "histogram"):
        all_read = (points or 0) <= MOST_COUNTED
        how = _counts if kind == "histogram" else _boxes
        return Trace(kind, name, points, **(how(trace) if all_read else {}))
    names = ("labels", "values") if kind == "pie" else ("x", "y")
    draw = {"bar": "labels", "pie": "labels"}.get(kind, "")
    if kind in _LINES:
        mode = str(trace.get("mode") or ("lines+markers" if (points or 0) < _FEW else "lines"))
        draw = "line" if "lines" in mode else "points"
    if not draw:
        return Trace(kind, name, points)
    step = 1 if draw == "labels" else apart(points)
    x, y = (read_array([] if (v := trace.get(each)) is None else v, step) for each in names)
    if trace.get("orientation") == "h":
        x, y = y, x
    return Trace(kind, name, points, draw, x or range(0, len(y) * step, step), y)


def _read(trace: Mapping[str, Any], name: str) -> list[Any]:
    return [] if (found := trace.get(name)) is None else read_array(found)


def _matrix(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of a heatmap from the top: Plotly begins below, unless its axis is turned."""
    rows, names = read_matrix(trace.get("z")), _read(trace, "y")
    axis = layout.get("yaxis" + str(trace.get("yaxis", "y"))[1:])
    turned = isinstance(axis, Mapping) and axis.get("autorange") == "reversed"
    if not turned:
        rows, names = rows[::-1], (names or list(range(len(rows))))[::-1]
    return {"draw": "matrix", "x": _read(trace, "x"), "y": names, "z": rows} if rows else {}


def _boxes(trace: Mapping[str, Any]) -> dict[str, Any]:
    x, y = _read(trace, "x"), _read(trace, "y")
    if trace.get("orientation") == "h" or (x and not y and "median" not in trace):
        x, y = y, x
    if "median" not in trace:
        return {"draw": "boxes", "x": x, "y": y}
    low, middle, high = (_read(trace, each) for each in ("q1", "median", "q3"))
    ends = (
        _read(trace, "lowerfence") or low,
        low,
        middle,
        high,
        _read(trace, "upperfence") or high,
    )
    labels = x or list(range(1, len(middle) + 1))
    return {"draw": "boxes", "x": labels, "z": list(zip(*ends, strict=False))}


def _counts(trace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a histogram counts; nothing of one that does more than count."""
    lying = trace.get("orientation") == "h" or trace.get("x") is None
    values: Sequence[Any] = _read(trace, "y" if lying else "x")
    told = any(trace.get(each) for each in ("histnorm", "cumulative"))
    if told or trace.get("histfunc", "count") != "count":
        return {}
    if any(isinstance(value, str) for value in values):
        found = Counter(map(str, values))
        return {"draw": "labels", "x": list(found), "y": list(found.values())}
    return {"draw": "counts", "y": values}


def _points(trace: Mapping[str, Any]) -> int | None:
    for names in _COUNTED:
        counts = [count for name in names if (count := size_of(trace.get(name))) is not None]
        # A heatmap has its cells in z, and along x and y how they are called.
        if counts and not (names == ("x", "y") and size_of(trace.get("z")) is not None):
            return max(counts)
    return None
