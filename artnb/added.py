"""Values as entries: what `Artifact.add` writes, and what `Artifact.get` gives back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from artnb import serializers
from artnb.annotations import Classes
from artnb.digest import canonical_json, digest_bytes
from artnb.draft import Draft
from artnb.errors import CommError
from artnb.image import Image
from artnb.media import revived
from artnb.mediafile import MediaFile
from artnb.model import Entry, Manifest, VersionRecord
from artnb.repository import Content, Repository
from artnb.serializers import to_plain
from artnb.table import Table

__all__ = ["contents_of", "names_of", "table_of", "value_of"]

CLASSES = "classes"
TABLE = "table"
TABLE_SUFFIX = ".table.json"
_PICTURES = (".png", ".jpeg", ".gif", ".webp", ".bmp")


def contents_of(value: Any, path: str, repository: Repository) -> list[Content]:
    """Return the entries that hold a value: the pictures that it names first, itself last.

    Parameters
    ----------
    value
        An `Image`, a `Table`, a `MediaFile`, or whatever a serializer can write.
    path : str
        The entry's, with or without its format's suffix.
    """
    if isinstance(value, Table):
        return _of_table(value, path.removesuffix(TABLE_SUFFIX))
    if isinstance(value, Classes):
        meta = {"_type": CLASSES}
        return [Content(_with_suffix(path, ".json"), canonical_json(value.to_list()), meta=meta)]
    if isinstance(value, (Image, MediaFile)):
        return _of_media(value, path, repository)
    folder = repository.staging.new_path()
    folder.mkdir()
    try:
        saved = serializers.dump(value, folder, "value")
        staged = repository.staging.adopt(saved.path)
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()
    entry = _with_suffix(path, saved.path.suffix)
    return [Content(entry, staged, saved.format, meta=saved.meta)]


def names_of(entry: Entry) -> set[str | None]:
    """Return what an entry's value can be asked for by: path, path without suffix, variable."""
    suffix = TABLE_SUFFIX if entry.format == TABLE else f".{entry.path.rpartition('.')[2]}"
    return {entry.path, entry.path.removesuffix(suffix), entry.variable}


def value_of(
    entry: Entry,
    version: VersionRecord,
    manifest: Manifest,
    repository: Repository,
    *,
    trust: bool = False,
) -> Any:
    """Return the value that an entry holds."""

    def read(row: Mapping[str, Any]) -> bytes:
        if "path" not in row:
            return repository.read_blob(entry.digest)
        if row["path"] not in manifest.entries:
            raise CommError(
                f"{version.ref} has no entry {row['path']!r}, which {entry.path!r} names."
            )
        return repository.read_blob(manifest.entries[row["path"]].digest)

    if entry.format == TABLE:
        data = repository.read_blob(entry.digest)
        return Table.from_bytes(data, lambda value: revived(value, read))
    if entry.meta.get("_type") == CLASSES:
        return Classes(json.loads(repository.read_blob(entry.digest)))
    if "_type" in entry.meta:
        return revived(entry.meta, read)
    return repository.load_value(version, entry.path, trust=trust)


def table_of(draft: Draft, path: str) -> Table:
    """Return a table that a draft has."""
    return Table.from_bytes(
        draft.read(path), lambda value: revived(value, lambda row: draft.read(row["path"]))
    )


def _of_table(table: Table, stem: str) -> list[Content]:
    beside = _Beside(stem)

    def cell(value: Any, place: str) -> Any:
        if isinstance(value, (Image, MediaFile)):
            return value.to_row(beside.put)
        try:
            return to_plain(value)
        except TypeError as error:
            raise TypeError(f"{stem!r}, {place}: {error}") from error

    data = table.to_bytes(cell)
    meta = {"rows": len(table), "columns": table.columns[:200]}
    return [*beside.contents.values(), Content(stem + TABLE_SUFFIX, data, TABLE, meta=meta)]


def _of_media(value: Image | MediaFile, path: str, repository: Repository) -> list[Content]:
    """Return a picture's or a file's entry, with its masks before it."""
    entry = _with_suffix(path, f".{value.format}")
    beside = _Beside(entry.removesuffix(f".{value.format}"))
    itself: list[bytes] = []

    def put(suffix: str, data: bytes) -> dict[str, Any]:
        if itself:
            return beside.put(suffix, data)
        itself.append(data)
        return {}

    meta = {key: fact for key, fact in value.to_row(put).items() if fact is not None}
    kind = "png" if isinstance(value, Image) else "file"
    staged = repository.staging.stage_bytes(itself[0])
    return [*beside.contents.values(), Content(entry, staged, kind, meta=meta)]


class _Beside:
    """The pictures and the like that an entry names, as entries in a folder beside it."""

    def __init__(self, stem: str) -> None:
        self.contents: dict[str, Content] = {}
        self._stem = stem

    def put(self, suffix: str, data: bytes) -> dict[str, Any]:
        # Named by its content, so that one picture in many cells is one entry.
        path = f"{self._stem}.media/{digest_bytes(data)[:20]}{suffix}"
        kind = "png" if suffix.endswith(_PICTURES) else "file"
        self.contents[path] = Content(path, data, kind)
        return {"path": path}


def _with_suffix(path: str, suffix: str) -> str:
    return path if path.endswith(suffix) else path + suffix
