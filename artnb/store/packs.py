"""Packs: many small blobs as one object.

Bodies end to end, then an **index** (JSON: digest, offset, length of each; which of them are
versions' records), its length in 8 bytes, and a magic number. A pack's key is the digest of
its index, so the same blobs make the same pack.

A version's manifest and record go into a pack, too, whatever the manifest's size: a version
is then one object more, or that and its large files. They share a pack with small files
only where those are few, for who reads a manifest of a store elsewhere fetches what is around.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from artnb.digest import canonical_json, digest_bytes
from artnb.errors import CorruptObjectError
from artnb.keys import pack_key
from artnb.store.base import Backend, Slice, Staged

__all__ = ["Pack", "PackIndex", "index_at_end", "pack_index", "packed"]

Span = tuple[str, int, int]

_MAGIC = b"ARTNBPK1"
_AT_MOST = 16 << 20
_FEW = 1 << 20
_TAIL = 1 << 16
_LONGEST_INDEX = 256 << 20


@dataclass(frozen=True, slots=True)
class PackIndex:
    """What a pack says of itself.

    Attributes
    ----------
    name : str
        SHA-256 of the index, of which the pack's key is made.
    spans : list of (str, int, int)
        Digest, offset and length of each blob; end to end.
    records : frozenset of str
        Those of the blobs that are versions' records.
    """

    name: str
    spans: list[Span]
    records: frozenset[str]

    @classmethod
    def from_bytes(cls, data: bytes) -> PackIndex:
        """Return the index that these bytes are.

        Raises
        ------
        CorruptObjectError, ValueError, KeyError
            They are none.
        """
        try:
            body = json.loads(data)
            spans: list[Span] = [tuple(span) for span in body["blobs"]]
            held = {digest for digest, _, _ in spans}
            records = frozenset(held.intersection(body.get("records", ())))
        except TypeError as error:
            raise CorruptObjectError(f"Not a pack: its index is none ({error}).") from None
        end = 0
        for digest, offset, length in spans:
            right = isinstance(digest, str) and type(offset) is int and type(length) is int
            if not right or offset != end or length < 0:
                # Spans that overlap would make a few bytes into any number of them.
                raise CorruptObjectError("Not a pack: its index has spans that no pack has.")
            end += length
        return cls(digest_bytes(data), spans, records)


@dataclass(frozen=True)
class Pack:
    """Blobs that go into one object: their spans, and the index that names it."""

    items: Sequence[Staged]
    spans: list[Span]
    index: bytes

    @classmethod
    def of(cls, items: Sequence[Staged], avoid: Collection[str] = ()) -> Pack:
        """Return the pack of some blobs, in their order, under none of the keys to avoid."""
        spans: list[Span] = []
        offset = 0
        for item in items:
            spans.append((item.digest, offset, item.size))
            offset += item.size
        body: dict[str, Any] = {"blobs": spans}
        if records := [item.digest for item in items if item.role == "record"]:
            body["records"] = records
        made = cls(items, spans, canonical_json(body))
        while made.key in avoid:
            body["again"] = body.get("again", 0) + 1
            made = cls(items, spans, canonical_json(body))
        return made

    @cached_property
    def key(self) -> str:
        """The key of its object."""
        return pack_key(digest_bytes(self.index))

    def to_bytes(self) -> bytes:
        """Return what is stored."""
        bodies = [_body(item.source) for item in self.items]
        end = struct.pack("<Q", len(self.index))
        return b"".join([*bodies, self.index, end, _MAGIC])


def packed(
    small: Sequence[Staged], own: Sequence[Staged], avoid: Collection[str] = ()
) -> Iterator[Pack]:
    """Yield the packs of small blobs, and of the manifests and records that go with them."""
    groups = list(_groups(small))
    if own and groups and sum(item.size for item in groups[-1]) < _FEW:
        own = [*groups.pop(), *own]
    return (Pack.of(group, avoid) for group in (*groups, *_groups(own)))


def pack_index(stream: BinaryIO) -> PackIndex:
    """Return the index of an open pack."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()

    def read(offset: int, length: int) -> bytes:
        stream.seek(offset)
        return stream.read(length)

    return PackIndex.from_bytes(_index(read, size))


def index_at_end(backend: Backend, key: str, size: int | None = None) -> bytes:
    """Return the index of a pack, as it is written at the end; the blobs are not read."""
    size = backend.stat(key).size if size is None else size

    def read(offset: int, length: int) -> bytes:
        with backend.open(key, offset, length) as stream:
            return stream.read()

    return _index(read, size)


def _groups(items: Iterable[Staged]) -> Iterator[list[Staged]]:
    group: list[Staged] = []
    size = 0
    for item in items:
        if group and size + item.size > _AT_MOST:
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size
    if group:
        yield group


def _body(source: bytes | Path | str | Slice) -> bytes:
    if isinstance(source, bytes):
        return source
    return source.read() if isinstance(source, Slice) else Path(source).read_bytes()


def _index(read: Callable[[int, int], bytes], size: int) -> bytes:
    guess = min(size, _TAIL)
    tail = read(size - guess, guess)
    if size < 16 or tail[-8:] != _MAGIC:
        raise CorruptObjectError("Not a pack: the magic number at its end is missing.")
    (length,) = struct.unpack("<Q", tail[-16:-8])
    if length > min(size - 16, _LONGEST_INDEX):
        raise CorruptObjectError("Not a pack: its index is said to be longer than it.")
    if length + 16 > guess:
        return read(size - 16 - length, length)
    return tail[len(tail) - 16 - length : len(tail) - 16]
