"""Objects in S3, Google's and Azure's storage, by obstore: the fast path of remote stores.

What a service says of an upload is not believed: the MD5 in its tag is compared where it has
one, else the object is read again. No put is conditional, for services differ in what they
make of the condition; keys are digests, so a second put of a key does no harm.
"""

from __future__ import annotations

import hashlib
import io
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from artnb.errors import ArtnbError, CorruptObjectError, ObjectMissingError
from artnb.store.base import ObjectStat
from artnb.store.cloud_options import CloudAddress, parse_address
from artnb.store.faults import explained, is_already_there, is_no_bucket, is_transient
from artnb.store.ranges import READ_AT_ONCE, RangeReader
from artnb.store.retrying import Retry

__all__ = ["CloudBackend"]

T = TypeVar("T")

PART = 8 << 20
"""Bytes of a part of a large upload."""
_ASIDE = ("tmp/", "quarantine/")
_MD5 = re.compile(r"[0-9a-f]{32}")


class CloudBackend:
    """A `Backend` over ``s3://``, ``gs://`` or ``az://``.

    Parameters
    ----------
    uploads : Path, optional
        A folder that remembers large uploads, so that a later process goes on where one was
        cut off (not needed on Azure, which lists the blocks that have arrived itself, and
        forgets them after a week).
    """

    def __init__(self, url: str, *, uploads: Path | None = None, retry: Retry | None = None):
        import obstore

        self._api = obstore
        self._address: CloudAddress = parse_address(url)
        self._place = self._address.place
        self.location = self._place.location
        self._retry = retry or Retry()
        # Two quick ones of its own, for a stream that breaks; the long waits are ours.
        self._store = self._address.connect(retry_config={"max_retries": 2})
        self._uploads = uploads
        self._seen = False

    @property
    def read_only(self) -> bool:
        """False: only a try tells."""
        return False

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object and prove that it arrived, before returning."""
        doing = f"write {key}"
        if self._size(key) == len(data):
            return

        def put() -> str:
            return str(self._put(key, data, use_multipart=False) or "")

        tag = self._ask(put, doing)
        self._prove(key, tag, len(data), lambda: [hashlib.md5(data, usedforsecurity=False)], data)

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object from a file; `move` gives the file away."""
        size = path.stat().st_size
        if self._size(key) != size:
            if size <= PART:
                self.put_bytes(key, path.read_bytes())
            else:
                self._put_large(key, path, size)
        if move:
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Do nothing: a put returns when the service has the bytes."""

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span."""
        if length == 0:
            return io.BytesIO()
        if length is not None:
            return io.BytesIO(self.get_range(key, offset, length))
        size, whole = self._ask(lambda: self._begin(key), f"read {key}")
        if whole is not None:
            return io.BytesIO(whole[offset:])
        reader = RangeReader(size, lambda spans: self.get_ranges(key, spans))
        reader.seek(offset)
        return io.BufferedReader(reader, 1 << 16)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Return a span; shorter where the object ends."""
        return bytes(self.get_ranges(key, [(offset, length)])[0])

    def get_ranges(self, key: str, spans: list[tuple[int, int]]) -> list[memoryview]:
        """Return spans of one object, fetched at the same time."""

        def get() -> list[memoryview]:
            found = self._api.get_ranges(
                self._store,
                self._path(key),
                starts=[start for start, _ in spans],
                lengths=[length for _, length in spans],
                coalesce=0,
            )
            return [memoryview(part) for part in found]

        return self._ask(get, f"read {key}")

    def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        return self._size(key) is not None

    def stat(self, key: str) -> ObjectStat:
        """Return an object's size and age."""
        meta = self._ask(lambda: self._api.head(self._store, self._path(key)), f"look for {key}")
        return ObjectStat(int(meta["size"]), meta["last_modified"].timestamp())

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        try:
            self._ask(lambda: self._api.delete(self._store, self._path(key)), f"delete {key}")
        except ObjectMissingError:
            pass

    def keys(self) -> Iterator[str]:
        """Yield every object's key, sorted."""
        return (key for key, _ in self.listing())

    def listing(self, prefix: str = "") -> Iterator[tuple[str, ObjectStat]]:
        """Yield keys with sizes and ages, sorted; a thousand a request."""

        def everything() -> list[tuple[str, ObjectStat]]:
            folder = self._address.prefix + prefix.rpartition("/")[0]
            return [
                (
                    meta["path"].removeprefix(self._address.prefix),
                    ObjectStat(int(meta["size"]), meta["last_modified"].timestamp()),
                )
                for batch in self._api.list(self._store, prefix=folder.rstrip("/") or None)
                for meta in batch
            ]

        for key, stat in sorted(self._ask(everything, "list the objects")):
            if key.startswith(prefix) and not key.startswith(_ASIDE):
                yield key, stat

    def local_path(self, key: str) -> Path | None:
        """Return None: the bytes are elsewhere."""
        return None

    def tidy(self) -> None:
        """Abort the large uploads that nobody went on with for days."""
        if self._uploads is None:
            return
        if self._address.service == "s3":
            from artnb.store import multipart

            multipart.forget_abandoned(self._uploads, self._multipart)
        elif self._address.service == "gs":
            from artnb.store import sessions

            sessions.forget_abandoned(self._uploads)

    def quarantine(self, key: str) -> str:
        """Move an object under ``quarantine/`` and return its new path."""
        target = f"quarantine/{key.replace('/', '-')}.{uuid.uuid4().hex[:6]}"

        def move() -> None:
            self._api.copy(self._store, self._path(key), self._path(target))

        self._ask(move, f"move the damaged {key} away")
        self.delete(key)
        return f"{self.location.rstrip('/')}/{target}"

    # inner ----------------------------------------------------------------------------

    def _path(self, key: str) -> str:
        return self._address.prefix + key

    def _begin(self, key: str) -> tuple[int, bytes | None]:
        """Return an object's size and, if it is small, its bytes: one request for both."""
        found = self._api.get(self._store, self._path(key))
        size = int(found.meta["size"])
        return size, bytes(found.bytes()) if size <= READ_AT_ONCE else None

    def _size(self, key: str) -> int | None:
        try:
            return self.stat(key).size
        except ObjectMissingError:
            return None

    def _put(self, key: str, data: Any, **options: Any) -> str | None:
        try:
            done = self._api.put(self._store, self._path(key), data, **options)
        except Exception as error:
            if not is_already_there(error):
                raise
            return None  # a service that forbids writing over: what is there is proved
        return str(done["e_tag"] or "").strip('"')

    def _put_large(self, key: str, path: Path, size: int) -> None:
        doing = f"write {key} ({size} bytes)"
        service, tag = self._address.service, ""
        if service == "gs" or (service == "s3" and self._uploads is not None):
            send = self._in_session if service == "gs" else self._in_parts
            if self._ask(lambda: send(key, path), doing) and self._size(key) == size:
                return
        elif service == "az" and self._ask(lambda: self._in_blocks(key, path), doing):
            pass
        else:

            def put() -> str:
                return str(self._put(key, path, use_multipart=True, chunk_size=PART) or "")

            tag = self._ask(put, doing)
        self._prove(key, tag, size, lambda: _part_sums(path), path)

    def _in_session(self, key: str, path: Path) -> bool:
        """Send a file to Google so that it can be gone on with; True: it named the MD5."""
        from artnb.store.sessions import SessionClient, upload

        return upload(SessionClient(self._address), self._path(key), path, self._uploads)

    def _in_parts(self, key: str, path: Path) -> bool:
        """Send a file to S3 so that it can be gone on with; True: it named each part's MD5."""
        from artnb.store.multipart import upload

        assert self._uploads is not None
        return upload(self._multipart(), self._path(key), path, self._uploads)

    def _in_blocks(self, key: str, path: Path) -> bool:
        """Send a file to Azure so that it can be gone on with; False: that is not allowed."""
        from artnb.store.blocks import BlockClient, upload

        def sign(method: str, lasting: timedelta) -> str:
            return str(self._api.sign(self._store, method, self._path(key), lasting))

        try:
            client = BlockClient(sign)
        except self._api.exceptions.BaseError:
            return False  # a token that may write, but sign nothing
        upload(client, path)
        return True

    def _multipart(self) -> Any:
        from artnb.store.multipart import MultipartClient

        return MultipartClient(self._address)

    def _prove(
        self, key: str, tag: str, size: int, sums: Callable[[], list[Any]], source: bytes | Path
    ) -> None:
        """Compare what arrived with what was sent; remove it if it is something else."""
        if _says(tag, sums):
            return
        found = hashlib.sha256()
        with self.open(key) as stream:
            arrived = 0
            while block := stream.read(4 << 20):
                found.update(block)
                arrived += len(block)
        if arrived == size and found.digest() == _sha256(source):
            return
        self.delete(key)
        raise CorruptObjectError(
            f"What arrived in {self._place} as {key} is not what was sent ({arrived} of {size} "
            "bytes). It was removed there, and nothing was recorded. Try again; if it comes back, "
            "something between here and there changes the bytes."
        )

    def _ask(self, action: Callable[[], T], doing: str) -> T:
        try:
            result = self._retry.run(action, is_transient)
        except ArtnbError:
            raise  # it says all already
        except FileNotFoundError as error:
            raise self._missing(doing, error) from None
        except Exception as error:
            raise explained(self._diagnosed(error), doing, self._place) from None
        self._seen = True
        return result

    def _missing(self, doing: str, error: Exception) -> Exception:
        # The bucket may be what is missing: until something was found there, ask.
        told = error if self._seen else self._diagnosed(error)
        if is_no_bucket(told):
            return explained(told, doing, self._place)
        return ObjectMissingError(
            f"Could not {doing}: it is missing from the store {self._place}. Restore it from a "
            "backup."
        )

    def _diagnosed(self, error: Exception) -> Exception:
        """Return the error, or what a request with a body says: answers to HEAD have none."""
        if "performing HEAD" not in str(error):
            return error
        try:
            next(iter(self._api.list(self._store, prefix=".artnb-none", chunk_size=1)), None)
        except Exception as told:
            return error if is_transient(told) else told
        self._seen = True
        return error


def _part_sums(path: Path) -> list[Any]:
    sums = []
    with open(path, "rb") as stream:
        while block := stream.read(PART):
            sums.append(hashlib.md5(block, usedforsecurity=False))
    return sums


def _says(tag: str, sums: Callable[[], list[Any]]) -> bool:
    """Return whether a service's tag is the MD5 of what was sent, or of its parts' MD5s."""
    digest, _, parts = tag.partition("-")
    if not _MD5.fullmatch(digest):
        return False
    found = sums()
    if not parts:
        return len(found) == 1 and found[0].hexdigest() == digest
    joined = b"".join(each.digest() for each in found)
    whole = hashlib.md5(joined, usedforsecurity=False).hexdigest()
    return parts == str(len(found)) and whole == digest


def _sha256(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest()
    with open(source, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
