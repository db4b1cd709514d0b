"""A bounded copy on this machine of what a remote store holds.

An entry is proved when it is fetched and, by its size and time, each time it is used; one
that does not hold is dropped and fetched again, and the store itself is not blamed. Entries
appear by rename and vanish by unlink, so that any number of processes may share a folder.
The least recently used go first, when the folder has grown beyond its limit.
"""

from __future__ import annotations

import io
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from artnb.digest import digest_bytes, digest_file
from artnb.errors import ArtnbError, CorruptObjectError, ObjectMissingError
from artnb.keys import base_of, is_pack
from artnb.store.base import Backend, ObjectStat
from artnb.store.packs import PackIndex, index_at_end, pack_index
from artnb.store.ranges import SPAN
from artnb.store.staging import is_abandoned
from artnb.store.statcache import StatCache
from artnb.streams import write_all

__all__ = ["Cache", "CacheUsage", "CachedBackend", "index_of", "pack_spans", "uncached"]

_INDEX = "index/"
_PROVABLE = ("sha256/", "pack/", "record/", "journal/", _INDEX)
_WHOLE_AT = 3
"""At its third read a pack is fetched whole; until then only the spans that are asked for."""
_WHOLE_BELOW = 1 << 20
_SPARED_SECONDS = 600.0
"""Used this recently, an entry stays: somebody may be about to open it by its path."""
_EVICT_TO = 0.9


@dataclass(frozen=True, slots=True)
class CacheUsage:
    """What a cache holds: how many entries, their bytes, and the limit in bytes."""

    folder: Path
    entries: int
    bytes: int
    limit: int


class Cache:
    """Objects as files of a folder, at most `limit` bytes of them.

    Parameters
    ----------
    proofs : StatCache
        Remembers which files were proved.
    """

    def __init__(self, folder: Path, limit: int, proofs: StatCache) -> None:
        self.folder = folder
        self.limit = limit
        self._proofs = proofs
        self._written = 0
        self._evicted_at: int | None = None

    def find(self, key: str) -> Path | None:
        """Return the entry's file, proved, or None."""
        path = self._path(key)
        if not path.exists():
            return None
        known = self._proofs.lookup([path]).get(path)
        if known != _name(key):
            if not _is_sound(path, key):
                path.unlink(missing_ok=True)
                return None
            self._proofs.record([(path, _name(key))], trusted=True)
        with suppress(OSError):  # the time of use; the other time is part of the proof
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        return path

    def add(self, key: str, size: int, write: Callable[[Path], object]) -> Path | None:
        """Keep what `write` puts into a file, and return it; None if it is not sound or fits not.

        An error of `write` itself, other than a full disk here, is raised.
        """
        if size > self.limit or not key.startswith(_PROVABLE):
            return None
        target = self._path(key)
        temp = self.folder / "tmp" / f"{os.getpid()}-{uuid.uuid4().hex}"
        try:
            temp.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._make_room(size)
            write(temp)
            if not _is_sound(temp, key):
                return None
            temp.chmod(0o444)
            temp.replace(target)
        except ArtnbError:
            raise
        except OSError:
            return None  # a full or read-only disk: it works without a cache
        finally:
            with suppress(OSError):
                temp.unlink(missing_ok=True)
        self._proofs.record([(target, _name(key))], trusted=True)
        return target

    def drop(self, key: str) -> None:
        """Forget an entry."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def usage(self) -> CacheUsage:
        """Return what there is."""
        sizes = [stat.st_size for _, stat in self._entries()]
        return CacheUsage(self.folder, len(sizes), sum(sizes), self.limit)

    def clear(self) -> CacheUsage:
        """Remove every entry, and return what there was."""
        before = self.usage()
        self._tidy()
        for path, _ in self._entries():
            path.unlink(missing_ok=True)
        return before

    def evict(self, target: int | None = None) -> int:
        """Remove what was not used for longest until `target` bytes are left; return bytes gone.

        Parameters
        ----------
        target : int, optional
            Default: the limit.
        """
        target = self.limit if target is None else target
        self._tidy()
        entries = sorted(self._entries(), key=lambda entry: entry[1].st_atime_ns)
        there = sum(stat.st_size for _, stat in entries)
        gone = 0
        recent = time.time() - _SPARED_SECONDS
        for path, stat in entries:
            if there - gone <= target or stat.st_atime > recent:
                break
            with suppress(OSError):
                path.unlink()
                gone += stat.st_size
        return gone

    def _make_room(self, size: int) -> None:
        """Evict now and then: to look at the whole folder at each entry would cost too much."""
        self._written += size
        if self._evicted_at is None or self._written - self._evicted_at > self.limit // 20:
            if self.usage().bytes + size > self.limit:
                self.evict(max(0, int(self.limit * _EVICT_TO) - size))
            self._evicted_at = self._written

    def _tidy(self) -> None:
        for path in (self.folder / "tmp").glob("*"):
            if is_abandoned(path.name):
                path.unlink(missing_ok=True)

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.glob("*/*/*"):
            with suppress(FileNotFoundError):  # another process evicted it
                yield path, path.stat()

    def _path(self, key: str) -> Path:
        return self.folder / key


class CachedBackend:
    """A `Backend` that keeps on this machine what it has read and written.

    Attributes
    ----------
    origin : Backend
        The store itself.
    written : dict
        Key -> size of what was put by this object, None for what was deleted.
    """

    def __init__(self, origin: Backend, cache: Cache) -> None:
        self.origin = origin
        self.cache = cache
        self.location = origin.location
        self._reads: Counter[str] = Counter()
        self.written: dict[str, int | None] = {}

    @property
    def read_only(self) -> bool:
        """Whether the store cannot be written."""
        return self.origin.read_only

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object to the store, and keep it here."""
        self.origin.put_bytes(key, data)
        self.written[key] = len(data)
        self.cache.add(key, len(data), lambda temp: temp.write_bytes(data))

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object to the store from a file; one that is given away is kept here."""
        self.origin.put_file(key, path, move=False)
        self.written[key] = path.stat().st_size
        if move:
            self.cache.add(key, path.stat().st_size, lambda temp: path.replace(temp))
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Make durable what was put."""
        self.origin.flush()

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span: of the entry here, or of the store."""
        if length == 0:
            return io.BytesIO()
        if (path := self.cache.find(key)) is None:
            path = self._fetched(key, length)
        if path is not None:
            with suppress(FileNotFoundError):  # evicted since
                return _opened(path, offset, length)
        return self.origin.open(key, offset, length)

    def exists(self, key: str) -> bool:
        """Return whether the store has the object."""
        return self.origin.exists(key)

    def stat(self, key: str) -> ObjectStat:
        """Return what the store says of an object."""
        return self.origin.stat(key)

    def delete(self, key: str) -> None:
        """Remove an object, here, too."""
        self.origin.delete(key)
        self.cache.drop(key)
        self.written[key] = None

    def keys(self) -> Iterator[str]:
        """Yield the keys in the store."""
        return self.origin.keys()

    def listing(self, prefix: str = "") -> Iterator[tuple[str, ObjectStat]]:
        """Yield the keys in the store with sizes and ages."""
        return self.origin.listing(prefix)

    def local_path(self, key: str) -> Path | None:
        """Return the entry's file, proved, if there is one."""
        return self.cache.find(key)

    def tidy(self) -> None:
        """Remove what writers that are gone left half-written."""
        self.origin.tidy()

    def quarantine(self, key: str) -> str:
        """Move an object of the store out of the way."""
        place = self.origin.quarantine(key)
        self.cache.drop(key)
        self.written[key] = None
        return place

    def _fetched(self, key: str, length: int | None) -> Path | None:
        """Fetch an object into the cache if that is worth it."""
        if not key.startswith(_PROVABLE):
            return None
        if length is not None:
            self._reads[key] += 1
            if self._reads[key] < _WHOLE_AT and length < _WHOLE_BELOW:
                return None
        size = self.origin.stat(key).size

        def write(temp: Path) -> None:
            with self.origin.open(key) as source, open(temp, "xb", buffering=0) as target:
                while block := source.read(SPAN):
                    write_all(target, block)

        return self.cache.add(key, size, write)


