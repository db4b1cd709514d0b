"""Charts of Plotly and Altair: which traces, columns and settings differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from artnb.diff.base import ValueDiff
from artnb.diff.parts import compare_parts
from artnb.drawings import inline_data, read_array
from artnb.drawings.specs import PLOTLY, altair_content, full_name, plotly_figure

__all__ = ["compare_charts", "is_chart"]

_FEW = 8
"""Numbers up to which a list is told one by one."""


def is_chart(value: Any) -> bool:
    """Return whether a value is a figure or chart that is compared by its JSON."""
    if type(value).__module__.startswith("altair."):
        return hasattr(value, "to_dict") and altair_content(value) is not None
    return full_name(value) in PLOTLY


def compare_charts(old: Any, new: Any) -> ValueDiff | None:
    """Return which parts of two charts of one class differ."""
    return compare_parts(_parts(old), _parts(new))


def _parts(value: Any) -> dict[str, Any]:
    if full_name(value) not in PLOTLY:
        found: dict[str, Any] = _read(inline_data(altair_content(value) or {}))
        return found
    figure = plotly_figure(value)
    traces = {_called(n, trace): _read(trace) for n, trace in enumerate(figure.pop("data"))}
    return {**traces, **_read(figure)}


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
