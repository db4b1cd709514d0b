"""Values that share memory, noted where they are saved and tied again where they are restored.

Two names of one object, an array and its views, a tensor and its views. A note says with
which other variable of the version a value shares, and where in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artnb.jupyter.torch_sharing import tie_torch, torch_shares

__all__ = ["shares", "tie"]

_IMMUTABLE = (str, bytes, int, float, complex, bool, type(None), range, type)


@dataclass(frozen=True, slots=True)
class _Span:
    """Where the elements of an array or a tensor lie, in bytes; strides are in elements."""

    start: int
    low: int
    high: int
    strides: tuple[int, ...]
    size: int
    contiguous: bool
    kind: str

    def holds(self, other: _Span) -> bool:
        """Return whether all of `other` is part of this, in whole elements."""
        return (
            self.contiguous
            and self.kind == other.kind
            and self.low <= other.low
            and other.high <= self.high
            and (other.start - self.start) % self.size == 0
        )


def shares(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, by name, with which other value each value shares its memory.

    ``{"with": name}`` is the same object; with ``offset`` and ``strides`` it is a view, in
    elements of the other array or tensor, which is contiguous.
    """
    found: dict[str, dict[str, Any]] = {}
    first: dict[int, str] = {}
    for name, value in values.items():
        if isinstance(value, _IMMUTABLE):
            continue
        if id(value) in first:
            found[name] = {"with": first[id(value)]}
        else:
            first[id(value)] = name
    found |= {n: note for n, note in torch_shares(values).items() if n not in found}
    spans = {name: span for name in first.values() if (span := _span(values[name])) is not None}
    for name, span in spans.items():
        owner = _owner(name, span, spans)
        if owner is not None:
            offset = (span.start - spans[owner].start) // span.size
            found[name] = {"with": owner, "offset": offset, "strides": list(span.strides)}
    return found


def tie(values: dict[str, Any], notes: Mapping[str, Mapping[str, Any]]) -> None:
    """Make values share again what they shared, in place.

    A note on a value that is not there, or that does not fit, is passed over: the value
    stands by itself.
    """
    tie_torch(values, notes)
    for views in (True, False):  # a second name may be that of a view
        for name, note in notes.items():
            owner = note.get("with")
            if name not in values or owner not in values or len(note) == 2:
                continue
            if ("offset" in note) is not views:
                continue
            values[name] = _view(values[owner], values[name], note) if views else values[owner]


def _span(value: Any) -> _Span | None:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) is numpy.ndarray:
        size = value.itemsize
        if not value.nbytes or value.dtype.hasobject or any(s % size for s in value.strides):
            return None
        start = value.__array_interface__["data"][0]
        strides = tuple(stride // size for stride in value.strides)
        contiguous, kind = bool(value.flags.c_contiguous), f"numpy {value.dtype}"
    elif torch is not None and hasattr(torch, "strided") and type(value) is torch.Tensor:
        if value.layout is not torch.strided or value.requires_grad or not value.numel():
            return None
        size, start, strides = value.element_size(), value.data_ptr(), tuple(value.stride())
        contiguous, kind = value.is_contiguous(), f"torch {value.dtype} {value.device}"
    else:
        return None
    steps = [s * (n - 1) * size for s, n in zip(strides, value.shape, strict=True)]
    low = start + sum(step for step in steps if step < 0)
    high = start + sum(step for step in steps if step > 0) + size
    return _Span(start, low, high, strides, size, contiguous, kind)


def _owner(name: str, span: _Span, spans: Mapping[str, _Span]) -> str | None:
    """Return the largest contiguous value that `name` is a view of, or None."""
    owners = []
    for other, theirs in spans.items():
        length, own = theirs.high - theirs.low, span.high - span.low
        # Of two views of the whole, the one whose name comes first owns it.
        larger = length > own or not span.contiguous or other < name
        if other != name and larger and theirs.holds(span):
            owners.append((-length, other))
    return min(owners)[1] if owners else None


def _view(owner: Any, value: Any, note: Mapping[str, Any]) -> Any:
    """Return the view of `owner` that `note` tells of, or `value` where it does not fit."""
    offset, strides = int(note["offset"]), [int(stride) for stride in note["strides"]]
    if not _fits(owner, value, offset, strides):
        return value
    if hasattr(owner, "as_strided"):
        return owner.as_strided(tuple(value.shape), strides, offset)
    from numpy.lib.stride_tricks import as_strided

    start = owner.reshape(-1)[offset:]
    return as_strided(start, value.shape, [stride * owner.itemsize for stride in strides])


def _fits(owner: Any, value: Any, offset: int, strides: list[int]) -> bool:
    """Return whether the view lies inside its owner: the note may be a stranger's."""
    if not all(hasattr(each, "shape") and hasattr(each, "dtype") for each in (owner, value)):
        return False
    if type(owner).__module__.partition(".")[0] != type(value).__module__.partition(".")[0]:
        return False
    if len(strides) != len(value.shape) or owner.dtype != value.dtype:
        return False
    steps = [stride * (size - 1) for stride, size in zip(strides, value.shape, strict=True)]
    low = offset + sum(step for step in steps if step < 0)
    high = offset + sum(step for step in steps if step > 0)
    whole = owner.numel() if hasattr(owner, "numel") else owner.size
    contiguous = owner.is_contiguous() if hasattr(owner, "numel") else owner.flags.c_contiguous
    return bool(low >= 0 and high < whole and contiguous)
