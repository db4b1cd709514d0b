"""Blobs in objects: publish what is staged, prove what is read.

Small blobs of one commit go into one pack, so that ten thousand files cost one fsync.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from artnb.digest import CHUNK, digest_bytes, digest_file, digest_stream
from artnb.errors import CorruptObjectError, ObjectMissingError
from artnb.keys import base_of, is_pack, is_recipe, object_key
from artnb.model import Location
from artnb.osfaults import translated
from artnb.progress import Progress
from artnb.store.base import Backend, Slice, Staged
from artnb.store.local import LocalBackend
from artnb.store.packs import Pack, packed
from artnb.store.recipes import Locate, Recipe, joined, read_recipe
from artnb.store.staging import SMALL, copy_and_hash, reflink, spare_name
from artnb.store.statcache import StatCache
from artnb.store.working import each
from artnb.streams import write_all
from artnb.texts import Message

__all__ = ["ObjectStore"]

_PACKS_AT_ONCE = 2  # each is in memory twice while it is put together
_REMOTE_WORKERS = 8
_READ_AT_ONCE = 4 << 20


def _same(keys: Sequence[str]) -> dict[str, str]:
    return {key: key for key in keys}


class ObjectStore:
    """Blobs over a `Backend`; knows nothing of versions and names.

    Parameters
    ----------
    backend : Backend
        Where the objects lie.
    proofs : StatCache
        Remembers which files were hashed, so that an untouched object is not read again
        only to prove it.
    locate : callable, optional
        Says where other blobs lie: of those a blob is made whose object is a recipe.
    """

    def __init__(
        self, backend: Backend, proofs: StatCache, locate: Locate = lambda digests: {}
    ) -> None:
        self.backend = backend
        self._proofs = proofs
        self._locate = locate
        self.workers = 0 if isinstance(backend, LocalBackend) else _REMOTE_WORKERS

    def over(self, backend: Backend) -> ObjectStore:
        """Return this store as another backend shows it."""
        return ObjectStore(backend, self._proofs, self._locate)

    def publish(
        self,
        staged: Iterable[Staged],
        keys_for: Callable[[Sequence[str]], Mapping[str, str]] = _same,
        progress: Progress | None = None,
        avoid: Collection[str] = (),
    ) -> dict[str, Location]:
        """Make blobs durable and return where each lies.

        Two or more small ones share packs, and with them a version's manifest and record;
        each other one is an object of its own, or a recipe: then its parts are there already
        or among `staged`.

        Parameters
        ----------
        keys_for : callable
            Says of plain keys under which generation of each to write; default: the first.
        avoid : collection of str
            Plain keys of packs that are about to go, and must not be taken for what is written.
        """
        alone, small, own, recipes = _sorted_out(staged)
        packs = list(packed(list(small.values()), list(own.values()), avoid))
        plain = [*(pack.key for pack in packs), *(recipe.key for recipe in recipes)]
        keys = keys_for([*map(object_key, alone), *plain])
        placed: dict[str, Location] = {}

        def put(what: Staged | Pack) -> dict[str, Location]:
            if isinstance(what, Pack):
                found = self._publish_pack(what, keys[what.key])
            else:
                found = {what.digest: self._publish_alone(what, keys[object_key(what.digest)])}
            if progress is not None:
                progress.advance(sum(at.length for at in found.values()))
            return found

        if progress is not None:
            wanted = (*alone.values(), *small.values(), *own.values())
            progress.expect(sum(item.size for item in wanted))
        # At once: a disk syncs several files in about the time of one, a service answers so.
        for found in (
            *each(put, list(alone.values()), workers=self.workers, progress=progress),
            *each(put, packs, workers=_PACKS_AT_ONCE, progress=progress),
        ):
            placed.update(found)
        for recipe in recipes:
            placed[recipe.digest] = self._publish_recipe(recipe, keys[recipe.key])
        return placed

    def read(self, digest: str, location: Location) -> bytes:
        """Return a blob's bytes, proved.

        Raises
        ------
        CorruptObjectError
            The bytes do not have the digest.
        ObjectMissingError
            The object is not there.
        """
        with self.open(location) as stream:
            data = stream.read(location.length + 1)  # more than that cannot be the blob
        if digest_bytes(data) != digest:
            raise self._corrupt(digest, location)
        return data

    def proven_file(self, digest: str, location: Location) -> Path | None:
        """Return the file that is just this blob, proved, if there is one on this machine."""
        if base_of(location.object) != object_key(digest):
            return None  # in a pack, or in parts
        path = self.backend.local_path(location.object)
        if path is None or not path.exists():
            return None
        if not self._proven(path, digest):
            raise self._corrupt(digest, location)
        return path

    def check_out(
        self,
        digest: str,
        location: Location,
        target: Path,
        *,
        mtime: float,
        progress: Progress | None = None,
    ) -> None:
        """Put a blob's bytes at `target`, where nothing is yet, proved.

        A reflink where the filesystem has it; else a read-only hard link, but only where
        the read-only bit protects the store, which it does not from root; else a copy.
        The file is there whole or not at all.

        Parameters
        ----------
        mtime : float
            Modification time to give a file that is not a link, in seconds. One in the
            past makes any later write show.
        """
        try:
            with translated(f"write {target}"):
                if not self._link_out(digest, location, target):
                    self._copy_out(digest, location, target, progress)
                    os.utime(target, (mtime, mtime))
                elif progress is not None:
                    progress.advance(location.length)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def read_many(self, places: Iterable[tuple[str, Location]]) -> Iterator[tuple[str, bytes]]:
        """Yield blobs that lie in packs, proved; neighbours are fetched together.

        What is damaged or missing is left out: reading it by itself says why.
        """
        for span in _spans(places):
            first, last = span[0][1], span[-1][1]
            length = last.offset + last.length - first.offset
            try:
                with self.backend.open(first.object, first.offset, length) as stream:
                    data = memoryview(stream.read())
            except ObjectMissingError:
                continue
            for digest, at in span:
                body = data[at.offset - first.offset :][: at.length]
                if digest_bytes(body) == digest:
                    yield digest, bytes(body)

    def quarantine(self, location: Location) -> str:
        """Move a damaged object away and return where it is now."""
        return self.backend.quarantine(location.object)

    def _publish_alone(self, item: Staged, key: str) -> Location:
        if isinstance(item.source, bytes):
            self.backend.put_bytes(key, item.source)
        elif isinstance(item.source, Slice):
            self.backend.put_file(key, _extracted(item.source), move=True)
        elif item.owned and (spare := _second_name(Path(item.source))):
            # The stage keeps its own name: if a collector is quicker, it is written again.
            self.backend.put_file(key, spare, move=True)
        else:
            self.backend.put_file(key, Path(item.source), move=item.owned)
        if path := self.backend.local_path(key):
            self._proofs.record([(path, item.digest)], trusted=True)
        return Location(key, 0, item.size)

    def _publish_pack(self, pack: Pack, key: str) -> dict[str, Location]:
        self.backend.put_bytes(key, pack.to_bytes())
        return {digest: Location(key, start, length) for digest, start, length in pack.spans}

    def _publish_recipe(self, recipe: Recipe, key: str) -> Location:
        self.backend.put_bytes(key, recipe.to_bytes())
        return Location(key, 0, recipe.size, tuple(recipe.digests))

    def recipe(self, location: Location) -> Recipe:
        """Return of which blobs the blob at a place is made, proved."""
        return read_recipe(self.backend, location.object)

    def damaged_part(self, location: Location) -> tuple[str, Location] | None:
        """Return the part, and its place, that makes a recipe's blob unreadable, if one does."""
        try:
            recipe = self.recipe(location)
        except (CorruptObjectError, ObjectMissingError):
            return None  # it is the recipe
        for digest, at in self._locate(recipe.digests).items():
            try:
                with self.open(at) as stream:
                    sound = digest_stream(stream)[0] == digest
            except ObjectMissingError:
                sound = False
            if not sound:
                return digest, at
        return None

    def open(self, location: Location) -> BinaryIO:
        """Return a reader of a blob; what it reads is not proved yet."""
        if is_recipe(location.object):
            return joined(self.backend, self.recipe(location), self._locate)
        if is_pack(location.object):
            return self.backend.open(location.object, location.offset, location.length)
        return self.backend.open(location.object)

    def _link_out(self, digest: str, location: Location, temp: Path) -> bool:
        if location.length < SMALL or base_of(location.object) != object_key(digest):
            return False  # a copy is as quick, and can be written; or there is no such file
        privileged = not hasattr(os, "geteuid") or os.geteuid() == 0
        path = self.backend.local_path(location.object)
        if path is None or not path.exists():
            return False  # the copy says what is missing
        cloned = _can_reflink(path, temp)
        if privileged and not cloned:
            return False
        if self.proven_file(digest, location) is None:
            return False
        if cloned:
            temp.chmod(0o644)
            return True
        try:
            os.link(path, temp)
        except OSError:
            return False  # another filesystem, or one without links
        return True

    def _copy_out(
        self, digest: str, location: Location, temp: Path, progress: Progress | None
    ) -> None:
        with self.open(location) as source, open(temp, "xb", buffering=0) as target:
            if location.length < CHUNK:
                data = source.read(location.length + 1)
                write_all(target, data)
                found = digest_bytes(data)
                if progress is not None:
                    progress.advance(len(data))
            else:
                found, _ = copy_and_hash(source, target, progress)
        if found != digest:
            raise self._corrupt(digest, location)

    def _proven(self, path: Path, digest: str) -> bool:
        known = self._proofs.lookup([path]).get(path)
        if known is None:
            known, _ = digest_file(path)
            self._proofs.record([(path, known)])
        return known == digest

    def _corrupt(self, digest: str, location: Location) -> CorruptObjectError:
        return CorruptObjectError(
            Message(
                "Object {0} in {1} is damaged: its bytes do not have their digest ({2}, {3} bytes "
                "at {4}).",
                digest[:12],
                self.backend.location,
                location.object,
                location.length,
                location.offset,
            ),
            digest,
        )


