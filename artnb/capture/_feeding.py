"""What the functions have in common that feed values to a hasher."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Compose", "Feed", "Hasher", "content_of", "tag"]


class Hasher(Protocol):
    """What `xxhash` and `hashlib` objects share."""

    def update(self, data: Any, /) -> None:
        """Take more bytes."""


Compose = Callable[[Hasher, Any], None]
"""Feeds any value."""

Feed = Callable[[Hasher, Any, Compose], bool]
"""Feeds values of one type; False where it cannot stand for this very value."""


def tag(hasher: Hasher, *parts: object) -> None:
    """Feed what gives the bytes that follow their meaning."""
    hasher.update("\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass") + b"\x1e")


def content_of(value: Any, compose: Compose) -> bytes:
    """Return what stands for a value's content; nothing if it has none, as a lock or a file."""
    taken = _Taken()
    try:
        compose(taken, value)
    except (Exception, RecursionError):
        return b""
    return taken.data


class _Taken:
    """Keeps what is fed."""

    def __init__(self) -> None:
        self.data = b""

    def update(self, data: Any, /) -> None:
        self.data += data
