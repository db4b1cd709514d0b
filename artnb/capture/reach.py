"""What the notebook's functions load when they are called, found without calling them.

From the values that a cell reads: functions, methods, partials, classes and
instances that the notebook defines, what containers and objects of libraries hold of
them (a step of a pipeline, a layer of a network, a hook), the globals that their code
loads, and again from those. Code of installed packages is not followed: it cannot see
the notebook.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import itertools
import logging
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._dynamic import QUERIES, names_in_query

__all__ = ["Reach", "functions_of", "imports_in", "is_notebook_code", "names_in", "reachable"]

_MOST_ITEMS = 256
"""Elements of a container, or attributes of an object, that are looked into for functions."""

_MOST_TYPES = 20_000
"""Elements of a longer container whose types are looked at."""

_MOST_OBJECTS = 5_000
"""Objects that are looked into before one cell."""

_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_STORES = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_CACHED: Any = functools._lru_cache_wrapper
_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_LIBRARY = (types.BuiltinFunctionType, types.FunctionType, type)
_BOUND = (functools.partial, types.MethodType)
_NO_VALUES = (
    *_PLAIN, *_LIBRARY, types.ModuleType, staticmethod, classmethod, property,
    types.GetSetDescriptorType, types.MemberDescriptorType,
)  # fmt: skip
_PLAIN_TYPES: frozenset[type] = frozenset(_PLAIN)
_CONTAINERS: tuple[type[Any], ...] = (
    list, tuple, set, frozenset, dict, OrderedDict, deque,
)  # fmt: skip
_TENSORS = frozenset(("ndarray", "Tensor", "Parameter", "Generator"))
_DATA = frozenset(("matplotlib", "numpy", "pandas", "PIL", "polars", "pyarrow", "scipy"))
"""Packages whose objects hold data: only what they hold that can be called is looked at."""

_KERNELS = frozenset(("IPython", "comm", "ipykernel", "jupyter_client", "tornado", "zmq"))
"""Packages whose objects are the kernel's: a widget has one, and it leads to all there is."""


@dataclass
class Reach:
    """What can be reached.

    Attributes
    ----------
    reads, writes : set of str
        Names of the namespace that the code loads, or binds by ``global``.
    code : list
        The notebook's functions and classes, in the order in which they were found.
    held : list
        Functions of libraries that something holds: a default, a closure, an attribute.
    values : list
        What the notebook's functions and classes, partials and methods hold besides code: in
        closures, defaults, attributes and members, as arguments or as their object.
    kinds : set of type
        Classes of the objects that were looked into.
    modules : set of str
        Names of modules that something holds, or that the notebook's functions import.
    """

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    code: list[Any] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    kinds: set[type] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)


def reachable(
    names: Iterable[str], namespace: Mapping[str, Any], values: Iterable[Any] = ()
) -> Reach:
    """Return what the values of `names` reach.

    Parameters
    ----------
    names : iterable of str
        Names that the cell reads; those that the namespace lacks are left out.
    namespace : mapping
        The notebook's globals.
    values : iterable
        What is gone into besides, and has no name there.
    """
    # Sets are gone through in order: the run's record has the sources one after the other.
    reach = Reach()
    seen: set[int] = set()
    waiting = [
        value
        for name in sorted(names)
        if name in namespace and type(value := namespace[name]) not in _PLAIN_TYPES
    ]
    waiting += values
    while waiting:
        value = waiting.pop()
        if issubclass(type(value), _PLAIN) or id(value) in seen:
            continue
        if len(seen) >= _MOST_OBJECTS and not _may_call(value, namespace):
            continue
        seen.add(id(value))
        if type(value) in _CONTAINERS:
            waiting.extend(_items(value))
            continue
        if issubclass(type(value), types.ModuleType):
            reach.modules.add(value.__name__)
            continue
        reach.kinds.add(type(value))
        for code in _codes(value, namespace):
            loads, stores, imports = _global_names(code)
            reach.modules |= imports
            reach.writes |= stores & namespace.keys()
            for name in sorted((loads & namespace.keys()) - reach.reads):
                reach.reads.add(name)
                waiting.append(namespace[name])
        parts = list(_parts(value, namespace))
        is_code = is_notebook_code(value, namespace)
        if is_code:
            reach.code.append(value)
        elif issubclass(type(value), _LIBRARY):
            reach.held.append(value)
        if is_code or issubclass(type(value), _BOUND):
            reach.values += [part for part in parts if not issubclass(type(part), _NO_VALUES)]
        waiting.extend(parts)
    return reach


