"""A file's lock, which is gone when its holder is, however that ended."""

from __future__ import annotations

import os
from typing import IO

__all__ = ["lock_file"]


def lock_file(handle: IO[str]) -> None:
    """Wait until no other process has the file locked, and lock it until it is closed."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
