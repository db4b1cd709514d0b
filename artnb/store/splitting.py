"""Where a file is cut into parts: at its tensors, or where its content says so.

The file is read once more for it, a few mebibytes at a time. One that cannot be cut, or
that claims to be what it is not, is kept whole: cutting is a saving, never a condition.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from artnb.digest import CHUNK
from artnb.errors import MissingExtraError
from artnb.store.base import Part

__all__ = ["TENSORS", "chunk_parts", "digest_parts", "split", "tensor_lengths"]

TENSORS = ".safetensors"

_HEADER_AT_MOST = 32 << 20
_PARTS_AT_MOST = 1 << 17
_AVERAGE = 64 * 1024
_MIN, _MAX = 16 * 1024, 192 * 1024
_WORKERS = 4


def split(path: Path, name: str, chunked: Collection[str] = ()) -> tuple[Part, ...]:
    """Return the parts of a file; none if it is to be kept whole.

    Parameters
    ----------
    name : str
        The file's name, whose suffix says its format.
    chunked : collection of str
        Suffixes without the dot of files to cut where their content says so.
    """
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - once a file
    if suffix == TENSORS:
        lengths = tensor_lengths(path)
        # A header and one tensor: there is nothing that it could share.
        return digest_parts(path, lengths) if len(lengths) > 2 else ()
    if suffix[1:] in chunked:
        parts = chunk_parts(path)
        return parts if 1 < len(parts) <= _PARTS_AT_MOST else ()
    return ()


def tensor_lengths(path: Path) -> list[int]:
    """Return the bytes of a safetensors file's header, of each tensor and of what lies between.

    They add up to the file. Empty where the header is not one, says places outside the file or
    that overlap, or more of them than a model has.
    """
    size = path.stat().st_size
    with open(path, "rb", buffering=0) as stream:
        start = stream.read(8)
        if len(start) < 8:
            return []
        (length,) = struct.unpack("<Q", start)
        if not 2 <= length <= min(_HEADER_AT_MOST, size - 8):
            return []
        text = stream.read(length)
    try:
        spans = sorted(map(_span, _tensors(json.loads(text))))
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
    if len(spans) > _PARTS_AT_MOST:
        return []
    begin = 8 + length
    lengths, at = [begin], begin
    for first, last in spans:
        if not at <= begin + first <= begin + last <= size:
            return []
        lengths += [begin + first - at, last - first]
        at = begin + last
    return [length for length in (*lengths, size - at) if length]


def _tensors(header: Any) -> list[Any]:
    if not isinstance(header, dict):
        raise TypeError("a header that is no object")
    return [tensor for name, tensor in header.items() if name != "__metadata__"]


def _span(tensor: Any) -> tuple[int, int]:
    first, last = tensor["data_offsets"]
    if type(first) is not int or type(last) is not int:
        raise TypeError("an offset that is no integer")
    return first, last


def digest_parts(path: Path, lengths: Sequence[int]) -> tuple[Part, ...]:
    """Return the parts of a file that have these lengths, digested."""
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    handle = os.open(path, os.O_RDONLY)
    try:
        # hashlib lets other threads run beside it, but only for buffers worth the switch.
        count = min(_WORKERS, os.cpu_count() or 1)
        with ThreadPoolExecutor(count, thread_name_prefix="artnb-digest") as pool:
            spans = list(zip(offsets, lengths, strict=False))
            digests = list(pool.map(lambda span: _digest_span(handle, *span), spans))
    finally:
        os.close(handle)
    return tuple(Part(d, offset, n) for d, (offset, n) in zip(digests, spans, strict=True))


def _digest_span(handle: int, offset: int, length: int) -> str:
    hasher = hashlib.sha256()
    while length:
        data = os.pread(handle, min(CHUNK, length), offset)
        if not data:
            raise OSError(f"the file ended {length} bytes early while it was read")
        hasher.update(data)
        offset += len(data)
        length -= len(data)
    return hasher.hexdigest()


def chunk_parts(path: Path) -> tuple[Part, ...]:
    """Return the parts of a file cut where its content says so: about 64 KiB each.

    Raises
    ------
    MissingExtraError
        The package that finds the places is not installed.
    """
    try:
        from pyfastcdc import FastCDC
    except ImportError as error:
        what = "The setting `chunking`"
        raise MissingExtraError(what, "pyfastcdc", "chunks") from error
    cutter = FastCDC(_AVERAGE, min_size=_MIN, max_size=_MAX)
    with open(path, "rb", buffering=0) as stream:
        return tuple(
            Part(hashlib.sha256(chunk.data).hexdigest(), chunk.offset, chunk.length)
            for chunk in cutter.cut_stream(stream)
        )
