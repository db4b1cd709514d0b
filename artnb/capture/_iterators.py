"""Where an iterator stands, found without moving it."""

from __future__ import annotations

import inspect
import io
import types
import weakref
from typing import Any

from artnb.capture.fingerprint import fingerprint

__all__ = ["is_iterator", "position_of"]


def is_iterator(value: object) -> bool:
    """Return whether reading `value` uses it up."""
    kind = type(value)
    if kind in weakref.ProxyTypes:  # has whatever any type has
        return False
    return hasattr(kind, "__next__") and hasattr(kind, "__iter__")


def position_of(value: Any) -> Any:
    """Return something that differs once the iterator has moved, without moving it."""
    try:
        return _place(value)
    except Exception:  # its own code may raise anything
        return None


def _place(value: Any) -> Any:
    kind = type(value)
    if issubclass(kind, types.GeneratorType):
        state = inspect.getgeneratorstate(value)
        return state, value.gi_frame.f_lasti if value.gi_frame else None
    if hasattr(value, "tell"):
        # Asked itself, a text file writes what waits in its buffer: that is the cell's to do.
        asked = value.buffer if issubclass(kind, io.TextIOWrapper) and value.writable() else value
        try:
            return asked.tell()
        except (OSError, ValueError):
            return "closed"
    if hasattr(kind, "__length_hint__"):
        return value.__length_hint__()
    return fingerprint(value)
