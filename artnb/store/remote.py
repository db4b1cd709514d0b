"""Objects on any filesystem that fsspec knows: ``s3://``, ``gs://``, ``memory://``, ...

Writes go to a temporary key and are moved, except where the protocol is an object
storage, whose puts are atomic. Durability is what the service promises.
"""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from artnb.errors import MissingExtraError, ObjectMissingError, StoreError
from artnb.osfaults import translated
from artnb.store.base import ObjectStat

__all__ = ["FsspecBackend", "without_secrets"]

_ATOMIC_PUTS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory"}


class FsspecBackend:
    """A `Backend` over a URL."""

    def __init__(self, url: str, **options: Any) -> None:
        import fsspec

        self.location = without_secrets(url)
        protocol = url.partition("://")[0]
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url, **options)
        except ImportError as error:
            raise MissingExtraError(
                f"The store {self.location}", _PACKAGES.get(protocol, protocol)
            ) from error
        except ValueError as error:
            reason = without_secrets(str(error))
            raise StoreError(
                f"The store {self.location} cannot be opened: {reason}. Use a folder or a URL "
                "that fsspec knows, such as s3://bucket/prefix."
            ) from error
        self._atomic = protocol in _ATOMIC_PUTS
        self._read_only = protocol in ("zip", "http", "https", "github", "git")

    @property
    def read_only(self) -> bool:
        """Whether the protocol has no writing."""
        return self._read_only

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object before returning."""
        with translated(f"write {key} to {self.location}"):
            if not self._fs.exists(self._path(key)):
                with self._writing(key) as place:
                    self._fs.pipe_file(place, bytes(data))

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object from a file; `move` gives the file away."""
        with translated(f"write {key} to {self.location}"):
            if not self._fs.exists(self._path(key)):
                with self._writing(key) as place:
                    self._fs.put_file(str(path), place)
        if move:
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Do nothing: a put returns when the service has the bytes."""

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span."""
        path = self._path(key)
        try:
            if offset == 0 and length is None:
                return self._fs.open(path, "rb")  # type: ignore[no-any-return]
            end = None if length is None else offset + length
            return io.BytesIO(self._fs.cat_file(path, start=offset, end=end) if length else b"")
        except FileNotFoundError:
            raise self._missing(path) from None

    def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        return bool(self._fs.exists(self._path(key)))

    def stat(self, key: str) -> ObjectStat:
        """Return an object's size and age."""
        path = self._path(key)
        try:
            size = int(self._fs.size(path))
            return ObjectStat(size, self._fs.modified(path).timestamp())
        except FileNotFoundError:
            raise self._missing(path) from None
        except NotImplementedError:
            return ObjectStat(size, None)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            self._fs.rm_file(self._path(key))
        except FileNotFoundError:
            pass

    def keys(self) -> Iterator[str]:
        """Yield every object's key, sorted."""
        try:
            found = self._fs.find(self._root)
        except FileNotFoundError:
            return
        prefix = self._fs._strip_protocol(self._root).rstrip("/") + "/"
        for path in sorted(found):
            key = path.removeprefix(prefix)
            if not key.startswith(("tmp/", "quarantine/")):
                yield key

    def local_path(self, key: str) -> Path | None:
        """Return None: the bytes are elsewhere."""
        return None

    def tidy(self) -> None:
        """Do nothing: a temporary key does not tell whether its writer still lives."""

    def quarantine(self, key: str) -> str:
        """Move an object under ``quarantine/`` and return its new path."""
        target = self._path(f"quarantine/{key.replace('/', '-')}.{uuid.uuid4().hex[:6]}")
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._fs.mv(self._path(key), target)
        return str(target)

    def _missing(self, path: str) -> ObjectMissingError:
        return ObjectMissingError(
            f"{path} is missing from the store {self.location}. Restore it from a backup."
        )

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"

    def _writing(self, key: str) -> _Placing:
        return _Placing(
            self._fs, self._path(key), self._path(f"tmp/{uuid.uuid4().hex}"), self._atomic
        )


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


def without_secrets(url: str) -> str:
    """Return a URL, or a text that holds one, without users, passwords and queries.

    Examples
    --------
    >>> without_secrets("ftp://me:secret@host/team?token=1")
    'ftp://host/team'
    """
    url = re.sub(r"://(?:[^/\s:@]*:[^\s]*|[^/\s@]*)@", "://", url)
    return re.sub(r"(://[^\s?#]*)[?#][^\s]*", r"\1", url)
