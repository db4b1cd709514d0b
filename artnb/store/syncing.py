"""How hard a local store presses its bytes to the disk before it says that it has them."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable
from pathlib import Path

__all__ = ["Syncing", "syncfs"]


class Syncing:
    """The syncs of one folder.

    Parameters
    ----------
    durability : {'full', 'batch', 'none'}
        ``full``: each file and its folder, one by one. ``batch``: nothing until `flush`,
        which then syncs the whole filesystem once; where the system cannot, as ``full``.
        ``none``: never; after a power cut what was written lately may be missing or empty.
    """

    def __init__(self, root: Path, durability: str) -> None:
        self._root = root
        self._each = durability == "full" or (durability == "batch" and _syncfs() is None)
        self._together = durability == "batch" and not self._each
        self._waiting = False
        self._lock = threading.Lock()

    def file(self, handle: int) -> None:
        """Sync an open file that is written."""
        if self._each:
            os.fsync(handle)
        self._waiting = True

    def folder(self, folder: Path | str) -> None:
        """Sync a folder that has a new name in it."""
        if self._each:
            fsync_folder(folder)
        self._waiting = True

    def flush(self) -> None:
        """Sync what waits; on return it is as durable as it will be.

        Raises
        ------
        OSError
            The system could not write something back.
        """
        if not self._together:
            return
        # The lock is held throughout: whoever finds nothing waiting must not return before
        # the one who took its bytes along is done.
        with self._lock:
            if self._waiting:
                self._waiting = False
                try:
                    syncfs(self._root)
                except BaseException:
                    self._waiting = True
                    raise


def syncfs(folder: Path) -> None:
    """Write back all that waits for the filesystem of a folder; OSError if that failed."""
    call = _syncfs()
    assert call is not None  # asked for only where there is one
    handle = os.open(folder, os.O_RDONLY)
    try:
        if call(handle) != 0:  # unchecked, a failed write would pass for a durable one
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(handle)


def fsync_folder(folder: Path | str) -> None:
    """Make the names in a folder durable."""
    if os.name != "posix":
        return  # Windows has no handle on a folder to flush; its rename is journalled
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@functools.cache
def _syncfs() -> Callable[[int], int] | None:
    if os.name != "posix":
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    return found
