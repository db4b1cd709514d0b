"""Documents of Bokeh, which holoviews and hvplot show, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from artnb.drawings.base import (
    Drawing,
    Trace,
    apart,
    pivoted,
    read_array,
    read_matrix,
    size_of,
)

__all__ = ["bokeh_drawing"]

_DRAWS = {
    "Line": "line", "Step": "line", "Scatter": "points", "Circle": "points", "VBar": "labels",
}  # fmt: skip


def bokeh_drawing(document: Mapping[str, Any]) -> Drawing:
    """Return what a document shows: the glyphs of all plots in it."""
    models = list(_models(document.get("roots")))
    by_id = {str(each["id"]): each for each in models}
    titles = (_attribute(each, "text", by_id) for each in models if each["name"] == "Title")
    traces = tuple(_trace(each, by_id) for each in models if each["name"] == "GlyphRenderer")
    return Drawing("Bokeh", next((str(title) for title in titles if title), ""), traces)


def _models(part: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            if each and not isinstance(each[0], (int, float)):
                waiting += reversed(each)
        elif isinstance(each, Mapping):
            if each.get("type") == "object" and "id" in each and "name" in each:
                yield each
            waiting += reversed(list(each.values()))


def _attribute(model: Mapping[str, Any], name: str, by_id: Mapping[str, Any]) -> Any:
    """Return an attribute; where it refers to a model, that."""
    found = (model.get("attributes") or {}).get(name)
    if isinstance(found, Mapping) and set(found) == {"id"}:
        return by_id.get(str(found["id"]))
    return found


def _trace(renderer: Mapping[str, Any], by_id: Mapping[str, Any]) -> Trace:
    glyph = _attribute(renderer, "glyph", by_id) or {}
    source = _attribute(renderer, "data_source", by_id) or {}
    columns = _columns(_attribute(source, "data", by_id))
    points = max((size_of(each) or 0 for each in columns.values()), default=None)
    kind = str(glyph.get("name", "glyph"))
    if kind in _SHAPED:
        return Trace(
            kind,
            _column(glyph, "fill_color", by_id) if kind == "Rect" else "",
            points,
            **_SHAPED[kind](glyph, columns, by_id),
        )
    fields = [_column(glyph, name, by_id) for name in ("x", _height(kind))]
    step = 1 if _DRAWS.get(kind) == "labels" else apart(points)
    values = [read_array(columns[field], step) for field in fields if field in columns]
    if values and any(each["name"] == "DatetimeAxis" for each in by_id.values()):
        values[0] = [_date(each) for each in values[0]]
    name = f"{fields[1]} by {fields[0]}" if all(fields) else ""
    if len(values) < 2 or kind not in _DRAWS:
        return Trace(kind, name, points)
    return Trace(kind, name, points, _DRAWS[kind], values[0], values[1])


def _values(glyph: Mapping[str, Any], columns: Mapping[str, Any], by_id: Any, *names: str) -> Any:
    """Return what a glyph has of each of some fields; a number stands for itself in each place."""
    specs = [_attribute(glyph, name, by_id) for name in names]
    found = [read_array(columns.get(_column(glyph, name, by_id))) for name in names]
    most = max(map(len, found))
    told = [spec.get("value") if isinstance(spec, Mapping) else spec for spec in specs]
    return [each or [value] * most for each, value in zip(found, told, strict=True)]


def _bars(glyph: Mapping[str, Any], columns: Mapping[str, Any], by_id: Any) -> dict[str, Any]:
    """Return boxes that stand side by side, as those of a histogram do."""
    sides = _values(glyph, columns, by_id, "left", "right", "top", "bottom")
    if not all(isinstance(n, (int, float)) for side in sides for n in side):
        return {}
    left, right, top, bottom = sides
    middles = [(a + b) / 2 for a, b in zip(left, right, strict=False)]
    if any(b < a for a, b in pairwise(middles)) or len(set(bottom)) > 1:
        return {}
    return {"draw": "bars", "x": middles, "y": [a - b for a, b in zip(top, bottom, strict=False)]}


def _tiles(glyph: Mapping[str, Any], columns: Mapping[str, Any], by_id: Any) -> dict[str, Any]:
    """Return the cells of a heatmap: boxes of which a value is the colour."""
    xs, ys, values = _values(glyph, columns, by_id, "x", "y", "fill_color")
    known = len(values) == len(xs) and any(isinstance(value, (int, float)) for value in values)
    if not known or any(isinstance(each, (list, dict)) for each in (*xs, *ys)):
        return {}
    found = pivoted(xs, ys, values)
    return found | {each: found[each][::-1] for each in ("y", "z") if found}  # it begins below


def _image(glyph: Mapping[str, Any], columns: Mapping[str, Any], by_id: Any) -> dict[str, Any]:
    images = columns.get(_column(glyph, "image", by_id))
    rows = read_matrix(images[0]) if isinstance(images, list) and len(images) == 1 else []
    names = list(range(len(rows)))[::-1]
    return {"draw": "matrix", "y": names, "z": rows[::-1]} if rows else {}


_SHAPED = {"Quad": _bars, "Rect": _tiles, "Image": _image}


def _height(kind: str) -> str:
    return "top" if kind == "VBar" else "y"


def _columns(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping) and data.get("type") == "map":
        return {str(name): values for name, values in data.get("entries") or ()}
    return dict(data) if isinstance(data, Mapping) else {}


def _date(milliseconds: Any) -> str | None:
    if not isinstance(milliseconds, (int, float)):
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _column(glyph: Mapping[str, Any], name: str, by_id: Mapping[str, Any]) -> str:
    """Return the column that a glyph has something from: that of its name, unless it says so."""
    spec = _attribute(glyph, name, by_id)
    if spec is None:
        return name
    found = spec.get("field") if isinstance(spec, Mapping) else spec
    return found if isinstance(found, str) else ""
