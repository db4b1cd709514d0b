"""What a value holds, found by pickling it to nowhere: each object that has an identity, once.

Pickle follows what it would save: items, attributes, closures of the notebook's functions. What
has a format of its own (arrays, tensors, frames, modules) is a **leaf**, and not looked into.
"""

from __future__ import annotations

import hashlib
import io
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from artnb import serializers
from artnb.capture import fingerprint
from artnb.serializers.cloud import cloud_pickler
from artnb.serializers.codecs import ATOMS, codec_of, parts_of
from artnb.serializers.set_items import SetItems
from artnb.serializers.structure import structure_of

__all__ = ["Leaves", "Scan", "has_tensor_format", "holds_only_atoms", "items_in_order", "scan"]

CONTAINERS = (list, dict, tuple, set, frozenset)
_FORMATS = {"npy", "tensor", "module", "parquet", "polars-parquet", "plotly", "altair", "bokeh"}
_OF_VARIABLES = {"optimizer", "lr-scheduler"}
_NEVER = ("matplotlib",)
"""Packages whose objects pickle slowly, and are kept as pictures."""


@dataclass
class Scan:
    """What one value holds.

    Attributes
    ----------
    objects : dict
        By id, what has an identity: the value itself first. They are kept alive, so that no
        other object gets the id of one.
    leaves, stops : dict
        By id, the leaves, and those objects that the scan was told to stop at.
    is_plain : bool
        Besides these it consists of lists, dicts, tuples, sets and values of plain types.
    repeats : list
        Which of the objects are met again, and when.
    """

    objects: dict[int, Any] = field(default_factory=dict)
    leaves: dict[int, Any] = field(default_factory=dict)
    stops: dict[int, Any] = field(default_factory=dict)
    is_plain: bool = True
    repeats: list[tuple[int, int]] = field(default_factory=list)

    @property
    def mark(self) -> str | None:
        """What stands for which places hold one object; None: no two do."""
        if not self.repeats:
            return None
        return hashlib.sha256(repr(self.repeats).encode()).hexdigest()[:16]


