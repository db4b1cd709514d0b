"""Figures of Plotly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.drawings.base import Drawing, Trace, apart, read_array, size_of

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
    traces = tuple(_trace(each) for each in figure.get("data") or ())
    return Drawing("Plotly", _text(layout.get("title")), traces)


def _text(title: Any) -> str:
    found = title.get("text") if isinstance(title, Mapping) else title
    return "" if found is None else str(found)


def _trace(trace: Mapping[str, Any]) -> Trace:
    kind, name = str(trace.get("type", "scatter")), str(trace.get("name") or "")
    points = _points(trace)
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


def _points(trace: Mapping[str, Any]) -> int | None:
    for names in _COUNTED:
        counts = [count for name in names if (count := size_of(trace.get(name))) is not None]
        # A heatmap has its cells in z, and along x and y how they are called.
        if counts and not (names == ("x", "y") and size_of(trace.get("z")) is not None):
            return max(counts)
    return None
