"""What is asked and written about projects and runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from artnb.catalog.base import NewRun
from artnb.catalog.commit import add_run, change_run, keep_blobs, mark_deleted, write_run
from artnb.catalog.records import RUN_QUERY, VERSION_QUERY, run_from, version_from
from artnb.catalog.session import Connections, Many, Session, restarts
from artnb.errors import CommError, RunDeletedError, RunFinishedError, nearest
from artnb.model import Location, RunRecord, VersionRecord
from artnb.texts import Message

__all__ = ["Runs", "why_run_deleted"]


def why_run_deleted(run: RunRecord) -> Message:
    """Say that a run was deleted, and what is left."""
    return Message(
        "The run {0} ({1}) of project {2} was deleted. The versions that it made are still there, "
        "unless they were deleted, too; its id is not used again.",
        run.name,
        run.id,
        repr(run.project),
    )


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
                keep_blobs(db, [run.code], code, run.id)
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
                self._refuse_deleted(self.run(run_id))  # each raises, if that is why
        return run

    @restarts
    def delete_run(
        self,
        run_id: str,
        check: Callable[[RunRecord], None],
        *,
        with_versions: bool = False,
        delete_aliases: bool = False,
    ) -> tuple[RunRecord, list[VersionRecord]]:
        """Leave of a run what its edges are drawn with, and return that.

        What it keeps stays kept for as long as collectors spare what was just deleted.

        Parameters
        ----------
        check : callable
            Given the run as it is, while nobody else can change it, raises to leave it so.
        with_versions : bool
            Whether to delete the versions that it logged and no other run did, which are
            returned, too. ``latest`` alone keeps none of them.
        delete_aliases : bool
            Whether other aliases do not, either.

        Raises
        ------
        RunDeletedError
            It is deleted already.
        UsageError
            A version has an alias. Nothing was deleted.
        """
        with self._db.transaction(alone=True) as db:
            row = db.execute(f"{RUN_QUERY} where r.id = ?", (run_id,)).fetchone()
            if row is None:
                raise self._no_run(run_id)
            run = run_from(row)
            self._refuse_deleted(run)
            check(run)
            now = time.time()
            versions = _only_logged_by(db, run_id) if with_versions else []
            for each in versions:
                # Read anew: ``latest`` may have come from the one before.
                found = db.execute(f"{VERSION_QUERY} where v.id = ?", (each.id,)).fetchone()
                version = version_from(found)
                protected = set(version.aliases) - {"latest"}
                mark_deleted(db, version, delete_aliases or not protected, run_id, now)
            deleted = run.deleted(now)
            write_run(db, deleted)
            db.execute("delete from worker_rows where run_id = ?", (run_id,))
        return deleted, versions

    @restarts
    def add_worker_row(self, run_id: str, body: str) -> int:
        """Write a row that another process logged for a run, and return its number.

        Raises
        ------
        RunFinishedError, RunDeletedError
        """
        # Like the rows of a run's own process, it may be lost with the machine's power.
        with self._db.transaction(durable=False) as db:
            query = "select state, finished_at, name from runs where id = ? for update"
            row = db.execute(query, (run_id,)).fetchone()
            if row is None:
                raise self._no_run(run_id)
            if row["state"] == "deleted":
                self._refuse_deleted(self.run(run_id))
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
        """Return a run, a deleted one, too; CommError if there is none with that id."""
        row = self._db.row(f"{RUN_QUERY} where r.id = ?", (run_id,))
        if row is None:
            raise self._no_run(run_id)
        return run_from(row)

    def _no_run(self, run_id: str) -> CommError:
        known = [row["id"] for row in self._db.rows("select id from runs where state != 'deleted'")]
        return CommError(
            Message("There is no run with the id {0}; {1}", repr(run_id), nearest(run_id, known))
        )

    def _refuse_deleted(self, run: RunRecord) -> None:
        if run.state == "deleted":
            raise RunDeletedError(why_run_deleted(run))

    def runs(self, project: str, *, deleted: bool = False) -> list[RunRecord]:
        """Return a project's runs, newest first; what is left of deleted ones if wanted."""
        which = "" if deleted else "and r.state != 'deleted' "
        query = f"{RUN_QUERY} where p.name = ? {which}order by r.number desc"
        return [run_from(row) for row in self._db.rows(query, (project,))]

    def count_runs(self, project: str) -> int:
        """Return how many runs a project has that were not deleted."""
        query = (
            "select count(*) runs from runs r join projects p on p.id = r.project_id "
            "where p.name = ? and r.state != 'deleted'"
        )
        row = self._db.row(query, (project,))
        return int(row["runs"]) if row else 0

    def newest_of_cells(self, project: str) -> list[RunRecord]:
        """Return of each cell the newest run that has a job type and is finished; oldest first."""
        # A cell without a notebook is another one in each kernel.
        query = (
            f"{RUN_QUERY} where p.name = ? and r.number in (select max(n.number) from runs n "
            "join projects q on q.id = n.project_id where q.name = ? and n.state = 'finished' "
            "and n.job_type is not null and n.cell_id is not null group by n.notebook, n.cell_id, "
            "case when n.notebook is null then n.host end, "
            "case when n.notebook is null then n.pid end) order by r.number"
        )
        return [run_from(row) for row in self._db.rows(query, (project, project))]

    def deleted_runs(self, run_ids: Collection[str]) -> set[str]:
        """Return those of the runs that are deleted."""
        query = "select id from runs where id in many(?) and state = 'deleted'"
        return {row["id"] for row in self._db.rows(query, (Many(run_ids),))}

    def open_runs(self, host: str) -> list[tuple[str, int]]:
        """Return (id, pid) of the runs of a machine that are said to be running."""
        query = "select id, pid from runs where state = 'running' and host = ? and pid is not null"
        return [(row["id"], row["pid"]) for row in self._db.rows(query, (host,))]


def _only_logged_by(db: Session, run_id: str) -> list[VersionRecord]:
    """Return the versions that are there which a run logged, and no other that is there did."""
    query = (
        f"{VERSION_QUERY} join edges e on e.version_id = v.id where e.run_id = ? "
        "and e.kind = 'logged' and v.state != 'deleted' and not exists ("
        "select 1 from edges o join runs r on r.id = o.run_id where o.version_id = v.id "
        "and o.kind = 'logged' and o.run_id != e.run_id and r.state != 'deleted') order by v.id"
    )
    return [version_from(row) for row in db.execute(query, (run_id,)).fetchall()]
