"""Values that share memory, noted where they are saved and tied again where they are restored.

Two names of one object, an array and its views, a tensor and its views. A note says with
which other variable of the version a value shares, and where in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artnb.serializers.torch_sharing import tie_torch, torch_shares

__all__ = ["Span", "shares", "span_of", "tie", "view_of"]

_IMMUTABLE = (str, bytes, int, float, complex, bool, type(None), range, type)


@dataclass(frozen=True, slots=True)
class Span:
    """Where the elements of an array or a tensor lie, in bytes; strides are in elements.

    ``kind`` tells arrays from tensors, ``elements`` only what is read there: memory of an array
    may be a tensor's, too.
    """

    start: int
    low: int
    high: int
    strides: tuple[int, ...]
    size: int
    contiguous: bool
    kind: str
    elements: str

    @property
    def bytes(self) -> int:
        """From the first element to the end of the last."""
        return self.high - self.low

    def overlaps(self, other: Span) -> bool:
        """Return whether an address may be an element of both."""
        return self.low < other.high and other.low < self.high

    def holds(self, other: Span) -> bool:
        """Return whether all of `other` is part of this, in whole elements, and of its kind."""
        return self.kind == other.kind and self.lends(other)

    def lends(self, other: Span) -> bool:
        """Return whether all of `other` is part of this, in whole elements, whatever its kind."""
        return (
            self.contiguous
            and self.elements == other.elements
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
        if issubclass(type(value), _IMMUTABLE):
            continue
        if id(value) in first:
            found[name] = {"with": first[id(value)]}
        else:
            first[id(value)] = name
    found |= {n: note for n, note in torch_shares(values).items() if n not in found}
    spans = {name: span for name in first.values() if (span := span_of(values[name])) is not None}
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


def span_of(value: Any) -> Span | None:
    """Return where the elements of an array or a tensor lie; None for others, and for empty ones.

    None, too, for a tensor that carries gradients: a view of it would be another one.
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) in (numpy.ndarray, numpy.memmap):
        size = value.itemsize
        if not value.nbytes or value.dtype.hasobject or any(s % size for s in value.strides):
            return None
        start = value.__array_interface__["data"][0]
        strides = tuple(stride // size for stride in value.strides)
        where = "cpu" if type(value) is numpy.ndarray else "file"
        contiguous, elements = bool(value.flags.c_contiguous), f"{value.dtype} {where}"
    elif torch is not None and hasattr(torch, "strided") and type(value) is torch.Tensor:
        if value.layout is not torch.strided or value.requires_grad or not value.numel():
            return None
        size, start, strides = value.element_size(), value.data_ptr(), tuple(value.stride())
        kind = str(value.dtype).removeprefix("torch.")
        contiguous, elements = value.is_contiguous(), f"{kind} {value.device}"
    else:
        return None
    steps = [s * (n - 1) * size for s, n in zip(strides, value.shape, strict=True)]
    low = start + sum(step for step in steps if step < 0)
    high = start + sum(step for step in steps if step > 0) + size
    kind = f"{type(value).__name__} {elements}"
    return Span(start, low, high, strides, size, contiguous, kind, elements)


def _owner(name: str, span: Span, spans: Mapping[str, Span]) -> str | None:
    """Return the largest contiguous value that `name` is a view of, or None."""
    owners = []
    for other, theirs in spans.items():
        length, own = theirs.bytes, span.bytes
        # Of two views of the whole, the one whose name comes first owns it.
        larger = length > own or not span.contiguous or other < name
        if other != name and larger and theirs.lends(span):
            owners.append((-length, other))
    return min(owners)[1] if owners else None


def view_of(owner: Any, offset: int, strides: Sequence[int], shape: Sequence[int]) -> Any:
    """Return a view of a contiguous array or tensor; ValueError where it would lie outside."""
    tensor = hasattr(owner, "as_strided")
    contiguous = owner.is_contiguous() if tensor else owner.flags.c_contiguous
    steps = [stride * (size - 1) for stride, size in zip(strides, shape, strict=True)]
    low = offset + sum(step for step in steps if step < 0)
    high = offset + sum(step for step in steps if step > 0)
    if not contiguous or min(shape, default=1) < 1:
        raise ValueError("no view of it")
    if low < 0 or high >= (owner.numel() if tensor else owner.size):
        raise ValueError("a view of what lies outside")
    if tensor:
        owner = owner.detach() if owner.requires_grad else owner  # a view keeps what it is one of
        return owner.as_strided(tuple(shape), tuple(strides), offset)
    from numpy.lib.stride_tricks import as_strided

    start = owner.reshape(-1)[offset:]
    steps = [stride * owner.itemsize for stride in strides]
    return as_strided(start, shape, steps, subok=True)


def _view(owner: Any, value: Any, note: Mapping[str, Any]) -> Any:
    """Return the view of `owner` that `note` tells of, or `value` where it does not fit."""
    offset, strides = int(note["offset"]), [int(stride) for stride in note["strides"]]
    try:
        owner = _as_kind(owner, value)
        alike = type(owner) is type(value) and owner.dtype == value.dtype
        return view_of(owner, offset, strides, value.shape) if alike else value
    except (AttributeError, TypeError, ValueError):
        return value  # the note may be a stranger's


def _as_kind(owner: Any, value: Any) -> Any:
    """Return an array's memory as a tensor, or a tensor's as an array, where `value` is that."""
    torch = sys.modules.get("torch")
    if torch is None or issubclass(type(owner), torch.Tensor) is (type(value) is torch.Tensor):
        return owner
    if type(value) is not torch.Tensor:
        return owner.detach().numpy()
    return torch.from_numpy(owner) if owner.flags.writeable else owner  # else torch warns
