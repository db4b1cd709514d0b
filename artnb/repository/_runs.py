"""Runs: started, changed, finished, and the rows that they log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from artnb import ownjson as json
from artnb.catalog import NewRun
from artnb.catalog.history import merged_rows, parse_rows, worker_summary
from artnb.catalog.runs import why_run_deleted
from artnb.digest import digest_bytes
from artnb.environment import HOST, describe_environment, git_commit
from artnb.errors import CatalogLockedError, RunDeletedError, UsageError
from artnb.events import Event
from artnb.model import NO_META, RunRecord, RunState
from artnb.process import working_folder
from artnb.refs import check_project, check_tag
from artnb.repository._announced import RunStart
from artnb.repository._base import Base
from artnb.resuming import begun_again, why_still_open
from artnb.secrets import known_secrets, scrubbed
from artnb.store.staging import process_alive
from artnb.warning import warn
from artnb.words import new_id, run_name

__all__ = ["Runs"]


class Runs(Base):
    """The part of a repository that is about runs."""

    def projects(self) -> list[str]:
        """Return the projects' names, oldest first."""
        self.write_runs()
        return self._catalog.projects()

    def start_run(
        self,
        project: str,
        *,
        job_type: str | None = None,
        name: str | None = None,
        run_id: str | None = None,
        group: str | None = None,
        tags: Sequence[str] = (),
        notes: str | None = None,
        config: Mapping[str, Any] | None = None,
        code: str | None = None,
        notebook: str | None = None,
        cell_id: str | None = None,
        environment: Mapping[str, Any] | None = None,
        uses: Sequence[int] = (),
    ) -> RunRecord:
        """Write a new run and return it.

        Parameters
        ----------
        uses : sequence of int
            The versions that it takes as inputs, by their catalogue numbers.
        """
        tags = tuple(map(check_tag, tags))
        start = self._begun(
            project, run_id or new_id(), code, uses, name, environment or {}, job_type=job_type,
            group=group, tags=tags, notes=notes, config=dict(config or {}), notebook=notebook,
            cell_id=cell_id,
        )  # fmt: skip
        self.write_runs()
        run = self._write_run(start)
        self._open_runs[run.id] = project
        return run

    def announce_run(
        self, project: str, *, code: str | None = None, uses: Sequence[int] = (), **fields: Any
    ) -> str:
        """Begin a run and return its id; it is written with what it does next.

        That is a moment later, if it does nothing. It has neither number nor name until then.

        Parameters
        ----------
        **fields
            Of its record.
        """
        start = self._begun(project, new_id(), code, uses, **fields)
        self._announced.add(start)
        self._open_runs[start.id] = project
        return start.id

    def resume_run(self, run_id: str, *, code: str | None = None, **changes: Any) -> RunRecord:
        """Open a run again and return it: rows that are logged now follow those it has.

        Parameters
        ----------
        code : str, optional
            The source that it runs now.
        **changes
            Fields that get another value.

        Raises
        ------
        UsageError
            It is open already.
        """
        self._refuse_if_read_only(f"resume the run {run_id!r}")
        run = self.run(run_id)
        self._refuse_if_open(run)
        if run.state == "running":
            self.finish_run(run_id, "crashed")  # which keeps its rows
        if code is not None:
            changes["code"] = self.put_blob(_without_secrets(code), run_id)

        def begin(run: RunRecord) -> dict[str, Any]:
            self._refuse_if_open(run)  # another process, or thread, was quicker
            self._histories.clear(run_id)
            # Before it is written: whoever reads that it runs must find that it does so here.
            self._open_runs[run_id] = run.project
            if run.history:
                self._before[run_id] = run.history
            return begun_again(run, changes)

        try:
            resumed = self._catalog.change_run(run_id, begin)
        except BaseException:
            if self.run(run_id).state != "running":
                self._forget_open(run_id)
            raise
        assert resumed is not None  # nothing was gathered
        self._events.tell(Event("run", resumed.project, run_id))
        return resumed

    def update_run(self, run_id: str, **changes: Any) -> RunRecord:
        """Write some fields of a run and return it; `code` is given as text."""
        if isinstance(changes.get("code"), str):
            changes["code"] = self.put_blob(_without_secrets(changes["code"]), run_id)
        self._announced.write(run_id)
        run = self._catalog.change_run(run_id, {**changes, "heartbeat_at": time.time()})
        assert run is not None  # nothing was gathered
        self._events.tell(Event("run", run.project, run.id))
        return run

    def add_output(
        self,
        run_id: str,
        name: str,
        value: Mapping[str, Any] | Sequence[Any],
        *,
        extend: bool = False,
    ) -> RunRecord:
        """Add to what a run has put out, and return it.

        Of a mapping, what is there stays; a list takes its place, or with `extend` follows it.
        """

        def added(run: RunRecord) -> dict[str, Any]:
            before = run.outputs.get(name)
            if isinstance(value, Mapping):
                merged: Any = {**(before or {}), **value}
            else:
                merged = [*((before or ()) if extend else ()), *value]
            return {"outputs": {**run.outputs, name: merged}, "heartbeat_at": time.time()}

        self._announced.write(run_id)
        run = self._catalog.change_run(run_id, added)
        assert run is not None  # nothing was gathered
        self._events.tell(Event("run", run.project, run.id))
        return run

    def finish_run(
        self,
        run_id: str,
        state: RunState = "finished",
        *,
        sum_up: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
        more_follow: bool = False,
        **changes: Any,
    ) -> RunRecord:
        """Close a run: its rows, and those of its workers, become an object; its state is final.

        Parameters
        ----------
        sum_up : callable
            Returns what the summary has of the values of a worker's row. What the run itself
            put there stays.
        more_follow : bool
            Whether such runs come one after another, as cells do: the journal then has them
            together, within seconds.
        """
        given = {"finished_at": time.time(), **changes, "state": state, "heartbeat_at": time.time()}
        try:
            run = self._closed(run_id, given, sum_up)
        except RunDeletedError as error:
            # What ran may have more to do, and with the record nothing is left to be wrong.
            warn(f"{error} What it logged since is not kept.")
            run = self._catalog.run(run_id)
        self._ended(run)
        if more_follow:
            self._journal_writer.write_soon()
        else:
            self._write_journal()
        return run

    def is_open(self, run_id: str) -> bool:
        """Return whether this process began a run, or went on with it, and has not finished it."""
        return run_id in self._open_runs

    def run(self, run_id: str, *, deleted: bool = False) -> RunRecord:
        """Return a run; CommError if there is none with that id.

        Parameters
        ----------
        deleted : bool
            Whether what is left of a deleted one is meant, too; else RunDeletedError is raised.
        """
        self._announced.write(run_id)
        run = self._catalog.run(run_id)
        if run.state == "deleted" and not deleted:
            raise RunDeletedError(why_run_deleted(run))
        return run

    def runs(self, project: str) -> list[RunRecord]:
        """Return a project's runs, newest first."""
        self.write_runs()
        return self._catalog.runs(project)

    def find_run(
        self, project: str, text: str, keys: Sequence[str] = ("id", "name")
    ) -> RunRecord | None:
        """Return a project's newest run that is called so, by the first of `keys` that tells."""
        there = self.runs(project)
        return next((run for key in keys for run in there if getattr(run, key) == text), None)

    def count_runs(self, project: str) -> int:
        """Return how many runs a project has, without a look at each."""
        self.write_runs()
        return self._catalog.count_runs(project)

    def newest_of_cells(self, project: str) -> list[RunRecord]:
        """Return of each cell the newest run that has a job type and is finished; oldest first."""
        self.write_runs()
        return self._catalog.newest_of_cells(project)

    def log_row(self, run_id: str, row: Mapping[str, Any]) -> None:
        """Append a row of metrics to a running run; durable within half a second."""
        self._histories.append(run_id, row)

    def add_worker_row(self, run_id: str, row: Mapping[str, Any]) -> int:
        """Write a row of another process than the run's own, and return its number.

        Raises
        ------
        RunFinishedError
        """
        self._refuse_if_read_only("log")
        return self._catalog.add_worker_row(run_id, json.dumps(row, separators=(",", ":")))

    def history(self, run_id: str) -> list[dict[str, Any]]:
        """Return the rows of a run, finished or not."""
        run = self.run(run_id)
        before = parse_rows(self.read_blob(run.history)) if run.history else []
        if run.history and run.state != "running":
            return before
        return merged_rows([*before, *self._own_rows(run_id)], self._catalog.worker_rows(run_id))

    def code(self, run_id: str) -> str | None:
        """Return the source that a run ran, or None if it was not kept."""
        digest = self.run(run_id).code
        return self.read_blob(digest).decode("utf-8", "surrogatepass") if digest else None

    # inner -----------------------------------------------------------------------------

    def _begun(
        self,
        project: str,
        run_id: str,
        code: str | None,
        uses: Sequence[int],
        name: str | None = None,
        environment: Mapping[str, Any] = NO_META,
        **fields: Any,
    ) -> RunStart:
        """Return a run that begins now; what can be found out later is left for later."""
        self._refuse_if_read_only(f"start a run in project {project!r}")
        check_project(project)
        for version_id in uses:
            self.provenance.require(self._catalog.version(version_id))
        now, commit = time.time(), git_commit(working_folder())

        def make() -> tuple[NewRun, bytes | None]:
            source = _without_secrets(code) if code else None
            run = RunRecord(
                id=run_id,
                project=project,
                number=0,
                name=name or "",
                code=digest_bytes(source) if source else None,
                git_commit=commit,
                environment={**describe_environment(), **environment},
                host=HOST,
                pid=os.getpid(),
                created_at=now,
                heartbeat_at=now,
                **fields,
            )
            return NewRun(run, lambda number: name or run_name(number), uses), source

        return RunStart(run_id, make)

    def _closed(
        self,
        run_id: str,
        changes: Mapping[str, Any],
        sum_up: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    ) -> RunRecord:
        """Write a run's end, with the rows that it logged, and return it."""
        taken: dict[str, Any] = {}
        run = None
        if self._histories.flushed(run_id) is None:
            run = self._announced.end(run_id, changes)
        before = self._rows_before(run_id) if run is None else b""
        while run is None:
            if workers := self._catalog.worker_rows(run_id):
                # From here on workers are refused, or the rows of busy ones would never end.
                self._catalog.change_run(run_id, {"finished_at": changes["finished_at"]})
                workers = self._catalog.worker_rows(run_id)
            if workers:
                known = changes.get("summary", self.run(run_id).summary)
                taken["summary"] = {**worker_summary(workers, sum_up), **known}
                rows = merged_rows([*parse_rows(before), *self._own_rows(run_id)], workers)
                lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
                taken["history"] = self.put_blob(lines.encode(), run_id)
            elif spool := self._histories.flushed(run_id):
                taken["history"] = (
                    self.put_blob(before + spool.read_bytes(), run_id)
                    if before
                    else self.put_file(spool, run_id)
                )
            run = self._catalog.change_run(
                run_id, partial(self._closing, {**changes, **taken}), gathered=len(workers)
            )
        return run

    def _rows_before(self, run_id: str) -> bytes:
        """Return the rows, in whole lines, that an open run had before it was resumed."""
        # A run that this process opened is not asked for: each cell's end would wait for it.
        known = run_id in self._open_runs
        digest = self._before.get(run_id) if known else self.run(run_id).history
        data = self.read_blob(digest) if digest else b""
        return data[: data.rfind(b"\n") + 1]

    def _closing(self, changes: Mapping[str, Any], run: RunRecord) -> Mapping[str, Any]:
        elsewhere = (run.host, run.pid) != (HOST, os.getpid())
        if elsewhere and run.id in self._open_runs:
            spool = self._histories.flushed(run.id)
            rows = f" What it logged here is in {spool}." if spool else ""
            raise UsageError(
                f"The run {run.name} was resumed by process {run.pid} on {run.host} and cannot be "
                f"finished here.{rows}"
            )
        if changes.get("state") == "crashed":
            self._refuse_if_open(run)  # it was resumed since its process was found dead
        return run.ended(changes)

    def _refuse_if_open(self, run: RunRecord) -> None:
        if run.state != "running":
            return
        if place := why_still_open(run, self.is_open(run.id)):
            raise UsageError(
                f"The run {run.name} ({run.id}) is still open {place}: two that write one run "
                "would mix their rows. Finish it there, or begin another run."
            )

    def _own_rows(self, run_id: str) -> list[dict[str, Any]]:
        spool = self._histories.flushed(run_id)
        return parse_rows(spool.read_bytes()) if spool else []

    def _catch_up(self) -> None:
        """Do what ended processes left undone; who only wants to read need not fail with it."""
        try:
            self.close_crashed_runs()
        except CatalogLockedError as error:
            warn(f"What ended processes left waits: {error}")
        else:
            self._write_journal()

    def close_crashed_runs(self) -> None:
        """End the runs of processes of this machine that are no more."""
        for run_id, pid in self._catalog.open_runs(HOST):
            if not process_alive(pid):
                with suppress(UsageError):  # another process goes on with it by now
                    self.finish_run(run_id, "crashed")


def _without_secrets(code: str) -> bytes:
    """Return source as bytes, without the passwords and tokens that stand in it."""
    return scrubbed(code, known_secrets()).encode("utf-8", "surrogatepass")
