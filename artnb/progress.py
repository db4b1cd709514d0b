"""How far a long piece of work is: one line for the person, events for those who watch.

Nothing is shown of what is over within a second. The line goes to stderr where that is a
terminal or a notebook, and is wiped when the work ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

__all__ = ["Progress", "Stopped"]

_EVERY = 0.25
_SHOWN_AFTER = 1.0
_LARGE = 100 << 20
_WIDTH = 78


class Stopped(Exception):
    """A worker saw that the work is given up."""


class Progress:
    """One piece of work. Safe to advance from many threads.

    Parameters
    ----------
    title : str
        What is done, such as ``Adding train-data``.
    total : int
        Bytes.
    tell : callable, optional
        Called with (done, total) at most four times a second, and at the end.
    quiet : bool
        Show no line.
    """

    def __init__(
        self,
        title: str = "",
        total: int = 0,
        tell: Callable[[int, int], None] | None = None,
        *,
        quiet: bool = True,
    ) -> None:
        self._title = title
        self._total = total
        self._tell = tell
        self._quiet = quiet or not _is_watched()
        self._done = 0
        self._lock = threading.Lock()
        self._start = self._next = 0.0
        self._told = self._shown = False
        self._stopped = False

    def __enter__(self) -> Progress:
        self._start = time.monotonic()
        self._next = self._start + _EVERY
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._write(" " * _WIDTH + "\r")
        if self._told and self._tell is not None:
            # At the end it is over, whether or not all of it had to be done.
            self._tell(self._total if kind is None else self._done, self._total)

    def expect(self, total: int) -> None:
        """Say how many bytes it is, if that was not known at the start."""
        self._total = total

    def advance(self, count: int) -> None:
        """Note that `count` bytes more are done.

        Raises
        ------
        Stopped
            The work is given up: the caller is to clean up and end.
        """
        if self._stopped:
            raise Stopped
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _EVERY
            done = min(self._done, self._total)
        if self._tell is not None:
            self._told = True
            self._tell(done, self._total)
        elapsed = now - self._start
        if not self._quiet and (elapsed > _SHOWN_AFTER or self._total > _LARGE):
            self._shown = True
            self._write(self._line(done, elapsed))

    def stop(self) -> None:
        """Let every worker end at its next step."""
        self._stopped = True

    def _line(self, done: int, elapsed: float) -> str:
        part = done / self._total if self._total else 1.0
        speed = f"{_size(int(done / elapsed))}/s" if elapsed else ""
        text = f"{self._title}: {part:4.0%} of {_size(self._total)}, {speed}"
        return text[:_WIDTH].ljust(_WIDTH)

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(f"\r{text}")
            sys.stderr.flush()
        except (OSError, ValueError, AttributeError):
            self._quiet = True  # closed, or none: nobody reads it


def _is_watched() -> bool:
    """Return whether a person sees what is written to stderr, and a line can be rewritten."""
    stream = sys.stderr
    if stream is None:
        return False
    if type(stream).__module__.startswith("ipykernel."):
        return True
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    power = min((count.bit_length() - 1) // 10, 4)
    return f"{count / 1024**power:.1f} {' KMGT'[power]}iB"
