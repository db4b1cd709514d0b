"""Bytes into the store: staged, compared with what is there, and only the new written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artnb.catalog import Catalog
from artnb.model import Entry, Location, Manifest
from artnb.refs import check_entry_path
from artnb.store import ObjectStore, Staged, StagingArea, StatCache

__all__ = ["Content", "Ingest"]


@dataclass(frozen=True, slots=True)
class Content:
    """One entry on its way into a version.

    Attributes
    ----------
    path : str
        Entry path.
    source : Path, bytes, Staged or None
        The bytes; None where `ref` says where they are.
    fingerprint : str or None
        A quick digest of the value in memory, by which a later run that reads the same
        value finds this version.
    """

    path: str
    source: Path | bytes | Staged | None
    format: str = "file"
    variable: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    ref: str | None = None
    digest: str | None = None
    fingerprint: str | None = None


class Ingest:
    """Writes blobs to a store, and leaves out those that a catalogue knows."""

    def __init__(
        self, store: ObjectStore, catalog: Catalog, stats: StatCache, staging: StagingArea
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._stats = stats
        self._staging = staging

    def stage(self, paths: Sequence[Path]) -> list[Staged]:
        """Return private copies of files, or their digests where the store has the bytes."""
        known = self._stats.lookup(paths)
        placed = self._catalog.locate(known.values())
        staged, fresh = [], []
        for path in paths:
            digest = known.get(path)
            if digest in placed:
                staged.append(Staged(str(digest), placed[str(digest)].length, path))
            else:
                staged.append(self._staging.stage_file(path))
                fresh.append((path, staged[-1].digest))
        self._stats.record(fresh)
        return staged

    def prepare(self, contents: Sequence[Content]) -> tuple[list[Staged], Manifest]:
        """Return the bytes of a version's contents and its manifest."""
        staged, entries = [], []
        for content in contents:
            size, digest = 0, content.digest or content.ref or ""
            if content.source is not None:
                item = self._staged(content.source)
                staged.append(item)
                size, digest = item.size, item.digest
            entries.append(
                Entry(
                    check_entry_path(content.path),
                    digest,
                    size,
                    content.format,
                    content.variable,
                    content.ref,
                    content.meta,
                )
            )
        return staged, Manifest.of(entries)

    def publish(self, staged: Sequence[Staged]) -> dict[str, Location]:
        """Write the blobs that are missing and return where those lie.

        The caller enters the places in the catalogue, with what refers to them.
        """
        placed = self._catalog.locate(item.digest for item in staged)
        locations = self._store.publish(item for item in staged if item.digest not in placed)
        for item in staged:
            self._staging.discard(item)
        return locations

    def put(self, item: Staged) -> str:
        """Write one blob for a run, enter its place, and return its digest."""
        self._catalog.keep(item.digest, self.publish([item]))
        return item.digest

    def put_all(self, items: Sequence[Staged]) -> None:
        """Write the blobs that are missing and enter their places."""
        if locations := self.publish(items):
            self._catalog.add_locations(locations)

    def move_out(self, old: str, digests: Iterable[str]) -> None:
        """Write blobs of the object `old` anew elsewhere, proved, and enter their new places."""
        places = self._catalog.locate(digests)
        staged = [
            Staged(digest, at.length, self._store.read(digest, at))
            for digest, at in places.items()
            if at.object == old
        ]
        # In another order, for the same blobs in the same order make the same pack's key.
        self._catalog.upkeep.replace_places(old, self._store.publish(staged[::-1]))

    def _staged(self, source: Path | bytes | Staged) -> Staged:
        if isinstance(source, Staged):
            return source
        if isinstance(source, bytes):
            return self._staging.stage_bytes(source)
        return self.stage([source])[0]
