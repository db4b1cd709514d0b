"""The environment's variables, for who asks for them again and again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["variables"]

_known: tuple[Mapping[Any, Any], Mapping[str, str]] = ({}, {})


def variables() -> Mapping[str, str]:
    """Return the environment as it is; the same mapping again while nothing in it changes.

    `os.environ` decodes each variable each time; what it decodes can be compared at once.
    """
    global _known
    raw: Mapping[Any, Any] = getattr(os.environ, "_data", os.environ)
    known = _known
    if raw != known[0]:
        known = _known = dict(raw), dict(os.environ)
    return known[1]
