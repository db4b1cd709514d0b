"""Where arrays and tensors lie: which are views of others, and what those lie in."""

from __future__ import annotations

import sys
from typing import Any

from artnb.serializers.aliasing import Span, span_of
from artnb.serializers.linked import Ref

__all__ = ["Spans"]

_MOST_TIMES = 4
_SMALL = 1 << 20
"""An array that is kept for its views alone: so much larger than these, or of so many bytes."""


class Spans:
    """Those that can be referred to, and those that are still to be placed."""

    def __init__(self) -> None:
        self._known: list[tuple[Ref, Span, Any]] = []
        self._all: dict[int, tuple[Span, Any]] = {}
        self._near: dict[int, list[Span]] | None = None

    def add(self, ref: Ref, value: Any) -> None:
        """Add what `ref` stands for."""
        if (span := _span(value)) is not None:
            self._known.append((ref, span, value))
            self._all[id(value)] = span, value

    def expect(self, value: Any) -> None:
        """Add what is nowhere yet; before the first question."""
        if (span := _span(value)) is not None:
            self._all[id(value)] = span, value

    def bytes(self, value: Any) -> int:
        """Return from where to where it reaches; 0 for what is no array."""
        return self._all[id(value)][0].bytes if id(value) in self._all else 0

    def view(self, value: Any) -> Ref | None:
        """Return what other value this one is a view of, or None."""
        if not self._neighbours(value) or type(value).__name__ == "Parameter":
            return None
        span = self._all[id(value)][0]
        for ref, theirs, owner in self._known:
            if owner is not value and theirs.holds(span):
                offset = (span.start - theirs.start) // span.size
                return Ref(ref.owner, ref.part, (offset, span.strides, tuple(value.shape)))
        return None

    def whole(self, value: Any) -> Any:
        """Return what holds all that `value` overlaps with, or `value`; None: there is nothing."""
        near = self._neighbours(value)
        if not near:
            return None
        span = self._all[id(value)][0]
        if all(span.holds(theirs) for theirs in near):
            return value
        base = _base(value)
        most = max(_SMALL, _MOST_TIMES * (span.bytes + sum(theirs.bytes for theirs in near)))
        fits = base is not None and (own := span_of(base)) and own.holds(span)
        return base if fits and base.nbytes <= most else value

    def _neighbours(self, value: Any) -> list[Span]:
        """Return the spans of others that overlap with that of `value`, or with what those do."""
        if self._near is None:
            self._near = {}
            cluster: list[tuple[int, Span]] = []
            end = 0
            for i, (span, _) in sorted(self._all.items(), key=lambda item: item[1][0].low):
                if cluster and span.low >= end:
                    self._close(cluster)
                    cluster = []
                cluster.append((i, span))
                end = max(end, span.high) if len(cluster) > 1 else span.high
            self._close(cluster)
        return self._near.get(id(value), [])

    def _close(self, cluster: list[tuple[int, Span]]) -> None:
        assert self._near is not None
        if len(cluster) > 1:
            for i, _ in cluster:
                self._near[i] = [span for other, span in cluster if other != i]


def _span(value: Any) -> Span | None:
    return span_of(value.detach() if type(value).__name__ == "Parameter" else value)


def _base(value: Any) -> Any:
    """Return all of the memory that an array or a tensor is a view of, as one of its own."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return torch.empty(0, dtype=value.dtype, device=value.device).set_(value.untyped_storage())
    base = value
    while type(getattr(base, "base", None)) is type(value):
        base = base.base
    return base if base is not value else None
