"""What happens in folders, whoever does it, by Linux's inotify through ctypes."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = [
    "CLOSED_READ",
    "CLOSED_WRITE",
    "CREATED",
    "FOLDER",
    "GONE",
    "HERE",
    "OPENED",
    "Event",
    "Inotify",
    "encoded",
]

OPENED, CLOSED_WRITE, CLOSED_READ = 0x20, 0x08, 0x10
GONE, HERE, CREATED = 0x40, 0x80, 0x100  # moved away, moved to, made
FOLDER = 0x40000000
_OVERFLOW = 0x4000
_ONLY_FOLDERS, _NO_LINKS = 0x01000000, 0x02000000
# Neither ACCESS nor MODIFY: one for each call of read or write fills the queue.
_MASK = OPENED | CLOSED_WRITE | CLOSED_READ | GONE | HERE | CREATED | _ONLY_FOLDERS | _NO_LINKS
_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 16
_LONGEST = _HEAD.size + 256  # a name has 255 bytes at most, and a zero


encoded = lru_cache(maxsize=4096)(os.fsencode)  # of the same folders at each cell


class Event(NamedTuple):
    """One event: a path, and what happened to it."""

    path: str
    mask: int


class Inotify:
    """Watches on some folders. OSError where the system has no inotify, or no more of it."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("inotify is Linux's")
        self._libc: Any = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._called("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
        self._folders: dict[int, str] = {}

    def watch(self, folders: Iterable[str]) -> None:
        """Watch these folders from now on; one that has just gone is passed over."""
        add = self._libc.inotify_add_watch
        for folder in folders:
            number = add(self._descriptor, encoded(folder), _MASK)
            if number < 0:
                error = ctypes.get_errno()
                if error in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
                    continue
                raise OSError(error, f"inotify_add_watch: {os.strerror(error)}")
            self._folders[number] = folder

    def unwatch(self) -> tuple[list[Event], bool]:
        """Watch nothing any more; return what has happened, and whether some of it was lost.

        The descriptor stays: to close it may take the kernel 10 ms.
        """
        for number in self._folders:
            self._libc.inotify_rm_watch(self._descriptor, number)
        # After that nothing more is put there, so that the next watch begins with nothing.
        folders, self._folders = self._folders, {}
        events: list[Event] = []
        lost = False
        while True:
            try:
                data = os.read(self._descriptor, _BUFFER)
            except BlockingIOError:
                return events, lost
            at = 0
            while at < len(data):
                number, mask, _, length = _HEAD.unpack_from(data, at)
                at += _HEAD.size + length
                lost = lost or bool(mask & _OVERFLOW)
                if number in folders and length:
                    name = os.fsdecode(data[at - length : at].rstrip(b"\0"))
                    events.append(Event(f"{folders[number]}/{name}", mask))
            if len(data) + _LONGEST <= _BUFFER:  # there was room for more than there was
                return events, lost

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def _called(self, function: str, *args: Any) -> int:
        result = int(getattr(self._libc, function)(*args))
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{function}: {os.strerror(number)}")
        return result
