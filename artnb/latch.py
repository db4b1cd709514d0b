"""What threads wait for that comes once."""

from __future__ import annotations

from threading import Lock

__all__ = ["Latch"]


class Latch:
    """Closed until `open` is called. An `Event` takes ten times as long to make, at each cell.

    Attributes
    ----------
    is_open : bool
    """

    __slots__ = ("_lock", "is_open")

    def __init__(self) -> None:
        self.is_open = False
        self._lock = Lock()  # held until then
        self._lock.acquire()

    def open(self) -> None:
        """Let all pass who wait, and who come; a second time does nothing. For one thread."""
        if not self.is_open:
            self.is_open = True
            self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait until it is open, at most so long; return whether it is."""
        if not self.is_open and self._lock.acquire(timeout=seconds):
            self._lock.release()  # for who waits, too
        return self.is_open
