"""What a check of the surroundings came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "fail", "ok", "warn"]

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `artnb doctor`.

    Attributes
    ----------
    name : str
        What was looked at.
    advice : str
        What to do; empty where all is well.
    """

    status: Status
    name: str
    message: str
    advice: str = ""


def ok(name: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", name, message)


def warn(name: str, message: str, advice: str) -> Finding:
    """Return what works and may not for long, or not for all."""
    return Finding("warn", name, message, advice)


def fail(name: str, message: str, advice: str) -> Finding:
    """Return what does not work."""
    return Finding("fail", name, message, advice)
