"""Pushes the graph to the page when the repository changes, at most four times a second.

And only while a page shows it: a graph that nobody sees reads nothing and sends nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from artnb.repository import Event, Repository

__all__ = ["Audience", "Live"]

_PAUSE = 0.25
_AWAITED = ""  # stands for the first page, which is on its way


class Live:
    """Calls `push` after events of one project: the first at once, then no oftener.

    Parameters
    ----------
    push : callable
        Called with the events' runs (None stands for "many"), in the thread of the event
        or, for those that had to wait, in a timer's.
    elsewhere : callable, optional
        Returns the other projects whose events are pushed, too.
    """

    def __init__(
        self,
        repository: Repository,
        project: str,
        push: Callable[[set[str]], None],
        elsewhere: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._project = project
        self._elsewhere = elsewhere
        self._push = push
        self._lock = threading.Lock()
        self._last = 0.0
        self._runs: set[str] = set()
        self._timer: threading.Timer | None = None
        self._closed = False
        self._stop = repository.subscribe(self._on_event)

    def close(self) -> None:
        """Stop listening."""
        self._stop()
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _on_event(self, event: Event) -> None:
        if event.kind == "progress":
            return
        if event.project != self._project and event.project not in self._elsewhere():
            return
        with self._lock:
            if self._closed:
                return
            if event.run:
                self._runs.add(event.run)
            if self._timer is not None:
                return
            wait = self._last + _PAUSE - time.monotonic()
            if wait > 0:
                self._timer = threading.Timer(wait, self._fire)
                self._timer.daemon = True
                self._timer.start()
                return
            runs = self._take()
        self._push(runs)

    def _fire(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._timer = None
            runs = self._take()
        self._push(runs)

    def _take(self) -> set[str]:
        # Under the lock, so that no second thread finds the pause over.
        self._last = time.monotonic()
        runs, self._runs = self._runs, set()
        return runs


class Audience:
    """Who looks: `start` is called for the first that comes, its result for the last that goes.

    The pages name themselves. A page that vanished without a word counts as looking, which
    costs no more than a page that looks.

    Parameters
    ----------
    start : callable
        Begins to push, and returns what ends it. Called at once, for the page that is to come.
    """

    def __init__(self, start: Callable[[], Callable[[], None]]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._looking = {_AWAITED}
        self._stop: Callable[[], None] | None = start()
        self._closed = False

    @property
    def looking(self) -> bool:
        """Whether a page looks that said so: not one that is only awaited."""
        with self._lock:
            return not self._closed and bool(self._looking - {_AWAITED})

    def note(self, page: str, looking: bool) -> bool:
        """Note that a page looks, or looks no more; return whether it may have missed news."""
        with self._lock:
            self._looking.discard(_AWAITED)
            (self._looking.add if looking else self._looking.discard)(page)
            if self._closed:
                return False
            if self._looking and self._stop is None:
                self._stop = self._start()
                return True
            if not self._looking and self._stop is not None:
                self._stop()
                self._stop = None
            return False

    def close(self) -> None:
        """End the pushing for good."""
        with self._lock:
            self._closed = True
            if self._stop is not None:
                self._stop()
                self._stop = None
