"""The contract of a place for bytes.

A **backend** keeps whole objects under keys and never changes one. The **object store**
over it (`objects.py`) speaks of **blobs**: a blob is what a digest names, and lies in an
object of its own or, if it is small, in a span of a **pack**.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from artnb.streams import read_all

__all__ = ["Backend", "ObjectStat", "Part", "Role", "Slice", "Staged"]


Role = Literal["", "manifest", "record"]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of a blob that is a blob of its own: SHA-256 in hex, where it begins, its bytes."""

    digest: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A span of a file that another stage owns."""

    path: Path
    offset: int
    length: int

    def read(self) -> bytes:
        """Return the bytes."""
        # Not `open`: tens of thousands of spans may be read, and it takes five times as long.
        handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            os.lseek(handle, self.offset, os.SEEK_SET)
            return read_all(handle, self.length, self.length)
        finally:
            os.close(handle)


@dataclass(slots=True)  # frozen it would take four times as long to make, and there is one a file
class Staged:
    """Bytes whose digest is known and which are not yet in the store.

    Attributes
    ----------
    digest : str
        SHA-256, hex.
    size : int
        In bytes.
    source : bytes, Path, str or Slice
        In memory, a file, or a span of one; a str is the path of a person's file that is
        not read unless it has to be.
    owned : bool
        The file is a private copy: it may be moved into the store, and is removed if
        it is not wanted.
    parts : tuple of Part
        Of a file that is to be stored in parts: what it is cut into, in order, without gaps.
    role : {'', 'manifest', 'record'}
        What it is to a version, if it is not one of its files.
    """

    digest: str
    size: int
    source: bytes | Path | str | Slice
    owned: bool = False
    parts: tuple[Part, ...] = ()
    role: Role = ""

    @property
    def digests(self) -> tuple[str, ...]:
        """Its own and those of its parts: all that a lease on it must name."""
        return (
            (self.digest, *(part.digest for part in self.parts)) if self.parts else (self.digest,)
        )


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What a backend says of an object without reading it.

    Attributes
    ----------
    size : int
        In bytes.
    modified : float or None
        When it was written, seconds since the epoch; None where the backend cannot say.
    """

    size: int
    modified: float | None


class Backend(Protocol):
    """Whole objects under keys such as ``sha256/ab/cdef...``.

    Implementations are safe to use from many threads and processes at once. An object is
    visible only when it is whole and durable; putting a key that exists does nothing, for
    equal keys mean equal bytes. Errors are `StoreError` and its children.
    """

    location: str

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object, durably, before returning."""

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object from a file, durably; `move` gives the file away."""

    def flush(self) -> None:
        """Make durable what was put before, where a put alone does not."""

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span; ObjectMissingError if the key is not there."""

    def exists(self, key: str) -> bool:
        """Return whether the object is there."""

    def stat(self, key: str) -> ObjectStat:
        """Return an object's size and age; ObjectMissingError if the key is not there."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""

    def keys(self) -> Iterator[str]:
        """Yield every object's key."""

    def listing(self, prefix: str = "") -> Iterator[tuple[str, ObjectStat]]:
        """Yield the keys that begin with `prefix`, with sizes and ages, sorted."""

    def local_path(self, key: str) -> Path | None:
        """Return the object's file, where it is one on this machine."""

    def tidy(self) -> None:
        """Remove what writers that are gone left half-written."""

    def quarantine(self, key: str) -> str:
        """Move an object out of the way and return where it is now, for people."""
