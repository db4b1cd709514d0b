"""Content digests: SHA-256 in hex, the one that ``sha256sum`` and OCI print."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, BinaryIO

from artnb import ownjson as json

__all__ = [
    "CHUNK",
    "canonical_json",
    "digest_bytes",
    "digest_file",
    "digest_stream",
    "digests_in",
]

CHUNK = 1 << 20
"""Bytes read at a time: large enough that Python's loop costs nothing beside the hash."""


def digest_bytes(data: bytes | bytearray | memoryview) -> str:
    """Return the SHA-256 of `data`, 64 hex digits.

    Examples
    --------
    >>> digest_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def digest_stream(stream: BinaryIO) -> tuple[str, int]:
    """Return the SHA-256 and the number of bytes left in `stream`."""
    hasher = hashlib.sha256()
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    size = 0
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]
        hasher.update(view[:count])
        size += count
    return hasher.hexdigest(), size


def digest_file(path: str | Path) -> tuple[str, int]:
    """Return the SHA-256 and the size in bytes of the file at `path`."""
    with open(path, "rb", buffering=0) as stream:
        return digest_stream(stream)


def canonical_json(value: Any) -> bytes:
    """Return the one JSON text that equal values share: sorted keys, no spaces, UTF-8."""
    return _canonical.encode(value).encode("utf-8", "surrogatepass")


def digests_in(value: Any) -> set[str]:
    """Return what looks like a digest in bytes, or in what can be written as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
    return {found.decode() for found in _DIGEST.findall(data)}


_DIGEST = re.compile(rb"[0-9a-f]{64}")

# Made once: `json.dumps` would make it anew for each of a version's entries.
_canonical = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)
