"""What stands for the content of a file, and for the names in a folder."""

from __future__ import annotations

import hashlib
import os
import time

__all__ = ["file_digest", "folder_digest"]

_MOST_NAMES = 20_000
_UNCOUNTED = frozenset((".artnb", ".ipynb_checkpoints", ".ipython", ".DS_Store", ".git"))


def file_digest(path: str) -> str | None:
    """Return the SHA-256 of a file, or None where it cannot be read.

    Of one that has not changed since, as its size and time say, it is known.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - many paths
    except (OSError, ValueError):
        return None
    state = (found.st_size, found.st_mtime_ns, found.st_ino)
    known = _digests.get(path)
    if known is not None and known[0] == state:
        return known[1]
    try:
        with open(path, "rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
    if time.time_ns() - found.st_mtime_ns > 2_000_000_000:  # else it may change within its time
        _digests[path] = (state, digest)
    return digest


_digests: dict[str, tuple[tuple[int, int, int], str]] = {}


def folder_digest(path: str) -> str:
    """Return what stands for the names in a folder; those that tools keep there do not count."""
    try:
        names = sorted(name for name in os.listdir(path) if name not in _UNCOUNTED)  # noqa: PTH208
    except OSError:
        return ""
    joined = "\0".join(names[:_MOST_NAMES]).encode("utf-8", "surrogateescape")
    return hashlib.sha256(joined).hexdigest()
