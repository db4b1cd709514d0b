"""The repositories that a process has open."""

from __future__ import annotations

import os
import threading

from artnb.repository._repository import Repository
from artnb.settings import Settings

__all__ = ["close_repositories", "open_repository", "read_from", "reading_repository"]

_opened: dict[Settings, Repository] = {}
_opened_lock = threading.Lock()
_read_from: tuple[Settings, Settings] | None = None
"""The working directory's settings at the time, and those of the last run's repository."""


def open_repository(settings: Settings | None = None) -> Repository:
    """Return the repository of `settings`, opened once a process.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the working directory.
    """
    settings = settings or Settings.resolve()
    with _opened_lock:
        found = _opened.get(settings)
        if found is not None and not os.access(found.folder, os.F_OK):
            _opened.pop(settings).close()  # the folder was removed to start anew
            found = None
        if found is None:
            found = _opened[settings] = Repository(settings)
        return found


def read_from(settings: Settings | None) -> None:
    """Let who reads without an open run find that repository; None: the working directory's.

    Until the working directory is one with another repository.
    """
    global _read_from
    here = Settings.resolve() if settings is not None else None
    _read_from = None if here is None or settings is None else (here, settings)


def reading_repository() -> Repository:
    """Return the repository that was named last by `read_from`, else the working directory's."""
    here = Settings.resolve()
    if _read_from is not None and _read_from[0] == here and _read_from[1].root.is_dir():
        here = _read_from[1]
    return open_repository(here)


def close_repositories() -> None:
    """Close every repository that `open_repository` opened."""
    with _opened_lock:
        while _opened:
            _opened.popitem()[1].close()


def _before_fork() -> None:
    """Write what the parent has announced: a child may log to it, and looks at the catalogue."""
    for repository in list(_opened.values()):
        repository.write_runs()


def _after_fork() -> None:
    """Let a child open repositories of its own; the parent's stay untouched, never closed."""
    global _opened_lock
    _opened_lock = threading.Lock()
    _inherited.append(dict(_opened))
    _opened.clear()


_inherited: list[dict[Settings, Repository]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
