"""Lets a thread sleep until a moment that others set without waking it.

To wake a thread so that it may wait until then takes a cell longer than all else that its
beginning does: the two then contend for the interpreter. Linux has timers that a thread sleeps on.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache
from queue import SimpleQueue
from typing import Any, Protocol

__all__ = ["Alarm", "new_alarm"]

_MONOTONIC = 1


class Alarm(Protocol):
    """What one thread waits for, and any other sets."""

    def set(self, seconds: float) -> None:
        """Let who waits go on after so long; what was set before and is not over is forgotten."""

    def wait(self) -> None:
        """Sleep until the moment that is set, or less long: the caller looks at the clock."""

    def close(self) -> None:
        """Give back what the system lent. For the thread that waits."""


def new_alarm() -> Alarm:
    """Return an alarm that is not set."""
    with suppress(OSError, AttributeError):  # another system, or no more files may be opened
        return _Timer()
    return _Bell()


class _Spec(ctypes.Structure):
    _fields_ = [("repeat", ctypes.c_long * 2), ("first", ctypes.c_long * 2)]


class _Timer:
    """An alarm by Linux's timers."""

    def __init__(self) -> None:
        self._set = _library().timerfd_settime
        self._descriptor: int = _library().timerfd_create(_MONOTONIC, os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError("no timer")

    def set(self, seconds: float) -> None:
        whole, part = divmod(max(1, int(seconds * 1e9)), 1_000_000_000)  # 0 would stop it
        self._set(self._descriptor, 0, ctypes.byref(_Spec((0, 0), (whole, part))), None)

    def wait(self) -> None:
        os.read(self._descriptor, 8)

    def close(self) -> None:
        os.close(self._descriptor)


class _Bell:
    """An alarm that wakes who waits at once."""

    def __init__(self) -> None:
        self._rung: SimpleQueue[None] = SimpleQueue()

    def set(self, seconds: float) -> None:
        self._rung.put(None)

    def wait(self) -> None:
        self._rung.get()

    def close(self) -> None:
        pass


@cache
def _library() -> Any:
    if sys.platform != "linux":
        raise OSError("timerfd is Linux's")
    return ctypes.PyDLL(None)  # what is called never waits: the interpreter is not let go for it
