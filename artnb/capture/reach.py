"""What the notebook's functions load when they are called, found without calling them.

From the values that a cell reads: functions, methods, partials, classes and
instances that the notebook defines, the globals that their code loads, and again
from those. Code of installed packages is not followed: it cannot see the notebook.
"""

from __future__ import annotations

import dis
import functools
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Reach", "is_notebook_code", "reachable"]

_MOST_ITEMS = 256
"""Elements of a container, or attributes of an object, that are looked into for functions."""

_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_STORES = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_CACHED: Any = functools._lru_cache_wrapper
_PLAIN = (str, bytes, int, float, complex, bool, type(None), types.ModuleType)


@dataclass
class Reach:
    """What can be reached.

    Attributes
    ----------
    reads, writes : set of str
        Names of the namespace that the code loads, or binds by ``global``.
    code : list
        The notebook's functions and classes, in the order in which they were found.
    """

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    code: list[Any] = field(default_factory=list)


def reachable(names: Iterable[str], namespace: Mapping[str, Any]) -> Reach:
    """Return what the values of `names` reach.

    Parameters
    ----------
    names : iterable of str
        Names that the cell reads; those that the namespace lacks are left out.
    namespace : mapping
        The notebook's globals.
    """
    # Sets are gone through in order: the run's record has the sources one after the other.
    reach = Reach()
    seen: set[int] = set()
    waiting = [namespace[name] for name in sorted(names) if name in namespace]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        for code in _codes(value, namespace):
            loads, stores = _global_names(code)
            reach.writes |= stores & namespace.keys()
            for name in sorted((loads & namespace.keys()) - reach.reads):
                reach.reads.add(name)
                waiting.append(namespace[name])
        if is_notebook_code(value, namespace):
            reach.code.append(value)
        waiting.extend(_parts(value, namespace))
    return reach


def is_notebook_code(value: Any, namespace: Mapping[str, Any]) -> bool:
    """Return whether `value` is a function or a class that the notebook defines."""
    if isinstance(value, _CACHED):
        value = value.__wrapped__
    if isinstance(value, types.FunctionType):
        return value.__globals__ is namespace or value.__module__ == "__main__"
    return isinstance(value, type) and value.__module__ == "__main__"


def _codes(value: Any, namespace: Mapping[str, Any]) -> Iterator[types.CodeType]:
    if isinstance(value, types.FunctionType) and is_notebook_code(value, namespace):
        yield value.__code__


def _parts(value: Any, namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values inside `value` that may hold functions of the notebook."""
    if isinstance(value, types.FunctionType):
        yield from _function_parts(value)
    elif isinstance(value, _CACHED):
        yield value.__wrapped__
    elif isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, types.MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, type):
        if is_notebook_code(value, namespace):
            yield from value.__bases__
            yield from vars(value).values()
    elif isinstance(value, staticmethod | classmethod):
        yield value.__func__
    elif isinstance(value, property):
        yield from (part for part in (value.fget, value.fset, value.fdel) if part)
    elif type(value) in (list, tuple, set, frozenset, dict):
        yield from _items(value)
    else:
        yield from _instance_parts(value, namespace)


def _function_parts(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    if wrapped := getattr(function, "__wrapped__", None):
        yield wrapped
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _items(container: Any) -> Iterator[Any]:
    if len(container) <= _MOST_ITEMS:
        if isinstance(container, set | frozenset):
            container = sorted(container, key=_place)
        yield from container.values() if isinstance(container, dict) else container


def _place(value: Any) -> tuple[str, str, int]:
    """Return what puts functions, classes and objects of a set in order: where they are defined."""
    code = getattr(value, "__code__", None)
    line = code.co_firstlineno if isinstance(code, types.CodeType) else 0
    return type(value).__qualname__, str(getattr(value, "__qualname__", "")), line


def _instance_parts(value: Any, namespace: Mapping[str, Any]) -> Iterator[Any]:
    yield type(value)
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict) and len(attributes) <= _MOST_ITEMS:
        # Only what can be called: data inside an object is the object's own content.
        yield from (part for part in attributes.values() if _may_call(part, namespace))
    if wrapped := attributes and attributes.get("__wrapped__"):
        yield wrapped


def _may_call(value: Any, namespace: Mapping[str, Any]) -> bool:
    return isinstance(
        value, types.FunctionType | types.MethodType | functools.partial
    ) or is_notebook_code(type(value), namespace)


_known: weakref.WeakKeyDictionary[types.CodeType, tuple[frozenset[str], frozenset[str]]]
_known = weakref.WeakKeyDictionary()


def _global_names(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """Return the globals that `code` and the code inside it load and store."""
    found = _known.get(code)
    if found is None:
        loads: set[str] = set()
        stores: set[str] = set()
        for instruction in dis.get_instructions(code):
            if instruction.opname in _LOADS:
                loads.add(instruction.argval)
            elif instruction.opname in _STORES:
                stores.add(instruction.argval)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                inner_loads, inner_stores = _global_names(constant)
                loads |= inner_loads
                stores |= inner_stores
        found = _known[code] = (frozenset(loads), frozenset(stores))
    return found
