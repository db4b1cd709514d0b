"""MediaFile: what a run or an artifact keeps as a file, and how such files are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from artnb.errors import InvalidValueError, nearest

__all__ = ["MediaFile", "Put", "bytes_of", "check_format", "read_file", "read_or_bytes"]

Put = Callable[[str, bytes], dict[str, Any]]
"""Keeps bytes with a suffix, and returns what names them from then on."""

_NO_FACTS = ("_type", "path", "sha256", "size", "format", "caption")


class MediaFile:
    """A file that a run keeps, with a caption.

    Attributes
    ----------
    kind : str
        ``audio``, ``video``, ...
    format : str
        The file's suffix, such as ``wav``.
    caption : str or None
    facts : dict
        What is known of it besides: seconds, width, height.
    """

    kind = ""
    caption: str | None = None

    def __init__(
        self,
        data: bytes | Callable[[], bytes],
        format: str,
        caption: str | None = None,
        **facts: Any,
    ) -> None:
        self._data = data
        self.format = format
        self.caption = None if caption is None else str(caption)
        self.facts = facts

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        return self._data() if callable(self._data) else self._data

    def to_row(self, put: Put) -> dict[str, Any]:
        """Return the JSON that stands for it; its bytes go to `put`, with their suffix."""
        return {
            "_type": f"{self.kind}-file",
            **put(f".{self.format}", self.to_bytes()),
            "format": self.format,
            "caption": self.caption,
            **self.facts,
        }

    @classmethod
    def _kept(cls, row: Mapping[str, Any], read: Callable[[Mapping[str, Any]], bytes]) -> Any:
        """Return what `to_row` told of; its bytes are read when they are asked for."""
        self = cls.__new__(cls)
        facts = {key: value for key, value in row.items() if key not in _NO_FACTS}
        MediaFile.__init__(
            self, lambda: read(row), str(row.get("format")), row.get("caption"), **facts
        )
        return self

    def __repr__(self) -> str:
        caption = f" {self.caption!r}" if self.caption else ""
        return f"<{type(self).__name__} {self.format}{caption}>"


def read_file(path: str | os.PathLike[str], what: str) -> tuple[bytes, str]:
    """Return a file's bytes and suffix; without it InvalidValueError, beginning with `what`."""
    found = Path(path)
    if not found.is_file():
        raise InvalidValueError(f"{what}: there is no file {str(found)!r}.")
    return found.read_bytes(), _suffix(found)


def _suffix(path: Path) -> str:
    return "pts.json" if path.name.endswith(".pts.json") else path.suffix.lstrip(".").lower()


def read_or_bytes(given: Any, file_type: str | None, what: str) -> tuple[bytes, str | None]:
    """Return the bytes of a path, an opened file or bytes, and what they are if that is known."""
    if isinstance(given, (str, os.PathLike)):
        return read_file(given, what)
    if file_type is None and isinstance(name := getattr(given, "name", None), str):
        file_type = _suffix(Path(name))  # of an opened file
    return bytes_of(given), file_type


def bytes_of(given: Any) -> bytes:
    """Return bytes, text as UTF-8, or all that an opened file holds."""
    if not isinstance(given, bytes):
        if hasattr(given, "seek"):
            given.seek(0)
        given = given.read()
    return given.encode("utf-8") if isinstance(given, str) else bytes(given)


def check_format(what: str, found: str | None, known: tuple[str, ...]) -> None:
    """Raise InvalidValueError, with the nearest, unless a format is known."""
    if found not in known:
        raise InvalidValueError(f"{what}: the format {found!r}; {nearest(str(found), known)}")
