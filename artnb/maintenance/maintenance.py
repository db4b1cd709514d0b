"""Maintenance: gathers the facts of one repository and hands them to the functions beside it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from artnb.catalog import Catalog
from artnb.errors import StoreReadOnlyError, UsageError
from artnb.ingest import Ingest
from artnb.maintenance.collect import Collected
from artnb.maintenance.collection import Collection
from artnb.maintenance.compaction import compact_journal
from artnb.maintenance.expiry import find_expired
from artnb.maintenance.report import VerifyReport
from artnb.maintenance.sources import open_sources, own_source
from artnb.maintenance.usage import Usage, measure
from artnb.maintenance.verification import Verification
from artnb.model import VersionRecord
from artnb.retention import KeepRules
from artnb.store import ObjectStore, Staged, StagingArea

__all__ = ["DAY", "Maintenance"]

DAY = 24 * 3600.0


class Maintenance:
    """The upkeep of one store and its catalogue."""

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        ingest: Ingest,
        staging: StagingArea,
        *,
        keep: KeepRules | None = None,
        ttl: float | None = None,
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._ingest = ingest
        self._staging = staging
        self._keep = keep
        self._ttl = ttl

    def verify(
        self, project: str | None = None, *, repair: Iterable[str | Path] = ()
    ) -> VerifyReport:
        """Read every byte again, set damage aside, mark the versions that it hits.

        Parameters
        ----------
        project : str, optional
            Only what its versions and runs need; default: everything that is placed.
        repair : iterable of path or URL
            Folders of files, such as downloads, and other stores or repositories: bytes
            there that still have the digest take the place of those that are damaged.
        """
        sources = open_sources(repair)
        if sources and self._read_only:
            raise StoreReadOnlyError(
                f"{self._store.backend.location} may not be written, so nothing can be repaired. "
                "Leave the folders out to only verify, or change the permissions."
            )

        if not sources:
            self._ingest.refuse_other_store()
        else:
            self._ingest.adopt_store()  # it may have been emptied
        if not self._read_only:
            sources.insert(0, own_source(self._store.backend))

        def find(digest: str, size: int | None) -> tuple[Staged, str] | None:
            found = (source.find(digest, size, self._staging) for source in sources)
            return next(filter(None, found), None)

        return Verification(
            self._store, self._catalog, self._ingest, find, writes=not self._read_only
        ).run(project)

    def collect(self, *, grace: float = DAY, dry_run: bool = False) -> Collected:
        """Delete the versions whose time is over, and free the bytes that nothing needs.

        Safe beside writers, readers and other collectors, whatever the grace.

        Parameters
        ----------
        grace : float
            Seconds for which what is new, or was deleted since, stays all the same.
        dry_run : bool
            Only say what would be freed.

        Raises
        ------
        StoreError
            Another catalogue uses the store, too.
        """
        self._ingest.refuse_other_store()
        now = time.time()
        versions = [v for name in self._catalog.projects() for v in self._catalog.versions(name)]
        expired = find_expired(versions, self._keep, self._ttl, now)
        if dry_run:
            foreseen = {each.version.id: now for each in expired}
            pass_ = Collection(self._store, self._catalog, self._ingest, now - grace, foreseen)
            return replace(pass_.preview(), expired=tuple(expired))
        if self._read_only:
            raise StoreReadOnlyError(
                f"{self._store.backend.location} may not be written, so nothing can be freed. "
                "Change its permissions, or see what there is: artnb gc --dry-run."
            )
        # The record of a commit that found its content there says alone, until then, which
        # aliases moved; nothing needs it afterwards.
        self._ingest.write_journal()
        self._ingest.drop_left()
        pass_ = Collection(self._store, self._catalog, self._ingest, now - grace)
        gone = [each for each in expired if self._expire(each.version)]
        if gone:
            self._ingest.write_journal()
            # Without a grace they go at once, so what is decided from is gathered anew.
            pass_ = Collection(self._store, self._catalog, self._ingest, time.time() - grace)
        done = replace(pass_.run(), expired=tuple(gone))
        return replace(done, compacted=compact_journal(self._store.backend, self._catalog))

    def _expire(self, version: VersionRecord) -> bool:
        """Delete a version, unless it got an alias just now that makes it stay."""
        aliases_protect = self._keep is not None and self._keep.aliased
        with suppress(UsageError):
            self._catalog.delete_version(
                version.id, delete_aliases=not aliases_protect, run_id=None
            )
            return True
        return False

    @property
    def _read_only(self) -> bool:
        return self._catalog.read_only or self._store.backend.read_only

    def usage(self) -> Usage:
        """Return what takes the room in the store."""
        held: dict[tuple[str, str], set[str]] = {}
        for holder in self._catalog.upkeep.holders():
            held.setdefault((holder.project, holder.name), set()).add(holder.digest)
        backend = self._store.backend
        kept, parts = self._catalog.upkeep.kept(), self._catalog.upkeep.parts()
        return measure(
            self._catalog.upkeep.places(),
            held,
            kept.union(*(parts.get(digest, ()) for digest in kept)),
            {key: stat.size for key, stat in backend.listing()},
        )
