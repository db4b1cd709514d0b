"""Text, bytes, and plain values as canonical JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PosixPath, WindowsPath
from typing import Any

from artnb import ownjson as json
from artnb.serializers.base import CannotSave

__all__ = ["Bytes", "Json", "PathText", "Text", "check_plain"]


class Text:
    """``str`` as UTF-8."""

    name = "text"
    suffix = ".txt"
    safe = True

    def encode(self, value: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the text's bytes and the meta."""
        if type(value) is not str:
            raise CannotSave("a subclass of str")
        try:
            return value.encode("utf-8"), {"characters": len(value)}
        except UnicodeEncodeError as error:
            raise CannotSave("text with lone surrogates") from error

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the text."""
        return _written(path, self.encode(value))

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> str:
        """Return the text."""
        return path.read_bytes().decode("utf-8")


class Bytes:
    """``bytes`` and ``bytearray`` as they are, and what a ``memoryview`` shows."""

    name = "bytes"
    suffix = ".bin"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the bytes."""
        if type(value) is memoryview:
            return _write_view(value, path)
        if type(value) not in (bytes, bytearray):
            raise CannotSave("a subclass of bytes")
        path.write_bytes(value)
        return {"mutable": True} if type(value) is bytearray else {}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the bytes, or a view of them."""
        data = path.read_bytes()
        found = bytearray(data) if meta.get("mutable") else data
        return _view(found, meta["view"]) if "view" in meta else found


def _write_view(value: memoryview, path: Path) -> dict[str, Any]:
    data, shown = value.tobytes(), [value.format, *(value.shape or ())]
    try:
        _view(data, shown)
    except (TypeError, ValueError) as error:
        raise CannotSave(f"a view of {value.format!r}: {error}") from error
    path.write_bytes(data)
    return {"view": shown, **({} if value.readonly else {"mutable": True})}


def _view(data: bytes | bytearray, shown: Sequence[Any]) -> memoryview:
    form, *shape = shown
    whole = memoryview(data)
    return whole.cast(form) if len(shape) == 1 else whole.cast(form, shape)


class PathText:
    """``pathlib.Path`` as text: the path, not what lies there."""

    name = "path"
    suffix = ".path.txt"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the path's text."""
        if type(value) not in (PosixPath, WindowsPath):
            raise CannotSave("another kind of path")
        try:
            data = str(value).encode("utf-8")
        except UnicodeEncodeError as error:
            raise CannotSave("a path with bytes that are no text") from error
        path.write_bytes(data)
        return {}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Path:
        """Return the path."""
        return Path(path.read_bytes().decode("utf-8"))


_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Json:
    """None, bool, int, float, str, and lists and text-keyed dicts of them.

    The order of a dict's keys is kept; floats are written so that they come back exactly,
    nan and inf by JavaScript's names.
    """

    name = "json"
    suffix = ".json"
    safe = True

    def encode(self, value: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the JSON and the meta; CannotSave for what would come back as another type."""
        check_plain(value)
        try:
            return _compact.encode(value).encode("utf-8"), {"kind": type(value).__name__}
        except (UnicodeEncodeError, ValueError) as error:
            raise CannotSave(str(error)) from error

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the JSON."""
        return _written(path, self.encode(value))

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the value."""
        return json.loads(path.read_bytes())


def _written(path: Path, encoded: tuple[bytes, dict[str, Any]]) -> dict[str, Any]:
    path.write_bytes(encoded[0])
    return encoded[1]


def check_plain(value: Any, depth: int = 0) -> None:
    """Raise CannotSave for what JSON would give back as something else."""
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return
    if kind is int:
        if value.bit_length() > 10_000:  # Python refuses to print what is much longer
            raise CannotSave("a very large integer")
        return
    if kind is float:
        if math.isnan(value) and math.copysign(1, value) < 0:
            raise CannotSave("a nan with a sign")
        return
    if depth > 100:
        raise CannotSave("nested very deep, or holding itself")
    if kind is list:
        for item in value:
            check_plain(item, depth + 1)
    elif kind is dict and all(type(key) is str for key in value):
        for item in value.values():
            check_plain(item, depth + 1)
    else:
        raise CannotSave(f"a {kind.__name__}")
