"""Specifications of Vega-Lite, which Altair makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artnb.drawings.base import Drawing, Trace, pivoted

__all__ = ["inline_data", "vega_drawing"]

_INSIDE = ("layer", "hconcat", "vconcat", "concat")
_DRAWS = {
    "line": "line", "area": "line", "trail": "line", "point": "points", "circle": "points",
    "square": "points", "tick": "points",
}  # fmt: skip
_NUMBERS = ("quantitative", "temporal")
_MOST_STROKES = 12


def vega_drawing(spec: Mapping[str, Any]) -> Drawing:
    """Return what a specification shows."""
    title = spec.get("title") or ""
    title = title.get("text", "") if isinstance(title, Mapping) else title
    title = " ".join(map(str, title)) if isinstance(title, list) else str(title)
    whole = inline_data(spec)
    traces = tuple(trace for unit in _units(whole, {}) for trace in _traces(unit))
    return Drawing("Vega-Lite", title or next(_titles(whole), ""), traces)


def inline_data(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specification that has its data where they are used, not by a name at the top."""
    sets = spec.get("datasets") or {}
    found: dict[str, Any] = _inlined({k: v for k, v in spec.items() if k != "datasets"}, sets)
    return found


def _inlined(part: Any, sets: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(each, sets) for each in part]
    if not isinstance(part, Mapping):
        return part
    data = part.get("data")
    known = isinstance(data, Mapping) and data.get("name") in sets
    found = {key: each if key == "data" else _inlined(each, sets) for key, each in part.items()}
    if known and isinstance(data, Mapping):
        rest = {key: each for key, each in data.items() if key != "name"}
        found["data"] = {"values": sets[data["name"]], **rest}
    return found


def _titles(spec: Mapping[str, Any]) -> Iterator[str]:
    for key in _INSIDE:
        for each in spec.get(key) or ():
            if isinstance(each.get("title"), str):
                yield each["title"]


def _units(spec: Mapping[str, Any], above: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the parts that have a mark, with the data and encodings that they inherit."""
    mine = {
        "data": spec.get("data") or above.get("data"),
        "encoding": {**above.get("encoding", {}), **(spec.get("encoding") or {})},
        "transform": [*above.get("transform", ()), *(spec.get("transform") or ())],
    }
    if "mark" in spec:
        yield {**mine, "mark": spec["mark"]}
    for key in _INSIDE:
        for each in spec.get(key) or ():
            yield from _units(each, mine)
    if isinstance(spec.get("spec"), Mapping):  # of a facet or a repeated chart
        yield from _units(spec["spec"], mine)


def _traces(unit: Mapping[str, Any]) -> Iterator[Trace]:
    mark = unit["mark"]
    kind = str(mark.get("type") if isinstance(mark, Mapping) else mark)
    x, y, colour = (unit["encoding"].get(name) or {} for name in ("x", "y", "color"))
    rows = (unit["data"] or {}).get("values")
    rows = rows if isinstance(rows, list) else None
    said = " by ".join(filter(None, (_called(y), _called(x))))
    points = None if rows is None else len(rows)
    if rows is None or unit["transform"]:
        yield Trace(kind, said, points)
        return
    if kind == "bar" and (binned := _binned(x, y)):
        for name, part in _split(rows, colour.get("field")):
            values = [row.get(binned["field"]) for row in part]
            named = " · ".join(filter(None, (str(binned["field"]), name)))
            yield Trace(kind, named, len(part), "counts", y=values)
        return
    if not _is_plain(x) or not _is_plain(y):
        yield Trace(kind, said, points)
        return
    if kind == "rect" and _is_plain(colour):
        yield Trace(kind, f"{_called(colour)} · {said}", points, **_cells(rows, x, y, colour))
        return
    draw, first, second = _how(kind, x, y)
    if not draw:
        yield Trace(kind, said, points)
        return
    for name, part in _split(rows, colour.get("field")):
        named = f"{said} · {name}" if name else said
        xs, ys = ([row.get(each["field"]) for row in part] for each in (first, second))
        yield Trace(kind, named, len(part), draw, xs, ys)


def _binned(x: Mapping[str, Any], y: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the channel of which a histogram counts the values."""
    for channel, other in ((x, y), (y, x)):
        if channel.get("bin") and "field" in channel and other.get("aggregate") == "count":
            return channel
    return None


def _cells(rows: Sequence[Mapping[str, Any]], *channels: Mapping[str, Any]) -> dict[str, Any]:
    """Return a heatmap, columns and rows ordered as Vega-Lite does by itself."""
    found = [tuple(row.get(each["field"]) for each in channels) for row in rows]
    if any(isinstance(part, (list, dict)) for each in found for part in each):
        return {}
    xs, ys, values = ([each[n] for each in found] for n in range(3))
    return pivoted(xs, ys, values, _rank)


def _rank(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value if isinstance(value, (int, float, str)) else str(value)


def _how(
    kind: str, x: Mapping[str, Any], y: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    if kind == "bar":
        lying = x.get("type") == "quantitative" and y.get("type") != "quantitative"
        return ("labels", y, x) if lying else ("labels", x, y)
    if kind == "boxplot":
        lying = y.get("type") != "quantitative"
        return ("boxes", y, x) if lying else ("boxes", x, y)
    numbers = x.get("type") in _NUMBERS and y.get("type") == "quantitative"
    return (_DRAWS.get(kind, "") if numbers else "", x, y)


def _split(
    rows: Sequence[Mapping[str, Any]], field: str | None
) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
    if field is None:
        return [("", rows)]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row.get(field)), []).append(row)
    return list(found.items()) if len(found) <= _MOST_STROKES else [("", rows)]


def _is_plain(channel: Mapping[str, Any]) -> bool:
    return "field" in channel and not any(channel.get(k) for k in ("aggregate", "bin", "timeUnit"))


def _called(channel: Mapping[str, Any]) -> str:
    return " ".join(str(channel[key]) for key in ("aggregate", "field") if key in channel)
