"""Which reader shows which file: by the format that a serializer noted, else by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from artnb.errors import CommError, UsageError, nearest
from artnb.model import Entry, VersionRecord
from artnb.repository import Repository
from artnb.texts import Message
from artnb.widgets.nodes import version_of
from artnb.widgets.preview.arrays import npy, npz, safetensors
from artnb.widgets.preview.base import Shown, Unreadable, nothing
from artnb.widgets.preview.charts import altair, bokeh, plotly
from artnb.widgets.preview.frames import parquet
from artnb.widgets.preview.text import delimited, json_value, raw, text

__all__ = ["LARGEST_DOWNLOAD", "entry_of", "preview", "preview_entry", "whole_file"]

LARGEST_DOWNLOAD = 32 << 20
"""Bytes of a file that goes through the kernel to the page; protocol.ts has the same."""

_LARGEST_FETCH = 64 << 20
"""Bytes that are fetched from a store elsewhere to show their beginning."""

Reader = Callable[[Path], Shown]
_BY_FORMAT: dict[str, Reader] = {
    "npy": npy, "tensor": safetensors, "state-dict": safetensors, "module": safetensors,
    "tensor-dataset": safetensors, "parquet": parquet, "polars-parquet": parquet,
    "plotly": plotly, "altair": altair, "bokeh": bokeh, "json": json_value, "text": text,
    "path": text, "stub": json_value, "bytes": raw,
}  # fmt: skip
_CHARTS: dict[str, Reader] = {".plotly.json": plotly, ".vl.json": altair, ".bokeh.json": bokeh}
_BY_SUFFIX: dict[str, Reader] = {
    ".npy": npy, ".npz": npz, ".safetensors": safetensors, ".parquet": parquet, ".pq": parquet,
    ".csv": delimited, ".tsv": delimited, ".json": json_value, ".ipynb": json_value,
    ".geojson": json_value, **_CHARTS,
}  # fmt: skip
_IMAGES = {
    ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp", ".bmp": "bmp",
    ".svg": "svg+xml", ".ico": "x-icon", ".avif": "avif",
}  # fmt: skip
_PICKLES = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".dill"}


def preview(repository: Repository, node: object, path: object) -> Shown:
    """Return the beginning of a file: at most 64 kB of text, 100 rows or 500 tensors.

    Returns
    -------
    dict
        Its ``kind``: ``text``, ``json``, ``rows``, ``image``, ``chart``, ``bytes``, or
        ``nothing`` with a ``message`` that says why there is nothing to see.

    Raises
    ------
    CommError
        There is no such version or file.
    StoreError
        The bytes are missing or damaged; what is wrong is named, and the version marked.
    """
    return preview_entry(repository, entry_of(repository, version_of(repository, node), path))


def preview_entry(repository: Repository, entry: Entry) -> Shown:
    """Return the same of an entry that is at hand."""
    if entry.ref is not None:
        return nothing(Message("A reference: the bytes are not in the store but at {0}", entry.ref))
    suffix = PurePosixPath(entry.path).suffix.lower()
    if entry.format in ("pickle", "cloudpickle") or suffix in _PICKLES:
        return nothing(
            Message(
                "A pickle, or what may hold one. Reading it can run code, so it is not opened here."
            )
        )
    if _is_elsewhere(repository.location) and entry.size > _LARGEST_FETCH:
        return nothing(
            Message(
                "The store {0} is elsewhere, and the file too large to fetch for a look. Download "
                "it.",
                repository.location,
            )
        )
    if entry.format in ("png", "figure") or suffix in _IMAGES:
        return _image(entry, _IMAGES.get(suffix, "png"))
    # Of a chart that was added to an artifact the suffix has two parts.
    suffix = next((each for each in _CHARTS if entry.path.endswith(each)), suffix)
    reader = _BY_FORMAT.get(entry.format) or _BY_SUFFIX.get(suffix, text)
    with repository.local_file(entry) as file:
        try:
            return reader(file)
        except Unreadable as error:
            return {**raw(file), "note": error.message}


def entry_of(repository: Repository, version: VersionRecord, path: object) -> Entry:
    """Return an entry of a version; CommError if there is none."""
    entries = repository.manifest(version).entries
    if path not in entries:
        raise CommError(
            Message("{0} has no file {1}; {2}", version.ref, repr(path), nearest(path, entries))
        )
    return entries[str(path)]


def whole_file(repository: Repository, node: object, path: object) -> bytes:
    """Return all bytes of a file that is small enough for a message.

    Raises
    ------
    UsageError
        It is larger than 32 MiB, or a reference; the message has the code that gets it.
    """
    version = version_of(repository, node)
    entry = entry_of(repository, version, path)
    if entry.ref is not None or entry.size > LARGEST_DOWNLOAD:
        raise UsageError(
            Message(
                "{0} of {1} has {2}, and at most {3} go through the kernel. Get it with "
                "artnb.Api().artifact({4}).get_entry({0}).download().",
                repr(entry.path),
                version.ref,
                Message("no bytes in the store") if entry.ref else _bytes(entry),
                f"{LARGEST_DOWNLOAD:,}",
                repr(f"{version.project}/{version.ref}"),
            )
        )
    return repository.read_blob(entry.digest)


def _image(entry: Entry, format: str) -> dict[str, Any]:
    if entry.size > LARGEST_DOWNLOAD:
        return nothing(Message("A picture of {0}, too large to show here.", _bytes(entry)))
    return {"kind": "image", "format": format, "digest": entry.digest}


def _bytes(entry: Entry) -> Message:
    return Message("{0} bytes", f"{entry.size:,}")


def _is_elsewhere(location: str) -> bool:
    return "://" in location and not location.startswith(("file://", "local://"))
