"""Arrays and tensors: shape, type, and how far one is from the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from artnb.diff.base import Change, ValueDiff, became
from artnb.texts import Message

__all__ = ["compare_arrays", "compare_images", "compare_tensors", "described", "is_array"]

_NUMBERS = "biufc"


def is_array(value: Any) -> bool:
    """Return whether `value` is an array or a tensor; a class of them is none."""
    if isinstance(value, type):
        return False
    return hasattr(value, "dtype") and hasattr(value, "shape") and hasattr(value, "ndim")


def compare_arrays(old: Any, new: Any) -> ValueDiff:
    """Return how two arrays or tensors differ."""
    before, after, note = described(old, new)
    if not note:
        return ValueDiff()
    summary = note if before == after else became(before, after)
    return ValueDiff(summary, (Change(Message("values"), before, after, note),))


def compare_tensors(old: Mapping[str, Any], new: Mapping[str, Any]) -> ValueDiff:
    """Return how two dicts of arrays or tensors differ, name by name."""
    changes, same = [], 0
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            changes.append(Change(name, _kind(old[name]), "", Message("removed")))
        elif name not in old:
            changes.append(Change(name, "", _kind(new[name]), Message("added")))
        else:
            before, after, note = described(old[name], new[name])
            if note:
                changes.append(Change(name, before, after, note))
            else:
                same += 1
    if not changes:
        return ValueDiff()
    return ValueDiff(
        Message("{0} of {1} tensors differ", len(changes), len(changes) + same), tuple(changes)
    )


def compare_images(old: Any, new: Any) -> ValueDiff:
    """Return how two pictures (PIL's) differ."""
    import numpy as np

    kinds = [f"{image.mode} {image.width}x{image.height}" for image in (old, new)]
    if kinds[0] != kinds[1]:
        return ValueDiff(became(*kinds))
    one, other = (np.asarray(image).astype(np.float64) for image in (old, new))
    differs = one != other
    if not differs.any():
        return ValueDiff()
    pixels = differs.reshape(old.height, old.width, -1).any(axis=2)
    mean = float(np.abs(one - other).mean())
    return ValueDiff(
        Message(
            "{0} of {1} pixels differ, by {2} in the mean",
            f"{pixels.sum():,}",
            f"{pixels.size:,}",
            f"{mean:.3g}",
        )
    )


def described(old: Any, new: Any) -> tuple[str, str, str]:
    """Return what both are, and how they differ; an empty note: they are equal."""
    before, after = _kind(old), _kind(new)
    if tuple(old.shape) != tuple(new.shape):
        return before, after, Message("another shape")
    note = _distance(_as_numpy(old), _as_numpy(new))
    if before != after:
        note = (
            Message("another type; {0}", note) if note else Message("another type, the same values")
        )
    return before, after, note


def _distance(old: Any, new: Any) -> str:
    import numpy as np

    if hasattr(old, "tocsr"):  # scipy's sparse ones
        return _distance_between_sparse(old.tocsr(), new.tocsr())
    differs = old != new
    if old.dtype.kind in "fc" and new.dtype.kind in "fc":
        differs &= ~(np.isnan(old) & np.isnan(new))
    count = int(np.count_nonzero(differs))
    if not count:
        return ""
    note = Message("{0} of {1} differ", f"{count:,}", f"{old.size:,}")
    if old.dtype.kind not in _NUMBERS or new.dtype.kind not in _NUMBERS:
        return note
    wide = np.complex128 if "c" in (old.dtype.kind, new.dtype.kind) else np.float64
    apart = np.where(differs, new.astype(wide) - old.astype(wide), 0)
    return _with_norms(note, apart, old.astype(wide))


def _distance_between_sparse(old: Any, new: Any) -> str:
    count = int((old != new).nnz)
    if not count:
        return ""
    stored = f"{old.nnz:,} → {new.nnz:,}" if old.nnz != new.nnz else f"{old.nnz:,}"
    note = Message("{0} of {1} differ", f"{count:,}", f"{math.prod(old.shape):,}")
    note = Message("{0}, {1} stored", note, stored)
    if old.dtype.kind not in _NUMBERS or new.dtype.kind not in _NUMBERS:
        return note
    return _with_norms(note, (new.astype(float) - old.astype(float)).data, old.data)


def _with_norms(note: str, apart: Any, old: Any) -> str:
    import numpy as np

    change, norm = float(np.linalg.norm(apart)), float(np.linalg.norm(old))
    relative = f" ({100 * change / norm:.3g} %)" if norm else ""
    return Message("{0}, norm of the change {1}", note, f"{change:.4g}{relative}")


def _as_numpy(value: Any) -> Any:
    import numpy as np

    if hasattr(value, "tocsr"):
        return value
    if hasattr(value, "detach"):  # torch's; numpy has no bfloat16
        value = value.detach().cpu().resolve_conj().resolve_neg()
        if not value.dtype.is_complex and value.dtype.is_floating_point:
            value = value.double()
        return value.numpy()
    return np.asarray(value)


def _kind(value: Any) -> str:
    if not is_array(value):
        return type(value).__name__
    shape = "x".join(map(str, value.shape)) or "scalar"
    return f"{str(value.dtype).removeprefix('torch.')} {shape}"
