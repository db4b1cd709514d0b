"""Which values share memory with others: views of an array, an optimizer, what holds a list.

Addresses are compared as spans, so two columns that interleave count as shared; that leans to
noticing a change.
"""

from __future__ import annotations

import contextlib
import itertools
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from artnb.capture._addresses import Span, spans_of
from artnb.capture._arrays import feeder
from artnb.capture._holding import contained, is_plain_holder, viewed
from artnb.capture._iterators import is_iterator
from artnb.capture.fingerprint import fingerprint

__all__ = ["has_content", "holding", "overlapping", "sharing_memory"]


def sharing_memory(
    values: Iterable[Any], others: Mapping[str, Any], *, frames: bool = False
) -> set[str]:
    """Return the names of `others` that are or hold one of `values`, or overlap their memory.

    Of frames among `values` only who holds them is told: pandas, polars and Arrow copy what
    others look at before they write. What looks at them in another way tells `overlapping`.

    Parameters
    ----------
    frames : bool
        Whether frames among `others` count that lie in the memory of an array: what is written
        into it changes them, too.
    """
    mine = list(values)
    # A view, and what it is a view of, are one.
    identities = {id(each) for value in mine for each in (value, *viewed(value))}
    parts = itertools.chain(mine, *map(contained, mine))
    spans = _merged(span for each in parts for span in spans_of(each, frames=False))
    return {
        name
        for name, value in others.items()
        if any(
            id(each) in identities
            or (spans and any(_overlaps(span, spans) for span in spans_of(each, frames=frames)))
            for each in itertools.chain((value,), contained(value))
        )
    }


def holding(values: Iterable[Any], others: Mapping[str, Any]) -> set[str]:
    """Return the names of `others` that are or hold one of `values`."""
    identities = set(map(id, values))
    return {
        name
        for name, value in others.items()
        if any(id(each) in identities for each in itertools.chain((value,), contained(value)))
    }


def overlapping(values: Iterable[Any], others: Mapping[str, Any]) -> set[str]:
    """Return the names of `others` that are arrays or tensors in the memory of `values`."""
    spans = _merged(span for value in values for span in spans_of(value, frames=True))
    return {
        name
        for name, value in others.items()
        if spans and any(_overlaps(span, spans) for span in spans_of(value, frames=False))
    }


def has_content(value: Any) -> bool:
    """Return whether what holds a changed value can be said to be changed by it.

    An iterator, a queue or a connection has nothing to be kept, and no version of it differs.
    """
    if is_iterator(value):
        return False
    if is_plain_holder(value):
        return True
    with contextlib.suppress(Exception):  # its own code may raise anything
        return feeder(value) is not None or fingerprint(value) is not None
    return False


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
