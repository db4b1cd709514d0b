"""The notebook's names: which are the person's, and what they are bound to before and after a cell.

A snapshot never keeps a large value alive: a cell that frees memory must still
free it while it is watched. So it holds weak references where the type allows,
small plain values themselves, and of other containers only the address.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["Holder", "Roster", "Snapshot", "is_shell_name", "values_of"]

_SHELL_NAME = re.compile(r"_|__|___|_i|_ii|_iii|_ih|_oh|_dh|_\d+|_i\d+|__\w+__")
_SHELL_NAMES = frozenset(("In", "Out", "get_ipython", "exit", "quit"))
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_SMALL = 1 << 16
_NO_NAMES: Mapping[str, Any] = {}


def is_shell_name(name: str) -> bool:
    """Return whether IPython, not the person, binds `name`."""
    return name in _SHELL_NAMES or (name[:1] == "_" and _matches(name))


@lru_cache(maxsize=8192)
def _matches(name: str) -> bool:
    return _SHELL_NAME.fullmatch(name) is not None


class Roster:
    """The names in a namespace that are the person's.

    A notebook gets a name or more of the shell's with each cell (``_i7``, ``_7``), so to look at
    all of them takes longer the longer it is in use. A dict has its keys in the order in which
    they came: what is new stands at its end, and only where one is gone all are looked at anew.

    Parameters
    ----------
    namespace : mapping
        The live globals of the notebook.
    hidden : mapping
        Names that the shell put there, with their values: one that is bound anew is the person's.
    """

    def __init__(self, namespace: Mapping[str, Any], hidden: Mapping[str, Any] = _NO_NAMES) -> None:
        self.namespace = namespace
        self._hidden = hidden
        self._seen = self._seen_hidden = _NOTHING

    def names(self) -> frozenset[str]:
        """Return the names as they are now."""
        found = self._seen = _looked(self.namespace, self._seen)
        hidden = self._seen_hidden = _looked(self._hidden, self._seen_hidden)
        now, put = self.namespace.get, self._hidden.get
        return found.names.difference([name for name in hidden.names if now(name) is put(name)])


class _Seen(NamedTuple):
    """What a look at a mapping has found.

    Attributes
    ----------
    names : frozenset of str
        Without the shell's.
    anchor : str or None
        The newest name of the shell's, which nobody else deletes and binds again.
    place : int
        How many names had come by then.
    """

    names: frozenset[str]
    anchor: str | None
    place: int


_NOTHING = _Seen(frozenset(), None, 0)


def _looked(mapping: Mapping[str, Any], seen: _Seen) -> _Seen:
    new = _since(mapping, seen)
    if new is None:
        seen, new = _NOTHING, list(dict(mapping))[::-1]  # one step under the interpreter's lock
    found, anchor, place = [], seen.anchor, seen.place
    for at, name in enumerate(new):
        if type(name) is not str:
            continue
        # As `is_shell_name` does, without a call for each.
        if name not in _SHELL_NAMES and not (name[:1] == "_" and _matches(name)):
            found.append(name)
        elif anchor == seen.anchor:
            anchor, place = name, seen.place + len(new) - at
    if anchor == seen.anchor and seen.names.issuperset(found):
        return seen
    return _Seen(seen.names.union(found), anchor, place)


def _since(mapping: Mapping[str, Any], seen: _Seen) -> list[str] | None:
    """Return the names that came after the anchor, newest first; None: some name is gone."""
    new: list[str] = []
    try:
        name: Any
        for name in reversed(mapping):  # type: ignore[arg-type]
            if name == seen.anchor:
                break
            new.append(name)
        else:
            return None
    except (RuntimeError, TypeError):  # another thread binds names; or no dict at all
        return None
    whole = seen.place + len(new) == len(mapping) and seen.names <= mapping.keys()
    return new if whole else None


class Holder:
    """Remembers which object a name was bound to, without keeping a large one alive."""

    __slots__ = ("_address", "_reference", "_strong")

    def __init__(self, value: Any) -> None:
        self._address = id(value)
        self._reference: weakref.ref[Any] | None = None
        self._strong: Any = None
        if issubclass(type(value), _ATOMS):
            if sys.getsizeof(value) <= _SMALL:
                self._strong = value
            return
        self._reference = _reference(value)

    def is_same(self, value: Any) -> bool:
        """Return whether `value` is the object that was held."""
        if self._reference is not None:
            return value is not None and self._reference() is value  # None: it is dead
        return self._address == id(value)


def _reference(value: Any) -> weakref.ref[Any] | None:
    """Return a weak reference; None, so that the address alone counts, where there is none.

    Of a list, dict or tuple there is none, and an array could not be resized while it had one.
    """
    if type(value).__name__ == "ndarray" and value.base is None:
        return None
    try:
        return weakref.ref(value)
    except TypeError:
        return None


class Snapshot:
    """The names and their objects at one moment.

    Parameters
    ----------
    namespace : mapping
        The live namespace; it is read again at each comparison.
    names : collection of str
        Those that count.
    """

    def __init__(self, namespace: Mapping[str, Any], names: Collection[str]) -> None:
        self._namespace = namespace
        own = values_of(namespace, names)
        self._addresses = dict(zip(own, map(id, own.values()), strict=True))
        # With these an address is not another object's by now, or tells that it is.
        self._atoms: list[Any] = []
        self._references: dict[str, weakref.ref[Any]] = {}
        for name, value in own.items():
            if issubclass(type(value), _ATOMS):
                if sys.getsizeof(value) <= _SMALL:
                    self._atoms.append(value)
                continue
            if (reference := _reference(value)) is not None:
                self._references[name] = reference

    def __contains__(self, name: str) -> bool:
        return name in self._addresses

    def is_same(self, name: str) -> bool:
        """Return whether `name` is bound to the object that it was bound to."""
        if name not in self._namespace or name not in self._addresses:
            return False
        value = self._namespace[name]
        reference = self._references.get(name)
        return self._addresses[name] == id(value) and (reference is None or reference() is value)

    def rebound(self, names: Collection[str]) -> set[str]:
        """Return those of the names that are new or bound to another object now."""
        now = values_of(self._namespace, names)
        addresses = dict(zip(now, map(id, now.values()), strict=True))
        found = {name for name, _ in addresses.items() - self._addresses.items()}
        for name, reference in self._references.items():
            if name in now and reference() is not now[name]:  # another at its address: it is dead
                found.add(name)
        return found

    def gone(self) -> set[str]:
        """Return the names that were there and are no more."""
        return self._addresses.keys() - self._namespace.keys()


def values_of(namespace: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return what these names, which are there, are bound to; in their order."""
    return dict(zip(names, map(namespace.get, names), strict=True))
