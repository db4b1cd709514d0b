"""`artnb.log` and the like inside a cell that is a run: they speak to the cell's run."""

from __future__ import annotations

import copyreg
from typing import Any, cast

from artnb._api import begin_cell, end_cell
from artnb._run import Run
from artnb.disabled import DisabledRun
from artnb.model import RunRecord
from artnb.repository import Repository
from artnb.settings import Settings
from artnb.worker import reduce_run, remember

__all__ = ["Silence", "Speech"]


class Speech:
    """What a cell's own code says to its run while it runs.

    The handle is made when the cell first asks for it: most never do.

    Parameters
    ----------
    joined : bool
        Whether an `init` in the cell may take part in its run.

    Attributes
    ----------
    said : dict
        Once `end` was called: what the run's record gets of it; empty if nothing was said.
    """

    def __init__(self, repository: Repository, run_id: str, *, joined: bool) -> None:
        self._repository = repository
        self._run_id = run_id
        self._joined = joined
        self._handle: _CellHandle | None = None
        self._open = False
        self.said: dict[str, Any] = {}

    def begin(self) -> None:
        """Make the cell's run the current one, unless another is open."""
        begin_cell(self._run, joined=self._joined)
        self._open = True

    def end(self) -> None:
        """Close the handle; a second time does nothing."""
        if not self._open:
            return
        self._open = False
        end_cell(self._run)
        if self._handle is not None:
            self.said = self._handle.end()

    def _run(self) -> Run:
        if self._handle is None:
            record = self._repository.run(self._run_id)
            self._handle = _CellHandle(record, self._repository)
            remember(self._handle)
        return self._handle


class Silence:
    """The same where nothing is tracked: what the cell says goes nowhere."""

    def __init__(self, project: str, settings: Settings) -> None:
        self._disabled = cast(Run, DisabledRun(project=project, settings=settings))
        begin_cell(self._run)

    def end(self) -> None:
        """End it; a second time does nothing."""
        end_cell(self._run)

    def _run(self) -> Run:
        return self._disabled


class _CellHandle(Run):
    """A run that ends with its cell, however often it is finished before."""

    _told: dict[str, Any]

    def __init__(self, record: RunRecord, repository: Repository) -> None:
        super().__init__(record, repository, allow_val_change=True)
        self.__dict__["_told"] = dict(record.config)
        self._depth = 1  # held by the cell: neither a `with` nor another `init` ends it

    def finish(self, exit_code: int | None = None) -> None:
        """Close the row; the run goes on to the cell's end."""
        with self._lock:
            if not self._finished:
                self._close_row()

    def end(self) -> dict[str, Any]:
        """Close the run for its cell, and return what its record gets of what was said."""
        with self._lock:
            logged = self._step > 0 or bool(self._pending)
            self.unwatch()
            self._close_row()
            self._keep_files()
            self._finished = True
        why = f"the cell of the run {self.name} has ended. Log inside the cell."
        self.config.close(why)
        self.summary.close(why)
        config, summary = self.config.as_dict(), self.summary.as_dict()
        kept = bool(self._record.outputs)
        if not (logged or summary or kept) and config == self._told:
            return {}
        return {"config": config, "summary": summary, "sum_up": self._metrics.note}


copyreg.pickle(_CellHandle, reduce_run)
