"""What each cell asks of its process again: the environment's variables, the working folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

__all__ = ["variables", "working_folder"]

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


def working_folder() -> str:
    """Return the working folder, without links in its path."""
    here = os.getcwd()  # noqa: PTH109 - at each cell, and a Path takes five times as long
    return here if os.name == "posix" else os.path.realpath(here)  # POSIX says it without links
