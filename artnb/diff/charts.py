"""Charts of Plotly, Altair and Bokeh: which traces, columns and settings differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from artnb.diff.base import ValueDiff
from artnb.diff.parts import compare_parts
from artnb.drawings import read_array
from artnb.drawings.specs import PLOTLY, altair_content, bokeh_document, full_name, plotly_figure

__all__ = ["compare_charts", "is_chart"]

_FEW = 8
"""Numbers up to which a list is told one by one."""


def is_chart(value: Any) -> bool:
    """Return whether a value is a figure or chart that is compared by its JSON."""
    if type(value).__module__.startswith("altair."):
        return hasattr(value, "to_dict") and altair_content(value) is not None
    return full_name(value) in PLOTLY or type(value).__module__.startswith("bokeh.")


def compare_charts(old: Any, new: Any) -> ValueDiff | None:
    """Return which parts of two charts of one class differ."""
    return compare_parts(_parts(old), _parts(new))


def _parts(value: Any) -> dict[str, Any]:
    if type(value).__module__.startswith("bokeh."):
        found: dict[str, Any] = _read(_model(bokeh_document(value)["roots"][0]))
        return found
    if full_name(value) not in PLOTLY:
        return dict(_read(altair_content(value) or {}))
    figure = plotly_figure(value)
    traces = {_called(n, trace): _read(trace) for n, trace in enumerate(figure.pop("data"))}
    return {**traces, **_read(figure)}


def _model(part: Any) -> Any:
    """Return a part of Bokeh's document as what it stands for, without ids."""
    if isinstance(part, list):
        return [_model(each) for each in part]
    if not isinstance(part, Mapping):
        return part
    kind = part.get("type")
    if kind == "object":
        return {"type": part["name"], **_model(part.get("attributes") or {})}
    if kind == "map":
        return {str(key): _model(each) for key, each in part.get("entries") or ()}
    if kind == "ndarray":
        return _array(read_array(part))
    return "(a model that is there already)" if set(part) == {"id"} else _values(part)


def _values(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _model(each) for key, each in part.items()}


def _called(number: int, trace: Mapping[str, Any]) -> str:
    return str(trace.get("name") or f"trace {number}")


def _read(part: Any) -> Any:
    """Return a part with its numbers as arrays, and rows as columns: none is told by itself."""
    if isinstance(part, Mapping):
        if "bdata" in part:
            return _array(read_array(part))
        return {key: _read(each) for key, each in part.items()}
    if isinstance(part, list):
        if part and all(isinstance(each, Mapping) and _is_row(each) for each in part):
            names = dict.fromkeys(name for row in part for name in row)
            return {name: _array([row.get(name) for row in part]) for name in names}
        return _array(part) if _is_row(dict(enumerate(part))) else [_read(each) for each in part]
    return part


def _is_row(row: Mapping[Any, Any]) -> bool:
    return not any(isinstance(each, (Mapping, list)) for each in row.values())


def _array(values: Sequence[Any]) -> Any:
    if len(values) <= _FEW or not all(type(each) in (int, float) for each in values):
        return values
    import numpy as np

    return np.asarray(values)
