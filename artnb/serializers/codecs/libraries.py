"""Small values of numpy, pandas and torch; none of them is imported for other values."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from artnb.serializers.base import CannotSave
from artnb.serializers.codecs.base import Codec

__all__ = ["CODECS", "codec_for"]

_SCALARS = frozenset("?bhilqpBHILQPefdFDmM")
"""Characters of numpy's types whose bytes hold no padding and no object."""


def codec_for(kind: type) -> Codec | None:
    """Return the codec for values of a library's type, or None."""
    if (found := _BY_NAME.get(f"{kind.__module__}.{kind.__qualname__}")) is not None:
        return found
    for base in kind.__mro__:
        if (found := _FAMILIES.get(f"{base.__module__}.{base.__qualname__}")) is not None:
            return found
    return None


def _scalar_parts(value: Any) -> list[Any]:
    if value.dtype.char not in _SCALARS or value.dtype.metadata:
        raise CannotSave(f"a {type(value).__name__} of numpy's")
    little = value.dtype.newbyteorder("<")
    return [little.str, base64.b64encode(value.astype(little).tobytes()).decode()]


def _scalar(dtype: str, data: str) -> Any:
    import numpy

    found = numpy.dtype(str(dtype))
    if found.char not in _SCALARS:
        raise ValueError(f"a scalar of the type {dtype!r}")
    (value,) = numpy.frombuffer(base64.b64decode(data, validate=True), found)
    return value


def _numpy_text(text: str) -> Any:
    import numpy

    return numpy.str_(text)


def _numpy_bytes(data: bytes) -> Any:
    import numpy

    return numpy.bytes_(data)


def _dtype_parts(value: Any) -> list[Any]:
    import numpy

    if value.kind == "T":  # numpy's warning would stand below the cell
        raise CannotSave("a dtype of texts of any length")
    descr = numpy.lib.format.dtype_to_descr(value)
    parts = [_frozen(descr)]
    if value.metadata or _dtype(*parts) != value or _dtype(*parts).isalignedstruct:
        raise CannotSave("a dtype of numpy's with more than fields")
    if value.isalignedstruct:
        raise CannotSave("an aligned dtype of numpy's")
    return parts


def _dtype(descr: Any) -> Any:
    import numpy

    return numpy.lib.format.descr_to_dtype(_thawed(descr))


def _frozen(descr: Any) -> Any:
    """Return a description of fields without lists: these are still empty when it is read."""
    if isinstance(descr, list):
        return ("fields", *map(_frozen, descr))
    if isinstance(descr, tuple):
        return ("field", *map(_frozen, descr))
    return descr


def _thawed(descr: Any) -> Any:
    if not isinstance(descr, tuple) or not descr or descr[0] not in ("fields", "field"):
        return descr
    kind = list if descr[0] == "fields" else tuple
    return kind(map(_thawed, descr[1:]))


def _object_array_parts(value: Any) -> list[Any]:
    if value.dtype.char != "O" or not value.flags.c_contiguous or value.dtype.metadata:
        raise CannotSave("an array of numpy's")
    return [tuple(value.shape), *value.flat]


def _object_array(shape: tuple[int, ...]) -> Any:
    import numpy

    return numpy.empty(shape, object)


def _fill_object_array(made: Any, items: list[Any]) -> None:
    flat = made.reshape(-1)
    if len(items) != len(flat):
        raise ValueError("another number of items than its shape has")
    for number, item in enumerate(items):
        flat[number] = item


def _timestamp_parts(value: Any) -> list[Any]:
    return [value.unit, int(value.asm8.view("i8")), value.fold, value.tzinfo]


def _timestamp(unit: str, count: int, fold: int, zone: Any) -> Any:
    import pandas

    moment = pandas.Timestamp(_counted("M8", unit, count))
    if zone is not None:
        moment = moment.tz_localize("UTC").tz_convert(zone)
    return moment if moment.fold == fold else moment.replace(fold=fold)


def _timedelta_parts(value: Any) -> list[Any]:
    return [value.unit, int(value.asm8.view("i8"))]


def _timedelta(unit: str, count: int) -> Any:
    import pandas

    return pandas.Timedelta(_counted("m8", unit, count))


