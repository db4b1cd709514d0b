"""Objects whose libraries draw ids at random: these are no content, wherever they stand."""

from __future__ import annotations

import io
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["feed_element", "feed_styler", "is_element"]

Compose = Callable[[Any, Any], None]

_ID = re.compile(rb"[0-9a-f]{32}")
_UUID = re.compile(r"[0-9a-f]{5}")
"""As pandas draws it; one that somebody has set is content, unless it looks so."""


def is_element(value: Any) -> bool:
    """Return whether a value is a map of folium, or another element of branca."""
    branca = sys.modules.get("branca.element")
    return branca is not None and issubclass(type(value), getattr(branca, "Element", ()))


def feed_element(hasher: Any, value: Any, compose: Compose) -> bool:
    """Feed an element's pickle with its elements numbered."""
    numbers: dict[bytes, bytes] = {}
    met: set[int] = set()

    class Pickler(pickle.Pickler):
        def persistent_id(self, each: Any) -> int | None:
            if not is_element(each):
                return None
            mark = str(each._id).encode()
            number = numbers.setdefault(mark, b"%032d" % len(numbers))
            if id(each) in met:
                return int(number)
            met.add(id(each))
            return None

    sink = io.BytesIO()
    pickler = Pickler(sink, protocol=5)
    pickler.fast = True  # equal texts are equal bytes, whether or not they are one object
    pickler.dump(value)
    hasher.update(_ID.sub(lambda found: numbers.get(found[0], found[0]), sink.getvalue()))
    return True


def feed_styler(hasher: Any, value: Any, compose: Compose) -> bool:
    """Feed a table with styles of pandas without the id that its page has."""
    state = dict(vars(value))
    if _UUID.fullmatch(str(state.get("uuid"))):
        del state["uuid"]
    hasher.update(b"styler")
    compose(hasher, state)
    return True
