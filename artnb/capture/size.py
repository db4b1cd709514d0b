"""About how many bytes a value takes, without reading it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from itertools import islice
from typing import Any

__all__ = ["size_of"]

_SAMPLE = 20
_DEEPEST = 2
_ATOMS = {int, float, bool, type(None), str, bytes}
_DATA = frozenset(("ndarray", "Tensor", "DataFrame", "Series"))
"""Names of types by which a module may hold much besides its state."""

_PER_OBJECT = 56
"""Bytes for what a frame only points to: about a short text."""


def size_of(value: Any) -> int:
    """Return about how many bytes `value` takes; never raises, and is quick for any value.

    Of arrays, tensors, modules and frames it is what their buffers take. Of containers and
    objects it is what some of their items take, times how many there are: enough to tell
    small from large.

    Examples
    --------
    >>> size_of(b"x" * 1000) >= 1000
    True
    """
    if type(value) in _ATOMS:
        return sys.getsizeof(value)
    try:
        return _size(value, _DEEPEST)
    except Exception:  # a value's own attributes may raise anything
        return 0


def _size(value: Any, deep: int) -> int:
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn") and issubclass(type(value), torch.nn.Module):
        held = [
            each
            for part in value.modules()
            for each in vars(part).values()
            if type(each).__name__ in _DATA
        ]
        return sum(_nbytes(each) or 0 for each in (*value.parameters(), *value.buffers(), *held))
    if (found := _nbytes(value)) is not None:
        return found
    size = sys.getsizeof(value, 0)
    if not deep or isinstance(value, type):
        return size
    if isinstance(value, dict):
        return size + _items(value.keys(), deep) + _items(value.values(), deep)
    if isinstance(value, list | tuple | set | frozenset):
        return size + _items(value, deep)
    attributes = getattr(value, "__dict__", None)
    return size + _items(attributes.values(), deep) if isinstance(attributes, dict) else size


def _nbytes(value: Any) -> int | None:
    """Return what an array, a tensor or a frame says of itself."""
    kind = type(value)
    if hasattr(kind, "memory_usage"):  # pandas
        return _frame(value)
    if hasattr(kind, "estimated_size"):  # polars
        return int(value.estimated_size())
    found = value.nbytes if hasattr(kind, "nbytes") else None
    return found if isinstance(found, int) else None


def _frame(value: Any) -> int:
    used = value.memory_usage()
    kinds = list(value.dtypes) if hasattr(value, "columns") else [value.dtype]
    pointing = sum(str(kind) in ("object", "category") for kind in kinds)
    return int(used.sum() if hasattr(used, "sum") else used) + pointing * len(value) * _PER_OBJECT


def _items(items: Collection[Any], deep: int) -> int:
    few = list(islice(items, _SAMPLE))
    if not few:
        return 0
    sizes = [_size(item, deep - 1) for item in few]
    # What all items alike say is said of the others too; one large among them counts once.
    return sum(sizes) + sorted(sizes)[len(sizes) // 2] * (len(items) - len(few))