def is_notebook_code(value: Any, namespace: Mapping[str, Any]) -> bool:
    """Return whether `value` is a function or a class that the notebook defines."""
    if issubclass(type(value), _CACHED):
        value = value.__wrapped__
    if issubclass(type(value), types.FunctionType):
        return value.__globals__ is namespace or value.__module__ == "__main__"
    return issubclass(type(value), type) and value.__module__ == "__main__"


def names_in(code: Any) -> set[str]:
    """Return the names and attributes that a function, or the methods of a class, use."""
    waiting = [each.__code__ for each in functions_of(code)]
    found: set[str] = set()
    while waiting:
        each = waiting.pop()
        found.update(each.co_names)
        waiting += [part for part in each.co_consts if issubclass(type(part), types.CodeType)]
    return found


def imports_in(code: Any) -> set[str]:
    """Return the modules that a function, or the methods of a class, import as they run.

    With a dot in front where they may be relative.
    """
    return {name for each in functions_of(code) for name in _global_names(each.__code__)[2]}


def functions_of(code: Any) -> Iterator[types.FunctionType]:
    """Yield a function, or the methods of a class."""
    for member in list(vars(code).values()) if isinstance(code, type) else (code,):
        for name in ("", "__func__", "fget", "fset", "func"):
            part = getattr(member, name, None) if name else member
            if isinstance(part, types.FunctionType):
                yield part


def _codes(value: Any, namespace: Mapping[str, Any]) -> Iterator[types.CodeType]:
    if issubclass(type(value), types.FunctionType) and is_notebook_code(value, namespace):
        yield value.__code__