def uncached(backend: Backend) -> Backend:
    """Return the store itself: for whoever must read what is there, not what is remembered."""
    return backend.origin if isinstance(backend, CachedBackend) else backend


def pack_spans(backend: Backend, key: str, size: int | None = None) -> list[tuple[str, int, int]]:
    """Return (digest, offset, length) of each blob of a pack; as `index_of`."""
    return index_of(backend, key, size).spans


def index_of(backend: Backend, key: str, size: int | None = None) -> PackIndex:
    """Return what a pack says of itself, without reading the blobs.

    Parameters
    ----------
    size : int, optional
        Of the pack, where that is known.

    Raises
    ------
    CorruptObjectError, ValueError, KeyError
        It is no pack.
    """
    cache = backend.cache if isinstance(backend, CachedBackend) else None
    if cache is None:
        with backend.open(key) as stream:
            return pack_index(stream)
    index_key = _INDEX + key.partition("/")[2]
    if path := cache.find(index_key):
        return PackIndex.from_bytes(path.read_bytes())
    if path := cache.find(key):
        with open(path, "rb") as stream:
            return pack_index(stream)
    index = index_at_end(uncached(backend), key, size)
    cache.add(index_key, len(index), lambda temp: temp.write_bytes(index))
    return PackIndex.from_bytes(index)


def _opened(path: Path, offset: int, length: int | None) -> BinaryIO:
    stream = open(path, "rb", buffering=0)  # noqa: SIM115 - handed to the caller
    if offset == 0 and length is None:
        return stream
    with stream:
        wanted = os.fstat(stream.fileno()).st_size - offset if length is None else length
        return io.BytesIO(os.pread(stream.fileno(), max(wanted, 0), offset))


def _name(key: str) -> str:
    """Return the digest that a key is made of."""
    return "".join(base_of(key).split("/")[1:])


def _is_sound(path: Path, key: str) -> bool:
    """Return whether a file is what its key says: by its digest, or all of a pack by its index."""
    try:
        if not is_pack(key):
            return digest_file(path)[0] == _name(key)
        with open(path, "rb") as stream:
            index = pack_index(stream)
            if index.name != _name(key):
                return False
            for digest, offset, length in index.spans:
                stream.seek(offset)
                if digest_bytes(stream.read(length)) != digest:
                    return False
    except (CorruptObjectError, ObjectMissingError, OSError, ValueError, KeyError):
        return False
    return True
