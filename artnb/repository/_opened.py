"""The repositories that a process has open."""

from __future__ import annotations

import os
import threading

from artnb.repository._repository import Repository
from artnb.settings import Settings

__all__ = ["close_repositories", "open_repository"]

_opened: dict[Settings, Repository] = {}
_opened_lock = threading.Lock()


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