def _counted(kind: str, unit: str, count: int) -> Any:
    import numpy

    return numpy.array(count, "i8").view(f"{kind}[{unit}]")[()]


def _period_parts(value: Any) -> list[Any]:
    return [value.ordinal, value.freqstr]


def _period(ordinal: int, freq: str) -> Any:
    import pandas

    return pandas.Period(ordinal=ordinal, freq=freq)


def _interval(left: Any, right: Any, closed: str) -> Any:
    import pandas

    return pandas.Interval(left, right, closed)


def _steps_parts(value: Any) -> list[Any]:
    return [value.start, value.stop, value.step, value.name]


def _steps(start: int, stop: int, step: int, name: Any) -> Any:
    import pandas

    return pandas.RangeIndex(start, stop, step, name=name)


def _missing(name: str) -> Callable[[], Any]:
    def make() -> Any:
        import pandas

        return getattr(pandas, name)

    return make


def _size(*sizes: int) -> Any:
    import torch

    return torch.Size(sizes)


def _torch_constant_parts(value: Any) -> list[Any]:
    return [str(value).removeprefix("torch.")]


def _torch_constant(kind: str) -> Callable[[str], Any]:
    def make(name: str) -> Any:
        import torch

        found = getattr(torch, name)
        if type(found) is not getattr(torch, kind):
            raise TypeError(f"torch.{name} is no {kind}")
        return found

    return make


def _device(name: str) -> Any:
    import torch

    return torch.device(str(name))


def _nothing(value: Any) -> list[Any]:
    return []


_MISSING_TIME = Codec("pandas.NaT", _nothing, _missing("NaT"))
_MISSING_VALUE = Codec("pandas.NA", _nothing, _missing("NA"))
_TIMESTAMP = Codec("pandas.Timestamp", _timestamp_parts, _timestamp)
_TIMEDELTA = Codec("pandas.Timedelta", _timedelta_parts, _timedelta)
_PERIOD = Codec("pandas.Period", _period_parts, _period)
_INTERVAL = Codec(
    "pandas.Interval", lambda value: [value.left, value.right, value.closed], _interval
)
_STEPS = Codec("pandas.RangeIndex", _steps_parts, _steps)
_BY_NAME = {
    "numpy.str_": Codec("numpy.str", lambda value: [value[:]], _numpy_text),
    "numpy.bytes_": Codec("numpy.bytes", lambda value: [value[:]], _numpy_bytes),
    "numpy.ndarray": Codec(
        "numpy.objects", _object_array_parts, _object_array, _fill_object_array, 1
    ),
    # pandas 3 has other names for where its types are defined.
    "pandas.Timestamp": _TIMESTAMP,
    "pandas._libs.tslibs.timestamps.Timestamp": _TIMESTAMP,
    "pandas.Timedelta": _TIMEDELTA,
    "pandas._libs.tslibs.timedeltas.Timedelta": _TIMEDELTA,
    "pandas.Period": _PERIOD,
    "pandas._libs.tslibs.period.Period": _PERIOD,
    "pandas.Interval": _INTERVAL,
    "pandas._libs.interval.Interval": _INTERVAL,
    "pandas.RangeIndex": _STEPS,
    "pandas.core.indexes.range.RangeIndex": _STEPS,
    "pandas.api.typing.NaTType": _MISSING_TIME,
    "pandas._libs.tslibs.nattype.NaTType": _MISSING_TIME,
    "pandas.api.typing.NAType": _MISSING_VALUE,
    "pandas._libs.missing.NAType": _MISSING_VALUE,
    "torch.Size": Codec("torch.Size", list, _size),
    "torch.dtype": Codec("torch.dtype", _torch_constant_parts, _torch_constant("dtype")),
    "torch.layout": Codec("torch.layout", _torch_constant_parts, _torch_constant("layout")),
    "torch.memory_format": Codec(
        "torch.memory_format", _torch_constant_parts, _torch_constant("memory_format")
    ),
    "torch.device": Codec("torch.device", lambda value: [str(value)], _device),
}
_FAMILIES = {
    "numpy.generic": Codec("numpy.scalar", _scalar_parts, _scalar),
    "numpy.dtype": Codec("numpy.dtype", _dtype_parts, _dtype),
}
CODECS = (*_BY_NAME.values(), *_FAMILIES.values())
