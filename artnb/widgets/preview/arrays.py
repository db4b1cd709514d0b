"""Arrays and tensors: shapes, types and the first values; nothing is read whole."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from artnb.texts import Message
from artnb.widgets.preview.base import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Shown, Unreadable, rows

__all__ = ["npy", "npz", "safetensors"]

_MOST_TENSORS = 500
_LONGEST_HEADER = 16 << 20
_LONGEST_IN_ARCHIVE = 64 << 10
"""Bytes of an array in an archive that are unpacked for its header; numpy takes 10,000."""


def npy(path: Path) -> Shown:
    """Return shape, dtype, and the first rows of the array or of its first matrix."""
    import numpy as np

    array: Any
    try:
        # An empty array cannot be mapped, a large one need not be read.
        if path.stat().st_size > MOST_BYTES:
            array = np.lib.format.open_memmap(path, mode="r")
        else:
            with open(path, "rb") as stream:
                array = np.lib.format.read_array(stream, allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as error:
        raise Unreadable(Message("This is no array that can be shown: {0}", error)) from error
    facts = Message("{0} {1}", _shape(array.shape), array.dtype)
    first = array
    while first.ndim > 2 and first.shape[0]:
        first = first[0]
    if first.ndim > 2:
        return rows([], [], facts, Message("It has no values."))
    flat = first.ndim < 2
    table = first.reshape(-1, 1) if flat else first
    shown = np.asarray(table[:MOST_ROWS, :MOST_COLUMNS])
    columns = [Message("value")] if flat else [str(n) for n in range(shown.shape[1])]
    body = [[n, *row] for n, row in enumerate(shown.tolist())]
    return rows(["", *columns], body, facts, _part(array.ndim, table.shape, shown.shape))


def _part(dimensions: int, table: Sequence[int], shown: Sequence[int]) -> str:
    """Return which of an array's values are shown, or "" for all."""
    if dimensions > 2:
        where = f"[{'0, ' * (dimensions - 2)}…]"
        return Message("{0}: the first {1}×{2} values.", where, *shown)
    if table[0] > MOST_ROWS or table[1] > MOST_COLUMNS:
        return Message("The first {0}×{1} values.", *shown)
    return ""


def npz(path: Path) -> Shown:
    """Return name, shape and dtype of each array of an archive."""
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            found = []
            for name in names[:_MOST_TENSORS]:
                with archive.open(name) as stream:
                    # No more of it: what unpacks to gigabytes is a few bytes in the archive.
                    start = io.BytesIO(stream.read(_LONGEST_IN_ARCHIVE))
                    found.append((name.removesuffix(".npy"), *_header(start, np)))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(Message("This is no archive of arrays: {0}", error)) from error
    columns = [Message("array"), Message("shape"), "dtype"]
    return _listed(columns, found, Message("{0} arrays", f"{len(names):,}"), len(names))


def safetensors(path: Path) -> Shown:
    """Return name, shape, type and size of each tensor, from the file's header alone."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
            raise Unreadable(Message("This is no safetensors file: its header has no length."))
        try:
            header = json.loads(stream.read(length))
            about = header.pop("__metadata__", None) or {}
            found = [
                (name, _shape(each["shape"]), each["dtype"], _span(each["data_offsets"]))
                for name, each in header.items()
            ]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(Message("This is no safetensors file: {0}", repr(error))) from error
    columns = [Message("tensor"), Message("shape"), "dtype", Message("bytes")]
    facts = Message("{0} tensors", f"{len(found):,}")
    if about:
        notes = ", ".join(f"{key}: {value}" for key, value in list(about.items())[:10])
        facts = Message("{0} · {1}", facts, notes[:500])
    return _listed(columns, found, facts, len(found))


def _listed(
    columns: Sequence[str], found: Sequence[tuple[object, ...]], facts: str, total: int
) -> Shown:
    note = Message("The first {0} of them.", _MOST_TENSORS) if total > _MOST_TENSORS else ""
    return rows(columns, found[:_MOST_TENSORS], facts, note)


def _header(stream: IO[bytes], np: Any) -> tuple[str, str]:
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0
        if version >= (2, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except (ValueError, EOFError):
        return ("", Message("no array"))
    return (_shape(shape), str(dtype))


def _shape(shape: Any) -> str:
    return "×".join(str(int(side)) for side in shape) or Message("scalar")


def _span(offsets: Any) -> str:
    start, end = offsets
    return f"{int(end) - int(start):,}"
