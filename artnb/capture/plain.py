"""Small plain values: what a cell reads of them is its configuration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from artnb.secrets import HIDDEN, is_secret, scrubbed

__all__ = ["NOT_PLAIN", "NUMBERS", "named_texts", "plain", "told"]


class _NotPlain:
    def __repr__(self) -> str:
        return "NOT_PLAIN"


NOT_PLAIN: Any = _NotPlain()
"""What `plain` returns for everything else; None is a plain value."""

NUMBERS = frozenset((int, float, bool, type(None)))
"""Types of values that are small, hold nothing, and are no secret."""

_MOST_ITEMS = 100
_LONGEST_TEXT = 1000
_DEEPEST = 4


def plain(value: object) -> Any:
    """Return `value` as JSON knows it, or NOT_PLAIN if it is none or large.

    Numbers (numpy's too), text, booleans, None, paths, and lists, tuples and dicts
    of them: at most 100 items in all, 4 levels, 1,000 characters a text.

    Examples
    --------
    >>> plain({"lr": 0.1, "layers": (32, 64)})
    {'lr': 0.1, 'layers': [32, 64]}
    """
    left = [_MOST_ITEMS]
    return _plain(value, left, _DEEPEST)


def told(name: str, value: Any, secrets: Sequence[str] = ()) -> Any:
    """Return what `plain` returned of a variable, with ``***`` for what is secret in it.

    Parameters
    ----------
    secrets : sequence of str
        Those that are known, as of the environment.

    Examples
    --------
    >>> told("db", {"host": "db", "password": "x"})
    {'host': 'db', 'password': '***'}
    """
    if isinstance(value, str):
        return HIDDEN if is_secret(name, value) and "://" not in value else scrubbed(value, secrets)
    if isinstance(value, list):
        return [told(name, item, secrets) for item in value]
    if isinstance(value, dict):
        return {key: told(key, item, secrets) for key, item in value.items()}
    return value


def _plain(value: object, left: list[int], deep: int) -> Any:
    left[0] -= 1
    if left[0] < 0 or deep < 0:
        return NOT_PLAIN
    if value is None or issubclass(type(value), bool):
        return value
    kind = type(value)
    if kind is str:
        return value if len(str(value)) <= _LONGEST_TEXT else NOT_PLAIN
    if kind is int:
        return value if value.bit_length() <= 64 else NOT_PLAIN  # type: ignore[attr-defined]
    if kind is float:
        return _number(value)  # type: ignore[arg-type]
    if issubclass(type(value), PurePath):
        return str(value)
    if kind is list or kind is tuple:
        return _items(value, left, deep)  # type: ignore[arg-type]
    if kind is dict:
        return _mapping(value, left, deep)  # type: ignore[arg-type]
    if kind.__module__ == "numpy" and hasattr(value, "item") and getattr(value, "shape", 1) == ():
        return _plain(value.item(), left, deep - 1)
    return NOT_PLAIN


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)  # JSON has no nan and no inf


def _items(values: list[Any] | tuple[Any, ...], left: list[int], deep: int) -> Any:
    if len(values) > left[0]:
        return NOT_PLAIN
    items = [_plain(value, left, deep - 1) for value in values]
    return NOT_PLAIN if any(item is NOT_PLAIN for item in items) else items


def _mapping(values: dict[Any, Any], left: list[int], deep: int) -> Any:
    if len(values) > left[0] or not all(type(key) is str for key in values):
        return NOT_PLAIN
    items = {key: _plain(value, left, deep - 1) for key, value in values.items()}
    return NOT_PLAIN if any(item is NOT_PLAIN for item in items.values()) else items


def named_texts(value: Any, most: int = 1000) -> set[str]:
    """Return the texts in a plain value."""
    found: set[str] = set()
    waiting = [value]
    while waiting and len(found) < most:
        part = waiting.pop()
        if isinstance(part, str):
            found.add(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return found
