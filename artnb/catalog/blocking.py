"""Who keeps a transaction waiting on PostgreSQL, said while it waits.

The server knows who holds a lock only as long as somebody waits for it, and the one who waits
is busy; so a thread asks on another connection.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg

from artnb.catalog import locks
from artnb.catalog.session import Row
from artnb.errors import CatalogError

__all__ = ["Blocker", "LockWatch", "Wait"]

_PAUSE = 0.5

# What is not said of another user's session to one who may not know is null.
_BLOCKER = (
    "select held.pid, a.usename, host(a.client_addr) as place, "
    "extract(epoch from clock_timestamp() - a.xact_start)::int as seconds "
    "from unnest(pg_blocking_pids(?)) as held (pid) "
    "left join pg_stat_activity a on a.pid = held.pid order by a.xact_start limit 1"
)


@dataclass(frozen=True, slots=True)
class Blocker:
    """A server's process that has a lock.

    Attributes
    ----------
    user, place : str or None
        Whose it is, and the address from which it is spoken to; None: not known.
    seconds : int or None
        How long its transaction has been open.
    """

    pid: int = 0
    user: str | None = None
    place: str | None = None
    seconds: int | None = None

    def __str__(self) -> str:
        text = f"{self.user}'s session {self.pid}" if self.user else f"the session {self.pid}"
        if self.place:
            text += f" from {self.place}"
        return text if self.seconds is None else f"{text} for {self.seconds} s"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return (
            "Let that end, or let its owner or an administrator end it (select "
            f"pg_terminate_backend({self.pid}))"
        )


class Wait:
    """A transaction that may have to wait.

    Attributes
    ----------
    process : int
        The server's process that runs it; 0: there is none yet.
    blocker : Blocker or None
        Who was found to keep it waiting.
    """

    def __init__(self, what: str, patience: float) -> None:
        self.process = 0
        self.blocker: Blocker | None = None
        self.notice = locks.Notice(what, patience, lambda: self.blocker or Blocker())


class LockWatch:
    """Says of transactions that wait for a lock for some seconds, once each, for whose.

    Its thread is there while there are transactions, not one for each: these are short and many.

    Parameters
    ----------
    ask : callable
        Returns the first row of a query, from a connection that does not wait.
    """

    def __init__(
        self, what: str, patience: float, ask: Callable[[str, tuple[int]], Row | None]
    ) -> None:
        self._what, self._patience, self._ask = what, patience, ask
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waits: set[Wait] = set()
        self._watching = False

    @contextlib.contextmanager
    def over(self) -> Iterator[Wait]:
        """Watch over a transaction."""
        if self._process != os.getpid():  # a fork has no threads
            self._start()
        wait = Wait(self._what, self._patience)
        with self._lock:
            self._waits.add(wait)
            begun, self._watching = self._watching, True
        if not begun:
            self._begin()
        try:
            yield wait
        finally:
            with self._lock:
                self._waits.discard(wait)

    def _begin(self) -> None:
        try:
            threading.Thread(target=self._watch, name="artnb-lock-watch", daemon=True).start()
        except RuntimeError:  # Python ends; the transaction can still be made
            with self._lock:
                self._watching = False

    def _watch(self) -> None:
        while True:
            time.sleep(min(_PAUSE, locks.NOTICE_SECONDS))
            with self._lock:
                waits = list(self._waits)
                if not waits:
                    self._watching = False
                    return
            for wait in waits:
                if wait.process and wait.notice.is_due:
                    self._look(wait)

    def _look(self, wait: Wait) -> None:
        # A server that does not answer is for the transaction itself to tell of.
        with contextlib.suppress(psycopg.Error, CatalogError):
            row = self._ask(_BLOCKER, (wait.process,))
            with self._lock:
                if row is None or wait not in self._waits:
                    return
            wait.blocker = Blocker(*row)
            wait.notice.tell()
