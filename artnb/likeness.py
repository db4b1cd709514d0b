"""Whether a value that is there already is just what was loaded, so that it can stand for it.

Not only its content counts: where the loaded value has one object in two places, so must the
other, and what both refer to must be one object. Only values of plain types are compared so;
what runs code of its own is never taken for another.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from artnb.capture import fingerprint
from artnb.serializers.aliasing import span_of
from artnb.serializers.codecs import ATOMS, codec_of, parts_of
from artnb.serializers.inlined import is_inlined
from artnb.serializers.linked import Ref

__all__ = ["Likeness"]

_VALUES = (tuple, frozenset)


class Likeness:
    """The comparison of a loaded value with one that is there.

    Parameters
    ----------
    loaded, present : object
        The two values.
    given : mapping
        By id, for what of the loaded one is another entry's: the reference to it.

    Attributes
    ----------
    holds : bool
        Whether they are alike, provided that `leaves` are taken over.
    pending : bool
        Whether parts or views of these are held, too, and are to be compared then.
    places : dict
        By id of the loaded one's objects: which object of the other has its place.
    leaves : dict
        By the key of an entry: an object of equal content that the present value holds.
    views : dict
        By the reference to a view: the view of the same memory that the present value holds.
    """

    def __init__(self, loaded: Any, present: Any, given: Mapping[int, Ref]) -> None:
        self._given = given
        self._taken = set[int]()
        self._met = set[tuple[int, int]]()
        self._alive: list[Any] = []  # an id stands for an object only while that is there
        self._waiting = [(loaded, present)]
        self.places: dict[int, Any] = {}
        self.leaves: dict[str, Any] = {}
        self.views: dict[Ref, Any] = {}
        self.pending = False
        self.holds = True
        while self._waiting and self.holds:
            self.holds = self._are_alike(*self._waiting.pop())

    def _are_alike(self, one: Any, other: Any) -> bool:
        kind = type(one)
        if kind is not type(other):
            return False
        if kind in ATOMS:
            return repr(one) == repr(other)
        if (id(one), id(other)) in self._met:
            return True
        if _has_identity(kind):
            if id(one) in self.places or id(other) in self._taken:
                return False
            self._taken.add(id(other))
        self.places.setdefault(id(one), other)
        self._met.add((id(one), id(other)))
        self._alive += one, other
        if one is other:
            return True
        ref = self._given.get(id(one))
        return self._are_parts_alike(one, other) if ref is None else self._is_given(ref, one, other)

    def _is_given(self, ref: Ref, one: Any, other: Any) -> bool:
        """Compare what another entry has: it must be one object, or able to become it."""
        if ref.view is not None and span_of(one) == span_of(other) is not None:
            self.views[ref] = other
            return bool(one.shape == other.shape)
        if ref.view is not None or ref.part is not None:
            self.pending = True
            return True
        self.leaves[ref.owner] = other
        return _has_equal_content(one, other)

    def _are_parts_alike(self, one: Any, other: Any) -> bool:
        kind = type(one)
        if kind is dict or kind is OrderedDict:
            return self._queue(_pairs(one), _pairs(other))
        if kind is list or kind is tuple:
            return self._queue(one, other)
        if kind is set or kind is frozenset:
            only = all(type(item) in ATOMS for item in one)
            return only and sorted(map(repr, one)) == sorted(map(repr, other))
        if (first := parts_of(one)) is not None:
            second = parts_of(other)
            return second is not None and self._queue(first, second)
        return is_inlined(one) and _has_equal_content(one, other)

    def _queue(self, ones: Sequence[Any], others: Sequence[Any]) -> bool:
        self._alive += ones, others
        self._waiting += zip(ones, others, strict=False)
        return len(ones) == len(others)


def _pairs(mapping: Mapping[Any, Any]) -> list[Any]:
    """Return keys and values, and the attributes that an OrderedDict may have."""
    own = [vars(mapping)] if type(mapping) is OrderedDict else []
    return [*own, *(part for pair in mapping.items() for part in pair)]


def _has_identity(kind: type) -> bool:
    """Return whether two objects of a type that look alike are still two."""
    codec = codec_of(kind)
    return kind not in _VALUES and (codec is None or codec.mutable or codec.fill is not None)


def _has_equal_content(one: Any, other: Any) -> bool:
    mark = fingerprint(one)
    return mark is not None and mark == fingerprint(other)
