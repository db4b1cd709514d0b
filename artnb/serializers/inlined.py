"""Small arrays, tensors and frames inside of a file of other values, as files of their formats."""

from __future__ import annotations

import base64
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from artnb import ownjson as json
from artnb.serializers.base import CannotSave
from artnb.serializers.codecs import Codec
from artnb.serializers.registry import by_name, first_format

__all__ = ["INLINED", "is_inlined"]

_FORMATS = frozenset(("npy", "tensor", "parquet", "polars-parquet"))
_LARGEST = 64 * 1024


def is_inlined(value: Any) -> bool:
    """Return whether a value of a format of its own is small enough to stand inside another."""
    if first_format(type(value)) not in _FORMATS or type(value).__name__ == "memmap":
        return False
    size = getattr(value, "nbytes", None)
    if size is None and hasattr(value, "memory_usage"):
        used = value.memory_usage()
        size = used if isinstance(used, int) else used.sum()
    if size is None:
        size = value.estimated_size() if hasattr(value, "estimated_size") else _LARGEST + 1
    return bool(size <= _LARGEST)


def _parts(value: Any) -> list[Any]:
    if not is_inlined(value):
        raise CannotSave("large, or of no format of its own")
    serializer = by_name(first_format(type(value)))
    with TemporaryDirectory(prefix="artnb-") as folder:
        path = Path(folder) / f"value{serializer.suffix}"
        meta = serializer.write(value, path)
        data = base64.b64encode(path.read_bytes()).decode()
    return [serializer.name, data, json.dumps(meta)]


def _make(format: str, data: str, meta: str) -> Any:
    if format not in _FORMATS:
        raise ValueError(f"{format!r} inside of another file")
    serializer = by_name(format)
    with TemporaryDirectory(prefix="artnb-") as folder:
        path = Path(folder) / f"value{serializer.suffix}"
        path.write_bytes(base64.b64decode(data, validate=True))
        return serializer.read(path, json.loads(meta), trust=False)


INLINED = Codec("inlined", _parts, _make, mutable=True)
