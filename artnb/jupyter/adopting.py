"""What restored values hold of other cells' variables, for when those are restored after them.

A dict of a later cell that holds a model of an earlier one brings its own with it. When the
earlier cell's version is restored, too, its variable becomes that object instead of a second one.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from artnb.capture import Holder, fingerprint, size_of
from artnb.jupyter.spans import SMALL
from artnb.together import InPlace

__all__ = ["Adoptable", "Orphan"]


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that stands for a variable which is not there.

    Attributes
    ----------
    digest : str
        That of the entry it was made of.
    mark : str or None
        The fingerprint that it had then, if it is small.
    by : dict
        The variables that hold it, by name.
    """

    digest: str
    mark: str | None
    by: Mapping[str, Holder]
    object: Callable[[], Any]

    @property
    def was_changed(self) -> bool:
        """Whether it is known to have other content by now."""
        return self.mark is not None and fingerprint(self.object()) != self.mark

    def holders(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return the names of those variables that are bound to what they were still."""
        return [n for n, each in self.by.items() if n in namespace and each.is_same(namespace[n])]


class Adoptable:
    """What stands for variables. It is kept alive no longer than what holds it is bound.

    Attributes
    ----------
    orphans : dict
        By name and digest.
    """

    def __init__(self) -> None:
        self.orphans: dict[str, dict[str, Orphan]] = {}

    def note(self, held: Mapping[str, InPlace], by: Mapping[str, tuple[str, Any]]) -> None:
        """Note what is held in the places of variables, by their names.

        Parameters
        ----------
        by : mapping
            The variables that may hold it: by the value's path, its name and the value.
        """
        holders = {path: (name, Holder(value)) for path, (name, value) in by.items()}
        for name, (digest, value, paths) in held.items():
            small = size_of(value) <= SMALL
            mark = fingerprint(value) if small else None
            of_it = dict(holder for path, holder in holders.items() if path in paths)
            orphan = Orphan(digest, mark, of_it, _reference(value, small))
            self.orphans.setdefault(name, {})[digest] = orphan

    def find(self, name: str, namespace: Mapping[str, Any]) -> list[Orphan]:
        """Return what stands for a variable, and is held by some variable still."""
        found = self.orphans.get(name, {}).values()
        return [each for each in found if each.object() is not None and each.holders(namespace)]

    def release(self, namespace: Mapping[str, Any]) -> None:
        """Forget what no variable holds any more."""
        for name, known in list(self.orphans.items()):
            held = {digest: each for digest, each in known.items() if each.holders(namespace)}
            if held:
                self.orphans[name] = held
            else:
                del self.orphans[name]


def _reference(value: Any, small: bool) -> Callable[[], Any]:
    """Return what gives the object, without keeping a large one alive where that can be."""
    if not small:
        try:
            return weakref.ref(value)
        except TypeError:
            pass  # a list or dict
    return lambda: value
