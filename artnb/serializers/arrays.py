"""numpy arrays and scalars as ``.npy``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb.serializers.base import CannotSave
from artnb.streams import WholeWriter

__all__ = ["Npy"]

_MAPPED_FROM = 64 << 20


class Npy:
    """``numpy.ndarray`` and numpy's scalars; never with pickled objects inside.

    What was a ``memmap``, and arrays of 64 MiB and more, are mapped copy-on-write, so that
    loading one costs nothing until it is read, and writing to it leaves the file alone.
    """

    name = "npy"
    suffix = ".npy"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the array; CannotSave for subclasses and arrays of objects."""
        import numpy as np

        scalar, mapped = isinstance(value, np.generic), type(value) is np.memmap
        if not scalar and not mapped and type(value) is not np.ndarray:
            raise CannotSave("a subclass of ndarray")
        if mapped and not value.size:
            raise CannotSave("what is empty cannot be mapped")
        array = np.asarray(value)
        if array.dtype.hasobject or (array.dtype.names and array.dtype.metadata):
            raise CannotSave("an array of objects")
        # Not numpy's own `tofile`: it says of a full disk only how much was written.
        with open(path, "wb", buffering=0) as stream:
            np.lib.format.write_array(WholeWriter(stream), array, allow_pickle=False)
        meta: dict[str, Any] = {"dtype": str(array.dtype), "shape": list(array.shape)}
        meta |= {"memmap": True} if mapped else {}
        if scalar:
            return {**meta, "scalar": True}
        return meta if value.flags.writeable else {**meta, "readonly": True}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the array, or the scalar that it was."""
        import numpy as np

        mapped = meta.get("memmap") or path.stat().st_size >= _MAPPED_FROM
        array = np.load(path, mmap_mode="c" if mapped else None, allow_pickle=False)
        if meta.get("scalar"):
            return array[()]
        array = array if meta.get("memmap") else np.asarray(array)  # not as a memmap
        if meta.get("readonly"):
            array.flags.writeable = False
        return array
