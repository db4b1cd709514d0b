"""The end of a cell's run in its record: with the version that it makes, after it, or failed."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from artnb.jupyter.account import Account
from artnb.jupyter.files import CellFiles
from artnb.jupyter.speaking import Speech
from artnb.jupyter.taking import Kept
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository, RunEnd

if TYPE_CHECKING:
    from artnb.jupyter.skipping import CellCache

__all__ = ["Ending"]


class Ending:
    """Ends one run.

    Parameters
    ----------
    account, files, speech, cache
        What is known of the cell: what it read and showed, its files, what its own code said
        to the run, and whether it can be skipped the next time.

    Attributes
    ----------
    kept : sequence of Kept
        The values of its version, once they are written.
    """

    def __init__(
        self,
        repository: Repository,
        run_id: str,
        account: Account,
        files: CellFiles,
        speech: Speech,
        cache: CellCache | None,
    ) -> None:
        self._repository = repository
        self._run_id = run_id
        self._account = account
        self._files = files
        self._speech = speech
        self._cache = cache
        self.kept: Sequence[Kept] = ()

    @property
    def notes(self) -> list[str]:
        """What is said of skipping the cell."""
        if self._cache is None:
            return []
        logs = ["cannot be skipped: it logs to its run"] if self._speech.said else []
        return [*self._cache.notes, *logs]

    def write(
        self,
        state: Literal["finished", "failed"],
        about: Mapping[str, Any],
        made: Mapping[str, str],
        *,
        versions: Collection[VersionRecord] = (),
        error: Mapping[str, str] | None = None,
        at: float | None = None,
    ) -> RunRecord:
        """Write the end alone, and return the run.

        Parameters
        ----------
        about : mapping
            What `Account.outputs` returned.
        made : mapping
            The entry's path, by the name of the value.
        versions : collection of VersionRecord
            What it made.
        at : float, optional
            Default: now.
        """
        for read in self._files.versions():
            # A cell that finds its own result there, and leaves it so, did not make it from it.
            if all(read.id != made.id for made in versions):
                self._repository.use(self._run_id, read.id)
        return self._repository.finish_run(
            self._run_id,
            state,
            more_follow=True,
            outputs=self._outputs(about, made, error, cached=bool(versions)),
            finished_at=at or time.time(),
            **self._speech.said,
        )

    def with_version(
        self, about: Mapping[str, Any], made: Mapping[str, str], at: float
    ) -> RunEnd | None:
        """Return how the run ends with its version; None: it has more to record than that."""
        if self._speech.said:
            return None
        outputs = self._outputs(about, made, None, cached=True)
        changes = {"state": "finished", "finished_at": at, "heartbeat_at": at, "outputs": outputs}
        return RunEnd(changes, [version.id for version in self._files.versions()])

    def _outputs(
        self,
        about: Mapping[str, Any],
        made: Mapping[str, str],
        error: Mapping[str, str] | None,
        *,
        cached: bool,
    ) -> dict[str, Any]:
        outputs = self._account.whole(about, made, error)
        if self._cache is not None and error is None and cached and not self._speech.said:
            outputs["cache"] = self._cache.to_record(self.kept, outputs)
        return outputs
