"""Bytes into the store: staged, compared with what is there, and only the new written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeVar

from artnb.belonging import Mark, leave_mark, refuse_other_store
from artnb.catalog import Catalog, Committed, LeaseLostError
from artnb.content import Content, FolderContents
from artnb.digest import digest_bytes
from artnb.environment import HOST
from artnb.errors import (
    ArtnbError,
    CatalogError,
    CorruptObjectError,
    InvalidValueError,
    ObjectMissingError,
)
from artnb.intake import Intake
from artnb.journal_tail import JournalTail
from artnb.keys import base_of, journal_key
from artnb.model import Location
from artnb.progress import Progress
from artnb.store import ObjectStore, Slice, Staged, StagingArea, StatCache
from artnb.store.staged_files import StagedFiles, among, digests_of, held_by, size_of
from artnb.store.staging import SMALL
from artnb.store.working import beside

__all__ = ["Ingest", "Parts"]

T = TypeVar("T")

_ATTEMPTS = 20
_FEW = 100  # blobs that are as soon written again as a lease is taken
_MANY = 1000  # files: what is to be asked of fewer takes no longer than a thread's start


class Ingest(Intake):
    """Writes blobs to a store, and leaves out those that a catalogue knows.

    Parameters
    ----------
    tail : Path, optional
        Where to remember which entry of the journal is the last; see `artnb.journal_tail`.
    """

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        stats: StatCache,
        staging: StagingArea,
        *,
        tail: Path | None = None,
    ) -> None:
        super().__init__(catalog, stats, staging)
        self._store = store
        self._tail = JournalTail(tail, store.backend)
        self._signed = False

    def staged(self, contents: Sequence[Content]) -> Sequence[Staged | None]:
        """Return the bytes of each of a version's contents; None where they lie elsewhere."""
        if isinstance(contents, FolderContents):
            return contents.files
        return [
            content.source
            if content.source is None or isinstance(content.source, Staged)
            else self._staged(content.source)
            for content in contents
        ]

    def log(
        self,
        staged: Sequence[Staged],
        describe: Callable[[], list[Staged]],
        enter: Callable[[dict[str, Location], list[str], Collection[str]], Committed],
        progress: Progress | None = None,
    ) -> Committed:
        """Write the blobs that are missing, and enter them and what refers to them.

        Parameters
        ----------
        staged : sequence of Staged
            A version's files.
        describe : callable
            Returns its manifest and its record, which a rebuild finds by the packs' own
            account.
        enter : callable
            Given the new places, the leases on the blobs and the digests for which there is
            none, does it in one transaction. Called again if a collector was quicker.
        """
        own: list[Staged] = []
        digests = digests_of(staged)
        early = staged.lease if isinstance(staged, StagedFiles) else None

        def described() -> set[str]:
            if not own:
                own.extend(describe())
            return digests_of(own)

        def attempt() -> Committed:
            if early is not None and (name := early.take()):
                with self._dropping(name):
                    return publish((digests - early.digests) | described(), set(), [name])
            if len(digests) < _MANY:
                return publish(digests | described(), set(), [])
            # To ask for so many takes as long as to describe them.
            lease = self._catalog.take_lease(digests)
            with (
                self._dropping(lease),
                beside(lambda: self._catalog.missing(digests)) as missing,
            ):
                own = described()
                return publish(own, missing(), [lease])

        def publish(digests: set[str], missing: set[str], leases: list[str]) -> Committed:
            is_little = len(digests) <= _FEW and size_of(staged) + size_of(own) <= SMALL
            if is_little and not leases:
                return write(missing | self._catalog.missing(digests), [], digests)
            lease, gone = self._catalog.lease(digests)
            with self._dropping(lease):
                return write(missing | gone, [*leases, lease], ())

        def write(missing: set[str], leases: list[str], unleased: Collection[str]) -> Committed:
            new = [*among(staged, missing), *among(own, missing)]
            places = self._publish(new, missing, progress)
            self._store.backend.flush()
            return enter(places, leases, unleased)

        return self._until_entered(attempt, staged, own)

    def put(self, staged: Sequence[Staged], run_id: str = "") -> None:
        """Write blobs for a run, the small ones together, and enter their places."""
        digests = {item.digest for item in staged}
        self.put_with(staged, lambda places: self._catalog.keep(digests, places, run_id))

    def put_with(self, staged: Sequence[Staged], enter: Callable[[dict[str, Location]], T]) -> T:
        """Write blobs, and enter them and what refers to them.

        Parameters
        ----------
        enter : callable
            Given the places that are new, does it in one transaction. Called again if a
            collector was quicker.
        """
        # Without a lease nothing would protect the parts.
        wholes = [replace(item, parts=()) for item in staged]

        def attempt() -> T:
            places = self._write(wholes)
            self._store.backend.flush()
            return enter(places)

        return self._until_entered(attempt, wholes)

    def restore(self, item: Staged) -> None:
        """Write a blob that is missing, for versions that refer to it already."""

        def attempt() -> None:
            lease, missing = self._catalog.lease(item.digests)
            with self._dropping(lease):
                places = self._publish(list(among([item], missing)), missing)
                self._store.backend.flush()
                self._catalog.add_locations(places, lease)

        self._until_entered(attempt, [item])

    def receive(
        self,
        digests: Collection[str],
        batches: Callable[[Collection[str]], Iterable[Sequence[Staged]]],
        enter: Callable[[dict[str, Location], str], T],
        *,
        records: Callable[[], Mapping[str, bytes]],
    ) -> T:
        """Write blobs from another store, then records, and enter what refers to them.

        Parameters
        ----------
        digests : collection of str
            All that is referred to, here already or not; the records, too.
        batches : callable
            Given those that are not here, yields their bytes, proved; a batch is written
            before the next is asked for. Called again if a collector was quicker.
        enter : callable
            Given the new places and the lease on all the blobs, does it in one transaction.
        records : callable
            Called when the bytes are written: digest -> body of the versions' records that
            are not here.
        """

        def attempt() -> T:
            lease = self._catalog.take_lease(digests)
            with self._dropping(lease):
                missing = self._catalog.missing(digests)
                places: dict[str, Location] = {}
                for batch in batches(missing):
                    try:
                        places.update(self._write(batch))
                    finally:
                        for item in batch:
                            self._staging.discard(item)
                self._store.backend.flush()  # a record says that its version's bytes are there
                bodies = records().items()
                notes = [Staged(digest, len(body), body, role="record") for digest, body in bodies]
                places.update(self._write(notes))
                self._store.backend.flush()
                return enter(places, lease)

        return self._until_entered(attempt)

    def move_out(self, moves: Mapping[str, Collection[str]]) -> list[str]:
        """Write blobs of objects anew elsewhere, proved, and enter their new places.

        Parameters
        ----------
        moves : mapping
            Key of an object -> the blobs that are to leave it.

        Returns
        -------
        list of str
            The objects that those blobs left; of the others something cannot be read.

        Raises
        ------
        LeaseLostError
            Nothing was moved.
        """
        wanted = {digest for digests in moves.values() for digest in digests}
        lease = self._catalog.take_lease(wanted)
        with self._dropping(lease):
            places = self._catalog.locate(wanted)
            records = self._catalog.upkeep.records_among(wanted)
            staged: list[Staged] = []
            left = []
            for key, digests in moves.items():
                with suppress(CorruptObjectError, ObjectMissingError):
                    staged += [
                        Staged(
                            digest,
                            at.length,
                            self._store.read(digest, at),
                            role="record" if digest in records else "",
                        )
                        for digest in digests
                        if (at := places.get(digest)) is not None and at.object == key
                    ]
                    left.append(key)
            moved = self._store.publish(
                staged, self._catalog.next_keys, avoid=set(map(base_of, moves))
            )
            self._store.backend.flush()
            self._catalog.upkeep.replace_places(moves, moved, lease)
            return left

    @contextmanager
    def _dropping(self, lease: str) -> Iterator[None]:
        """Drop a lease if the block, which ends it, fails."""
        try:
            yield
        except BaseException:
            with suppress(ArtnbError):
                self._catalog.drop_lease(lease)
            raise

    def write_journal(self, *, whole: bool = False) -> None:
        """Write down in the store which rows of the catalogue changed.

        What cannot be written now stays marked, and is written the next time.

        Parameters
        ----------
        whole : bool
            In one entry, so that a reader of the store sees all of it or nothing.
        """
        journal = self._catalog.journal
        while journal.waits:
            last = None if whole else self._tail.last(self._catalog.identity)
            entry = journal.next_entry(whole=whole, again=last.content if last else None)
            if entry is None:
                return  # another process was quicker
            self._sign_store()
            key = journal_key(digest_bytes(entry.body))
            self._store.backend.put_bytes(key, entry.body)
            self._store.backend.flush()
            journal.written(entry)
            self._tail.follow(key, last)

    def _until_entered(self, attempt: Callable[[], T], *staged: Sequence[Staged]) -> T:
        try:
            for _ in range(_ATTEMPTS):
                with suppress(LeaseLostError):
                    return attempt()
            raise CatalogError(
                f"A collector (artnb gc) took the bytes away {_ATTEMPTS} times while they were "
                "written. Nothing was recorded; wait until it is done, then log again."
            )
        finally:
            for item in chain(*map(held_by, staged)):
                self._staging.discard(item)

    def _write(
        self, staged: Sequence[Staged], progress: Progress | None = None
    ) -> dict[str, Location]:
        """Make the blobs that the catalogue does not know durable, and return where they lie."""
        missing = self._catalog.missing(digests_of(staged))
        return self._publish(list(among(staged, missing)), missing, progress)

    def _publish(
        self, new: Sequence[Staged], missing: Collection[str], progress: Progress | None = None
    ) -> dict[str, Location]:
        self._sign_store()
        # No lease names the parts of a copy that is made only now: it is kept whole.
        copies = {
            item.digest: replace(self._copied(item), parts=()) for item in new if _is_foreign(item)
        }
        wanted = [copies.get(item.digest, item) for item in new]
        parts = [part for item in wanted for part in _parts(item) if part.digest in missing]
        try:
            return self._store.publish([*parts, *wanted], self._catalog.next_keys, progress)
        finally:
            for copy in copies.values():
                self._staging.discard(copy)

    def _copied(self, item: Staged) -> Staged:
        """Return a private copy of a person's file whose bytes the store had when it was added."""
        assert isinstance(item.source, (str, Path))
        path = item.source
        copy = self._staging.stage_file(path)
        if copy.digest != item.digest:
            self._staging.discard(copy)
            raise InvalidValueError(
                f"{path} changed after it was added, and the store no longer has its bytes "
                "of then. Add it again."
            )
        return copy

    def _sign_store(self) -> None:
        """Leave the catalogue's mark in the store, so that no other collects what it needs."""
        if not self._signed:
            self.refuse_other_store()
            self.adopt_store()

    def adopt_store(self) -> None:
        """Leave the mark, whatever the store holds."""
        mark = Mark(self._catalog.identity, self._catalog.location, HOST)
        leave_mark(self._store.backend, mark)
        self._signed = True

    def refuse_other_store(self) -> None:
        """Raise StoreError if what the catalogue knows lies in another store."""
        if not self._signed:
            refuse_other_store(self._catalog, self._store.backend)

    def _staged(self, source: Path | bytes) -> Staged:
        if isinstance(source, bytes):
            return self._staging.stage_bytes(source)
        return self.stage([str(source)])[0]


@dataclass(frozen=True, slots=True)
class Parts:
    """A store, its catalogue, and what writes to both."""

    store: ObjectStore
    catalog: Catalog
    ingest: Ingest
    staging: StagingArea


def _parts(item: Staged) -> Iterator[Staged]:
    """Yield the parts of a stage as stages of their own."""
    for part in item.parts:
        assert isinstance(item.source, Path)  # only files are cut
        source = Slice(item.source, part.offset, part.length)
        yield Staged(part.digest, part.length, source)


def _is_foreign(item: Staged) -> bool:
    """Return whether the bytes are a file of the person, which may have changed."""
    return isinstance(item.source, (str, Path)) and not item.owned
