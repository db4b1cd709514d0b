"""What a value holds: items of containers, attributes, cells, and what pickles with it.

Asked of the interpreter's garbage collector, which runs no code of the value's own. What is
held weakly is none of it: `contained` follows such references only where it is asked to.
"""

from __future__ import annotations

import gc
import itertools
import logging
import sys
import threading
import types
import weakref
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

__all__ = ["columns_of", "contained", "held_elsewhere", "is_plain_holder", "viewed"]

_CONTAINERS: Any = (list, tuple, dict, set, frozenset, deque)
_NAMESPACES = (SimpleNamespace, Namespace)
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_EXACT = frozenset(_ATOMS)
_TRANSPARENT = ("scipy.sparse.", "torch.optim.lr_scheduler", "torch.utils.data.")
"""Modules whose objects are what their attributes hold: arrays of a matrix, an optimizer."""

_OPAQUE = frozenset(("IPython", "artnb", "ipykernel", "matplotlib", "polars", "pyarrow", "zmq"))
"""Packages whose objects hold nothing that counts, or that is looked at by other ways."""

_NOT_HELD = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.CodeType),
    *(types.FrameType, types.TracebackType, logging.Manager),
)
"""What leads to everything else there is."""

_MOST_ITEMS = 256
_DEEPEST = 3
_MOST_PARTS = 2_000
_DEEPEST_PART = 5


def contained(value: Any, *, plainly: bool = False, weakly: bool = False) -> Iterator[Any]:
    """Yield what `value` holds, and what that holds, each object once, as far as is quick.

    Parameters
    ----------
    plainly : bool
        Only what lists, dicts, instances of the notebook's classes and the like hold: the
        same after a library's object was looked at, which may remember that.
    weakly : bool
        Also what weak references in it refer to: it can be changed by them.
    """
    if issubclass(type(value), _ATOMS):
        return
    listed = set[int]()
    parts_of, deepest = (_items, _DEEPEST) if plainly else (partial(_parts, listed), _DEEPEST_PART)
    waiting, seen = deque([(value, deepest)]), {id(value)}
    # The nearest first, for the rest may be more than is looked at.
    take = waiting.pop if plainly else waiting.popleft
    while waiting:
        holder, deep = take()
        parts = parts_of(holder)
        if weakly and issubclass(type(holder), weakref.ref):
            parts = [weakref.ref.__call__(holder)]
        for part in parts:
            if (kind := type(part)) in _EXACT or id(part) in seen or issubclass(kind, _ATOMS):
                continue
            if len(seen) >= _MOST_PARTS:
                return
            seen.add(id(part))
            yield part
            if deep > 1:
                waiting.append((part, deep - 1))


def held_elsewhere(parts: Sequence[Any]) -> set[int]:
    """Return the ids of those lists, dicts and instances that something else holds, too.

    Parameters
    ----------
    parts : sequence
        Each held once by something that is no part of the question; by their counts of
        references, which need no look at all that could hold them.
    """
    alone = [[None]]
    once = _counts([alone[0]])[0]
    return {
        id(part)
        for part, count in zip(parts, _counts(parts), strict=True)
        if count > once and is_plain_holder(part) and type(part) not in (tuple, frozenset)
    }


def _counts(parts: Sequence[Any]) -> list[int]:
    return [sys.getrefcount(part) for part in parts]


def is_plain_holder(value: Any) -> bool:
    """Return whether `value` is a container, or an object that is what its attributes hold."""
    kind = type(value)
    module = str(kind.__module__)
    own = module == "__main__" and kind is not type
    own = own or module.startswith(_TRANSPARENT)
    own = own or (hasattr(kind, "get_params") and hasattr(kind, "fit"))  # a pipeline has its steps
    return own or kind in _NAMESPACES or is_dataclass(kind) or issubclass(kind, _CONTAINERS)


