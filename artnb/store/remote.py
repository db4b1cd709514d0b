"""Objects on any filesystem that fsspec knows: ``sftp://``, ``memory://``, ``zip://``, ...

Writes go to a temporary key and are moved, except where the protocol is an object
storage, whose puts are atomic. Durability is what the service promises; what was written is
read again, for not every service notices what was changed on the way.
"""

from __future__ import annotations

import hashlib
import io
import threading
import uuid
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from artnb.errors import (
    CorruptObjectError,
    MissingExtraError,
    ObjectMissingError,
    StoreError,
    StoreReadOnlyError,
)
from artnb.osfaults import is_full, translated
from artnb.secrets import without_secrets
from artnb.store.base import ObjectStat
from artnb.store.faults import Place, explained, is_already_there, is_transient
from artnb.store.retrying import Retry
from artnb.texts import Message

__all__ = ["FsspecBackend"]

T = TypeVar("T")

_ATOMIC_PUTS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"}
_ASIDE = ("tmp/", "quarantine/")
_BLOCK = 4 << 20
_PACKED_AT_MOST = 64 << 20
_PACKED_RATIO = 200


class FsspecBackend:
    """A `Backend` over a URL."""

    def __init__(self, url: str, *, retry: Retry | None = None, **options: Any) -> None:
        import fsspec

        self.location = without_secrets(url)
        protocol = url.partition("://")[0]
        self._place = Place(self.location, service=_SERVICES.get(protocol, ""))
        self._retry = retry or Retry()
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            raise MissingExtraError(
                f"The store {self.location}",
                _PACKAGES.get(protocol, protocol),
                _SERVICES.get(protocol),
            ) from error
        except ValueError as error:
            reason = without_secrets(str(error))
            raise StoreError(
                f"The store {self.location} cannot be opened: {reason}. Use a folder or a URL "
                "that fsspec knows, such as s3://bucket/prefix."
            ) from error
        except Exception as error:
            raise explained(error, "open the store", self._place) from None
        self._packed = protocol == "zip"
        if self._packed:
            # Its table is read at the first look, and fsspec shows it to other threads half-read.
            with _looking:
                self._fs.exists(self._root)
        self._atomic = protocol in _ATOMIC_PUTS
        self._read_only = protocol in ("zip", "tar", "http", "https", "github", "git")

    @property
    def read_only(self) -> bool:
        """Whether the protocol has no writing."""
        return self._read_only

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object before returning."""
        body = bytes(data)

        def write(place: str) -> None:
            self._fs.pipe_file(place, body)

        self._put(key, len(body), hashlib.sha256(body).digest, write)

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object from a file; `move` gives the file away."""

        def digest() -> bytes:
            with open(path, "rb") as stream:
                return hashlib.file_digest(stream, "sha256").digest()

        def write(place: str) -> None:
            self._fs.put_file(str(path), place)

        self._put(key, path.stat().st_size, digest, write)
        if move:
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Do nothing: a put returns when the service has the bytes."""

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span."""
        path = self._path(key)
        if length == 0:
            return io.BytesIO()

        def read() -> BinaryIO:
            if self._packed:
                _refuse_bomb(self._fs.info(path), self.location)
            if offset == 0 and length is None:
                stream = self._fs.open(path, "rb")
                found = _Unpacked(stream, key, self.location) if self._packed else stream
                return cast(BinaryIO, found)
            end = None if length is None else offset + length
            return io.BytesIO(self._fs.cat_file(path, start=offset, end=end))

        return self._ask(read, f"read {key}")

    def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        return bool(self._ask(lambda: self._fs.exists(self._path(key)), f"look for {key}"))

    def stat(self, key: str) -> ObjectStat:
        """Return an object's size and age."""
        return self._ask(lambda: self._stat(self._path(key)), f"look for {key}")

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._refuse_if_read_only(f"delete {key}")
        try:
            self._ask(lambda: self._fs.rm_file(self._path(key)), f"delete {key}")
        except ObjectMissingError:
            pass

    def keys(self) -> Iterator[str]:
        """Yield every object's key, sorted."""
        return (key for key, _ in self.listing())

    def listing(self, prefix: str = "") -> Iterator[tuple[str, ObjectStat]]:
        """Yield keys with sizes and ages, sorted."""
        root = self._fs._strip_protocol(self._root).rstrip("/")
        folder = f"{root}/{prefix.rpartition('/')[0]}".rstrip("/")

        def find() -> dict[str, Any]:
            try:
                return dict(self._fs.find(folder, detail=True, **_walking(self._fs)))
            except FileNotFoundError:
                return {}

        found = self._ask(find, "list the objects")
        for path, info in sorted(found.items()):
            key = path.removeprefix(f"{root}/")
            if key.startswith(prefix) and not key.startswith(_ASIDE):
                yield key, ObjectStat(int(info["size"] or 0), _modified(info))

    def local_path(self, key: str) -> Path | None:
        """Return None: the bytes are elsewhere."""
        return None

    def tidy(self) -> None:
        """Do nothing: a temporary key does not tell whether its writer still lives."""

    def quarantine(self, key: str) -> str:
        """Move an object under ``quarantine/`` and return its new path."""
        self._refuse_if_read_only(f"move the damaged {key} away")
        target = self._path(f"quarantine/{key.replace('/', '-')}.{uuid.uuid4().hex[:6]}")
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._fs.mv(self._path(key), target)
        return str(target)

    # inner ----------------------------------------------------------------------------

    def _put(
        self, key: str, size: int, digest: Callable[[], bytes], write: Callable[[str], None]
    ) -> None:
        doing = f"write {key}"
        self._refuse_if_read_only(doing)

        def put() -> None:
            if self._size(key) == size:
                return
            with self._writing(key) as place:
                try:
                    write(place)
                except Exception as error:
                    if not is_already_there(error):
                        raise
            if self._digest(key) != digest():
                self._fs.rm_file(self._path(key))
                raise CorruptObjectError(
                    f"What arrived in {self._place} as {key} is not what was sent. It was removed "
                    "there, and nothing was recorded. Try again."
                )

        self._ask(put, doing)

    def _digest(self, key: str) -> bytes:
        found = hashlib.sha256()
        with self._fs.open(self._path(key), "rb") as stream:
            while block := stream.read(_BLOCK):
                found.update(block)
        return found.digest()

    def _size(self, key: str) -> int | None:
        try:
            return self._stat(self._path(key)).size
        except FileNotFoundError:
            return None

    def _stat(self, path: str) -> ObjectStat:
        self._fs.invalidate_cache(path.rpartition("/")[0])
        info = self._fs.info(path)
        _refuse_bomb(info, self.location)
        if info.get("type") == "directory":
            raise FileNotFoundError(path)
        return ObjectStat(int(info["size"]), _modified(info))

    def _ask(self, action: Callable[[], T], doing: str) -> T:
        try:
            return self._retry.run(action, is_transient)
        except StoreError:
            raise
        except _DAMAGED as error:
            raise _damaged(doing, self.location, error) from None
        except FileNotFoundError as error:
            if "bucket does not exist" in str(error) or "container does not exist" in str(error):
                raise explained(error, doing, self._place) from None
            raise ObjectMissingError(
                Message(
                    "Could not {0}: it is missing from the store {1}. Restore it from a backup.",
                    doing,
                    self.location,
                )
            ) from None
        except (OSError, RuntimeError) as error:
            if is_full(error):
                with translated(f"{doing} in {self.location}"):
                    raise
            raise explained(error, doing, self._place) from None
        except Exception as error:
            # A filesystem raises what its own library raises, of any class.
            raise explained(error, doing, self._place) from None

    def _refuse_if_read_only(self, doing: str) -> None:
        if self._read_only:
            raise StoreReadOnlyError(
                f"Could not {doing}: {self.location} can only be read. Point ARTNB_STORE at a "
                "store that you may write."
            )

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}".lstrip("/" if not self._root else "")

    def _writing(self, key: str) -> _Placing:
        return _Placing(
            self._fs, self._path(key), self._path(f"tmp/{uuid.uuid4().hex}"), self._atomic
        )


