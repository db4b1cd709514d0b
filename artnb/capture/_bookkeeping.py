"""What functions keep in globals of their module as they are called: memos, counters, registries.

A cell that calls such a function does not hang on what others have left there, or would be out
of date whenever it is called anew.
"""

from __future__ import annotations

import dis
import types
import weakref

from artnb.capture._setting import CONTAINER_VERBS

__all__ = ["globals_changed_in"]

_BINDS = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_STORES = frozenset(("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_ATTR", "DELETE_ATTR"))
_METHODS = frozenset(("LOAD_ATTR", "LOAD_METHOD"))

_known: weakref.WeakKeyDictionary[types.CodeType, frozenset[str]] = weakref.WeakKeyDictionary()


def globals_changed_in(code: types.CodeType) -> frozenset[str]:
    """Return the globals that `code`, and the code inside it, binds or changes in place.

    As it says itself: ``memo[x] = y``, ``seen.add(x)``, ``state.count += 1``, ``global n``.
    """
    found = _known.get(code)
    if found is None:
        changed: set[str] = set()
        begins: dict[tuple[int | None, int | None], str] = {}
        for each in dis.get_instructions(code):
            place = each.positions and (each.positions.lineno, each.positions.col_offset)
            if each.opname in _BINDS:
                changed.add(each.argval)
            elif each.opname == "LOAD_GLOBAL" and place:
                begins[place] = each.argval
            elif place in begins and (
                each.opname in _STORES
                or (each.opname in _METHODS and each.argval in CONTAINER_VERBS)
            ):
                changed.add(begins[place])  # what is stored in begins with its name
        for part in code.co_consts:
            if isinstance(part, types.CodeType):
                changed |= globals_changed_in(part)
        found = _known[code] = frozenset(changed)
    return found
