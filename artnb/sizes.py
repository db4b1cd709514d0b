"""Sizes as people write and read them: ``2GB``, ``512 MiB``."""

from __future__ import annotations

import re
from functools import lru_cache

from artnb.errors import InvalidValueError

__all__ = ["parse_size", "size_text"]

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", re.IGNORECASE)


@lru_cache(maxsize=32)  # each cell asks for its budget
def parse_size(text: str) -> int:
    """Return the bytes that `text` spells; ``kB`` is 1,000 of them, ``KiB`` 1,024.

    Raises
    ------
    InvalidValueError
        It is no size.

    Examples
    --------
    >>> parse_size("2GB"), parse_size("1.5 MiB")
    (2000000000, 1572864)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or (found[3] and not found[2]):
        raise InvalidValueError(f"{text!r} is no size. For example: 500MB, 2GB, 1GiB.")
    unit = found[2].lower()
    factor = 1024 ** " kmgt".index(unit) if found[3] else _UNITS[unit]
    return int(float(found[1]) * factor)


def size_text(size: float) -> str:
    """Return a size in bytes as people read it.

    Examples
    --------
    >>> size_text(12_300_000)
    '12.3 MB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
