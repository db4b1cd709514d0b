"""Runs: deleted, and what they keep for as long as they are there.

Which run needs a blob is noted when the run puts it. Of what was put before that was so, it is
found out when a run is deleted that needs some of it, from what all runs say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.digest import digests_in
from artnb.errors import ArtnbError, UsageError
from artnb.events import Event
from artnb.model import RunRecord, VersionRecord
from artnb.repository._runs import Runs
from artnb.resuming import why_still_open

__all__ = ["RunDeleting"]


class RunDeleting(Runs):
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
        self._find_owners(self.run(run_id))

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

    # inner -----------------------------------------------------------------------------

    def _find_owners(self, deleted: RunRecord) -> None:
        """Note who needs what no run is noted for, if the run needs some of that."""
        if not self._catalog.unowned(self._names(deleted) or ()):
            return
        unowned = self._catalog.unowned()
        owners: dict[str, set[str]] = {}
        all_known = True
        for project in self._catalog.projects():
            for run in self._catalog.runs(project):
                names = self._names(run)
                all_known = all_known and names is not None
                for digest in unowned.intersection(names or ()):
                    owners.setdefault(digest, set()).add(run.id)
        self._catalog.own(owners, all_known=all_known)

    def _names(self, run: RunRecord) -> set[str] | None:
        """Return the blobs that a run names; None where it may name others, too."""
        if run.state == "running" and run.id not in self._open_runs:
            return None  # its rows are where it runs
        try:
            rows = self.history(run.id)
        except ArtnbError:
            return None
        own = {digest for digest in (run.code, run.history) if digest}
        return own | digests_in([run.summary, run.outputs, rows])
