"""JSON as the module `json` has it, whatever a program does to that module.

A notebook may replace ``json.dumps`` or ``json._default_encoder``, for arrays say; what is
recorded is still written and read as it was.
"""

from __future__ import annotations

from json import JSONDecodeError, JSONDecoder, JSONEncoder, detect_encoding
from typing import IO, Any

__all__ = ["JSONDecodeError", "JSONDecoder", "JSONEncoder", "dump", "dumps", "load", "loads"]

_encoder = JSONEncoder()
_decoder = JSONDecoder()


def dumps(value: Any, **options: Any) -> str:
    """Return the JSON text of a value; the options are those of ``json.dumps``."""
    return (JSONEncoder(**options) if options else _encoder).encode(value)


def dump(value: Any, stream: IO[str], **options: Any) -> None:
    """Write the JSON text of a value."""
    stream.write(dumps(value, **options))


def loads(text: str | bytes | bytearray) -> Any:
    """Return the value of a JSON text."""
    if isinstance(text, (bytes, bytearray)):
        text = text.decode(detect_encoding(text), "surrogatepass")
    elif text.startswith("\ufeff"):
        raise JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", text, 0)
    return _decoder.decode(text)


def load(stream: IO[Any]) -> Any:
    """Return the value of the JSON text in a stream."""
    return loads(stream.read())
