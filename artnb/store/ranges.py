"""A remote object as a stream: spans fetched at the same time, a bounded window in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

__all__ = ["READ_AT_ONCE", "SPAN", "RangeReader", "spans_of"]

READ_AT_ONCE = 8 << 20
"""Objects up to this many bytes are fetched whole."""
SPAN = 8 << 20
_SPANS_AT_ONCE = 4

Fetch = Callable[[list[tuple[int, int]]], Sequence["memoryview | bytes"]]
"""Given (offset, length) of spans, returns their bytes."""


def spans_of(start: int, end: int) -> list[tuple[int, int]]:
    """Return (offset, length) of the spans that make up ``start`` to ``end``.

    Examples
    --------
    >>> spans_of(0, 3)
    [(0, 3)]
    """
    return [(at, min(SPAN, end - at)) for at in range(start, end, SPAN)]


class RangeReader(io.RawIOBase):
    """Reads an object of `size` bytes, 32 MiB ahead at most."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self._size = size
        self._fetch = fetch
        self._at = 0
        self._window: list[tuple[int, memoryview]] = []

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as one span reaches, and return the count."""
        if self._at >= self._size or not buffer:
            return 0
        start, span = self._span()
        skip = self._at - start
        count = min(len(buffer), len(span) - skip)
        buffer[:count] = span[skip : skip + count]
        self._at += count
        return count

    def _span(self) -> tuple[int, memoryview]:
        for start, span in self._window:
            if start <= self._at < start + len(span):
                return start, span
        end = min(self._size, self._at + SPAN * _SPANS_AT_ONCE)
        wanted = spans_of(self._at, end)
        found = self._fetch(wanted)
        self._window = [
            (start, memoryview(part)) for (start, _), part in zip(wanted, found, strict=True)
        ]
        start, span = self._window[0]
        if len(span) != wanted[0][1]:
            raise OSError(f"the object ended at {start + len(span)} of {self._size} bytes")
        return start, span
