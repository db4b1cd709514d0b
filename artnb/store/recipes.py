"""Recipes: a blob said as other blobs, end to end.

A checkpoint of which one tensor in a hundred changed, or a table that grew at its end,
shares nearly all its bytes with the one before. Such a file is cut into **parts** (by
`tensors` or `chunks`), each a blob of its own, and a recipe says their order. The digest
of the whole stays that of the whole file, and whoever reads it proves it by that.

A recipe's key is the digest of its text, so that the same parts make the same recipe.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from artnb.digest import canonical_json, digest_bytes
from artnb.errors import CorruptObjectError, ObjectMissingError
from artnb.keys import base_of, is_pack, is_recipe, recipe_key
from artnb.model import Location
from artnb.store.base import Backend

__all__ = ["Locate", "Recipe", "joined", "read_recipe"]

Locate = Callable[[Iterable[str]], Mapping[str, Location]]
"""Says where blobs lie; those that are nowhere are left out."""

_FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_READ_AT_ONCE = 4 << 20
"""Neighbours in a pack are fetched together, up to so many bytes."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Of which blobs a blob is made.

    Attributes
    ----------
    digest : str
        Of the whole, SHA-256 in hex.
    parts : tuple of (str, int)
        Digest and bytes of each part, in order. One may come more than once.
    """

    digest: str
    parts: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return sum(length for _, length in self.parts)

    @property
    def digests(self) -> set[str]:
        """Those of its parts."""
        return {digest for digest, _ in self.parts}

    @property
    def key(self) -> str:
        """The key of its object."""
        return recipe_key(digest_bytes(self.to_bytes()))

    def to_bytes(self) -> bytes:
        """Return the text that is stored."""
        return canonical_json({"artnb": _FORMAT, "digest": self.digest, "parts": self.parts})

    @classmethod
    def from_bytes(cls, data: bytes) -> Recipe:
        """Return the recipe that `to_bytes` wrote; ValueError for anything else."""
        try:
            body = json.loads(data)
            parts = tuple((digest, length) for digest, length in body["parts"])
            whole = body["digest"]
            right = (
                body["artnb"] == _FORMAT
                and all(type(length) is int and length >= 0 for _, length in parts)
                and all(
                    isinstance(digest, str) and _DIGEST.fullmatch(digest)
                    for digest in (whole, *(digest for digest, _ in parts))
                )
            )
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"not a recipe: {error!r}") from error
        if not right:
            raise ValueError("not a recipe")
        return cls(whole, parts)


def read_recipe(backend: Backend, key: str) -> Recipe:
    """Return the recipe under a key, proved.

    Raises
    ------
    CorruptObjectError
        Its text does not have the digest that the key says.
    """
    with backend.open(key) as stream:
        data = stream.read()
    try:
        recipe = Recipe.from_bytes(data)
        if recipe_key(digest_bytes(data)) == base_of(key):
            return recipe
    except ValueError:
        pass
    raise CorruptObjectError(f"The recipe {key} in {backend.location} is damaged.")


def joined(backend: Backend, recipe: Recipe, locate: Locate) -> BinaryIO:
    """Return a reader of the whole; what it reads is not proved yet.

    Raises
    ------
    ObjectMissingError
        Here, or while it is read: a part is not there.
    """
    return io.BufferedReader(_Joined(backend, recipe, locate), 1 << 20)


class _Joined(io.RawIOBase):
    """The parts one after the other, each opened when it is come to."""

    def __init__(self, backend: Backend, recipe: Recipe, locate: Locate) -> None:
        self._backend = backend
        self._parts = [(digest, length) for digest, length in recipe.parts if length]
        self._locate = locate
        self._places = dict(locate(digest for digest, _ in self._parts))
        self._next = 0
        self._stream: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            if self._stream is None:
                if self._next >= len(self._parts):
                    return 0
                self._stream = self._open_next()
            count: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]
            if count:
                return count
            self._stream.close()
            self._stream = None

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        super().close()

    def _open_next(self) -> BinaryIO:
        while True:
            digest = self._parts[self._next][0]
            at = self._place(digest)
            count, length = self._neighbours(at)
            try:
                stream = (
                    self._backend.open(at.object, at.offset, length)
                    if is_pack(at.object)
                    else self._backend.open(at.object)
                )
            except ObjectMissingError as error:
                self._places.update(self._locate([digest for digest, _ in self._parts]))
                if self._places.get(digest) == at:
                    raise ObjectMissingError(error.message, digest) from error
                continue  # a collector carried it into another pack meanwhile
            self._next += count
            return stream

    def _place(self, digest: str) -> Location:
        at = self._places.get(digest)
        if at is None or is_recipe(at.object):
            raise ObjectMissingError(
                f"A part, {digest[:12]}, is missing from the store {self._backend.location}.",
                digest,
            )
        return at

    def _neighbours(self, first: Location) -> tuple[int, int]:
        """Return how many parts from here on lie end to end in one pack, and their bytes."""
        count, length = 1, first.length
        if not is_pack(first.object):
            return count, length
        for digest, size in self._parts[self._next + 1 :]:
            at = self._places.get(digest)
            follows = at is not None and at.object == first.object
            if not follows or at is None or at.offset != first.offset + length:
                break
            if length + size > _READ_AT_ONCE:
                break
            count, length = count + 1, length + size
        return count, length
