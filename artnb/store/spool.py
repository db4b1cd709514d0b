"""Copies of small files, one behind the other in one file.

Tens of thousands of files of their own would take longer to make and remove than to read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from artnb.store.base import Slice
from artnb.streams import write_all

__all__ = ["Spool"]


class Spool:
    """A file that grows while copies are added, and goes once none of them is wanted.

    Parameters
    ----------
    new_path : callable
        Returns a path that nothing has yet.
    """

    def __init__(self, new_path: Callable[[], Path]) -> None:
        self._new_path = new_path
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._end = 0
        self._wanted = 0

    def add(self, data: bytes) -> Slice:
        """Write a copy, and return where it lies."""
        with self._lock:
            path = self._path or self._new_path()
            with open(path, "ab", buffering=0) as stream:
                # A write that failed half-way may have left something behind the last copy.
                stream.truncate(self._end)
                write_all(stream, data)
            self._path = path
            span = Slice(path, self._end, len(data))
            self._end += len(data)
            self._wanted += 1
            return span

    def release(self, span: Slice) -> None:
        """Note that a copy is not wanted any more."""
        with self._lock:
            if span.path != self._path:
                return
            self._wanted -= 1
            if not self._wanted:
                self._path.unlink(missing_ok=True)
                self._path, self._end = None, 0
