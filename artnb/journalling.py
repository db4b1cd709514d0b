"""When the journal is written: at once, or a little later for many changes together."""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from artnb.errors import ArtnbError
from artnb.warning import warn

__all__ = ["JournalWriter"]

_SOON = 2.0


class JournalWriter:
    """Writes down in a store what changed in its catalogue. Safe to use from many threads.

    The catalogue has what is not written down yet, and marks it: a process that is killed
    before leaves that to the next one that opens the repository.

    Parameters
    ----------
    root : Path
        The repository's folder; where it is gone there is nothing to write.
    write : callable
        Writes all that is marked.
    """

    def __init__(self, root: Path, write: Callable[[], None]) -> None:
        self._root = root
        self._write = write
        self._at = time.monotonic()
        self._lock = threading.Lock()
        self._writing = threading.RLock()
        self._timer: threading.Timer | None = None
        _writers.add(self)

    def write(self, *, after: float = 0.0) -> None:
        """Write now, unless that was done less than `after` seconds ago."""
        if time.monotonic() - self._at < after:
            return
        self._at = time.monotonic()
        try:
            with self._writing:
                self._write()
        except ArtnbError as error:
            # The catalogue has it, and the next time it is written down.
            warn(f"The journal of {self._root} waits: {error}")

    def write_soon(self) -> None:
        """Write within seconds, in another thread; what comes until then goes along."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_SOON, self.write_waiting)
                self._timer.name = "artnb-journal"
                self._timer.daemon = True  # the end of the process does not wait for its time
                self._timer.start()

    def write_waiting(self) -> None:
        """Write now what was to be written soon."""
        with self._writing:  # whoever comes second finds nothing, or all of it written
            if self._take_timer() and self._root.is_dir():
                self.write()

    def close(self) -> None:
        """Write what changed; afterwards nothing is written by itself."""
        with self._writing:
            self._take_timer()
            if self._root.is_dir():  # it may have been removed to start anew
                self.write()

    def _take_timer(self) -> bool:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None


_writers: weakref.WeakSet[JournalWriter] = weakref.WeakSet()


def _after_fork() -> None:
    """Leave the parent's journals to the parent; its locks may be held here for ever."""
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _write_at_exit() -> None:
    for writer in list(_writers):
        writer.write_waiting()
