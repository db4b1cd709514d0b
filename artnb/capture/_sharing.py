"""Which values share memory with others: views of one array, tensors over one storage."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["sharing_memory"]

Span = tuple[int, int]


def sharing_memory(values: Iterable[Any], others: Mapping[str, Any]) -> set[str]:
    """Return the names of `others` that are one of `values` or overlap their memory."""
    mine = list(values)
    identities = {id(value) for value in mine}
    spans = [span for value in mine if (span := _span(value))]
    return {
        name
        for name, value in others.items()
        if id(value) in identities or _overlaps(_span(value), spans)
    }


def _span(value: Any) -> Span | None:
    """Return the addresses that an array's or a CPU tensor's elements lie between."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.ndarray):
        from numpy.lib.array_utils import byte_bounds

        return byte_bounds(value) if value.nbytes else None
    if torch is not None and hasattr(torch, "Tensor") and isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or not value.numel():
            return None
        storage = value.untyped_storage()
        return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    return None


def _overlaps(span: Span | None, spans: list[Span]) -> bool:
    return span is not None and any(span[0] < high and low < span[1] for low, high in spans)