class _Unpacked(io.RawIOBase):
    """Reads a member of an archive, and says what is damaged as a store does."""

    def __init__(self, stream: Any, key: str, location: str) -> None:
        self._stream = stream
        self._key = key
        self._location = location

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        try:
            data = self._stream.read(len(buffer))
        except _DAMAGED as error:
            raise _damaged(f"read {self._key}", self._location, error) from None
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Placing:
    """Where to write: the key itself if puts are atomic, else a name that is moved after."""

    def __init__(self, fs: Any, target: str, temp: str, atomic: bool) -> None:
        self._fs, self._target = fs, target
        self._place = target if atomic else temp

    def __enter__(self) -> str:
        self._fs.makedirs(self._place.rpartition("/")[0], exist_ok=True)
        return self._place

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._place == self._target:
            return
        if kind is None:
            self._fs.makedirs(self._target.rpartition("/")[0], exist_ok=True)
            self._fs.mv(self._place, self._target)
        elif self._fs.exists(self._place):
            self._fs.rm_file(self._place)


_PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs",
    "abfss": "adlfs", "sftp": "paramiko", "ssh": "paramiko", "smb": "smbprotocol",
    "http": "aiohttp", "https": "aiohttp", "hdfs": "pyarrow", "webdav": "webdav4",
    "webhdfs": "requests", "github": "requests", "dropbox": "dropboxdrivefs",
}  # fmt: skip
"""What fsspec needs for a protocol, where the package has another name."""

