"""Bytes out of the store: proved, placed whole, and what is damaged said and set aside."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from artnb.belonging import refuse_other_store
from artnb.catalog import Catalog
from artnb.clashes import refuse_unplaceable
from artnb.digest import digest_file
from artnb.errors import CorruptObjectError, InvalidPathError, ObjectMissingError
from artnb.keys import is_pack, is_recipe
from artnb.model import Entry, Location, Manifest, VersionRecord
from artnb.osfaults import translated
from artnb.progress import Progress
from artnb.refs import check_entry_path
from artnb.store import ObjectStore, StagingArea, StatCache
from artnb.store.staging import is_abandoned
from artnb.store.working import each
from artnb.streams import write_all
from artnb.texts import Message, sentences

__all__ = ["Checkout"]

T = TypeVar("T")

_INCOMING = ".artnb-incoming-"


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
        self,
        version: VersionRecord,
        manifest: Manifest,
        root: Path,
        prefix: str | None,
        progress: Progress,
        allow_missing_references: bool = False,
    ) -> list[str]:
        """Put the files of a manifest under `root`; those that are there and right stay.

        What is new is written beside them first and moved into place when it is complete:
        if something is damaged, or the person interrupts, the folder is as it was.

        Returns
        -------
        list of str
            What is missing of the references, where that is allowed.
        """
        entries = [e for e in manifest if not prefix or e.path.startswith(prefix)]
        refuse_unplaceable([entry.path for entry in entries], root)
        targets = _targets(root, [entry.path for entry in entries])
        known = self._stats.lookup([targets[entry.path] for entry in entries])
        wanted = [e for e in entries if not _is_there(targets[e.path], e, known)]
        own = [entry for entry in wanted if entry.ref is None]
        locations = self._locate([entry.digest for entry in own])
        progress.expect(sum(entry.size for entry in wanted))
        missing: dict[str, str] = {}
        _remove_abandoned(root)
        if not wanted:
            root.mkdir(parents=True, exist_ok=True)
            return []
        with translated(f"write to {root}"), _incoming(root) as folder:
            names = {entry.path: folder / f"{n:x}" for n, entry in enumerate(wanted)}
            self._fetch(version, own, locations, names, progress)
            references = [entry for entry in wanted if entry.ref is not None]
            if references:
                missing = _refer(references, names, progress, allow_missing_references)
            there = [entry for entry in wanted if entry.path not in missing]
            _move_in([(names[entry.path], targets[entry.path]) for entry in there])
        self._stats.record(((targets[e.path], e.digest) for e in own), trusted=True)
        return list(missing.values())

    def _fetch(
        self,
        version: VersionRecord,
        wanted: list[Entry],
        locations: dict[str, Location],
        names: dict[str, Path],
        progress: Progress,
    ) -> None:
        """Write entries under temporary names."""
        mtime = int(version.created_at) - 10
        by_digest: dict[str, list[Entry]] = {}
        for entry in wanted:
            by_digest.setdefault(entry.digest, []).append(entry)
        packed = [(d, locations[d]) for d in by_digest if is_pack(locations[d].object)]
        written = set()
        for digest, data in self._store.read_many(packed):
            for entry in by_digest[digest]:
                _write_file(names[entry.path], data, mtime)
                progress.advance(len(data))
            written.add(digest)

        def check_out(entry: Entry) -> None:
            self._read_at(
                entry.digest,
                locations[entry.digest],
                lambda at: self._store.check_out(
                    entry.digest, at, names[entry.path], mtime=mtime, progress=progress
                ),
                f"{entry.path!r} of {version.ref}: ",
            )

        rest = [entry for entry in wanted if entry.digest not in written]
        each(check_out, rest, workers=self._store.workers, progress=progress)

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
            self._read_at(
                entry.digest,
                None,
                lambda at: self._store.check_out(entry.digest, at, temp, mtime=0),
            )
            yield temp
        finally:
            temp.unlink(missing_ok=True)

    def _locate(self, digests: list[str]) -> dict[str, Location]:
        found = self._catalog.locate(digests)
        for digest in digests:
            if digest not in found:
                hit = self._catalog.mark_versions(digest, "damaged")
                raise ObjectMissingError(
                    sentences(
                        Message("The bytes {0} are not in the store.", digest[:12]),
                        _hits(hit),
                        Message(
                            "Log that content again to repair it, or restore the store from a "
                            "backup."
                        ),
                    ),
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
                    refuse_other_store(self._catalog, self._store.backend)
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
            what = Message("{0}a part of {1}: ", what, digest[:12])
            digest, location = part
        if self._store.backend.read_only or self._catalog.read_only:
            is_there = isinstance(error, CorruptObjectError)  # else the message says it already
            restore = Message("Restore it from a backup.") if is_there else ""
            return type(error)(sentences(Message("{0}{1}", what, error.message), restore), digest)
        alone = self._catalog.forget_location(digest, location.object)
        # A pack stays for the sake of its other blobs: each is proved when it is read.
        aside = alone and isinstance(error, CorruptObjectError)
        where = Message("It was moved to {0}.", self._store.quarantine(location)) if aside else ""
        hit = self._catalog.mark_versions(digest, "damaged")
        return type(error)(
            sentences(
                Message("{0}{1}", what, error.message),
                where,
                _hits(hit),
                Message("Log that content again to repair it, or restore it from a backup."),
            ),
            digest,
        )


def _hits(versions: list[VersionRecord]) -> str:
    if not versions:
        return ""
    names = ", ".join(version.ref for version in versions[:5])
    if len(versions) > 5:
        return Message("Damaged by it: {0} and {1} more.", names, len(versions) - 5)
    return Message("Damaged by it: {0}.", names)


def _targets(root: Path, paths: list[str]) -> dict[str, Path]:
    """Return where entries go, refusing what would leave `root` by a name or a link."""
    folders: dict[str, Path] = {"": root}

    def folder(name: str) -> Path:
        if name not in folders:
            above, _, last = name.rpartition("/")
            place = folder(above) / last
            if place.is_symlink():
                raise InvalidPathError(
                    f"{place} is a symbolic link; the entries below {name!r} are not written "
                    "through it. Remove the link, or download to another folder."
                )
            folders[name] = place
        return folders[name]

    found = {}
    for path in paths:
        above, _, last = check_entry_path(path).rpartition("/")
        found[path] = folder(above) / last
    return found


def _remove_abandoned(root: Path) -> None:
    """Remove what a process that was killed left in a folder."""
    for left in root.glob(f"{_INCOMING}*"):
        if is_abandoned(left.name.removeprefix(_INCOMING)):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _incoming(root: Path) -> Iterator[Path]:
    """Yield a folder inside `root` for what is not complete; it goes, and `root` if it is new."""
    made = [place for place in (root, *root.parents) if not place.exists()]
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{_INCOMING}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir()
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for place in made:
            with suppress(OSError):  # something else is in it by now
                place.rmdir()
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _move_in(moves: list[tuple[Path, Path]]) -> None:
    """Move files into place. An interrupt waits until the last one is there."""
    for folder in dict.fromkeys(target.parent for _, target in moves):
        folder.mkdir(parents=True, exist_ok=True)
    interrupt: KeyboardInterrupt | None = None
    waiting = iter(moves)
    move = next(waiting, None)
    while move is not None:
        try:
            with suppress(FileNotFoundError):  # moved, and interrupted just then
                os.replace(*move)  # noqa: PTH105 - Path.replace doubles the cost
            move = next(waiting, None)
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


def _refer(
    entries: list[Entry], names: dict[str, Path], progress: Progress, allow_missing: bool
) -> dict[str, str]:
    """Fetch what references name; return path -> what is said of those that are missing."""
    from artnb.store.references import ReferenceMissingError, fetch  # few versions have any

    missing = {}
    for entry in entries:
        try:
            fetch(str(entry.ref), entry.meta, entry.size, names[entry.path], progress)
        except ReferenceMissingError as error:
            if not allow_missing:
                raise
            missing[entry.path] = str(error)
    return missing


def _write_file(path: Path, data: bytes, mtime: int) -> None:
    with open(path, "xb", buffering=0) as stream:
        write_all(stream, data)
    os.utime(path, (mtime, mtime))


def _is_there(target: Path, entry: Entry, known: dict[Path, str]) -> bool:
    if entry.ref is not None and "sha256" not in entry.meta:
        return False  # nothing here proves that it is what is there now
    if target in known:
        return known[target] == entry.digest
    try:
        found = os.lstat(target)
        if stat.S_ISLNK(found.st_mode) or found.st_size != entry.size:
            return False
    except OSError:
        return False
    return digest_file(target)[0] == entry.digest
