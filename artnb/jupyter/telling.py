"""The line below a cell: shown when all is saved, or at once and brought up to date later."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from artnb.display import Failure, Line
from artnb.jupyter.saving import SMALL, Job
from artnb.latch import Latch

__all__ = ["Telling", "show"]

_MOMENT = 0.03
"""Seconds that the prompt waits for what is small to be saved."""

_TRY_AGAIN = "its values are still in memory: '%artnb save' tries again"


def show(shell: Any, line: Line, shown_in: str | None = None, *, update: bool = False) -> None:
    """Show a line, or bring one up to date."""
    # Not by `display`, which asks each of the shell's formatters, at each cell.
    shell.display_pub.publish(
        {"text/plain": repr(line), "text/html": line._repr_html_()},
        transient={"display_id": shown_in} if shown_in else None,
        update=update,
    )


class Telling:
    """The line of a cell whose save goes on: shown once that is over, or before and then anew.

    Parameters
    ----------
    job : Job
        Its `tell` is the method of that name.
    """

    def __init__(self, shell: Any, job: Job) -> None:
        self._shell = shell
        self._job = job
        self._shown_in: str | None = None
        self._parent = getattr(shell.display_pub, "parent_header", None)
        self._lock = threading.Lock()
        self._is_shown = False
        self._over = Latch()

    def is_told_soon(self, line: Line) -> bool:
        """Wait a moment for what is small, or show a line that says that it is being saved.

        Returns
        -------
        bool
            False: it has failed, and nothing is shown.
        """
        if self._job.size < SMALL:
            try:
                self._over.wait(_MOMENT)
            except KeyboardInterrupt:
                pass  # the cell is over: it was about the wait
        with self._lock:
            if self._over.is_open:
                return self._is_shown
            self._is_shown = True
            self._shown_in = f"artnb-{uuid.uuid4().hex}"
            show(self._shell, line, self._shown_in)
            return True

    def tell(self) -> None:
        """Show how it went; in the thread that saved."""
        with self._lock:
            line = self._line()
            if line is not None and hasattr(self._shell, "kernel"):
                _speak_for(self._shell, self._parent)
                show(self._shell, line, self._shown_in, update=self._is_shown)
            self._is_shown = self._is_shown or self._job.error is None
            self._over.open()

    def _line(self) -> Line | None:
        job = self._job
        if job.error is None:
            return job.shown or (Line(job.title, ["nothing new"]) if self._is_shown else None)
        # While the cell waits it fails itself.
        return Failure(job.title, [job.state, _TRY_AGAIN]) if self._is_shown else None


def _speak_for(shell: Any, parent: Any) -> None:
    """Let what this thread shows belong to a cell, whichever runs by now."""
    if hasattr(shell.display_pub, "set_thread_parent"):  # ipykernel 7
        shell.display_pub.set_thread_parent(parent)
