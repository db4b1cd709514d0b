"""An object's state, as pickle takes it, without what the object remembers of having been used.

A graph keeps the views that were asked for, a sparse matrix whether it is sorted, an
exception the frames that it came through: none of that is content. What is left out must
be sure to follow from the rest: a change that is not seen is worse than one that is none.
"""

from __future__ import annotations

import copyreg
import datetime
import decimal
import enum
import functools
import pathlib
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["NOTHING_LEFT_OUT", "reduced"]

NOTHING_LEFT_OUT: Any = object()

_CACHES: Mapping[str, tuple[str, ...]] = {
    "dask": ("_cached_dict", "_cached_keys", "_dims", "has_legacy_tasks"),
    "networkx": ("__networkx_cache__",),
    "pandas": ("_cache",),
    "scipy.sparse": ("_has_canonical_format", "_has_sorted_indices"),
    "scipy.spatial": ("_transform", "_vertex_neighbor_vertices", "_vertex_to_simplex"),
    "sklearn": ("_deprecated_key_to_warnings", "_stop_words_id"),
    "statsmodels": (
        "_cache",
        "_nobs_int",
        "_summary_cache",
        "_summary_statistics_cache",
        "diagn",
        "predict_dates",
        "predict_end",
        "predict_start",
    ),
    "torch.utils.data": ("_iterator",),
    "xarray": ("_cache",),
}
"""Attributes in which packages keep what they found out, or the id of an object."""

_MADE_EMPTY: Mapping[str, tuple[str, ...]] = {"xarray": ("_attrs", "_encoding")}
"""Attributes that are None until somebody asks for them, and an empty dict from then on."""

_COUNTED = ("KDTree", "BallTree")
_COUNTS = slice(7, 11)
"""Where scikit-learn's trees have the numbers of their queries in their state."""

_SIGNALS = 6
"""Where a context of decimal numbers has in its state which signals were raised."""

_FIXED = (
    *(int, float, complex, bool, str, bytes, type(None), range, enum.Enum),
    *(decimal.Decimal, pathlib.PurePath, datetime.date, datetime.time, datetime.timedelta),
)


@dataclass(frozen=True)
class _Derived:
    """What of a class's instances is not content.

    Attributes
    ----------
    names, empty : frozenset of str
        Attributes that never are, and those that are not while they are empty.
    lazy : dict
        By the name of a property that keeps its value in the instance: whether a class of
        the notebook has it. What such a property has made may have been changed since, and
        then is content: there only what cannot change is left out.
    counts : bool
        Whether it is a tree of scikit-learn's.
    """

    names: frozenset[str]
    empty: frozenset[str]
    lazy: Mapping[str, bool]
    counts: bool = False


_known: weakref.WeakKeyDictionary[type, _Derived | None] = weakref.WeakKeyDictionary()


def reduced(value: Any) -> Any:
    """Return what pickle is to write of `value`, or `NOTHING_LEFT_OUT` for all that it would."""
    if isinstance(value, decimal.Context):
        return _without_signals(value.__reduce_ex__(5))
    if isinstance(value, dict) and _is_its_own_attributes(value):
        parts: Any = value.__reduce_ex__(5)
        return (*parts[:2], None, *parts[3:])
    derived = _derived(type(value))
    # Of an exception others may have registered how it is pickled: with the traceback.
    is_exception = isinstance(value, BaseException)
    if derived is None:
        return value.__reduce_ex__(5) if is_exception else NOTHING_LEFT_OUT
    registered = None if is_exception else copyreg.dispatch_table.get(type(value))
    parts = registered(value) if registered else value.__reduce_ex__(5)
    if not isinstance(parts, tuple) or len(parts) < 3:
        return parts
    make, args, state, *rest = parts
    if type(state) is not tuple:
        state = _content(value, derived, state)
    elif derived.counts:
        state = state[: _COUNTS.start] + state[_COUNTS.stop :]
    elif len(state) == 2:  # the second are slots
        state = tuple(_content(value, derived, each) for each in state)
    return (make, args, state, *rest)


def _is_its_own_attributes(value: dict[Any, Any]) -> bool:
    """Return whether a dict has its items as its attributes, too: loaded, they are another dict."""
    kind = type(value)
    own = (kind.__reduce__, kind.__reduce_ex__) != (object.__reduce__, object.__reduce_ex__)
    if kind is dict or own:
        return False
    attributes = getattr(value, "__dict__", None)
    if not attributes or len(attributes) != len(value):
        return False
    return all(attributes.get(key, _is_lazy) is each for key, each in dict.items(value))


def _without_signals(parts: Any) -> Any:
    """Leave out which signals a context has met: each use of it adds some."""
    make, args, *rest = parts
    return (make, (*args[:_SIGNALS], [], *args[_SIGNALS + 1 :]), *rest)


def _is_lazy(member: object) -> bool:
    """Return whether a class's member puts what it has found into the instance, by its own name."""
    if isinstance(member, functools.cached_property):
        return True
    kind = type(member)
    if kind.__module__ in ("builtins", "functools") or callable(member):
        return False
    return hasattr(kind, "__get__") and not hasattr(kind, "__set__")


def _content(value: Any, derived: _Derived, state: Any) -> Any:
    if type(state) is not dict:
        return state
    there = getattr(value, "__dict__", {})
    if "__dict__" in state:  # as pydantic has it, beside what it notes itself
        state = {**state, "__dict__": _content(value, derived, state["__dict__"])}
    content = {
        name: each
        for name, each in state.items()
        if name not in derived.names
        and (name not in derived.empty or each)
        and not (
            name in derived.lazy
            and there.get(name) is each
            and (not derived.lazy[name] or _is_fixed(each))
        )
    }
    return content or None


def _is_fixed(value: Any) -> bool:
    if type(value) in (tuple, frozenset):
        return all(map(_is_fixed, value))
    return isinstance(value, _FIXED) or (
        # a number of numpy's
        type(value).__module__ == "numpy" and type(value).__hash__ is not None
    )


def _derived(kind: type) -> _Derived | None:
    try:
        return _known[kind]
    except KeyError:
        found = _known[kind] = _find(kind)
        return found


def _find(kind: type) -> _Derived | None:
    names = set(_listed(kind, _CACHES)) | set(_left_to_itself(kind))
    empty = frozenset(_listed(kind, _MADE_EMPTY))
    lazy: dict[str, bool] = {}
    seen = set[str]()
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if name not in seen and _is_lazy(member):
                lazy[name] = base.__module__ == "__main__"
            seen.add(name)
    counts = kind.__module__.startswith("sklearn.") and kind.__name__.startswith(_COUNTED)
    return _Derived(frozenset(names), empty, lazy, counts) if names or lazy else None


def _listed(kind: type, table: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for base in kind.__mro__:
        for package, names in table.items():
            if f"{base.__module__}.".startswith(f"{package}."):
                yield from names


def _left_to_itself(kind: type) -> Iterator[str]:
    """Yield the fields of a dataclass that nobody gives it, sees or compares."""
    for field in getattr(kind, "__dataclass_fields__", {}).values():
        if not (field.init or field.repr or field.compare):
            yield field.name
