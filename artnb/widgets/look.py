"""How a graph is looked at first: what the page begins with, wherever it stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.texts import LANGUAGES

__all__ = ["MOST_STEPS", "Look", "checked_language"]

MOST_STEPS = 9
"""The page's own limit (`DEEPEST`), compared by a test."""


def checked_language(lang: str | None) -> str:
    """Return the language, "" for the browser's; InvalidValueError where it is not spoken."""
    if lang and lang not in LANGUAGES:
        raise InvalidValueError(f"lang {lang!r} is not spoken; {nearest(lang, LANGUAGES)}")
    return lang or ""


@dataclass(frozen=True, slots=True)
class Look:
    """Level, direction, node and part of a graph.

    Attributes
    ----------
    direction : str
        Where arrows go, ``right`` or ``down``; "" for what the browser showed last.
    focused : str
        The node that is opened, or "".
    depth : int
        How many steps around it are shown; 0 for the whole graph.
    types : tuple of str
        Artifact types and job types that are shown; empty for all.
    since, until : float or None
        From when to when runs and versions are shown, in s since the epoch; None for open.
    lang : str
        The language of the page's own texts, or "" for the browser's.
    """

    level: str = "types"
    focused: str = ""
    depth: int = 0
    types: tuple[str, ...] = ()
    direction: str = ""
    lang: str = ""
    since: float | None = None
    until: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {**asdict(self), "types": list(self.types)}