def _parts(value: Any, namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values inside `value` that may hold functions of the notebook."""
    if issubclass(type(value), types.FunctionType):
        yield from _function_parts(value)
    elif issubclass(type(value), _CACHED):
        yield value.__wrapped__
    elif issubclass(type(value), functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif issubclass(type(value), types.MethodType):
        yield from (value.__func__, value.__self__)
    elif issubclass(type(value), type):
        if is_notebook_code(value, namespace):
            yield type(value)
            yield from value.__bases__
            yield from _members(value, namespace)
    elif issubclass(type(value), staticmethod | classmethod):
        yield value.__func__
    elif issubclass(type(value), property):
        yield from (part for part in (value.fget, value.fset, value.fdel) if part)
    else:
        yield from _instance_parts(value, namespace)
        if issubclass(type(value), _CONTAINERS):
            yield from _items(value)


def _members(kind: type, namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a class holds, and what its annotations name.

    From Python 3.14 on these are a function, that may fail and evaluates them for good: its code
    tells.
    """
    for name, member in vars(kind).items():
        if name == "__annotate_func__" and issubclass(type(member), types.FunctionType):
            named = _global_names(member.__code__)[0]
            yield from [namespace[each] for each in sorted(named & namespace.keys())]
        else:
            yield member


def _function_parts(function: types.FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    yield from vars(function).values()
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def _items(container: Any) -> Iterator[Any]:
    # As the builtin type does it: a class's own __iter__ and __len__ may do anything.
    kind = next(kind for kind in _CONTAINERS if issubclass(type(container), kind))
    values = dict.values(container) if kind is dict else kind.__iter__(container)
    if kind.__len__(container) <= _MOST_ITEMS:
        there = [part for part in values if _may_hold(part)]
        yield from sorted(there, key=_place) if kind in (set, frozenset) else there
        return
    known: set[type] = set(_PLAIN_TYPES)
    for part in itertools.islice(values, _MOST_TYPES):
        # One of each type, and each function: data come in thousands, functions do not.
        if type(part) not in known:
            if type(part) is not types.FunctionType:
                known.add(type(part))
            yield part


def _may_hold(part: Any) -> bool:
    kind = type(part)
    if kind in _PLAIN_TYPES or kind.__name__ in _TENSORS:
        return _holds_objects(part)
    return kind not in _CONTAINERS or bool(part)


def _holds_objects(value: Any) -> bool:
    kind = type(value)
    is_array = kind.__name__ == "ndarray" and kind.__module__ == "numpy"
    return is_array and bool(value.dtype.hasobject)


def _place(value: Any) -> tuple[str, str, int]:
    """Return what puts functions, classes and objects of a set in order: where they are defined."""
    code = getattr(value, "__code__", None)
    line = code.co_firstlineno if isinstance(code, types.CodeType) else 0
    return type(value).__qualname__, str(getattr(value, "__qualname__", "")), line


def _instance_parts(value: Any, namespace: Mapping[str, Any]) -> Iterator[Any]:
    if is_notebook_code(type(value), namespace):
        yield type(value)
    package = type(value).__module__.partition(".")[0]
    # Of the loggers there are, each has their manager.
    if package in _KERNELS or type(value) is logging.Manager:
        return
    if _holds_objects(value):
        yield from (each for each in value.flat[:_MOST_ITEMS] if _may_call(each, namespace))
    attributes = _attributes(value)
    if not attributes or len(attributes) > _MOST_ITEMS:
        return
    if package in _DATA:
        for part in attributes.values():
            if _may_call(part, namespace) or (type(part) is dict and part):  # a frame's attrs
                yield part
    else:
        yield from [part for part in attributes.values() if _may_hold(part)]


def _attributes(value: Any) -> dict[str, Any]:
    """Return what an object holds, without running code of its class."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except Exception:  # a property of that name may raise anything
        own = _slots(value)
    found: dict[str, Any] = own if type(own) is dict else {}
    if issubclass(type(value), defaultdict):
        found = {**found, "default_factory": value.default_factory}
    return found


def _slots(value: Any) -> dict[str, Any]:
    found = {}
    for kind in type(value).__mro__ if "__slots__" in vars(type(value)) else ():
        for name, member in vars(kind).items():
            if type(member) is types.MemberDescriptorType:
                with contextlib.suppress(AttributeError):  # not set
                    found[name] = member.__get__(value)
    return found


def _may_call(value: Any, namespace: Mapping[str, Any]) -> bool:
    return issubclass(
        type(value), types.FunctionType | types.MethodType | functools.partial
    ) or is_notebook_code(type(value), namespace)


_Named = tuple[frozenset[str], frozenset[str], frozenset[str]]
_known: weakref.WeakKeyDictionary[types.CodeType, _Named] = weakref.WeakKeyDictionary()


def _global_names(code: types.CodeType) -> _Named:
    """Return the globals that `code` and the code inside it load and store, and what it imports."""
    found = _known.get(code)
    if found is None:
        loads: set[str] = set()
        stores: set[str] = set()
        imports: set[str] = set()
        for instruction in dis.get_instructions(code):
            if instruction.opname in _LOADS:
                loads.add(instruction.argval)
            elif instruction.opname in _STORES:
                stores.add(instruction.argval)
            elif instruction.opname == "IMPORT_NAME":
                imports.add(instruction.argval)
            elif instruction.opname == "IMPORT_FROM":  # it may be a module of the package
                imports |= {f"{name}.{instruction.argval}" for name in imports}
        asks = not QUERIES.isdisjoint(code.co_names)
        for constant in code.co_consts:
            if asks and isinstance(constant, str):
                loads |= names_in_query(constant)
            elif isinstance(constant, types.CodeType):
                inner = _global_names(constant)
                loads |= inner[0]
                stores |= inner[1]
                imports |= inner[2]
        found = _known[code] = (frozenset(loads), frozenset(stores), frozenset(imports))
    return found
