"""Where in memory the elements of arrays, tensors, buffers and frames lie.

Libraries are never imported here: a value of a type that they define proves that they are
loaded.
"""

from __future__ import annotations

import sys
import weakref
from array import array
from collections.abc import Callable, Iterator
from typing import Any

from artnb.capture._holding import columns_of

__all__ = ["Span", "spans_of"]

Span = tuple[int, int]
"""The first byte, and the one after the last."""

_MOST_COLUMNS = 256

Way = Callable[[Any], Iterator[Span]]
_known: weakref.WeakKeyDictionary[type, tuple[Way | None, bool]] = weakref.WeakKeyDictionary()


def spans_of(value: Any, *, frames: bool) -> Iterator[Span]:
    """Yield what the elements of an array, a tensor, a module, an optimizer or a buffer take.

    Parameters
    ----------
    frames : bool
        Also of pandas, polars and Arrow, which copy what others look at before they write.
    """
    kind = type(value)
    try:
        way, of_frame = _known[kind]
    except KeyError:
        way, of_frame = _found(kind)
        torch = sys.modules.get("torch")
        if torch is None or hasattr(torch, "optim"):  # else it is just being imported
            _known[kind] = way, of_frame
    if way is not None and (frames or not of_frame):
        yield from way(value)


def _found(kind: type) -> tuple[Way | None, bool]:
    """Return how the objects of a type are looked at, and whether they are frames."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return _of_array, False
    if torch is not None and hasattr(torch, "optim"):
        if issubclass(kind, torch.Tensor):
            return _of_tensor, False
        if issubclass(kind, torch.nn.Module):
            return _if_known(_of_module), False
        if issubclass(kind, torch.optim.Optimizer):
            return _if_known(_of_optimizer), False
    if _is_buffer(kind):
        return _of_buffer, False
    package = str(kind.__module__).partition(".")[0]
    return _FRAMES.get(package), True


def _is_buffer(kind: type) -> bool:
    """Return whether objects of a type are memory that others may be made to look at."""
    if issubclass(kind, bytearray | array | memoryview):
        return True
    names = ("mmap", "mmap"), ("_ctypes", "Array"), ("_ctypes", "Structure")
    known = (getattr(sys.modules.get(module), name, None) for module, name in names)
    return any(base is not None and issubclass(kind, base) for base in known)


def _of_array(value: Any) -> Iterator[Span]:
    from numpy.lib.array_utils import byte_bounds

    if value.nbytes:
        yield byte_bounds(value)


def _of_tensor(value: Any) -> Iterator[Span]:
    torch = sys.modules["torch"]
    if value.layout is torch.strided and value.numel():
        storage = value.untyped_storage()
        yield storage.data_ptr(), storage.data_ptr() + storage.nbytes()


def _of_module(value: Any) -> Iterator[Span]:
    for tensor in (*value.parameters(), *value.buffers()):
        yield from _of_tensor(tensor)


def _of_optimizer(value: Any) -> Iterator[Span]:
    for group in value.param_groups:
        for tensor in group["params"]:
            yield from _of_tensor(tensor)


def _of_buffer(value: Any) -> Iterator[Span]:
    numpy = sys.modules.get("numpy")
    if numpy is None:  # without, none but views look at it, and of these one knows what at
        return
    try:
        looked = numpy.asarray(value) if type(value) is memoryview else numpy.frombuffer(value, "B")
    except (BufferError, RuntimeError, TypeError, ValueError):  # it is empty, closed or released
        return
    yield from _of_array(looked)


def _of_pandas(value: Any) -> Iterator[Span]:
    kind = type(value)
    parts = columns_of(value)
    if hasattr(kind, "get_indexer") and kind.__name__ != "RangeIndex" and value.nlevels < 2:
        parts = [value.array]
    for part in parts:
        owned = getattr(part, "_ndarray", part)  # of dates, or of an index
        yield from spans_of(owned, frames=False)


def _of_polars(value: Any) -> Iterator[Span]:
    columns = value.get_columns() if hasattr(value, "get_columns") else [value]
    for column in columns[:_MOST_COLUMNS]:
        if column.dtype.is_numeric() and not column.null_count():
            yield from _of_array(column.to_numpy(allow_copy=False))


def _of_arrow(value: Any) -> Iterator[Span]:
    for each in _arrow_arrays(value):
        for buffer in each.buffers():
            if buffer is not None and buffer.is_cpu:
                yield buffer.address, buffer.address + buffer.size


def _arrow_arrays(value: Any) -> Iterator[Any]:
    if hasattr(value, "itercolumns"):
        for column in value.itercolumns():
            yield from _arrow_arrays(column)
    elif hasattr(value, "iterchunks"):
        yield from value.iterchunks()
    elif hasattr(value, "buffers"):
        yield value


def _if_known(way: Way) -> Way:
    def of(value: Any) -> Iterator[Span]:
        try:
            yield from list(way(value))
        except Exception:  # of another type of theirs, or of another version
            return

    return of


_FRAMES = {
    "pandas": _if_known(_of_pandas),
    "polars": _if_known(_of_polars),
    "pyarrow": _if_known(_of_arrow),
}
