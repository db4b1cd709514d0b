"""Values of Python's own plain types, and of its standard library."""

from __future__ import annotations

import argparse
import array
import base64
import collections
import datetime
import decimal
import fractions
import itertools
import pathlib
import re
import struct
import sys
import types
import uuid
import zoneinfo
from collections.abc import Iterable
from typing import Any

from artnb.serializers.base import CannotSave
from artnb.serializers.codecs.base import Codec

__all__ = ["CODECS"]


def _text(value: object) -> list[Any]:
    return [str(value)]


def _encoded(data: bytes | bytearray) -> list[Any]:
    return [base64.b64encode(data).decode()]


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _float(text: str) -> float:
    number: float = struct.unpack("<d", bytes.fromhex(text))[0]
    return number


def _datetime_parts(value: datetime.datetime | datetime.time) -> list[Any]:
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.fold, value.tzinfo]


def _datetime(text: str, fold: int, zone: Any) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(fold=fold, tzinfo=zone)


def _time(text: str, fold: int, zone: Any) -> datetime.time:
    return datetime.time.fromisoformat(text).replace(fold=fold, tzinfo=zone)


def _zone_parts(value: zoneinfo.ZoneInfo) -> list[Any]:
    if value.key is None or value is not zoneinfo.ZoneInfo(value.key):
        raise CannotSave("a time zone of a file of its own")
    return [value.key]


def _zone(key: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(str(key))


def _offset_parts(value: datetime.timezone) -> list[Any]:
    return list(value.__getinitargs__())  # type: ignore[attr-defined]


def _path(kind: type[pathlib.PurePath]) -> Codec:
    # A path of another system is read as one of this.
    if issubclass(kind, pathlib.Path):
        return Codec("Path", _text, pathlib.Path)
    return Codec(kind.__name__, _text, kind)


def _pattern(text: Any, flags: int) -> re.Pattern[Any]:
    return re.compile(text, flags)


def _flat(pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    return list(itertools.chain.from_iterable(pairs))


def _update(made: Any, items: list[Any]) -> None:
    for key, item in zip(items[::2], items[1::2], strict=True):
        dict.__setitem__(made, key, item)


def _counter_parts(value: Any) -> list[Any]:
    if vars(value):
        raise CannotSave("a Counter with attributes")
    return _flat(value.items())


def _defaultdict_parts(value: collections.defaultdict[Any, Any]) -> list[Any]:
    factory = value.default_factory
    if factory is not None and factory not in _TYPES.values():
        raise CannotSave("a defaultdict whose factory is no builtin type")
    return [factory, *_flat(value.items())]


def _defaultdict(factory: Any) -> collections.defaultdict[Any, Any]:
    if factory is not None and factory not in _TYPES.values():
        raise ValueError("no factory")
    return collections.defaultdict(factory)


def _deque(most: int | None) -> collections.deque[Any]:
    return collections.deque(maxlen=most)


def _namespace_parts(value: Any) -> list[Any]:
    if not all(type(name) is str for name in vars(value)):
        raise CannotSave("attributes that have no names")
    return _flat(vars(value).items())


def _set_attributes(made: Any, items: list[Any]) -> None:
    vars(made).update(zip(map(str, items[::2]), items[1::2], strict=True))


def _constant(name: str) -> Any:
    return _CONSTANTS[name]


def _constant_parts(value: Any) -> list[Any]:
    return [next(name for name, each in _CONSTANTS.items() if each is value)]


def _type_parts(value: type) -> list[Any]:
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(value, numpy.generic):
        name = f"numpy.{value.__name__}"
    else:
        name = value.__name__
    try:
        if _type(name) is value:
            return [name]
    except (AttributeError, KeyError, TypeError):
        pass
    raise CannotSave("a class")


def _type(name: str) -> Any:
    library, _, scalar = name.rpartition(".")
    if not library:
        return _TYPES[name]
    import numpy

    if library != "numpy" or not issubclass(found := getattr(numpy, scalar), numpy.generic):
        raise ValueError("no scalar type of numpy")
    return found


_CONSTANTS = {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}
_TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        bool, bytearray, bytes, complex, dict, float, frozenset, int, list, object, set, str, tuple,
        collections.Counter, collections.OrderedDict, collections.deque,
    )
}  # fmt: skip

CODECS: dict[type, Codec] = {
    int: Codec("int", lambda value: [hex(value)], lambda text: int(text, 16)),
    float: Codec("float", lambda value: [struct.pack("<d", value).hex()], _float),
    complex: Codec("complex", lambda value: [value.real, value.imag], complex),
    bytes: Codec("bytes", _encoded, _decoded),
    bytearray: Codec(
        "bytearray", _encoded, lambda text: bytearray(_decoded(text)), mutable=True
    ),
    range: Codec("range", lambda value: [value.start, value.stop, value.step], range),
    slice: Codec("slice", lambda value: [value.start, value.stop, value.step], slice),
    type: Codec("type", _type_parts, _type),
    type(Ellipsis): Codec("constant", _constant_parts, _constant),
    type(NotImplemented): Codec("constant", _constant_parts, _constant),
    decimal.Decimal: Codec("Decimal", _text, lambda text: decimal.Decimal(str(text))),
    fractions.Fraction: Codec(
        "Fraction", lambda value: [value.numerator, value.denominator], fractions.Fraction
    ),
    datetime.date: Codec("date", lambda day: [day.isoformat()], datetime.date.fromisoformat),
    datetime.datetime: Codec("datetime", _datetime_parts, _datetime),
    datetime.time: Codec("time", _datetime_parts, _time),
    datetime.timedelta: Codec(
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        datetime.timedelta,
    ),
    datetime.timezone: Codec("timezone", _offset_parts, datetime.timezone),
    zoneinfo.ZoneInfo: Codec("ZoneInfo", _zone_parts, _zone),
    uuid.UUID: Codec(
        "UUID",
        lambda value: [value.hex, value.is_safe.name],
        lambda text, safe: uuid.UUID(text, is_safe=uuid.SafeUUID[safe]),
    ),
    re.Pattern: Codec("Pattern", lambda value: [value.pattern, value.flags], _pattern),
    array.array: Codec(
        "array",
        lambda value: [value.typecode, *value],
        lambda code, *items: array.array(code, items),
        mutable=True,
    ),
    collections.Counter: Codec("Counter", _counter_parts, collections.Counter, _update),
    collections.defaultdict: Codec("defaultdict", _defaultdict_parts, _defaultdict, _update, 1),
    collections.deque: Codec(
        "deque",
        lambda value: [value.maxlen, *value],
        _deque,
        lambda made, items: made.extend(items),
        1,
    ),
    types.SimpleNamespace: Codec(
        "SimpleNamespace", _namespace_parts, types.SimpleNamespace, _set_attributes
    ),
    argparse.Namespace: Codec("Namespace", _namespace_parts, argparse.Namespace, _set_attributes),
    **{
        kind: _path(kind)
        for kind in (
            pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath,
        )
    },
}  # fmt: skip