def _items(value: Any) -> Iterable[Any]:
    """Return the items of a container, or an instance's attributes, unless they are many."""
    kind = type(value)
    for base in _CONTAINERS:  # its own code is not run, whatever a subclass has
        if issubclass(kind, base) and base.__len__(value) <= _MOST_ITEMS:
            return list(dict.values(value) if base is dict else base.__iter__(value))
    if is_plain_holder(value):
        try:
            attributes = getattr(value, "__dict__", None)
            if type(attributes) is dict and len(attributes) <= _MOST_ITEMS:
                return list(attributes.values())
            if is_dataclass(kind):
                return [getattr(value, each.name, None) for each in fields(kind)]
        except Exception:  # what refuses to be asked shares nothing that could be found
            return ()
    return ()


def _parts(listed: set[int], value: Any) -> Iterable[Any]:
    """Return all that an object refers to and that counts as its own, unless that is much."""
    kind = type(value)
    if issubclass(kind, _NOT_HELD):
        return ()
    for base in _CONTAINERS:
        if issubclass(kind, base) and base.__len__(value) > _MOST_PARTS:
            return ()
    if kind in _CONTAINERS:
        return gc.get_referents(value)
    try:
        special = _special_parts(value, listed)
        return _referents(value) if special is None else special
    except Exception:  # its own code may raise anything
        return ()


def _special_parts(value: Any, listed: set[int]) -> Iterable[Any] | None:
    """Return what is held by objects of which the collector does not tell; None: by others."""
    kind = type(value)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    pandas = sys.modules.get("pandas")
    if kind is memoryview:
        return viewed(value)
    if kind is threading.local:  # of this thread
        return list(vars(value).values())
    if kind is ContextVar:
        return [value.get(None)]
    if numpy is not None and issubclass(kind, numpy.ndarray):
        return _cells(value)
    if torch is not None and hasattr(torch, "optim"):
        if issubclass(kind, torch.nn.Module):
            return _parts_of_module(value, torch.nn.Module, listed)
        if issubclass(kind, torch.Tensor):
            return ()
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if issubclass(kind, pandas.DataFrame | pandas.Series):
            cells = itertools.chain.from_iterable(map(_cells, columns_of(value)))
            return [*cells, *value.axes, *(value._attrs or {}).values()]
        if issubclass(kind, pandas.Index):
            return ()
    return None


def _cells(array: Any) -> list[Any]:
    few = getattr(array.dtype, "hasobject", False) and array.size <= _MOST_PARTS
    return list(sys.modules["numpy"].asarray(array).ravel()) if few else []


def _parts_of_module(value: Any, base: Any, listed: set[int]) -> list[Any]:
    own = [each for key, each in vars(value).items() if key not in _torchs_own(base)]
    if id(value) in listed:  # with the module that it is part of
        return own
    modules = list(base.modules(value))
    listed.update(map(id, modules))
    return [*modules, *base.parameters(value), *own]


@cache
def _torchs_own(base: Any) -> frozenset[str]:
    return frozenset(vars(base()))


def viewed(value: Any) -> list[Any]:
    """Return what a view of a buffer is a view of; of all else nothing."""
    try:
        return [value.obj] if type(value) is memoryview else []
    except ValueError:  # it was released
        return []


def columns_of(value: Any) -> list[Any]:
    """Return the arrays that a frame or series of pandas has its columns in, several in one."""
    blocks = getattr(getattr(value, "_mgr", None), "blocks", ())
    return [block.values for block in blocks]


def _referents(value: Any) -> Iterable[Any]:
    kind = type(value)
    if kind.__module__.partition(".")[0] in _OPAQUE:
        return ()
    found = [part for part in gc.get_referents(value) if not issubclass(type(part), _NOT_HELD)]
    # Attributes lie in a dict or in the object itself: as near in the one as in the other. Asked
    # for its dict, a partial or an exception has one from then on, and pickles otherwise.
    found += [each for part in found if type(part) is dict for each in part.values()]
    return found if len(found) <= _MOST_PARTS else ()
