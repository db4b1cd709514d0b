"""What is asked and written about projects and runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from artnb.catalog.base import NewRun
from artnb.catalog.commit import add_run, change_run, keep_blob
from artnb.catalog.records import RUN_QUERY, run_from
from artnb.catalog.session import Connections, restarts
from artnb.errors import CommError, RunFinishedError, nearest
from artnb.model import Location, RunRecord
from artnb.texts import Message

__all__ = ["Runs"]


class Runs:
    """The part of a catalogue that knows projects and runs."""

    _db: Connections

    def projects(self) -> list[str]:
        """Return the projects' names, oldest first."""
        return [row["name"] for row in self._db.rows("select name from projects order by id")]

    @restarts
    def add_run(
        self,
        run: RunRecord,
        name: str | None,
        default_name: Any,
        code: Mapping[str, Location] | None = None,
        uses: Sequence[int] = (),
    ) -> RunRecord:
        """Write a new run and return it with its number and name.

        Parameters
        ----------
        name : str or None
            None: ``default_name(number)``.
        code : mapping, optional
            Where the blob of its code lies, if that is new; it is kept with the run.
        uses : sequence of int
            The ids of the versions that it takes as inputs.

        Raises
        ------
        LeaseLostError
            A collector took the code's bytes.
        """
        with self._db.transaction() as db:
            if run.code is not None and code is not None:
                keep_blob(db, run.code, code)
            return add_run(db, NewRun(run, lambda number: name or default_name(number), uses))

    @restarts
    def change_run(
        self,
        run_id: str,
        changes: Mapping[str, Any] | Callable[[RunRecord], Mapping[str, Any]],
        *,
        gathered: int | None = None,
    ) -> RunRecord | None:
        """Write some fields of a run and return it.

        Parameters
        ----------
        changes : mapping or callable
            A callable is given the run as it is, while nobody else can change it.
        gathered : int, optional
            How many rows of workers the change takes in: they are removed. If there are
            more by now, nothing is changed and None is returned.
        """
        with self._db.transaction() as db:
            run = change_run(db, run_id, changes, gathered)
            if run is None:
                self.run(run_id)  # raises, if that is why
        return run

    @restarts
    def add_worker_row(self, run_id: str, body: str) -> int:
        """Write a row that another process logged for a run, and return its number.

        Raises
        ------
        RunFinishedError
        """
        # Like the rows of a run's own process, it may be lost with the machine's power.
        with self._db.transaction(durable=False) as db:
            query = "select state, finished_at, name from runs where id = ? for update"
            row = db.execute(query, (run_id,)).fetchone()
            if row is None:
                raise self._no_run(run_id)
            if row["state"] != "running" or row["finished_at"] is not None:
                raise RunFinishedError(
                    f"The run {row['name']} is finished: a worker cannot log into it any "
                    "more. Finish it when all workers are done."
                )
            number = db.execute(
                "select coalesce(max(number) + 1, 0) from worker_rows where run_id = ?", (run_id,)
            ).fetchone()[0]
            db.execute("insert into worker_rows values (?, ?, ?)", (run_id, number, body))
        return int(number)

    def worker_rows(self, run_id: str) -> list[tuple[int, str]]:
        """Return the rows of a running run's workers, with their numbers."""
        query = "select number, body from worker_rows where run_id = ? order by number"
        return [(row["number"], row["body"]) for row in self._db.rows(query, (run_id,))]

    def run(self, run_id: str) -> RunRecord:
        """Return a run; CommError if there is none with that id."""
        row = self._db.row(f"{RUN_QUERY} where r.id = ?", (run_id,))
        if row is None:
            raise self._no_run(run_id)
        return run_from(row)

    def _no_run(self, run_id: str) -> CommError:
        known = [row["id"] for row in self._db.rows("select id from runs")]
        return CommError(
            Message("There is no run with the id {0}; {1}", repr(run_id), nearest(run_id, known))
        )

    def runs(self, project: str) -> list[RunRecord]:
        """Return a project's runs, newest first."""
        query = f"{RUN_QUERY} where p.name = ? order by r.number desc"
        return [run_from(row) for row in self._db.rows(query, (project,))]

    def open_runs(self, host: str) -> list[tuple[str, int]]:
        """Return (id, pid) of the runs of a machine that are said to be running."""
        query = "select id, pid from runs where state = 'running' and host = ? and pid is not null"
        return [(row["id"], row["pid"]) for row in self._db.rows(query, (host,))]
