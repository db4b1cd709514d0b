"""What each cell asks again: the variables, the working folder, whether small files changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["Stamp", "is_settled", "stamp", "stamps", "variables", "working_folder"]

Stamp = tuple[int, int, int] | None

_SETTLED_NS = 2_000_000_000

_known: tuple[Mapping[Any, Any], Mapping[str, str]] = ({}, {})


def variables() -> Mapping[str, str]:
    """Return the environment as it is; the same mapping again while nothing in it changes.

    `os.environ` decodes each variable each time; what it decodes can be compared at once.
    """
    global _known
    raw: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    known = _known
    if raw != known[0]:
        known = _known = dict(raw), dict(os.environ)
    return known[1]


def working_folder() -> str:
    """Return the working folder, without links in its path."""
    here = os.getcwd()  # noqa: PTH109 - at each cell, and a Path takes five times as long
    return here if os.name == "posix" else os.path.realpath(here)  # POSIX says it without links


def stamp(path: str) -> Stamp:
    """Return what is another once a file has been written, or None if there is no such file."""
    if not os.access(path, os.F_OK):  # mostly, and quicker than to catch an error
        return None
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def stamps(paths: Iterable[str]) -> tuple[tuple[Stamp, ...], bool]:
    """Return the stamp of each file, and whether the next write will give any of them another."""
    found = tuple([stamp(path) if os.access(path, os.F_OK) else None for path in paths])
    return found, not any(found) or all(map(is_settled, found))


def is_settled(mark: Stamp) -> bool:
    """Return whether the next write will give a file another stamp."""
    # One within the clock's grain could leave the same time.
    return mark is None or time.time_ns() - mark[0] > _SETTLED_NS
