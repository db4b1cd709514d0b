"""Histograms that a run logged, for the panel: of each the last, as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

__all__ = ["bar_chart", "distributions"]


def distributions(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each histogram that was logged the chart of the last one.

    Returns
    -------
    list of dict
        ``key``, ``x`` (the middle of each bin), ``y`` (its count), ``step``, and ``draw``,
        which is ``bars``.
    """
    last: dict[str, tuple[Any, Mapping[str, Any]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping) and value.get("_type") == "histogram":
                last[key] = (row["_step"], value)
    return [
        bar_chart(key, value["values"], _edges(value), step) for key, (step, value) in last.items()
    ]


def bar_chart(
    key: str, counts: Sequence[float], edges: Sequence[float], step: Any
) -> dict[str, Any]:
    """Return a chart of counts between edges."""
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    return {"key": key, "x": middles, "y": list(counts), "step": step, "draw": "bars"}


def _edges(value: Mapping[str, Any]) -> list[float]:
    if packed := value.get("packedBins"):
        low, width = packed["min"], packed["size"]
        return [low + n * width for n in range(packed["count"] + 1)]
    return list(value["bins"])
