"""Which comparison fits two values, by their types; no library is imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.diff.arrays import compare_arrays, compare_images, compare_tensors, is_array
from artnb.diff.base import ValueDiff, became
from artnb.diff.frames import compare_frames, is_frame
from artnb.diff.modules import is_module, with_settings
from artnb.diff.parts import compare_parts, told
from artnb.diff.text import compare_bytes, compare_plain, compare_text
from artnb.texts import Message

__all__ = ["compare_values"]

_PLAIN = (list, dict, int, float, bool, type(None))


def compare_values(old: Any, new: Any) -> ValueDiff:
    """Return how `new` differs from `old`; an empty `ValueDiff` if it does not.

    Examples
    --------
    >>> compare_values({"lr": 0.1}, {"lr": 0.2}).lines
    ('@@ -1,3 +1,3 @@', ' {', '-  "lr": 0.1', '+  "lr": 0.2', ' }')
    """
    if _family(old) != _family(new):
        return ValueDiff(became(type(old).__name__, type(new).__name__))
    tensors = [_tensors(value) for value in (old, new)]
    if tensors[0] is not None and tensors[1] is not None:
        found = compare_tensors(tensors[0], tensors[1])
        return with_settings(found, old, new) if is_module(old) and is_module(new) else found
    if is_frame(old) and is_frame(new):
        return compare_frames(old, new)
    if is_array(old) and is_array(new):
        return compare_arrays(old, new)
    if _package(old) in ("plotly", "altair", "bokeh"):
        from artnb.diff.charts import compare_charts, is_chart

        if is_chart(old) and is_chart(new) and (charts := compare_charts(old, new)) is not None:
            return charts
    if _package(old) == "PIL":
        return compare_images(old, new)
    if isinstance(old, str) and isinstance(new, str):
        return compare_text(old, new)
    if isinstance(old, (bytes, bytearray)) and isinstance(new, (bytes, bytearray)):
        return compare_bytes(bytes(old), bytes(new))
    if isinstance(old, _PLAIN) and isinstance(new, _PLAIN):
        try:
            return compare_plain(old, new)
        except TypeError:
            pass  # it holds what JSON has not
    by_parts = compare_parts(old, new)
    if by_parts is not None:
        return by_parts
    before, after = told(old), told(new)
    same = before == after
    return ValueDiff(Message("other content") if same else f"{before} → {after}")


def _family(value: Any) -> str:
    """Return what two values must share to be compared part by part."""
    if _tensors(value) is not None:
        return "tensors"
    if is_frame(value):
        return _package(value)
    if is_array(value):
        return "array"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    if isinstance(value, _PLAIN):
        return "plain"
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _tensors(value: Any) -> Mapping[str, Any] | None:
    """Return the tensors of a state dict, a module or a dataset by name, else None."""
    if hasattr(value, "state_dict") and hasattr(value, "parameters"):
        return dict(value.state_dict())
    if _package(value) == "torch" and hasattr(value, "tensors"):
        return {str(n): tensor for n, tensor in enumerate(value.tensors)}
    if isinstance(value, Mapping) and value and all(map(is_array, value.values())):
        return value
    return None


def _package(value: Any) -> str:
    return type(value).__module__.partition(".")[0]
