"""Values as JSON has them: what config, summary, metadata and rows may hold."""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Callable, Mapping, MutableSequence
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

__all__ = ["for_numpy", "to_plain", "to_settings"]

_DEEPEST = 64
_LONGEST = 4000
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

_Otherwise = Callable[[Any, Exception | None], str]
"""What becomes of a value that JSON has no form for, or whose class raises when it is asked."""


class _Unfit(TypeError):
    """It has no form, and that has been told."""


def to_plain(value: Any) -> Any:
    """Return `value` made of None, bool, int, float, str, list and dict.

    numpy and torch scalars become numbers, arrays and tensors lists, tuples and sets
    lists, paths, classes and functions text, dates ISO text, dataclasses and namespaces
    dicts, keys text.

    Raises
    ------
    TypeError
        Something in it has no such form; the message names its type.

    Examples
    --------
    >>> to_plain({1: (2, 3.5), "path": PurePath("a/b")})
    {'1': [2, 3.5], 'path': 'a/b'}
    """
    return _plain(value, 0, _refused)


def to_settings(value: Any) -> Any:
    """Return `value` as `to_plain` does, and as its text what has no form in JSON.

    For config and metadata, where a device, an estimator or a dtype stands for a setting, and
    is no reason to stop a script. The text tells no address, which each process has anew.

    Examples
    --------
    >>> to_settings({"step": range(3), "any": object()})
    {'step': 'range(0, 3)', 'any': '<object object>'}
    """
    return _plain(value, 0, _text)


def _refused(value: Any, problem: Exception | None = None) -> str:
    why = f" (asked for one, it raises {type(problem).__name__})" if problem else ""
    raise _Unfit(
        f"a value of the type {type(value).__module__}.{type(value).__qualname__} has no form in "
        f"JSON{why}. Give a number, text, list or dict, or log it as an artifact."
    ) from problem


def _text(value: Any, _: Exception | None = None) -> str:
    try:
        return _ADDRESS.sub("", str(value))[:_LONGEST]
    except Exception:
        return f"{type(value).__module__}.{type(value).__qualname__}"


def _plain(value: Any, depth: int, otherwise: _Otherwise) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if depth > _DEEPEST:
        raise _Unfit(f"it is nested more than {_DEEPEST} deep, or holds itself.")
    try:
        return _asked(value, depth, otherwise)
    except _Unfit:
        raise
    except Exception as problem:
        return otherwise(value, problem)


def _asked(value: Any, depth: int, otherwise: _Otherwise) -> Any:
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth + 1, otherwise)
    for kind in (str, bool, int, float):  # subclasses, such as numpy.str_
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return {str(_key(key)): _plain(item, depth + 1, otherwise) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or _is_a_list(value):
        return [_plain(item, depth + 1, otherwise) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(item, depth + 1, otherwise) for item in sorted(value, key=repr)]
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return _of_a_library(value, depth, otherwise)


def _is_a_list(value: Any) -> bool:
    """Return whether it is one in all but its class, as OmegaConf's are, and a `deque`."""
    return isinstance(value, MutableSequence) and not isinstance(value, bytearray)


def for_numpy(value: Any) -> Any:
    """Return a tensor, which may carry a gradient or lie on a device, as numpy can read it.

    What is no tensor is returned as it is.
    """
    if not hasattr(value, "detach"):
        return value
    value = value.detach().cpu()
    return (
        value.float() if str(value.dtype) == "torch.bfloat16" else value
    )  # numpy has no such type


def _of_a_library(value: Any, depth: int, otherwise: _Otherwise) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), depth + 1, otherwise) for f in fields(value)}
    value = for_numpy(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), depth + 1, otherwise)
    if hasattr(value, "item"):
        return _plain(value.item(), depth + 1, otherwise)
    if type(value).__name__ in ("Namespace", "SimpleNamespace"):
        return _plain(vars(value), depth + 1, otherwise)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return otherwise(value, None)


def _key(key: Any) -> Any:
    return key.item() if hasattr(key, "item") else key
