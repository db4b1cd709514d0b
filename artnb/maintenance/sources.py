"""Where bytes that a store lost may still lie: download folders and other stores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from artnb.digest import digest_file
from artnb.errors import ArtnbError, InvalidValueError
from artnb.keys import is_pack, is_recipe, object_key, record_key
from artnb.model import Location
from artnb.store import (
    Backend,
    Recipe,
    Staged,
    StagingArea,
    open_backend,
    pack_index,
    read_recipe,
    uncached,
)
from artnb.store.recipes import joined
from artnb.store.staging import copy_and_hash

__all__ = ["Source", "open_sources", "own_source"]


class Source(Protocol):
    """Somewhere to look for a blob."""

    def find(
        self, digest: str, size: int | None, staging: StagingArea
    ) -> tuple[Staged, str] | None:
        """Return a blob's bytes, proved and copied, and where they were; None if not here.

        Parameters
        ----------
        size : int or None
            In bytes, where it is known: spares hashing files of other sizes.
        """


def open_sources(places: Iterable[str | Path]) -> list[Source]:
    """Return what to look in: each place is a folder of files, a repository, or a store.

    Raises
    ------
    InvalidValueError
        A folder is not there.
    """
    sources: list[Source] = []
    for place in places:
        if "://" in str(place):
            sources.append(_Store(open_backend(str(place))))
            continue
        folder = Path(place).expanduser().absolute()
        if not folder.is_dir():
            raise InvalidValueError(f"{folder} is not a folder. Name one that is there.")
        stores = [folder, folder / "objects", folder / ".artnb" / "objects"]
        found = [s for s in stores if (s / "sha256").is_dir() or (s / "pack").is_dir()]
        sources += [_Store(open_backend(str(store))) for store in found] or [_Folder(folder)]
    return sources


def own_source(backend: Backend) -> Source:
    """Return the store that is repaired itself: what came back there lies under its old key."""
    return _Store(uncached(backend))


class _Folder:
    """Plain files, such as what a download left. Each is hashed at most once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_size: dict[int, list[Path]] | None = None
        self._digests: dict[Path, str] = {}

    def find(
        self, digest: str, size: int | None, staging: StagingArea
    ) -> tuple[Staged, str] | None:
        for path in self._candidates(size):
            try:
                if self._digest(path) != digest:
                    continue
                staged = staging.stage_file(path)
            except (OSError, InvalidValueError):
                continue  # gone or changing: it proves nothing
            if staged.digest == digest:
                return staged, str(path)
            staging.discard(staged)
        return None

    def _candidates(self, size: int | None) -> Iterator[Path]:
        if self._by_size is None:
            self._by_size = {}
            for place, _, names in os.walk(self._folder):
                for name in names:
                    path = Path(place) / name
                    if path.is_file():
                        self._by_size.setdefault(path.stat().st_size, []).append(path)
        if size is not None:
            yield from self._by_size.get(size, [])
            return
        for paths in self._by_size.values():
            yield from paths

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            self._digests[path] = digest_file(path)[0]
        return self._digests[path]


class _Store:
    """Another store: objects under their digests, and packs by their own indexes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._spans: dict[str, Location] | None = None
        self._recipes: dict[str, Recipe] | None = None

    def find(
        self, digest: str, size: int | None, staging: StagingArea
    ) -> tuple[Staged, str] | None:
        try:
            staged = (
                self._whole(digest, staging)
                or self._span(digest, staging)
                or self._joined(digest, staging)
            )
        except (ArtnbError, OSError, ValueError):
            return None
        if staged is not None and staged.digest != digest:
            staging.discard(staged)
            staged = None
        return (staged, self._backend.location) if staged else None

    def _whole(self, digest: str, staging: StagingArea) -> Staged | None:
        key = next(filter(self._backend.exists, (object_key(digest), record_key(digest))), None)
        if key is None:
            return None
        return _copied(self._backend.open(key), staging)

    def _joined(self, digest: str, staging: StagingArea) -> Staged | None:
        if self._recipes is None:
            self._recipes = {}
            for key in filter(is_recipe, self._backend.keys()):
                with suppress(ArtnbError):  # a damaged recipe makes nothing
                    recipe = read_recipe(self._backend, key)
                    self._recipes[recipe.digest] = recipe
        recipe_of_it = self._recipes.get(digest)
        if recipe_of_it is None:
            return None
        return _copied(joined(self._backend, recipe_of_it, self._located), staging)

    def _located(self, digests: Iterable[str]) -> dict[str, Location]:
        found = {}
        for digest in set(digests):
            key = object_key(digest)
            if at := self._packed().get(digest):
                found[digest] = at
            elif self._backend.exists(key):
                found[digest] = Location(key, 0, self._backend.stat(key).size)
        return found

    def _span(self, digest: str, staging: StagingArea) -> Staged | None:
        at = self._packed().get(digest)
        if at is None:
            return None
        with self._backend.open(at.object, at.offset, at.length) as stream:
            return staging.stage_bytes(stream.read())

    def _packed(self) -> dict[str, Location]:
        if self._spans is None:
            self._spans = {}
            for key in filter(is_pack, self._backend.keys()):
                try:
                    with self._backend.open(key) as stream:
                        for digest, offset, length in pack_index(stream).spans:
                            self._spans[digest] = Location(key, offset, length)
                except (ArtnbError, OSError, ValueError):
                    continue  # a damaged pack holds nothing that can be found
        return self._spans


def _copied(source: BinaryIO, staging: StagingArea) -> Staged:
    target = staging.new_path()
    try:
        with source, open(target, "xb", buffering=0) as copy:
            found, size = copy_and_hash(source, copy)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Staged(found, size, target, owned=True)
