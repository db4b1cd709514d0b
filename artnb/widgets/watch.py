"""Looks from time to time whether another process recorded something."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from artnb.errors import ArtnbError
from artnb.repository import Repository

__all__ = ["Watch"]

_PAUSE = 2.0
_SHARE = 10  # a look that takes long is followed by a pause of so many times as long


class Watch:
    """Calls `look` in a thread of its own when a catalogue may have changed, until closed.

    The catalogue cannot tell who changed it, so own changes are looked at, too. The first
    look comes after the first pause, whatever happened: something may have been recorded
    after whoever watches read last.

    Parameters
    ----------
    look : callable
        Reads what there is now. After an error of artnb's, a server that is away among them,
        it is called again after the next pause.
    ended : callable
        Returns whether whoever watches is gone without closing, which ends the thread.
    """

    def __init__(
        self, repository: Repository, look: Callable[[], None], ended: Callable[[], bool]
    ) -> None:
        self._repository = repository
        self._look = look
        self._ended = ended
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="artnb-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the thread end; does not wait for it, for a look itself may close."""
        self._closed.set()

    def _run(self) -> None:
        while not self._over(_PAUSE):
            try:
                with self._repository.revisions() as revision:
                    self._follow(revision)
            except ArtnbError:
                continue  # who asks next on the page or in a cell is told what is wrong

    def _follow(self, revision: Callable[[], object]) -> None:
        seen: object = None
        pause = 0.0
        while not self._over(pause):
            start = time.monotonic()
            now = revision()  # before the look: what comes during it is found at the next
            if now != seen:
                self._look()
                seen = now
            pause = max(_PAUSE, _SHARE * (time.monotonic() - start))

    def _over(self, pause: float) -> bool:
        return self._closed.wait(pause) or self._ended()
