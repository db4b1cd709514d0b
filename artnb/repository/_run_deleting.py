"""Runs: deleted, and what they keep for as long as they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.digest import digests_in
from artnb.errors import UsageError
from artnb.events import Event
from artnb.model import RunRecord, VersionRecord
from artnb.repository._base import Base
from artnb.resuming import why_still_open

__all__ = ["RunDeleting"]


class RunDeleting(Base):
    """The part of a repository that lets runs go."""

    def delete_run(
        self,
        run_id: str,
        *,
        delete_artifacts: bool = False,
        delete_aliases: bool = False,
        force: bool = False,
    ) -> list[VersionRecord]:
        """Delete a run with all that only it has, and return the versions that went with it.

        Of the run stays what its versions' lineage is drawn with; `Maintenance.collect` frees
        its code, rows, pictures and files.

        Parameters
        ----------
        delete_artifacts : bool
            Whether to delete the versions that it logged, too, and no other run that is there.
        delete_aliases : bool
            Whether that holds for those with other aliases than ``latest``.
        force : bool
            Whether to delete it though it is running.

        Raises
        ------
        UsageError
            It is running, or a version has an alias. Nothing was deleted.
        CommError
            There is no such run.
        """
        self._refuse_if_read_only(f"delete the run {run_id!r}")
        self.settle()
        self.write_runs()
        self._announced.write(run_id)

        def check(run: RunRecord) -> None:
            place = (
                why_still_open(run, run.id in self._open_runs) if run.state == "running" else None
            )
            if place and not force:
                raise UsageError(
                    f"The run {run.name} ({run.id}) is still open {place} and was not deleted. "
                    "Finish it there, or delete it all the same: force=True, or --force on the "
                    "command line."
                )

        run, versions = self._catalog.delete_run(
            run_id, check, with_versions=delete_artifacts, delete_aliases=delete_aliases
        )
        self._write_journal()
        if run_id not in self._open_runs:  # else it has its rows until it is finished
            self._histories.drop(run_id)
        self._events.tell(Event("run", run.project, run_id))
        for version in versions:
            self._events.tell(Event("version", version.project, None, version.id))
        return versions

    def keep_named(self, run_id: str, outputs: Mapping[str, Any]) -> None:
        """Keep for a run what its outputs name that an earlier run put there."""
        self._catalog.keep_too(digests_in(outputs), run_id)
