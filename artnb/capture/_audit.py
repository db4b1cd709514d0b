"""What Python itself opens, connects to and starts, by `sys.addaudithook`.

A hook can never be taken away, so there is one for the process, installed by the first
listener, and it returns at once while nobody listens.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from operator import ne
from typing import Any

__all__ = ["PURITY_EVENTS", "listen", "unlisten"]

Listener = Callable[[str, tuple[Any, ...]], None]

_FILES = frozenset(("open", "os.rename", "os.link", "os.truncate", "sqlite3.connect"))

PURITY_EVENTS = frozenset((
    "open", "builtins.input", "os.chflags", "os.chmod", "os.chown", "os.exec", "os.fork",
    "os.forkpty", "os.kill", "os.link", "os.listdir", "os.mkdir", "os.posix_spawn", "os.putenv",
    "os.remove", "os.rename", "os.rmdir", "os.scandir", "os.setxattr", "os.spawn", "os.symlink",
    "os.system", "os.utime", "pty.spawn", "socket.bind", "socket.connect", "socket.getaddrinfo",
    "socket.gethostbyaddr", "socket.gethostbyname", "socket.getnameinfo", "socket.sendmsg",
    "socket.sendto", "subprocess.Popen",
))  # fmt: skip
"""What the purity ledger listens to."""

_EVENTS = _FILES | PURITY_EVENTS

_listeners: tuple[Listener, ...] = ()
_installed = False
_lock = threading.Lock()


def listen(listener: Listener) -> None:
    """Call `listener` with each event that somebody listens to, in the thread where it happens."""
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
        _listeners = tuple(filter(partial(ne, listener), _listeners))


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _listeners and event in _EVENTS:
        for listener in _listeners:
            try:
                listener(event, args)
            except Exception:
                # What a hook raises would fail the person's own call.
                continue
