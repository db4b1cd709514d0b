"""Values that hold others: optimizers, estimators, dicts of tensors, objects; part by part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from artnb.diff.arrays import described, is_array
from artnb.diff.base import Change, ValueDiff, short
from artnb.diff.frames import compare_frames, is_frame
from artnb.diff.text import compare_text
from artnb.texts import Message

__all__ = ["compare_parts", "told"]

_DEEPEST = 8
_MOST = 10_000
_WHOLE = frozenset(("PIL", "matplotlib", "numpy", "pandas", "polars", "pyarrow"))
"""Packages whose objects say nothing by their attributes."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+|(?<=^c_void_p)\(\d+\)")
_MOST_BYTES = 60
"""Bytes that are told one by one."""

_RUNS = (str, bytes, bytearray)
_PLAIN = (*_RUNS, int, float, complex, bool, type(None), range, slice, set, frozenset)


def compare_parts(old: Any, new: Any) -> ValueDiff | None:
    """Return which parts of two values of one type differ; None where that cannot be told."""
    if _inside(old) is None or _inside(new) is None:
        return None
    parts = [dict(_leaves(value, "", (), [0])) for value in (old, new)]
    changes, same = [], 0
    for name in dict.fromkeys((*parts[0], *parts[1])):
        change = _change(name, *(part.get(name, _ABSENT) for part in parts))
        if change is None:
            same += 1
        else:
            changes.append(change)
    if not changes:
        known = all(_is_known(each) for part in parts for each in part.values())
        return ValueDiff() if known else None
    return ValueDiff(
        Message("{0} of {1} parts differ", f"{len(changes):,}", f"{len(changes) + same:,}"),
        tuple(changes),
    )


def _is_known(part: Any) -> bool:
    """Return whether two such parts that are told alike are equal."""
    if is_array(part) or is_frame(part) or isinstance(part, _PLAIN):
        return True
    return isinstance(part, (Mapping, list, tuple)) and not part


class _Absent:
    """Stands for a part that is not there."""


_ABSENT = _Absent()


def _change(name: str, old: Any, new: Any) -> Change | None:
    if old is _ABSENT or new is _ABSENT:
        how = Message("added") if old is _ABSENT else Message("removed")
        return Change(name, told(old), told(new), how)
    if is_array(old) and is_array(new):
        before, after, note = described(old, new)
        return Change(name, before, after, note) if note else None
    before, after = told(old), told(new)
    if is_frame(old) and is_frame(new) and type(old) is type(new):
        found = compare_frames(old, new)
        return Change(name, before, after, found.summary) if found else None
    if before != after:
        return Change(name, before, after, _lines(old, new))
    if hasattr(old, "equals") and hasattr(old, "num_rows"):
        return None if old.equals(new) else Change(name, before, after, Message("other content"))
    if not isinstance(old, _RUNS) or not isinstance(new, _RUNS) or old == new:
        return None
    return Change(name, before, after, _lines(old, new) or Message("other content"))


def _lines(old: Any, new: Any) -> str:
    """Return how many lines differ, of two texts of lines; else nothing."""
    if isinstance(old, str) and isinstance(new, str) and "\n" in old and "\n" in new:
        return compare_text(old, new).summary
    return ""


def told(value: Any) -> str:
    """Return what a part is, without the address of an object."""
    if value is _ABSENT:
        return ""
    if is_array(value) or is_frame(value):
        return f"{type(value).__name__} {'x'.join(map(str, value.shape)) or 'scalar'}"
    if isinstance(value, (bytes, bytearray)) and len(value) > _MOST_BYTES:
        return Message("{0} bytes", f"{len(value):,}")
    if hasattr(value, "num_rows") and len(getattr(value, "shape", ())) == 2:  # Arrow's
        return f"{type(value).__name__} {'x'.join(map(str, value.shape))}"
    return _ADDRESS.sub("", short(value))


def _leaves(
    value: Any, path: str, around: tuple[int, ...], count: list[int]
) -> Iterator[tuple[str, Any]]:
    """Yield the parts that have none themselves, with where they are."""
    if id(value) in around:
        yield path, "..."
        return
    inside = None
    if len(around) < _DEEPEST and count[0] < _MOST:
        inside = _inside(value)
    if not inside:
        count[0] += 1
        yield path, value
        return
    for name, part in inside.items():
        where = f"{path}.{name}" if path else str(name)
        if count[0] >= _MOST:
            yield f"{where} and what follows", value  # as a whole
            return
        yield from _leaves(part, where, (*around, id(value)), count)


def _inside(value: Any) -> Mapping[Any, Any] | None:
    """Return what a value holds, by name; None: it is one thing."""
    if is_array(value) or is_frame(value) or isinstance(value, (*_PLAIN, type)):
        return None
    if isinstance(value, Mapping):
        return value
    if isinstance(value, (list, tuple)):
        return dict(enumerate(value))
    with suppress(Exception):  # its own code
        if callable(getattr(value, "state_dict", None)):
            return dict(value.state_dict())
        if type(value).__module__.partition(".")[0] not in _WHOLE:
            return _state_of(value)
    return None


def _state_of(value: Any) -> Mapping[Any, Any]:
    """Return what a pickle would hold: a model's content, where an attribute is a pointer to it."""
    own = getattr(type(value), "__getstate__", None)
    if own is not getattr(object, "__getstate__", None):
        with suppress(Exception):  # its own code
            state = value.__getstate__()
            if isinstance(state, Mapping):
                return dict(state)
    return dict(vars(value))
