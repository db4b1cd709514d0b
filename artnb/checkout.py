"""Bytes out of the store: proved, placed whole, and what is damaged said and set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from artnb.catalog import Catalog
from artnb.digest import digest_file
from artnb.errors import CorruptObjectError, InvalidPathError, ObjectMissingError
from artnb.keys import is_recipe
from artnb.model import Entry, Location, Manifest, VersionRecord
from artnb.refs import check_entry_path
from artnb.store import ObjectStore, StagingArea, StatCache

__all__ = ["Checkout"]

T = TypeVar("T")


class Checkout:
    """Reads blobs of a store by the places that a catalogue knows."""

    def __init__(self, store: ObjectStore, catalog: Catalog, stats: StatCache) -> None:
        self._store = store
        self._catalog = catalog
        self._stats = stats

    def read(self, digest: str) -> bytes:
        """Return a blob's bytes, proved; a damaged one is quarantined."""
        return self._read_at(digest, None, lambda at: self._store.read(digest, at))

    def write(
        self, version: VersionRecord, manifest: Manifest, root: Path, prefix: str | None
    ) -> None:
        """Put the files of a manifest under `root`; those that are there and right stay."""
        entries = [
            e for e in manifest if e.ref is None and (not prefix or e.path.startswith(prefix))
        ]
        targets = {entry.path: _target(root, entry.path) for entry in entries}
        known = self._stats.lookup(list(targets.values()))
        wanted = [e for e in entries if not _is_there(targets[e.path], e, known)]
        locations = self._locate([entry.digest for entry in wanted])
        written = []
        for entry in wanted:
            target = targets[entry.path]
            self._read_at(
                entry.digest,
                locations[entry.digest],
                partial(self._check_out, entry.digest, target, int(version.created_at) - 10),
                f"{entry.path!r} of {version.ref}: ",
            )
            written.append((target, entry.digest))
        self._stats.record(written, trusted=True)
        root.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def local_file(self, entry: Entry, staging: StagingArea) -> Iterator[Path]:
        """Yield a file with an entry's bytes: the object itself, or a temporary copy."""
        location = self._locate([entry.digest])[entry.digest]
        direct = self._read_at(
            entry.digest, location, partial(self._store.proven_file, entry.digest)
        )
        if direct is not None:
            yield direct
            return
        temp = staging.new_path(Path(entry.path).suffix)
        try:
            self._read_at(entry.digest, None, partial(self._check_out, entry.digest, temp, 0))
            yield temp
        finally:
            temp.unlink(missing_ok=True)

    def _check_out(self, digest: str, target: Path, mtime: int, location: Location) -> None:
        self._store.check_out(digest, location, target, mtime=mtime)

    def _locate(self, digests: list[str]) -> dict[str, Location]:
        found = self._catalog.locate(digests)
        for digest in digests:
            if digest not in found:
                hit = self._catalog.mark_versions(digest, "damaged")
                raise ObjectMissingError(
                    f"The bytes {digest[:12]} are not in the store{_hits(hit)}. Log that content "
                    "again to repair it, or restore the store from a backup.",
                    digest,
                )
        return found

    def _read_at(
        self,
        digest: str,
        location: Location | None,
        action: Callable[[Location], T],
        what: str = "",
    ) -> T:
        """Do something with a blob where it lies; set it aside if it is damaged, and say so."""
        location = location or self._locate([digest])[digest]
        while True:
            try:
                return action(location)
            except ObjectMissingError as error:
                now = self._catalog.locate([digest]).get(digest)
                if now is None or now == location:
                    raise self._damaged(digest, location, error, what) from error
                location = now  # a collector carried it into another pack meanwhile
            except CorruptObjectError as error:
                raise self._damaged(digest, location, error, what) from error

    def _damaged(
        self,
        digest: str,
        location: Location,
        error: CorruptObjectError | ObjectMissingError,
        what: str,
    ) -> CorruptObjectError | ObjectMissingError:
        """Forget where a damaged blob lies, mark the versions that it hits, and say so."""
        if is_recipe(location.object) and (part := self._store.damaged_part(location)):
            what = f"{what}a part of {digest[:12]}: "
            digest, location = part
        alone = self._catalog.forget_location(digest, location.object)
        # A pack stays for the sake of its other blobs: each is proved when it is read.
        aside = alone and isinstance(error, CorruptObjectError)
        where = f" It was moved to {self._store.quarantine(location)}." if aside else ""
        hit = self._catalog.mark_versions(digest, "damaged")
        return type(error)(
            f"{what}{error}{where}{_hits(hit)} Log that content again to repair it, or restore "
            "it from a backup.",
            digest,
        )


def _hits(versions: list[VersionRecord]) -> str:
    if not versions:
        return ""
    names = ", ".join(version.ref for version in versions[:5])
    more = f" and {len(versions) - 5} more" if len(versions) > 5 else ""
    return f" Damaged by it: {names}{more}."


def _target(root: Path, path: str) -> Path:
    """Return where an entry goes, refusing what would leave `root` by a name or a link."""
    target = root / check_entry_path(path)
    place = target.parent
    while place != root and root in place.parents:
        if place.is_symlink():
            raise InvalidPathError(
                f"{place} is a symbolic link; the entry {path!r} is not written through it. "
                "Remove the link, or download to another folder."
            )
        place = place.parent
    return target


def _is_there(target: Path, entry: Entry, known: dict[Path, str]) -> bool:
    if target in known:
        return known[target] == entry.digest
    try:
        if target.is_symlink() or target.stat().st_size != entry.size:
            return False
    except OSError:
        return False
    return digest_file(target)[0] == entry.digest
