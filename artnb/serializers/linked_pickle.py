"""Pickles that refer to other entries, and note what they refer to, and where."""

from __future__ import annotations

import hashlib
import io
import itertools
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.serializers.base import CannotSave
from artnb.serializers.cloud import cloud_pickler
from artnb.serializers.codecs import ATOMS
from artnb.serializers.definitions import about_definitions
from artnb.serializers.linked import RefOf
from artnb.serializers.set_items import SetItems

__all__ = ["link_pickle"]


def link_pickle(
    objects: Sequence[Any],
    ref_of: RefOf,
    path: Path,
    *,
    cloud: bool,
    items: Callable[[Any], list[Any]],
) -> dict[str, Any]:
    """Write the first of `objects`, and the others as exports; CannotSave for what is no pickle.

    Parameters
    ----------
    items : callable
        Takes a set, and returns what of it may be referred to, in an order for all processes.
    """
    base: Any = cloud_pickler() if cloud else pickle.Pickler

    class Pickler(base):  # type: ignore[misc]
        def persistent_id(self, value: Any) -> str | None:
            return places(value)

    sink, everything = io.BytesIO(), list(objects)
    places = _Places(everything, ref_of, items)
    try:
        Pickler(sink, protocol=5).dump(everything)
        if places.sets.have_order:
            # A pickle has the items of a set in this process's order. Once more without them.
            places = _Places(everything, ref_of, items, apart=True)
            places.sets.visit(Pickler(io.BytesIO(), protocol=5).dump, everything)
    except Exception as error:  # a value's own __reduce__ may raise anything
        raise CannotSave(f"{type(error).__name__}: {error}") from error
    data = sink.getvalue()
    if not cloud and b"__main__" in data:
        raise CannotSave("defined in the notebook")
    path.write_bytes(data)
    kind = type(objects[0])
    return {
        "type": f"{kind.__module__}.{kind.__qualname__}",
        # Where they stand: of two values that are equal, other places may hold another's object.
        "links": {"refs": [json.loads(text) for text in places.refs], "at": places.mark},
        **(about_definitions(data) if cloud else {}),
    }


class _Places:
    """What a pickle refers to, and where in it that stands.

    Parameters
    ----------
    apart : bool
        The items of sets are left to who visits those of `sets`.
    """

    def __init__(
        self,
        objects: Sequence[Any],
        ref_of: RefOf,
        items: Callable[[Any], list[Any]],
        *,
        apart: bool = False,
    ) -> None:
        self._ref_of = ref_of
        self._apart = apart
        self._exported = {id(each): number for number, each in enumerate(objects)}
        self._hash = hashlib.sha256()
        self._count = itertools.count()
        self.refs: dict[str, None] = {}
        self.sets = SetItems(items)

    @property
    def mark(self) -> str:
        return self._hash.hexdigest()[:16]

    def __call__(self, value: Any) -> str | None:
        """Return an id for what is not written here."""
        if type(value) in ATOMS:
            return None
        at, ref = next(self._count), self._ref_of(value)
        if ref is not None:
            text = json.dumps(ref.to_json(), separators=(",", ":"))
            self._hash.update(f"{at} {text}\n".encode())
            self.refs[text] = None
            return text
        if id(value) in self._exported:
            self._hash.update(f"{at} {self._exported[id(value)]}\n".encode())
        return "set" if self.sets.note(value) and self._apart else None
