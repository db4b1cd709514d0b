"""Runs that have begun and are written a moment later: alone, or with the version that they make.

To write a run takes longer than most cells run. So who cannot wait **announces** it. It is
written, after all that were announced before it, as soon as anything refers to it or asks for
runs; if nothing does, by a thread of its own after a moment. A run that ends before is
written once, together with its end.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any

from artnb.catalog import NewRun
from artnb.model import RunRecord

__all__ = ["Announced", "RunStart"]

_MOMENT = 0.02


@dataclass(slots=True)
class RunStart:
    """A run that is about to be written.

    Attributes
    ----------
    code : bytes or None
        The source that it runs.
    """

    run: NewRun
    code: bytes | None


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
        self._soon: SimpleQueue[tuple[float, str] | None] | None = None
        self._closed = threading.Event()
        self.trouble: Exception | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def get(self, run_id: str | None) -> RunStart | None:
        """Return a run that is not written yet."""
        return self._waiting.get(run_id or "")

    def add(self, new: RunStart) -> None:
        """Announce a run."""
        self._waiting[new.run.record.id] = new
        if self._soon is None:
            self._soon = SimpleQueue()
            # A daemon: the end of a process waits for what cells made, not for their beginnings.
            threading.Thread(
                target=self._work, args=(self._soon,), name="artnb-runs", daemon=True
            ).start()
        self._soon.put((time.monotonic() + _MOMENT, new.run.record.id))

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
            new.run = replace(new.run, record=new.run.record.with_changes(**changes))
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
        self._closed.set()
        if self._soon is not None:
            self._soon.put(None)

    # -- parts

    def _try(self, run_id: str) -> Exception | None:
        try:
            self.write(run_id)
        except Exception as error:
            return error
        return None

    def _work(self, soon: SimpleQueue[tuple[float, str] | None]) -> None:
        while (asked := soon.get()) is not None:
            due, run_id = asked
            if self._closed.wait(max(0.0, due - time.monotonic())):
                return
            error = self._try(run_id)
            if error is not None:
                warnings.warn(
                    f"The run that has begun cannot be recorded yet: {error} It is tried again "
                    "when the run ends.",
                    stacklevel=2,
                )
