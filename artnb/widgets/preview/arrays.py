"""Arrays and tensors: shapes, types and the first values; nothing is read whole."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from artnb.widgets.preview.base import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Shown, Unreadable, rows

__all__ = ["npy", "npz", "safetensors"]

_MOST_TENSORS = 500
_LONGEST_HEADER = 16 << 20


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
    except (ValueError, OSError, EOFError) as error:
        raise Unreadable(f"This is no array that can be shown: {error}") from error
    facts = f"{_shape(array.shape)} {array.dtype}"
    first = array
    while first.ndim > 2 and first.shape[0]:
        first = first[0]
    if first.ndim > 2:
        return rows([], [], facts, "It has no values.")
    where = f"[{'0, ' * (array.ndim - 2)}…]: " if array.ndim > 2 else ""
    flat = first.ndim < 2
    table = first.reshape(-1, 1) if flat else first
    shown = np.asarray(table[:MOST_ROWS, :MOST_COLUMNS])
    columns = ["value"] if flat else [str(n) for n in range(shown.shape[1])]
    cut = where or table.shape[0] > MOST_ROWS or table.shape[1] > MOST_COLUMNS
    note = f"{where}the first {shown.shape[0]}×{shown.shape[1]} values." if cut else ""
    body = [[n, *row] for n, row in enumerate(shown.tolist())]
    return rows(["", *columns], body, facts, note[:1].upper() + note[1:])


def npz(path: Path) -> Shown:
    """Return name, shape and dtype of each array of an archive."""
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            found = []
            for name in names[:_MOST_TENSORS]:
                with archive.open(name) as stream:
                    found.append((name.removesuffix(".npy"), *_header(stream, np)))
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(f"This is no archive of arrays: {error}") from error
    return _listed(["array", "shape", "dtype"], found, len(names), "arrays")


def safetensors(path: Path) -> Shown:
    """Return name, shape, type and size of each tensor, from the file's header alone."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
            raise Unreadable("This is no safetensors file: its header has no length.")
        try:
            header = json.loads(stream.read(length))
            about = header.pop("__metadata__", None) or {}
            found = [
                (name, _shape(each["shape"]), each["dtype"], _span(each["data_offsets"]))
                for name, each in header.items()
            ]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Unreadable(f"This is no safetensors file: {error!r}") from error
    shown = _listed(["tensor", "shape", "dtype", "bytes"], found, len(found), "tensors")
    if about:
        shown["facts"] += f" · {', '.join(f'{k}: {v}' for k, v in list(about.items())[:10])[:500]}"
    return shown


def _listed(
    columns: list[str], found: Sequence[tuple[object, ...]], total: int, what: str
) -> Shown:
    note = f"The first {_MOST_TENSORS} of them." if total > _MOST_TENSORS else ""
    return rows(columns, found[:_MOST_TENSORS], f"{total:,} {what}", note)


def _header(stream: IO[bytes], np: Any) -> tuple[str, str]:
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0
        if version >= (2, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    except (ValueError, EOFError):
        return ("", "no array")
    return (_shape(shape), str(dtype))


def _shape(shape: Any) -> str:
    return "×".join(str(int(side)) for side in shape) or "scalar"


def _span(offsets: Any) -> str:
    start, end = offsets
    return f"{int(end) - int(start):,}"
