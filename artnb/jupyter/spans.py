"""Where arrays and tensors lie: which are views of others, and what those lie in."""

from __future__ import annotations

import itertools
import sys
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from artnb.serializers.aliasing import Span, span_of
from artnb.serializers.linked import Ref

__all__ = ["MOST_TIMES", "SMALL", "Spans", "reach"]

MOST_TIMES = 4
SMALL = 1 << 20
"""An array that is kept for its views alone: so much larger than these, or of so many bytes."""


@dataclass
class _Cluster:
    """Several that overlap, or overlap with what overlaps; and what of them is known."""

    low: int
    high: int
    members: dict[int, Span] = field(default_factory=dict)
    known: list[tuple[Ref, Span, Any]] = field(default_factory=list)


class Spans:
    """Those that can be referred to, and those that are still to be placed."""

    def __init__(self) -> None:
        self._known: list[tuple[Ref, Span, Any]] = []
        self._all: dict[int, tuple[Span, Any]] = {}
        self._clusters: list[_Cluster] | None = None  # in order, and apart from one another
        self._of: dict[int, _Cluster] = {}

    def add(self, ref: Ref, value: Any) -> None:
        """Add what `ref` stands for."""
        if (span := _span(value)) is not None:
            self._known.append((ref, span, value))
            self._all[id(value)] = span, value
            if self._clusters is not None:
                self._make_known(ref, span, value)

    def expect(self, value: Any) -> None:
        """Add what is nowhere yet; before the first question."""
        if (span := _span(value)) is not None:
            self._all[id(value)] = span, value

    def bytes(self, value: Any) -> int:
        """Return from where to where it reaches; 0 for what is no array."""
        return self._all[id(value)][0].bytes if id(value) in self._all else 0

    def view(self, value: Any) -> Ref | None:
        """Return what other value this one is a view of, or None."""
        cluster = self._cluster(value)
        if cluster is None or type(value).__name__ == "Parameter":
            return None
        span = cluster.members[id(value)]
        for ref, theirs, owner in cluster.known:
            if owner is not value and theirs.holds(span):
                offset = (span.start - theirs.start) // span.size
                return Ref(ref.owner, ref.part, (offset, span.strides, tuple(value.shape)))
        return None

    def whole(self, value: Any) -> Any:
        """Return what holds all that `value` overlaps with, or `value`; None: there is nothing."""
        cluster = self._cluster(value)
        if cluster is None:
            return None
        span = cluster.members[id(value)]
        near = [theirs for other, theirs in cluster.members.items() if other != id(value)]
        if all(span.holds(theirs) for theirs in near):
            return value
        base = _base(value)
        most = max(SMALL, MOST_TIMES * (span.bytes + sum(theirs.bytes for theirs in near)))
        fits = base is not None and (own := span_of(base)) and own.holds(span)
        return base if fits and base.nbytes <= most else value

    def _cluster(self, value: Any) -> _Cluster | None:
        """Return the cluster that a value is in, or None: it overlaps with no other."""
        if self._clusters is None:
            self._clusters = []
            cluster: _Cluster | None = None
            for i, (span, _) in sorted(self._all.items(), key=lambda item: item[1][0].low):
                if cluster is None or span.low >= cluster.high:
                    self._close(cluster)
                    cluster = _Cluster(span.low, span.high)
                cluster.members[i] = span
                cluster.high = max(cluster.high, span.high)
            self._close(cluster)
            for known in self._known:
                self._make_known(*known)
        return self._of.get(id(value))

    def _close(self, cluster: _Cluster | None) -> None:
        if cluster is not None and len(cluster.members) > 1:
            assert self._clusters is not None
            self._clusters.append(cluster)
            self._of |= dict.fromkeys(cluster.members, cluster)

    def _make_known(self, ref: Ref, span: Span, value: Any) -> None:
        assert self._clusters is not None
        at = bisect_right(self._clusters, span.low, key=lambda cluster: cluster.high)
        for cluster in itertools.islice(self._clusters, at, None):
            if cluster.low >= span.high:
                break
            cluster.known.append((ref, span, value))


def reach(value: Any) -> tuple[int, int] | None:
    """Return two addresses that an array or tensor lies between: quick, and maybe too far apart."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(type(value), numpy.ndarray):
        low = value.__array_interface__["data"][0]
        if value.flags.c_contiguous:
            return low, low + value.nbytes
        steps = [s * (n - 1) for s, n in zip(value.strides, value.shape, strict=True)]
        high = low + sum(step for step in steps if step > 0) + value.itemsize
        return low + sum(step for step in steps if step < 0), high
    if hasattr(value, "untyped_storage"):
        with suppress(NotImplementedError, RuntimeError):  # a sparse one has none
            storage = value.untyped_storage()
            return storage.data_ptr(), storage.data_ptr() + storage.nbytes()
    return None


def _span(value: Any) -> Span | None:
    return span_of(value.detach() if type(value).__name__ == "Parameter" else value)


def _base(value: Any) -> Any:
    """Return all of the memory that an array or a tensor is a view of, as one of its own."""
    torch = sys.modules.get("torch")
    if torch is not None and issubclass(type(value), torch.Tensor):
        return torch.empty(0, dtype=value.dtype, device=value.device).set_(value.untyped_storage())
    base = value
    while type(getattr(base, "base", None)) is type(value):
        base = base.base
    return base if base is not value else None
