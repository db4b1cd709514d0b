"""What Python itself opens, by `sys.addaudithook`.

A hook can never be taken away, so there is one for the process, installed by the first
listener, and it returns at once while nobody listens.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["listen", "unlisten"]

Listener = Callable[[str, tuple[Any, ...]], None]

_EVENTS = frozenset(("open", "os.rename", "os.link", "os.truncate", "sqlite3.connect"))

_listeners: tuple[Listener, ...] = ()
_installed = False
_lock = threading.Lock()


def listen(listener: Listener) -> None:
    """Call `listener` with each event about a file, in the thread that opens it."""
    global _installed, _listeners
    with _lock:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
        _listeners = (*_listeners, listener)


def unlisten(listener: Listener) -> None:
    """Stop calling `listener`."""
    global _listeners
    with _lock:
        _listeners = tuple(each for each in _listeners if each != listener)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _listeners and event in _EVENTS:
        for listener in _listeners:
            try:
                listener(event, args)
            except Exception:
                # What a hook raises would fail the person's own call.
                continue
