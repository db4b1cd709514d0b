"""The notebook's names before and after a cell, compared by identity.

A snapshot never keeps a large value alive: a cell that frees memory must still
free it while it is watched. So it holds weak references where the type allows,
small plain values themselves, and of other containers only the address.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["Holder", "Snapshot", "is_shell_name", "own_names"]

_SHELL_NAME = re.compile(r"_|__|___|_i|_ii|_iii|_ih|_oh|_dh|_\d+|_i\d+|__\w+__")
_SHELL_NAMES = frozenset(("In", "Out", "get_ipython", "exit", "quit"))
_ATOMS = (str, bytes, int, float, complex, bool, type(None))
_SMALL = 1 << 16


def is_shell_name(name: str) -> bool:
    """Return whether IPython, not the person, binds `name`."""
    return name in _SHELL_NAMES or (name[:1] == "_" and _matches(name))


@lru_cache(maxsize=8192)
def _matches(name: str) -> bool:
    return _SHELL_NAME.fullmatch(name) is not None


_known_shell_names = set(_SHELL_NAMES)


def own_names(names: Iterable[str], hidden: Collection[str]) -> set[str]:
    """Return those of the names that are the person's: neither hidden nor IPython's."""
    # By sets: each cell leaves another ``_i7``, and all of them are passed over twice a cell.
    own = set(names).difference(hidden, _known_shell_names)
    found = {name for name in own if name[:1] == "_" and is_shell_name(name)}
    _known_shell_names.update(found)
    return own - found


class Holder:
    """Remembers which object a name was bound to, without keeping a large one alive."""

    __slots__ = ("_address", "_reference", "_strong")

    def __init__(self, value: Any) -> None:
        self._address = id(value)
        self._reference: weakref.ref[Any] | None = None
        self._strong: Any = None
        if isinstance(value, _ATOMS):
            if sys.getsizeof(value) <= _SMALL:
                self._strong = value
            return
        try:
            self._reference = weakref.ref(value)
        except TypeError:
            pass  # list, dict, tuple: the address alone

    def is_same(self, value: Any) -> bool:
        """Return whether `value` is the object that was held."""
        if self._reference is not None:
            return value is not None and self._reference() is value  # None: it is dead
        return self._address == id(value)


class Snapshot:
    """The names and their objects at one moment.

    Parameters
    ----------
    namespace : mapping
        The live namespace; it is read again at each comparison.
    hidden : collection of str
        Names that are not the person's.
    """

    def __init__(self, namespace: Mapping[str, Any], hidden: Collection[str] = ()) -> None:
        self._namespace = namespace
        self._hidden = hidden
        own = self._own()
        self._addresses = dict(zip(own, map(id, own.values()), strict=True))
        # With these an address is not another object's by now, or tells that it is.
        self._atoms: list[Any] = []
        self._references: dict[str, weakref.ref[Any]] = {}
        for name, value in own.items():
            if isinstance(value, _ATOMS):
                if sys.getsizeof(value) <= _SMALL:
                    self._atoms.append(value)
                continue
            try:
                self._references[name] = weakref.ref(value)
            except TypeError:
                pass  # list, dict, tuple: the address alone

    def _own(self) -> dict[str, Any]:
        # dict() is one step under the interpreter's lock; a loop might meet another thread.
        now = dict(self._namespace)
        return {name: now[name] for name in own_names(now, self._hidden)}

    def __contains__(self, name: str) -> bool:
        return name in self._addresses

    def is_same(self, name: str) -> bool:
        """Return whether `name` is bound to the object that it was bound to."""
        if name not in self._namespace or name not in self._addresses:
            return False
        value = self._namespace[name]
        reference = self._references.get(name)
        return self._addresses[name] == id(value) and (reference is None or reference() is value)

    def rebound(self) -> set[str]:
        """Return the names that are new or bound to another object now."""
        now = self._own()
        addresses = dict(zip(now, map(id, now.values()), strict=True))
        found = {name for name, _ in addresses.items() - self._addresses.items()}
        for name, reference in self._references.items():
            if name in now and reference() is not now[name]:  # another at its address: it is dead
                found.add(name)
        return found

    def gone(self) -> set[str]:
        """Return the names that were there and are no more."""
        return self._addresses.keys() - self._namespace.keys()
