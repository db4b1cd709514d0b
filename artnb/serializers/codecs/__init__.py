"""Values of plain types as parts: how `linked` writes what JSON has no form for.

A codec takes values of just one type apart into numbers, text and values that have codecs
themselves, and makes an equal one of these. Nothing that a file holds is run for that.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from artnb.serializers.codecs import classes, libraries, values
from artnb.serializers.codecs.base import Codec
from artnb.serializers.codecs.classes import find_class

__all__ = ["ATOMS", "Codec", "codec_named", "codec_of", "find_class", "is_unusual", "parts_of"]

ATOMS = frozenset((type(None), bool, int, float, str))
"""Types that JSON has."""

_NAN = struct.pack("<d", float("nan"))
_MOST_BITS = 10_000  # Python refuses to print what is much longer


def codec_named(name: str) -> Codec | None:
    """Return the codec of a name in a file, or None."""
    return _BY_NAME.get(name)


def parts_of(value: Any) -> Sequence[Any] | None:
    """Return the parts of a value; None: its type has no codec, or that does not keep it."""
    codec = codec_of(type(value))
    return None if codec is None else codec.parts_or_none(value)


def is_unusual(value: Any) -> bool:
    """Return whether a value is a number that JSON would change or refuse."""
    if value != value:
        return type(value) is float and struct.pack("<d", value) != _NAN
    return type(value) is int and value.bit_length() > _MOST_BITS


def _codec_of(kind: type) -> Codec | None:
    return values.CODECS.get(kind) or libraries.codec_for(kind) or classes.codec_for(kind)


codec_of: Callable[[Any], Codec | None] = lru_cache(maxsize=1024)(_codec_of)
"""Returns the codec for values of just one type, or None."""

_BY_NAME = {
    codec.name: codec for codec in (*values.CODECS.values(), *libraries.CODECS, *classes.CODECS)
}
