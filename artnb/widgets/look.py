"""How a graph is looked at first: what the page begins with, wherever it stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MOST_STEPS", "Look"]

MOST_STEPS = 9
"""The page's own limit (`DEEPEST`), compared by a test."""


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
    """

    level: str = "types"
    focused: str = ""
    depth: int = 0
    types: tuple[str, ...] = ()
    direction: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {**asdict(self), "types": list(self.types)}
