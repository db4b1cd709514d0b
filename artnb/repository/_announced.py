"""Runs that have begun and are written a moment later: alone, or with the version that they make.

To write a run takes longer than most cells run. So who cannot wait **announces** it. It is
written, after all that were announced before it, as soon as anything refers to it or asks for
runs; if nothing does, by a thread of its own after a moment. A run that ends before is
written once, together with its end.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from artnb.alarm import Alarm, new_alarm
from artnb.catalog import NewRun
from artnb.latch import Latch
from artnb.model import RunRecord
from artnb.warning import warn

__all__ = ["Announced", "RunStart"]

_MOMENT = 0.02


class RunStart:
    """A run that is about to be written.

    Parameters
    ----------
    run_id : str
    make : callable
        Returns the run, and the source that it runs; called when it is written.
    """

    def __init__(self, run_id: str, make: Callable[[], tuple[NewRun, bytes | None]]) -> None:
        self.id = run_id
        self._make = make
        self._made: tuple[NewRun, bytes | None] | None = None
        self._changes: Mapping[str, Any] = {}

    @property
    def run(self) -> NewRun:
        """The run."""
        run = self._both[0]
        if not self._changes:
            return run
        return replace(run, record=run.record.with_changes(**self._changes))

    @property
    def code(self) -> bytes | None:
        """The source."""
        return self._both[1]

    @property
    def _both(self) -> tuple[NewRun, bytes | None]:
        if self._made is None:  # made twice, by two threads, it is the same
            self._made = self._make()
        return self._made

    def change(self, changes: Mapping[str, Any]) -> None:
        """Let these fields be others."""
        self._changes = changes


class Announced:
    """The announced runs of one repository, in the order in which they began.

    Parameters
    ----------
    write : callable
        Writes a run with all that it stands on, and returns it.

    Attributes
    ----------
    trouble : Exception or None
        Why the last one that was to be written could not be.
    """

    def __init__(self, write: Callable[[RunStart], RunRecord]) -> None:
        self._write = write
        self._turn = threading.RLock()
        self._waiting: dict[str, RunStart] = {}
        self._due: deque[tuple[float, str]] = deque()
        self._alarm: Alarm | None = None
        self._is_set = False
        self._closed = Latch()
        self.trouble: Exception | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def get(self, run_id: str | None) -> RunStart | None:
        """Return a run that is not written yet."""
        return self._waiting.get(run_id or "")

    def add(self, new: RunStart) -> None:
        """Announce a run."""
        self._waiting[new.id] = new
        self._due.append((time.monotonic() + _MOMENT, new.id))
        if self._alarm is None:
            self._alarm = new_alarm()
            # A daemon: the end of a process waits for what cells made, not for their beginnings.
            threading.Thread(
                target=self._work, args=(self._alarm,), name="artnb-runs", daemon=True
            ).start()
        if not self._is_set and not self._closed.is_open:
            self._is_set = True
            self._alarm.set(_MOMENT)

    def write(self, run_id: str) -> None:
        """Write a run, unless it is written; what keeps it from that is raised."""
        with self.turn(run_id) as new:
            if new is not None:
                self._write(new)

    def write_all(self) -> None:
        """Write all of them, as far as that can be done: for who only wants to look."""
        for run_id in list(self._waiting):
            self._try(run_id)

    def end(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord | None:
        """Write a run with its end, and return it; None if it is written already.

        If that fails it has its end all the same, for the next time.
        """
        with self.turn(run_id) as new:
            if new is None:
                return None
            new.change(changes)
            return self._write(new)

    @contextmanager
    def turn(self, run_id: str | None) -> Iterator[RunStart | None]:
        """Yield a run that the block writes; None if there is none to write.

        Those before it are written by now, and no later one is meanwhile.
        """
        if run_id not in self._waiting:
            yield None
            return
        with self._turn:
            for earlier in list(self._waiting):
                if earlier == run_id:
                    break
                self._try(earlier)
            new = self._waiting.get(run_id)
            try:
                yield new
            except Exception as error:
                self.trouble = error
                raise
            if new is not None:
                self.trouble = None
                del self._waiting[run_id]

    def close(self) -> None:
        """Write what can be written, and end the thread."""
        self.write_all()
        self._closed.open()
        if self._alarm is not None:
            self._alarm.set(0)

    # -- parts

    def _try(self, run_id: str) -> Exception | None:
        try:
            self.write(run_id)
        except Exception as error:
            return error
        return None

    def _work(self, alarm: Alarm) -> None:
        while not self._closed.is_open:
            alarm.wait()
            self._write_due()
            self._is_set = False  # who announces from here on sets it again
            self._write_due()
        alarm.close()

    def _write_due(self) -> None:
        while self._due and not self._closed.is_open:
            due, run_id = self._due[0]
            wait = due - time.monotonic()
            if wait > 0 and run_id in self._waiting and self._closed.wait(wait):
                return
            self._due.popleft()
            self._write_begun(run_id)

    def _write_begun(self, run_id: str) -> None:
        error = self._try(run_id)
        if error is not None:
            warn(
                f"The run that has begun cannot be recorded yet: {error} It is tried again "
                "when the run ends."
            )
