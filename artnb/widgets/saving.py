"""Which runs are saving, and how far they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from artnb.repository import Event, Repository

__all__ = ["Saving"]

Told = Callable[[dict[str, dict[str, Any]]], None]


class Saving:
    """Tells, at each step, what is being saved: by run, the artifact and the bytes of it.

    A run is saving until all bytes are done, or until anything else is told of it: a save
    that failed says no last word of its own.

    Parameters
    ----------
    tell : callable
        Called with ``{run: {"name": ..., "done": ..., "total": ...}}``, in the event's thread.
    """

    def __init__(self, repository: Repository, project: str, tell: Told) -> None:
        self._project = project
        self._tell = tell
        self._lock = threading.Lock()
        self._runs: dict[str, dict[str, Any]] = {}
        self.close = repository.subscribe(self._on_event)

    def _on_event(self, event: Event) -> None:
        if event.project != self._project or event.run is None:
            return
        with self._lock:
            if event.kind == "progress" and event.done < event.total:
                told = {"name": event.name or "", "done": event.done, "total": event.total}
                self._runs = {**self._runs, event.run: told}
            elif event.run in self._runs:
                self._runs = {run: told for run, told in self._runs.items() if run != event.run}
            else:
                return
            runs = self._runs
        self._tell(runs)
