"""What a run is to keep, gathered and written together."""

from __future__ import annotations

from pathlib import Path

from artnb.ingest import Ingest
from artnb.store import Staged, StagingArea

__all__ = ["Putting"]

_AT_MOST = 64 << 20
"""Bytes that wait in memory, or as copies of files beside the store."""


class Putting:
    """Takes bytes and files, and writes them by packs: a thousand are synced as fast as one.

    Parameters
    ----------
    run_id : str
        The run that needs them; none: they stay for good.
    """

    def __init__(self, ingest: Ingest, staging: StagingArea, run_id: str) -> None:
        self._ingest = ingest
        self._staging = staging
        self._run_id = run_id
        self._waiting: dict[str, Staged] = {}
        self._size = 0

    def __call__(self, data: bytes) -> str:
        """Take bytes and return their digest; they are there after `write`."""
        return self._add(self._staging.stage_bytes(data)).digest

    def file(self, path: Path) -> tuple[str, int]:
        """Take a file as it is now, and return its digest and size."""
        staged = self._add(self._staging.stage_file(path))
        return staged.digest, staged.size

    def write(self) -> None:
        """Make durable what waits."""
        staged = self._taken()
        if staged:
            self._ingest.put(staged, self._run_id)

    def discard(self) -> None:
        """Let go what waits."""
        for staged in self._taken():
            self._staging.discard(staged)

    def _add(self, staged: Staged) -> Staged:
        if self._waiting.setdefault(staged.digest, staged) is not staged:
            self._staging.discard(staged)
            return staged
        self._size += staged.size
        if self._size > _AT_MOST:
            self.write()
        return staged

    def _taken(self) -> list[Staged]:
        staged, self._size = list(self._waiting.values()), 0
        self._waiting.clear()
        return staged
