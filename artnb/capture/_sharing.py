"""Which values share memory with others: views of an array, an optimizer, what holds a list.

Only what is quick to see: arrays, tensors, modules, optimizers, and what lists, tuples,
dicts, sets, estimators, data sets and instances of the notebook's classes hold. Addresses are
compared as spans, so two columns that interleave count as shared; that leans to noticing a change.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import SimpleNamespace
from typing import Any

__all__ = ["contained", "sharing_memory"]

Span = tuple[int, int]
_CONTAINERS: Any = (list, tuple, dict, set, frozenset, deque)
_NAMESPACES = (SimpleNamespace, Namespace)
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_TRANSPARENT = ("scipy.sparse.", "torch.utils.data.")
"""Modules whose objects are what their attributes hold: the arrays of a matrix, a data set."""

_MOST_ITEMS = 256
_DEEPEST = 3
_MOST_PARTS = 2_000


def sharing_memory(values: Iterable[Any], others: Mapping[str, Any]) -> set[str]:
    """Return the names of `others` that are or hold one of `values`, or overlap their memory."""
    mine = list(values)
    identities = {id(value) for value in mine}
    spans = _merged(span for value in mine for span in _spans(value, _DEEPEST))
    return {
        name
        for name, value in others.items()
        if id(value) in identities
        or any(id(part) in identities for part in contained(value))
        or (spans and any(_overlaps(span, spans) for span in _spans(value, _DEEPEST)))
    }


def contained(value: Any) -> Iterator[Any]:
    """Yield what `value` holds, and what that holds, each object once, as far as is quick."""
    if isinstance(value, _ATOMS):
        return
    waiting, seen = [(value, _DEEPEST)], {id(value)}
    while waiting:
        holder, deep = waiting.pop()
        for part in _items(holder):
            if id(part) in seen or isinstance(part, _ATOMS):
                continue
            if len(seen) >= _MOST_PARTS:
                return
            seen.add(id(part))
            yield part
            if deep > 1:
                waiting.append((part, deep - 1))


def _items(value: Any) -> Iterable[Any]:
    """Return the items of a container, or an instance's attributes, unless they are many."""
    kind = type(value)
    for base in _CONTAINERS:  # its own code is not run, whatever a subclass has
        if isinstance(value, base) and base.__len__(value) <= _MOST_ITEMS:
            return list(dict.values(value) if base is dict else base.__iter__(value))
    own = kind.__module__ == "__main__" and kind is not type
    own = own or kind.__module__.startswith(_TRANSPARENT)
    own = own or (hasattr(kind, "get_params") and hasattr(kind, "fit"))  # a pipeline has its steps
    if own or kind in _NAMESPACES or is_dataclass(kind):
        attributes = getattr(value, "__dict__", None)
        if type(attributes) is dict and len(attributes) <= _MOST_ITEMS:
            return list(attributes.values())
        if is_dataclass(kind):
            return [getattr(value, each.name, None) for each in fields(kind)]
    return ()


def _spans(value: Any, deep: int) -> Iterator[Span]:
    """Yield the addresses that the elements of the arrays and tensors in `value` lie between."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.ndarray):
        from numpy.lib.array_utils import byte_bounds

        if value.nbytes:
            yield byte_bounds(value)
    elif torch is not None and hasattr(torch, "optim") and _is_torchs(value, torch):
        for tensor in _tensors(value, torch):
            if tensor.layout is torch.strided and tensor.numel():
                storage = tensor.untyped_storage()
                yield storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    elif deep:
        for item in _items(value):
            yield from _spans(item, deep - 1)


def _is_torchs(value: Any, torch: Any) -> bool:
    return isinstance(value, torch.Tensor | torch.nn.Module | torch.optim.Optimizer)


def _tensors(value: Any, torch: Any) -> Iterator[Any]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, torch.nn.Module):
        yield from value.parameters()
        yield from value.buffers()
    else:
        for group in value.param_groups:
            yield from group["params"]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one."""
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low < merged[-1][1]:
            merged[-1] = merged[-1][0], max(high, merged[-1][1])
        else:
            merged.append((low, high))
    return merged


def _overlaps(span: Span, spans: list[Span]) -> bool:
    at = bisect_right(spans, span[0], key=lambda other: other[1])
    return at < len(spans) and spans[at][0] < span[1]