class Leaves:
    """Says which objects are leaves.

    Parameters
    ----------
    variables : mapping
        The variables that get entries. An optimizer or scheduler is a leaf only as one of them:
        elsewhere it is saved with what it moves.
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._formats: dict[type, str] = {}
        self._identities: dict[type, bool] = {}
        self._specs: dict[int, tuple[Any, bool]] = {}
        self._variables = {
            id(each) for each in variables.values() if self._format(each) in _OF_VARIABLES
        }

    def holds(self, value: Any) -> bool:
        """Return whether `value` has a format of its own, and is not made of parts."""
        form = self._format(value)
        if form not in _FORMATS:
            return id(value) in self._variables
        if form == "npy":
            return type(value).__name__ in ("ndarray", "memmap") and not value.dtype.hasobject
        return form != "tensor" or type(value).__name__ in ("Tensor", "Parameter")

    def is_half(self, value: Any) -> bool:
        """Return whether `value` is a module of which its format may give back only the tensors."""
        if self._format(value) != "module":
            return False
        own = any(type(part).__module__ == "__main__" for part in value.modules())
        return own or structure_of(value) is None

    def is_sealed(self, value: Any) -> bool:
        """Return whether `value` is a module that neither plain data nor its class alone can tell.

        Torch's own are told by plain data, and would cost a look at each of their parts.
        """
        if self._format(value) != "module" or type(value).__module__.startswith("torch.nn."):
            return False
        return structure_of(value) is None

    def is_composite(self, value: Any) -> bool:
        """Return whether a variable is saved as what it holds, and can be held by others."""
        form = self._format(value)
        if form == "npy":
            return type(value).__name__ == "ndarray" and bool(value.dtype.hasobject)
        if form not in ("json", "state-dict", "tensor-dataset", "linked"):
            return False
        kind = type(value)
        if kind is tuple or kind is frozenset:
            return not holds_only_atoms(value)
        # A function of the notebook holds what it closes over and its globals, a method its object.
        if kind in (*CONTAINERS, types.FunctionType, types.MethodType) or self.has_identity(kind):
            return True
        if kind is types.BuiltinMethodType:
            return not isinstance(value.__self__, types.ModuleType | None)
        codec = codec_of(kind)  # a named tuple, or a frozen dataclass
        own = codec is not None and codec.of_class
        return own and not ATOMS.issuperset(map(type, parts_of(value) or ()))

    def is_container(self, value: Any) -> bool:
        """Return whether `value` is a list, dict or the like, or a tuple that holds such."""
        kind = type(value)
        if kind in ATOMS or kind is types.FunctionType:
            return False
        return (kind in CONTAINERS or self.has_identity(kind)) and self.is_composite(value)

    def has_identity(self, kind: type) -> bool:
        """Return whether two objects of a type that look alike are still two.

        Those are hashed by identity, or not at all; what is hashed by its value is a value.
        """
        known = self._identities.get(kind)
        if known is None:
            hashed: Any = kind.__hash__
            by_value = hashed is not None and hashed is not object.__hash__
            known = not by_value and not issubclass(kind, _CODE) and kind.__name__ not in _SINGLE
            self._identities[kind] = known
        return known

    def _format(self, value: Any) -> str:
        kind = type(value)
        found = self._formats.get(kind)
        if found is None:
            found = self._formats[kind] = serializers.first_format(kind)
        if found == "altair" and not self._has_spec(value):
            return "linked"  # of many rows: it refers to their frame
        return found

    def _has_spec(self, value: Any) -> bool:
        from artnb.drawings.specs import altair_content

        known = self._specs.get(id(value))
        if known is None:
            known = self._specs[id(value)] = value, altair_content(value) is not None
        return known[1]


def scan(value: Any, leaves: Leaves, stops: Container[int]) -> Scan | None:
    """Return what `value` holds, or None if it cannot be pickled.

    Parameters
    ----------
    stops : container of int
        Ids of objects that are not looked into.
    """
    found = Scan()
    try:
        if _walk(value, _Visit(found, leaves, stops), leaves):
            return found
        found = Scan(is_plain=False)
        sets = SetItems(partial(items_in_order, leaves=leaves))
        sets.visit(_scanner()(_Visit(found, leaves, stops), sets).dump, value)
    except Exception:  # a value's own __reduce__ may raise anything
        return None
    return found


def _walk(value: Any, visit: _Visit, leaves: Leaves) -> bool:
    """Visit what plain values hold, containers first; False: there is more, for the pickler.

    It need not look at each number and text of what holds nothing else.
    """
    waiting, seen = [value], dict[int, Any]()
    while waiting:
        each = waiting.pop()
        kind = type(each)
        if kind in ATOMS or visit(each) is not None or id(each) in seen:
            continue
        seen[id(each)] = each  # parts are made for this, and an id is theirs while they are there
        if kind in CONTAINERS:
            if kind is set or kind is frozenset:
                waiting += reversed(items_in_order(each, leaves))
            elif not holds_only_atoms(each):
                waiting += reversed([*each.values(), *each] if kind is dict else [*each])
        elif (parts := _parts(each)) is not None:
            waiting += reversed(parts)
        else:
            return False
    return True


def items_in_order(value: set[Any] | frozenset[Any], leaves: Leaves) -> list[Any]:
    """Return what a set holds that has an identity or may hold such, as each process orders it."""

    def counts(item: Any) -> bool:
        kind = type(item)
        if kind in ATOMS or holds_only_atoms(item):
            return False
        parts = None if leaves.has_identity(kind) else parts_of(item)
        return parts is None or not ATOMS.issuperset(map(type, parts))

    found = [] if holds_only_atoms(value) else list(filter(counts, value))
    return sorted(found, key=lambda item: fingerprint(item) or "") if len(found) > 1 else found


def _parts(value: Any) -> Sequence[Any] | None:
    """Return what a plain value that is no list, dict, tuple or set holds, or None."""
    kind = type(value)
    if kind is OrderedDict:
        return [*value, *value.values(), *vars(value), *vars(value).values()]
    return value.tensors if _is_dataset(kind) else parts_of(value)


def holds_only_atoms(value: Any) -> bool:
    """Return whether a value is a list, dict, tuple or set of plain values; quickly."""
    kind = type(value)
    if kind is dict:
        return ATOMS.issuperset(map(type, value)) and ATOMS.issuperset(map(type, value.values()))
    return kind in CONTAINERS and ATOMS.issuperset(map(type, value))


def has_tensor_format(value: Any) -> bool:
    """Return whether a value is one of tensors alone, which have a format together."""
    if _is_dataset(type(value)):
        return True
    torch = sys.modules.get("torch")
    if torch is None or type(value) not in (dict, OrderedDict) or not value:
        return False
    items = value.items()
    return all(type(key) is str and type(each) is torch.Tensor for key, each in items)


class _Visit:
    """Notes the objects that a pickler comes to."""

    def __init__(self, found: Scan, leaves: Leaves, stops: Container[int]) -> None:
        self._found = found
        self._leaves = leaves
        self._stops = stops
        self._met: dict[int, int] = {}
        self._count = 0

    def __call__(self, value: Any) -> str | None:
        """Return an id for what is not looked into."""
        kind = type(value)
        if kind in ATOMS:
            return None
        found = self._found
        if id(value) in self._stops:
            self._note(found.stops, value)
            return "stop"
        if kind is tuple or kind is frozenset:
            return None  # only what they hold can change
        if self._leaves.holds(value):
            self._note(found.leaves, value)
            return "leaf"
        if kind.__module__.partition(".")[0] in _NEVER:
            raise TypeError("it is not followed")
        if kind in CONTAINERS or self._leaves.has_identity(kind):
            self._note(found.objects, value)
        return None

    def _note(self, where: dict[int, Any], value: Any) -> None:
        number = self._met.setdefault(id(value), len(self._met))
        if id(value) in where:
            self._found.repeats.append((self._count, number))
        where[id(value)] = value
        self._count += 1


_CODE = (
    type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType,
    types.CodeType, types.MethodDescriptorType, types.WrapperDescriptorType, types.CellType,
)  # fmt: skip
_SINGLE = {"ellipsis", "NotImplementedType", "dtype", "layout", "memory_format", "qscheme"}
"""Types, torch's among them, of which there is one object for each value."""


@cache
def _scanner() -> Callable[[_Visit, SetItems], Any]:
    base: Any = cloud_pickler()

    class Scanner(base):  # type: ignore[misc]
        def __init__(self, visit: _Visit, sets: SetItems) -> None:
            super().__init__(_Nowhere(), protocol=5)
            self._visit = visit
            self._sets = sets

        def persistent_id(self, value: Any) -> str | None:
            return self._visit(value) or ("set" if self._sets.note(value) else None)

    return Scanner


class _Nowhere(io.RawIOBase):
    def write(self, data: Any, /) -> int:
        return len(data)


def _is_dataset(kind: Any) -> bool:
    data = sys.modules.get("torch.utils.data")
    return data is not None and kind is data.TensorDataset
