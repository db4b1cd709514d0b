"""The items of sets that a pickler comes to, put off: each process has them in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["SetItems"]


class SetItems:
    """Notes the sets, each once, and has what they hold visited after all else.

    Parameters
    ----------
    in_order : callable
        Takes a set, and returns what of it is to be visited, in an order for all processes.

    Attributes
    ----------
    have_order : bool
        Whether any set holds two items that are to be visited.
    """

    def __init__(self, in_order: Callable[[Any], list[Any]]) -> None:
        self._in_order = in_order
        self._sets: dict[int, Any] = {}  # an id stands for one only while it is there
        self._waiting: list[Any] = []
        self.have_order = False

    def note(self, value: Any) -> bool:
        """Note a set; False: `value` is none of two items or more."""
        if type(value) not in (set, frozenset) or len(value) < 2:
            return False
        if id(value) not in self._sets:
            found = self._in_order(value)
            self._sets[id(value)] = value
            self._waiting += found
            self.have_order = self.have_order or len(found) > 1
        return True

    def visit(self, dump: Callable[[Any], object], first: Any) -> None:
        """Dump `first`, and then the items of the sets that are noted meanwhile."""
        waiting = [first]
        for each in waiting:
            dump(each)
            waiting += self._waiting
            self._waiting = []
