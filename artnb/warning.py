"""Warnings that name the person's own line, from however deep in here they come."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from types import FrameType

from artnb.errors import ArtnbWarning

__all__ = ["warn"]

_OWN = str(Path(__file__).parent) + os.sep
_PYTHONS = (str(Path(os.__file__).parent) + os.sep, "<frozen ")
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


def warn(text: str, category: type[ArtnbWarning] = ArtnbWarning) -> None:
    """Warn, at the line of the person's that led here.

    How many frames lie between differs from call to call, so that no ``stacklevel`` is right, and
    ``skip_file_prefixes`` came with Python 3.12. Where a library called, the line that called the
    library is meant; where nobody did, as in a thread of ours, the one in here.
    """
    frame = _of_person(sys._getframe(1))
    names = frame.f_globals
    warnings.warn_explicit(
        text,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=names.get("__name__") or "<unknown>",
        registry=names.setdefault("__warningregistry__", {}),
    )


def _of_person(nearest: FrameType) -> FrameType:
    library = None
    frame: FrameType | None = nearest
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_OWN, *_PYTHONS)):
            if not any(folder in file for folder in _INSTALLED):
                return frame
            library = library or frame
        frame = frame.f_back
    return library or nearest