_SERVICES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az",
             "abfss": "az"}  # fmt: skip
"""Protocol -> whose credentials it takes, and the extra that has the fast way to it."""


_DAMAGED = (zipfile.BadZipFile, zlib.error)
"""What is raised in an archive whose bytes are not those that were packed."""


def _damaged(doing: str, location: str, error: Exception) -> CorruptObjectError:
    return CorruptObjectError(f"Could not {doing}: {location} is damaged ({error}).")


_looking = threading.Lock()


def _refuse_bomb(info: Any, location: str) -> None:
    """Raise StoreError for a member of an archive that is far larger than what it is packed in."""
    packed, size = info.get("compress_size"), info.get("file_size")
    if packed is None or size is None or size <= _PACKED_AT_MOST:
        return
    if size > _PACKED_RATIO * max(packed, 1):
        raise StoreError(
            f"{info['name']} in {location} is {size} bytes packed into {packed}: no data of "
            "artnb's are so alike. It was not unpacked; if you trust it, unpack the archive "
            "yourself and name the folder."
        )


def _walking(fs: Any) -> dict[str, Any]:
    """Return what lets fsspec's own `find` fail; left alone, it takes what it cannot list as empty.

    Services that list by themselves do not know it.
    """
    from fsspec.asyn import AsyncFileSystem
    from fsspec.spec import AbstractFileSystem

    kind = type(fs)
    own = (
        kind._find is not AsyncFileSystem._find
        if isinstance(fs, AsyncFileSystem)
        else kind.find is not AbstractFileSystem.find
    )
    return {} if own else {"on_error": _unless_gone}


def _unless_gone(error: Exception) -> None:
    if not isinstance(error, FileNotFoundError):  # a folder that another process removed
        raise error


def _modified(info: Any) -> float | None:
    """Return when an object was written, by any of the names that filesystems have for it."""
    for name in ("LastModified", "last_modified", "mtime", "modified", "updated", "created"):
        value = info.get(name)
        if isinstance(value, (int, float)):
            return float(value)
        if hasattr(value, "timestamp"):
            return float(value.timestamp())
        if isinstance(value, str):
            try:
                return datetime.fromisoformat(value).timestamp()
            except ValueError:
                continue
    if isinstance(given := info.get("date_time"), tuple):  # a zip's
        return datetime(*given).timestamp()
    return None
