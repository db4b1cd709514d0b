"""Events: what a repository tells those who watch it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from artnb.warning import warn

__all__ = ["Event", "Events"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something changed: which run, which version.

    Attributes
    ----------
    name, done, total : str, int, int
        Of ``progress``: the artifact that is added, logged or downloaded, and the bytes of it;
        `project` is empty while no run is open.
    """

    kind: Literal["run", "version", "used", "history", "progress"]
    project: str
    run: str | None = None
    version: int | None = None
    name: str | None = None
    done: int = 0
    total: int = 0


class Events:
    """Hands each event to the subscribers, in the thread that made it.

    Parameters
    ----------
    source : str
        What is watched, for the warning that names a subscriber's failure.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._subscribers: list[Callable[[Event], None]] = []

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with each event from now on; return the undo."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    def tell(self, event: Event) -> None:
        """Hand an event to every subscriber."""
        for callback in list(self._subscribers):
            try:
                callback(event)
            except Exception as error:
                # A view that fails must not fail the save that it watches.
                warn(f"A subscriber of {self.source} failed: {error!r}")
