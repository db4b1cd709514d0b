"""Text, JSON and comma-separated values; and bytes that are none of these."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

from artnb.texts import Message
from artnb.widgets.preview.base import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Shown, first_rows, rows

__all__ = ["delimited", "json_value", "raw", "text"]

_BYTES_SHOWN = 256
_DEEPEST = 60


def text(path: Path) -> Shown:
    """Return the first 64 kB as text, or as bytes where they are no text."""
    data, more = _beginning(path)
    found = _decoded(data)
    if found is None:
        return raw(path)
    return {"kind": "text", "text": found, "note": _first(MOST_BYTES, path) if more else ""}


def raw(path: Path) -> Shown:
    """Return the first bytes, 16 a line, with the characters that they would be."""
    with open(path, "rb") as stream:
        data = stream.read(_BYTES_SHOWN)
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:04x}  {part.hex(' '):<47}  {seen}")
    size = path.stat().st_size
    note = _first(_BYTES_SHOWN, path) if size > _BYTES_SHOWN else ""
    return {"kind": "bytes", "text": "\n".join(lines), "note": note}


def json_value(path: Path) -> Shown:
    """Return the value as a tree, or a long one's beginning as text."""
    data, more = _beginning(path)
    if not more:
        try:
            return {"kind": "json", "value": _plain(json.loads(data)), "note": ""}
        except (ValueError, RecursionError):
            pass  # not JSON, whatever its name is: as text
    return text(path)


def delimited(path: Path) -> Shown:
    """Return the first 100 rows of comma- or otherwise separated values."""
    data, more = _beginning(path)
    found = _decoded(data)
    if found is None:
        return raw(path)
    if more:  # the last line is cut off
        found = found[: found.rfind("\n") + 1] or found
    try:
        table = csv.reader(io.StringIO(found, newline=""), _dialect(found, path))
        read = [row for row, _ in zip(table, range(MOST_ROWS + 2), strict=False)]
    except csv.Error:
        return text(path)
    head, body = (read[0], read[1:]) if read else ([], [])
    cut = more or len(body) > MOST_ROWS
    wide = len(head) > MOST_COLUMNS
    note = first_rows(min(len(body), MOST_ROWS), wide=wide) if cut or wide else ""
    return rows(head, body[:MOST_ROWS], Message("{0} columns", len(head)), note)


def _dialect(found: str, path: Path) -> Any:
    try:
        return csv.Sniffer().sniff(found[:4096], delimiters=",;\t|")
    except csv.Error:
        return "excel-tab" if path.suffix.lower() == ".tsv" else "excel"


def _beginning(path: Path) -> tuple[bytes, bool]:
    with open(path, "rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    return data[:MOST_BYTES], len(data) > MOST_BYTES


def _decoded(data: bytes) -> str | None:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data[: len(data) & ~1].decode("utf-16", "replace")
    if b"\0" in data:
        return None
    found = data.decode("utf-8-sig", "replace")
    # A last character that is cut in two is one mark; bytes of no text are many.
    return None if found.count("\ufffd") > 1 + len(found) // 20 else found


def _plain(value: Any, depth: int = 0) -> Any:
    """Return a value that every JSON reader takes, and every page can draw."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > 1 << 53:
        return str(value)
    if isinstance(value, str):  # half a surrogate pair cannot be sent
        return value.encode("utf-8", "replace").decode()
    if depth > _DEEPEST and isinstance(value, (dict, list)):
        return "…"
    if isinstance(value, dict):
        return {_plain(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    return value


def _first(count: int, path: Path) -> Message:
    return Message("The first {0} of {1} bytes.", f"{count:,}", f"{path.stat().st_size:,}")
