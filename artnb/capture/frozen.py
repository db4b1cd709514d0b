"""Values as they are at one moment, to be written later while the notebook goes on.

Three ways, the cheapest that is right: what cannot change, or copies itself at the next
write, is held; what is of moderate size is copied; what is too large for that is held by
reference, and whoever holds it must let no code run until it has been written. What runs
code of its own when it is written (pickles, figures) is never frozen.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from artnb.capture._sharing import sharing_memory

__all__ = ["Frozen", "freeze"]

_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_MOST_COLUMNS = 200
_COPIED_ON_WRITE = 3
"""The pandas from which on a shallow copy keeps its content whatever is done to the original."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A value that is to be written later.

    Whoever writes it proves, by its fingerprint, that no way to change it was overlooked:
    threads and tasks are not seen from here.

    Attributes
    ----------
    value : object
        To be written, in any thread.
    fixed : bool
        Nothing that the notebook runs changes it. Otherwise it is the notebook's own
        object, which must not change until it has been written.
    copied : int
        Bytes that it takes beside the original.
    """

    value: Any
    fixed: bool
    copied: int = 0


def freeze(value: Any, room: int, others: Mapping[str, Any]) -> Frozen | None:
    """Return `value` as it is now, or None if it has to be written at once.

    Parameters
    ----------
    room : int
        Bytes that may be copied.
    others : mapping
        The notebook's other variables: through what shares memory with a frame, the frame
        changes unseen.
    """
    if type(value) in _ATOMS or issubclass(type(value), PurePath):
        return Frozen(value, fixed=True)
    package = type(value).__module__.partition(".")[0]
    if package == "numpy":
        return _array(value, room)
    if package == "pandas":
        return _pandas(value, room, others)
    if package == "polars":
        return _polars(value)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        return _torch(value, room, torch)
    return None


def _array(value: Any, room: int) -> Frozen | None:
    import numpy as np

    if issubclass(type(value), np.generic) and not value.dtype.hasobject:
        return Frozen(value, fixed=True)
    if type(value) is not np.ndarray or value.dtype.hasobject:
        return None
    if value.nbytes > room:
        return Frozen(value, fixed=False)
    # "K": the order of the axes decides how the file is written.
    copy = value.copy(order="K")
    copy.flags.writeable = value.flags.writeable
    return Frozen(copy, fixed=True, copied=value.nbytes)


def _pandas(value: Any, room: int, others: Mapping[str, Any]) -> Frozen | None:
    import pandas as pd

    if type(value) not in (pd.DataFrame, pd.Series):
        return None
    columns = [value] if type(value) is pd.Series else _columns(value)
    if columns is None or any(str(column.dtype) == "object" for column in columns):
        return Frozen(value, fixed=False)  # what its cells point to may change, too
    if int(pd.__version__.partition(".")[0]) >= _COPIED_ON_WRITE:
        if _is_shared(value, columns, others):
            return Frozen(value, fixed=False)
        return Frozen(value.copy(deep=False), fixed=True)
    size = value.memory_usage()
    size = int(size.sum() if hasattr(size, "sum") else size)
    if size > room:
        return Frozen(value, fixed=False)
    return Frozen(value.copy(deep=True), fixed=True, copied=size)


def _columns(frame: Any) -> list[Any] | None:
    """Return the columns, or None if they are many: to look at each would take its time."""
    count = frame.shape[1]
    return None if count > _MOST_COLUMNS else [frame.iloc[:, place] for place in range(count)]


def _is_shared(frame: Any, columns: list[Any], others: Mapping[str, Any]) -> bool:
    """Return whether an array or a tensor of the notebook lies in the frame's memory."""
    import numpy as np

    parts = [*columns, frame.index] if frame.index.nlevels == 1 else columns
    mine = [np.asarray(part) for part in parts if isinstance(part.dtype, np.dtype)]
    # Other frames made from this one are safe: they copy before they write.
    arrays = {name: other for name, other in others.items() if other is not frame}
    return bool(sharing_memory(mine, arrays))


def _polars(value: Any) -> Frozen | None:
    import polars as pl

    if type(value) not in (pl.DataFrame, pl.Series):
        return None
    kinds = value.dtypes if type(value) is pl.DataFrame else [value.dtype]
    if any(kind == pl.Object for kind in kinds):
        return None
    return Frozen(value.clone(), fixed=True)


def _torch(value: Any, room: int, torch: Any) -> Frozen | None:
    kind = type(value)
    if kind in (torch.Tensor, torch.nn.Parameter):
        return _tensor(value, room, torch)
    if issubclass(type(value), torch.nn.Module):
        tensors = [*value.parameters(), *value.buffers()]
    elif kind in (dict, OrderedDict) and value:
        tensors = list(value.values())
        if not all(type(tensor) is torch.Tensor for tensor in tensors):
            return None
    elif "torch.utils.data" in sys.modules and kind is torch.utils.data.TensorDataset:
        tensors = list(value.tensors)
    else:
        return None
    return Frozen(value, fixed=False) if all(_is_plain(t, torch) for t in tensors) else None


def _tensor(value: Any, room: int, torch: Any) -> Frozen | None:
    if not _is_plain(value, torch):
        return None
    if value.nbytes > room:
        return Frozen(value, fixed=False)
    copy = value.detach().clone().requires_grad_(value.requires_grad)
    if type(value) is torch.nn.Parameter:
        copy = torch.nn.Parameter(copy.detach(), requires_grad=value.requires_grad)
    return Frozen(copy, fixed=True, copied=value.nbytes)


def _is_plain(tensor: Any, torch: Any) -> bool:
    """Return whether a tensor lies in this machine's memory, dense.

    One on a device is written by the thread that made it, in the order of its stream.
    """
    dense = tensor.layout is torch.strided and not tensor.is_quantized
    return bool(dense and tensor.device.type == "cpu")
