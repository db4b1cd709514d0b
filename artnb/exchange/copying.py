"""One project from one store to another: objects, then records, then rows in one transaction."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from artnb.catalog import Parcel, Received, SentVersion
from artnb.digest import digests_in
from artnb.errors import ArtnbError, CorruptObjectError, ObjectMissingError
from artnb.exchange.checks import check_manifest, check_parcel, check_record, is_place
from artnb.ingest import Parts
from artnb.keys import is_pack
from artnb.model import Location
from artnb.store import Recipe, Staged, digest_parts, pack_spans
from artnb.store.staging import SMALL, copy_and_hash

__all__ = ["Exchanged", "copy_project"]

_BATCH_BLOBS = 2_000
_BATCH_BYTES = 16 << 20
_MOST_IN_MEMORY = 512 << 20


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What came of copying one project.

    Attributes
    ----------
    blobs, bytes : int
        What travelled.
    left_out : tuple of str
        What did not, because its bytes are damaged or missing where it came from.
    """

    project: str
    received: Received
    blobs: int
    bytes: int
    left_out: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether the receiver holds anything that it did not."""
        return self.received.changed or self.blobs > 0


def copy_project(
    source: Parts,
    target: Parts,
    project: str,
    *,
    take_aliases: bool,
    take_deletions: bool = False,
    admit: Callable[[SentVersion, bytes], None] | None = None,
) -> Exchanged:
    """Copy what the target lacks of a project; a kill at any point leaves the target whole.

    Parameters
    ----------
    admit : callable, optional
        Given a version that is new and its record, raises to refuse the whole project.
    """
    return _Copying(source, target, admit).run(project, take_aliases, take_deletions)


class _Copying:
    def __init__(
        self,
        source: Parts,
        target: Parts,
        admit: Callable[[SentVersion, bytes], None] | None,
    ) -> None:
        self._admit = admit
        self._source = source
        self._target = target
        self._bodies: dict[str, bytes] = {}
        self._packs: dict[str, set[tuple[str, int, int]]] = {}
        self._needs: dict[int, set[str]] = {}
        self._unreadable: set[str] = set()
        self._recipes: dict[str, Recipe] = {}
        self._blobs = self._bytes = 0

    def run(self, project: str, take_aliases: bool, take_deletions: bool) -> Exchanged:
        sent = check_parcel(self._source.catalog.parcel(project))
        parcel = replace(sent, versions=tuple(map(self._with_contents, sent.versions)))
        parcel = replace(parcel, kept=tuple(sorted(self._run_blobs(parcel))))
        needed = {d for needs in self._needs.values() for d in needs}
        needed |= {digest for digest, _ in parcel.kept}
        self._recipes = self._recipes_of(needed)
        parts = {part for recipe in self._recipes.values() for part in recipe.digests}
        received = self._target.ingest.receive(
            needed | parts | {version.record for version in parcel.versions},
            lambda missing: self._batches(needed.intersection(missing)),
            lambda places, lease: self._target.catalog.receive(
                self._whole(parcel),
                places,
                lease,
                take_aliases=take_aliases,
                take_deletions=take_deletions,
            ),
            records=lambda: self._records(parcel),
        )
        self._target.ingest.write_journal(whole=True)
        left_out = tuple(self._left_out(parcel))
        return Exchanged(project, received, self._blobs, self._bytes, left_out)

    # what is needed -------------------------------------------------------------------

    def _with_contents(self, version: SentVersion) -> SentVersion:
        """Return a version as its manifest has it, whatever the row says."""
        row = version.row
        if row.state == "deleted":
            self._needs[row.id] = set()
            return version
        self._needs[row.id] = {row.digest}
        try:
            body = self._read(row.digest)
        except (CorruptObjectError, ObjectMissingError):
            self._unreadable.add(row.digest)
            return version
        manifest = check_manifest(body, f"{row.ref} of project {row.project!r}")
        self._needs[row.id] |= {entry.digest for entry in manifest if entry.ref is None}
        marks = {path: mark for path, (_, mark) in version.contents.items()}
        return replace(
            version,
            row=replace(row, size=manifest.size, entries=len(manifest)),
            contents={e.path: (e.digest, marks.get(e.path)) for e in manifest},
        )

    def _recipes_of(self, needed: set[str]) -> dict[str, Recipe]:
        """Return how the sender stores the blobs that it has in parts and the receiver lacks."""
        known = self._target.catalog.locate(needed)
        found = {}
        for digest, at in self._source.catalog.locate(needed - known.keys()).items():
            if is_place(at, recipe=True):
                with suppress(CorruptObjectError, ObjectMissingError):
                    recipe = self._source.store.recipe(at)
                    if recipe.digest == digest and recipe.size == at.length:
                        found[digest] = recipe
        return found

    def _run_blobs(self, parcel: Parcel) -> set[tuple[str, str]]:
        """Return the code and the rows of runs, and the pictures that those or outputs name."""
        own, named = set(), set()
        gone = self._target.catalog.deleted_runs([run.id for run in parcel.runs])
        for run in (run for run in parcel.runs if run.id not in gone):
            own |= {(digest, run.id) for digest in (run.code, run.history) if digest}
            found = digests_in([run.summary, run.outputs])
            if run.history:
                with suppress(CorruptObjectError, ObjectMissingError):
                    found |= digests_in(self._read(run.history))
            named |= {(digest, run.id) for digest in found}
        there = self._source.catalog.locate({digest for digest, _ in named})
        return own | {each for each in named if each[0] in there}

    def _read(self, digest: str) -> bytes:
        """Return a blob, proved: the receiver's if it has it, else the sender's."""
        if digest in self._bodies:
            return self._bodies[digest]
        if at := self._target.catalog.locate([digest]).get(digest):
            with suppress(CorruptObjectError, ObjectMissingError):
                return self._target.store.read(digest, at)
        at = self._place(digest)
        if at.length > _MOST_IN_MEMORY:
            raise CorruptObjectError(
                f"{digest[:12]} is said to have {at.length} bytes, which no manifest has.", digest
            )
        body = self._source.store.read(digest, at)
        if at.length < SMALL:
            self._bodies[digest] = body
        return body

    def _place(self, digest: str) -> Location:
        at = self._source.catalog.locate([digest]).get(digest)
        if at is None or not is_place(at):
            raise ObjectMissingError(f"The sender does not say where {digest[:12]} lies.", digest)
        if is_pack(at.object) and (digest, at.offset, at.length) not in self._spans(at.object):
            # Spans that overlap would make a small pack into any number of bytes.
            raise CorruptObjectError(f"{at.object} does not hold {digest[:12]} there.", digest)
        return at

    def _spans(self, key: str) -> set[tuple[str, int, int]]:
        """Return what a pack of the sender holds by its own, contiguous index."""
        if key not in self._packs:
            try:
                self._packs[key] = set(pack_spans(self._source.store.backend, key))
            except (ArtnbError, ValueError, KeyError):
                self._packs[key] = set()
        return self._packs[key]

    # bytes ----------------------------------------------------------------------------

    def _batches(self, missing: Collection[str]) -> Iterator[list[Staged]]:
        """Yield the missing blobs, proved: the small ones together, so that packs form."""
        self._blobs = self._bytes = 0
        batch: list[Staged] = []
        for digest in sorted(missing):
            try:
                batch.append(self._fetched(digest))
            except (CorruptObjectError, ObjectMissingError):
                self._unreadable.add(digest)
                continue
            self._blobs += 1
            size = sum(item.size for item in batch)
            if size > _BATCH_BYTES or len(batch) >= _BATCH_BLOBS:
                yield batch
                batch = []
        if batch:
            yield batch

    def _fetched(self, digest: str) -> Staged:
        staging = self._target.staging
        if digest in self._bodies:
            staged = staging.stage_bytes(self._bodies[digest])
            self._bytes += staged.size
            return staged
        if digest in self._recipes:
            recipe = self._recipes[digest]
            with suppress(CorruptObjectError, ObjectMissingError):
                return self._assembled(recipe, self._target.catalog.locate(recipe.digests))
            return self._assembled(recipe, {})  # what lies here is damaged
        at = self._place(digest)
        if is_pack(at.object) or at.length < SMALL:
            staged = staging.stage_bytes(self._source.store.read(digest, at))
        else:
            staged = self._copied(digest, lambda: self._source.store.open(at))
        self._bytes += staged.size
        return staged

    def _copied(self, digest: str, opened: Callable[[], BinaryIO]) -> Staged:
        """Return a private copy of what a reader gives, if it has the digest."""
        path = self._target.staging.new_path()
        try:
            with opened() as stream, open(path, "xb", buffering=0) as copy:
                found, size = copy_and_hash(stream, copy)
            if found != digest:
                raise CorruptObjectError(f"{digest[:12]} does not have its digest.", digest)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Staged(digest, size, path, owned=True)

    def _assembled(self, recipe: Recipe, here: Mapping[str, Location]) -> Staged:
        """Return a blob put together from what lies `here` and what the sender sends."""
        sizes = dict(recipe.parts)
        spans = _Spans(recipe, self._target, here, self._source, self._place)
        staged = self._copied(recipe.digest, lambda: io.BufferedReader(spans, 1 << 20))
        self._bytes += sum(sizes[digest] for digest in sizes.keys() - here.keys())
        assert isinstance(staged.source, Path)
        parts = digest_parts(staged.source, [length for _, length in recipe.parts])
        # The lease names the parts that the sender told of, and no others.
        if [part.digest for part in parts] != [digest for digest, _ in recipe.parts]:
            return staged
        return replace(staged, parts=parts)

    def _records(self, parcel: Parcel) -> Mapping[str, bytes]:
        """Return the records that the receiver lacks, of versions whose bytes are there."""
        known = self._target.catalog.locate(version.record for version in parcel.versions)
        found = {}
        for version in parcel.versions:
            if version.record in known or self._needs[version.row.id] & self._unreadable:
                continue
            try:
                body = self._source.store.read(version.record, self._place(version.record))
            except (CorruptObjectError, ObjectMissingError):
                if version.row.state != "deleted":
                    self._unreadable.add(version.record)
                continue
            if self._admit is not None and version.row.state != "deleted":
                self._admit(version, body)
            if check_record(body, version, self._target.catalog.identity):
                found[version.record] = body
            else:
                self._unreadable.add(version.record)
        return found

    # rows -----------------------------------------------------------------------------

    def _whole(self, parcel: Parcel) -> Parcel:
        """Return a parcel without what has no bytes."""
        gone = self._unreadable
        return replace(
            parcel,
            versions=tuple(v for v in parcel.versions if not self._lacks(v)),
            runs=tuple(
                run.with_changes(
                    code=None if run.code in gone else run.code,
                    history=None if run.history in gone else run.history,
                )
                for run in parcel.runs
            ),
        )

    def _lacks(self, version: SentVersion) -> bool:
        return bool((self._needs[version.row.id] | {version.record}) & self._unreadable)

    def _left_out(self, parcel: Parcel) -> Iterator[str]:
        for version in filter(self._lacks, parcel.versions):
            yield f"{version.row.project}/{version.row.ref}"
        for run in parcel.runs:
            for field in ("code", "history"):
                if getattr(run, field) in self._unreadable:
                    yield f"the {field} of run {run.id}"


class _Spans(io.RawIOBase):
    """The parts of a recipe one after the other, each from the side that has it."""

    def __init__(
        self,
        recipe: Recipe,
        target: Parts,
        here: Mapping[str, Location],
        source: Parts,
        place: Callable[[str], Location],
    ) -> None:
        self._waiting = [digest for digest, length in recipe.parts if length][::-1]
        self._target, self._here = target, here
        self._source, self._place = source, place
        self._stream: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._stream is None:
                if not self._waiting:
                    return 0
                self._stream = self._open(self._waiting.pop())
            count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
            if count:
                return count
            self._stream.close()
            self._stream = None

    def _open(self, digest: str) -> BinaryIO:
        if at := self._here.get(digest):
            return self._target.store.open(at)
        return self._source.store.open(self._place(digest))
