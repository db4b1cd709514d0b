"""Values of a program's own classes: members of an Enum, named tuples and dataclasses.

The file names the class and holds the values of its fields. The class is taken from a module
that is imported, or is imported where that is trusted, and none of its own code runs: neither
``__init__`` nor what it does about pickling.
"""

from __future__ import annotations

import dataclasses
import enum
import sys
from importlib import import_module
from types import MemberDescriptorType
from typing import Any

from artnb.errors import SerializationError, UntrustedError
from artnb.serializers.base import CannotSave
from artnb.serializers.codecs.base import Codec

__all__ = ["CODECS", "codec_for", "find_class"]


def codec_for(kind: type) -> Codec | None:
    """Return the codec for values of a class, or None."""
    if issubclass(kind, enum.Enum):
        return _FLAG if issubclass(kind, enum.Flag) else _MEMBER
    if _is_namedtuple(kind):
        return _NAMEDTUPLE
    if _is_plain_dataclass(kind):
        return _DATACLASS if kind.__hash__ in (None, object.__hash__) else _HASHED_DATACLASS
    return None


def find_class(name: str, *, trust: bool) -> type:
    """Return the class that a file names as ``module:qualname``.

    Raises
    ------
    UntrustedError
        Its module is not imported, and `trust` is not given.
    SerializationError
        There is no such class any more.
    """
    module, _, qualname = name.partition(":")
    if module not in sys.modules and not trust:
        raise UntrustedError(
            f"It holds a {qualname.rpartition('.')[2]} of the module {module}, which is not "
            f"imported here. Import it (import {module}), or load it with trust=True (--trust), "
            "which does that."
        )
    try:
        found: Any = import_module(module)
        for part in qualname.split("."):
            found = vars(found)[part]
    except (ImportError, KeyError, TypeError) as error:
        raise SerializationError(f"It holds a {qualname}, which {module} does not have.") from error
    if not isinstance(found, type):
        raise SerializationError(f"It holds a {qualname}, which is no class.")
    return found


def _named(kind: type) -> str:
    """Return the name under which `find_class` finds a class; CannotSave if it would not."""
    name = f"{kind.__module__}:{kind.__qualname__}"
    if kind.__module__ == "__main__":
        raise CannotSave("of a class that the notebook defines")
    try:
        if kind.__module__ in sys.modules and find_class(name, trust=False) is kind:
            return name
    except SerializationError:
        pass
    raise CannotSave("of a class that cannot be imported")


def _member_parts(value: enum.Enum) -> list[Any]:
    kind = type(value)
    if kind._member_map_.get(value._name_) is not value:
        raise CannotSave("a member without a name")
    return [_named(kind), value._name_]


def _member(kind: Any, name: str) -> Any:
    if not issubclass(kind, enum.Enum):
        raise TypeError(f"{kind.__qualname__} is no Enum")
    return kind._member_map_[name]


def _flag_parts(value: enum.Flag) -> list[Any]:
    if type(value._value_) is not int or _flag(type(value), value._value_) is not value:
        raise CannotSave("a flag that is made in its own way")
    return [_named(type(value)), value._value_]


def _flag(kind: Any, value: int) -> Any:
    own = issubclass(kind, enum.Flag) and kind._missing_.__func__ is not _MISSING
    if not issubclass(kind, enum.Flag) or own or type(value) is not int:
        raise CannotSave(f"{kind.__qualname__} is no plain Flag")
    known = kind._value2member_map_
    return known[value] if value in known else _MISSING(kind, value)


_MISSING: Any = enum.Flag.__dict__["_missing_"].__func__


def _is_namedtuple(kind: type) -> bool:
    fields = getattr(kind, "_fields", None)
    is_tuple = issubclass(kind, tuple) and isinstance(fields, tuple)
    # Made by namedtuple or NamedTuple: no state besides its items, which pickle would keep.
    return is_tuple and kind.__bases__ == (tuple,) and "__slots__" in vars(kind)


def _namedtuple_parts(value: Any) -> list[Any]:
    return [_named(type(value)), *value]


def _namedtuple(kind: Any, *items: Any) -> Any:
    if not _is_namedtuple(kind) or len(items) != len(kind._fields):
        raise TypeError(f"{kind.__qualname__} is no such named tuple")
    return tuple.__new__(kind, items)


def _is_plain_dataclass(kind: type) -> bool:
    """Return whether the fields are all that there is to an instance."""
    if not dataclasses.is_dataclass(kind) or kind.__new__ is not object.__new__:
        return False
    if hasattr(kind, "__del__") or hasattr(kind, "__getnewargs__"):
        return False
    own = (getattr(kind, "__getstate__", None), getattr(kind, "__setstate__", None))
    made = all(each in _PLAIN_STATE or each.__module__ == "dataclasses" for each in own)
    return made and (kind.__reduce__, kind.__reduce_ex__) == _PLAIN_REDUCE


_PLAIN_STATE = (None, getattr(object, "__getstate__", None))
_PLAIN_REDUCE = (object.__reduce__, object.__reduce_ex__)


def _dataclass_parts(value: Any) -> list[Any]:
    kind = type(value)
    fields = [field.name for field in dataclasses.fields(kind)]
    slots = [name for name in fields if _is_slot(kind, name)]
    found = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    found |= getattr(value, "__dict__", {})
    if not found.keys() <= set(fields):
        raise CannotSave("a dataclass with attributes that are no fields")
    parts = [_named(kind)]
    for name in fields:
        if name in found:
            parts += [name, found[name]]
    return parts


def _is_slot(kind: type, name: str) -> bool:
    for base in kind.__mro__:
        if name in vars(base):
            return isinstance(vars(base)[name], MemberDescriptorType)
    return False


def _empty_dataclass(kind: Any) -> Any:
    if not _is_plain_dataclass(kind):
        raise TypeError(f"{kind.__qualname__} is no plain dataclass")
    return object.__new__(kind)


def _fill_dataclass(made: Any, items: list[Any]) -> None:
    kind = type(made)
    fields = {field.name for field in dataclasses.fields(kind)}
    for name, value in zip(items[::2], items[1::2], strict=True):
        if name not in fields:
            raise ValueError(f"{kind.__qualname__} has no field {name!r} any more")
        if _is_slot(kind, name):
            object.__setattr__(made, name, value)
        else:
            vars(made)[name] = value


def _dataclass(kind: Any, *items: Any) -> Any:
    made = _empty_dataclass(kind)
    _fill_dataclass(made, list(items))
    return made


_MEMBER = Codec("member", _member_parts, _member, of_class=True)
_FLAG = Codec("flag", _flag_parts, _flag, of_class=True)
_NAMEDTUPLE = Codec("namedtuple", _namedtuple_parts, _namedtuple, of_class=True)
_DATACLASS = Codec(
    "dataclass", _dataclass_parts, _empty_dataclass, _fill_dataclass, 1, of_class=True
)
# A key of a dict, or an item of a set, must be whole before it is one.
_HASHED_DATACLASS = Codec("dataclass value", _dataclass_parts, _dataclass, of_class=True)
CODECS = (_MEMBER, _FLAG, _NAMEDTUPLE, _DATACLASS, _HASHED_DATACLASS)
