"""Values as entries: what `Artifact.add` writes, and what `Artifact.get` gives back."""

from __future__ import annotations

from typing import Any

from artnb import serializers
from artnb.digest import digest_bytes
from artnb.media import Image
from artnb.model import Entry, VersionRecord
from artnb.recordings import MediaFile
from artnb.repository import Content, Repository
from artnb.serializers import to_plain
from artnb.table import Table

__all__ = ["contents_of", "names_of", "value_of"]

TABLE = "table"
TABLE_SUFFIX = ".table.json"


def contents_of(value: Any, path: str, repository: Repository) -> list[Content]:
    """Return the entries that hold a value: the pictures of a table first, itself last.

    Parameters
    ----------
    value
        An `Image`, a `Table`, a `MediaFile`, or whatever a serializer can write.
    path : str
        The entry's, with or without its format's suffix.
    """
    if isinstance(value, Table):
        return _of_table(value, path.removesuffix(TABLE_SUFFIX))
    if isinstance(value, Image):
        meta = {"caption": value.caption} if value.caption else {}
        data = repository.staging.stage_bytes(value.to_png())
        return [Content(_with_suffix(path, f".{value.format}"), data, "png", meta=meta)]
    if isinstance(value, MediaFile):
        meta = {"caption": value.caption} if value.caption else {}
        return [Content(_with_suffix(path, f".{value.format}"), value.to_bytes(), meta=meta)]
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
    entry: Entry, version: VersionRecord, repository: Repository, *, trust: bool = False
) -> Any:
    """Return the value that an entry holds."""
    if entry.format == TABLE:
        return Table.from_bytes(repository.read_blob(entry.digest))
    return repository.load_value(version, entry.path, trust=trust)


def _of_table(table: Table, stem: str) -> list[Content]:
    pictures: dict[str, Content] = {}

    def cell(value: Any, place: str) -> Any:
        if not isinstance(value, Image):
            try:
                return to_plain(value)
            except TypeError as error:
                raise TypeError(f"{stem!r}, {place}: {error}") from error
        data = value.to_png()
        # Named by its content, so that one picture in many cells is one entry.
        path = f"{stem}.media/{digest_bytes(data)[:20]}.{value.format}"
        pictures[path] = Content(path, data, "png")
        return {"_type": "image-file", "path": path, "caption": value.caption}

    data = table.to_bytes(cell)
    meta = {"rows": len(table), "columns": table.columns[:200]}
    return [*pictures.values(), Content(stem + TABLE_SUFFIX, data, TABLE, meta=meta)]


def _with_suffix(path: str, suffix: str) -> str:
    return path if path.endswith(suffix) else path + suffix