def _sorted_out(
    staged: Iterable[Staged],
) -> tuple[dict[str, Staged], dict[str, Staged], dict[str, Staged], list[Recipe]]:
    """Return what is an object of its own, what goes into packs, a version's own, and recipes."""
    alone: dict[str, Staged] = {}
    small: dict[str, Staged] = {}
    own: dict[str, Staged] = {}
    recipes: list[Recipe] = []
    for item in staged:
        if item.parts:
            parts = tuple((part.digest, part.length) for part in item.parts)
            recipes.append(Recipe(item.digest, parts))
        elif item.role:
            own[item.digest] = item
        else:
            (small if item.size < SMALL else alone)[item.digest] = item
    if len(small) == 1 and not own:
        alone.update(small)
        small.clear()
    return alone, small, own, recipes


def _second_name(path: Path) -> Path | None:
    spare = spare_name(path)
    try:
        os.link(path, spare)
    except OSError:
        return None  # a filesystem without links
    return spare


def _extracted(span: Slice) -> Path:
    """Return a file of its own with the bytes of a span, beside the one that it is of."""
    target = span.path.with_name(f"{span.path.name}.{span.offset}.part")
    try:
        with (
            translated(f"write {target}"),
            open(span.path, "rb", buffering=0) as source,
            open(target, "wb", buffering=0) as out,
        ):
            source.seek(span.offset)
            left = span.length
            while left and (data := source.read(min(CHUNK, left))):
                write_all(out, data)
                left -= len(data)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _spans(
    places: Iterable[tuple[str, Location]],
) -> Iterator[list[tuple[str, Location]]]:
    """Yield blobs of packs in groups that lie end to end, of a few mebibytes at most."""
    group: list[tuple[str, Location]] = []
    for digest, at in sorted(places, key=lambda item: (item[1].object, item[1].offset)):
        if group:
            first, last = group[0][1], group[-1][1]
            follows = at.object == last.object and at.offset == last.offset + last.length
            if not follows or at.offset + at.length - first.offset > _READ_AT_ONCE:
                yield group
                group = []
        group.append((digest, at))
    if group:
        yield group


def _can_reflink(source: Path, temp: Path) -> bool:
    try:
        with open(source, "rb") as src, open(temp, "xb") as dst:
            if reflink(src.fileno(), dst.fileno()):
                return True
    except OSError:
        pass
    temp.unlink(missing_ok=True)
    return False
