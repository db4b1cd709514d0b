"""The records of a difference, as text that a person reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from artnb.texts import Message

__all__ = ["Change", "ValueDiff", "became", "short"]

_LONGEST = 120
_DEEPEST = 8
_BRACKETS: dict[type, str] = {
    list: "[{}]", tuple: "({})", dict: "{{{}}}", set: "{{{}}}", frozenset: "frozenset({{{}}})",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs; what is said of it may be a `Message`.

    Attributes
    ----------
    what : str
        Such as ``column eur`` or ``layers.0.weight``.
    before, after : str
        Empty where the part was not there.
    note : str
        How much it changed, where that can be said.
    """

    what: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ValueDiff:
    """How one value differs from another; the summary may be a `Message`.

    Attributes
    ----------
    summary : str
        In a few words; empty: they are equal.
    changes : tuple of Change
    lines : tuple of str
        A unified difference, for text: each line begins with ``+``, ``-``, ``@`` or a space.
    """

    summary: str = ""
    changes: tuple[Change, ...] = ()
    lines: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.summary)


def became(before: str, after: str) -> Message:
    """Return that one kind of value became another."""
    return Message("{0} became {1}", before, after)


def short(value: object) -> str:
    """Return the repr of a value, cut to a line; sets in order, so that two can be compared."""
    text = _repr(value, ())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _repr(value: Any, around: tuple[int, ...]) -> str:
    kind, inside = type(value), (*around, id(value))
    if kind not in _BRACKETS or not value or len(inside) > _DEEPEST or id(value) in around:
        return repr(value)
    if kind is set or kind is frozenset:
        texts = sorted(_repr(item, inside) for item in value)
    elif kind is dict:
        texts = [f"{_repr(k, inside)}: {_repr(v, inside)}" for k, v in _first(value.items())]
    else:
        texts = [_repr(item, inside) for item in _first(value)]
    comma = "," if kind is tuple and len(value) == 1 else ""
    return _BRACKETS[kind].format(", ".join(texts) + comma)


def _first(items: Iterable[Any]) -> Iterable[Any]:
    return itertools.islice(items, _LONGEST)  # what comes after is cut off
