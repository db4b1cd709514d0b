"""How a name that was imported is imported again."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

__all__ = ["import_line"]


def import_line(name: str, value: Any) -> str | None:
    """Return the statement that binds `name` to a module, or a function or class of one.

    Of the packages that have it the outermost is named, as people import it. Nothing is
    imported to find out. None: it cannot be told.

    Examples
    --------
    >>> import collections.abc
    >>> import_line("abc", collections.abc.Mapping)
    'from collections.abc import Mapping as abc'
    """
    if isinstance(value, ModuleType):
        place = value.__name__
        return f"import {place}" if place == name else f"import {place} as {name}"
    home, attribute = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(home, str) or not isinstance(attribute, str):
        return None
    parts = home.split(".")
    for place in (".".join(parts[:count]) for count in range(1, len(parts) + 1)):
        if vars(sys.modules.get(place, object)).get(attribute) is value:
            alias = "" if attribute == name else f" as {name}"
            return f"from {place} import {attribute}{alias}"
    return None
