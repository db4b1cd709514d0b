"""Files on their way in: looked at, compared with what was hashed before, staged."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from artnb.catalog import Catalog
from artnb.errors import ArtnbError
from artnb.leased import Lease
from artnb.progress import Progress
from artnb.store import Staged, StagingArea, StatCache
from artnb.store.staged_files import StagedFiles
from artnb.store.staging import SMALL
from artnb.store.statcache import Files, as_seen, unchanged
from artnb.store.walking import joined, walk
from artnb.store.working import beside, each

__all__ = ["Found", "Intake"]

_SEVERAL = 300  # files of a folder: what is to be asked of them takes longer than a thread's start


class Found(NamedTuple):
    """Files to be stored, and the digest of each whose bytes the store has already."""

    files: Files
    digests: Sequence[str | None]
    lease: Lease | None = None


class Intake:
    """Stages files, and leaves those unread whose bytes the store has already."""

    def __init__(self, catalog: Catalog, stats: StatCache, staging: StagingArea) -> None:
        self._catalog = catalog
        self._stats = stats
        self._staging = staging
        self._left: list[str] = []  # leases of what was added and is not logged any more

    def find(self, folder: str, without: Path) -> Found:
        """Return the files below a folder, and of which the store has the bytes already.

        Parameters
        ----------
        folder : str
            With a separator at its end.
        without : Path
            A folder that is left out.
        """
        batches, first, count = walk(folder, without), list[Files](), 0
        while count < _SEVERAL and (batch := next(batches, None)) is not None:
            first.append(batch)
            count += len(batch.paths)
        if count < _SEVERAL:
            now = joined(first)
            return _found(now, *self._had(self._stats.known(now.paths)))
        # Both take long, and neither needs the interpreter much.
        with beside(lambda: self._hold(self._stats.below(folder))) as held:
            now = joined(chain(first, batches))
            known, missing, lease = held()
        if known is None:
            known, missing, lease = self._hold(self._stats.known(now.paths))
        return _found(now, known, missing, lease)

    def _had(self, known: Files) -> tuple[Files, set[str]]:
        """Return files that were hashed once, and which of their digests the store has not."""
        return known, self._catalog.missing(known.digests)

    def _hold(self, known: Files | None) -> tuple[Files | None, set[str], Lease | None]:
        """Do as `_had`, and return a lease: so many would otherwise be asked of again."""
        if known is None:
            return None, set(), None
        digests = set(known.digests)
        if digests and not self._catalog.read_only:
            self.drop_left()
            with suppress(ArtnbError):  # else one is taken when they are logged
                name, missing = self._catalog.lease(digests)
                return known, missing, Lease(name, digests - missing, self._left)
        return (*self._had(known), None)

    def drop_left(self) -> None:
        """End the leases of what was added and is not to be logged."""
        while self._left:
            with suppress(ArtnbError):
                self._catalog.drop_lease(self._left.pop())

    def stage(self, paths: Sequence[str], progress: Progress | None = None) -> StagedFiles:
        """Return private copies of files, or their digests where the store has the bytes.

        If one cannot be read, or the person interrupts, none is left behind.
        """
        now = as_seen(paths, list(map(os.stat, paths)))
        return self.stage_found(_found(now, *self._had(self._stats.known(paths))), progress)

    def stage_found(
        self,
        found: Found,
        progress: Progress | None = None,
        copies: dict[int, Staged] | None = None,
    ) -> StagedFiles:
        """Do as `stage` with files that were looked at just now.

        Parameters
        ----------
        copies : dict, optional
            Gets the copies as they are made, by the files' places.
        """
        paths, sizes = found.files.paths, list(found.files.sizes)
        unread = [n for n, digest in enumerate(found.digests) if digest is None]
        copies = {} if copies is None else copies
        seen: dict[int, os.stat_result] = {}
        since = time.time_ns()

        def stage(n: int) -> None:
            # At once where it is looked for if something fails.
            copies[n], seen[n] = self._staging.stage_and_stat(paths[n], progress)

        if progress is not None:
            progress.expect(sum(sizes[n] for n in unread))
        try:
            # Threads help where bytes are hashed and copied, not with thousands of small files.
            each(stage, [n for n in unread if sizes[n] >= SMALL], progress=progress)
            for n in unread:
                if sizes[n] < SMALL:
                    stage(n)
            files = ((paths[n], copies[n].digest, stat) for n, stat in seen.items())
            self._stats.record_seen(files, since)
        except BaseException:
            while copies:
                self._staging.discard(copies.popitem()[1])
            raise
        digests = [digest or "" for digest in found.digests]
        for n, copy in copies.items():
            digests[n], sizes[n] = copy.digest, copy.size
        return StagedFiles(digests, sizes, paths, copies, found.lease)


def _found(
    now: Files, known: Files | None, missing: Collection[str], lease: Lease | None = None
) -> Found:
    digests = unchanged(known, now) if known is not None else [None] * len(now.paths)
    if missing:
        digests = [None if digest in missing else digest for digest in digests]
    return Found(now, digests, lease)
