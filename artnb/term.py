"""Lines for the terminal, by W&B's names for them."""

from __future__ import annotations

import sys

__all__ = ["termerror", "termlog", "termwarn"]

_show_warnings = True
"""W&B's own notebooks set it to False, through ``errors.term``."""
_told: set[str] = set()


def termlog(string: str = "", newline: bool = True, repeat: bool = True) -> None:
    """Write a line to stderr."""
    _say("", string, newline, repeat)


def termwarn(string: str, newline: bool = True, repeat: bool = True) -> None:
    """Write a warning to stderr."""
    if _show_warnings:
        _say("WARNING ", string, newline, repeat)


def termerror(string: str, newline: bool = True, repeat: bool = True) -> None:
    """Write an error to stderr."""
    _say("ERROR ", string, newline, repeat)


def _say(level: str, text: str, newline: bool, repeat: bool) -> None:
    if not repeat:
        if text in _told:
            return
        _told.add(text)
    sys.stderr.write(f"artnb: {level}{text}" + ("\n" if newline else ""))
