"""The numbers that a run logged, as lines for the panel: thinned, and no peak is lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from artnb.metrics import step_metric_of

if TYPE_CHECKING:
    import numpy as np

__all__ = ["charts"]

_MOST_POINTS = 2_000
_FEWEST_POINTS = 200
_MOST_OF_ALL = 200_000


def charts(
    rows: Sequence[Mapping[str, Any]], rules: list[Mapping[str, Any]], began: float
) -> list[dict[str, Any]]:
    """Return for each number that was logged its values, by x.

    Parameters
    ----------
    rows : sequence of mapping
        As `Repository.history` returns them.
    rules : list of mapping
        What `define_metric` noted.
    began : float
        When the run began, in seconds since the epoch.

    Returns
    -------
    list of dict
        ``key``, ``x`` (the step or, by `define_metric`, another number as it was last
        logged), ``t`` (seconds since the run began) and ``y``, where None stands for what is
        not finite. At most 2,000 points each, fewer where there are many numbers; of what
        is left out the lowest and the highest stay.
    """
    series: dict[str, list[tuple[float, float, float]]] = {}
    axes: dict[str, str | None] = {}
    latest: dict[str, float] = {}
    for row in rows:
        numbers = _numbers(row)
        latest.update(numbers)
        step, stamp = _as_float(row["_step"]), row.get("_timestamp", began)
        time = stamp - began if isinstance(stamp, (int, float)) else 0.0
        for key, value in numbers:
            if key not in axes:
                axes[key] = step_metric_of(rules, key)
            x = latest.get(axes[key] or "", step)
            series.setdefault(key, []).append((x if math.isfinite(x) else step, time, value))
    most = min(_MOST_POINTS, max(_FEWEST_POINTS, _MOST_OF_ALL // max(1, len(series))))
    return [_chart(key, points, most) for key, points in series.items()]


def _chart(key: str, points: list[tuple[float, float, float]], most: int) -> dict[str, Any]:
    points.sort(key=lambda point: point[0])
    kept = range(len(points)) if len(points) <= most else _thinned(points, most)
    return {
        "key": key,
        "x": [_short(points[n][0]) for n in kept],
        "t": [round(points[n][1], 6) for n in kept],
        "y": [points[n][2] if math.isfinite(points[n][2]) else None for n in kept],
    }


def _thinned(points: list[tuple[float, float, float]], most: int) -> list[int]:
    """Return which points stay: of each stretch its ends, lowest, highest, and one gap."""
    import numpy as np

    y = np.array([point[2] for point in points])
    finite = np.isfinite(y)
    kept = {0, len(y) - 1}
    edges = np.linspace(0, len(y), most // 4 + 1).astype(int)
    for start, end in pairwise(edges):
        kept.add(start + _first(y[start:end], finite[start:end], np.argmin, np.inf))
        kept.add(start + _first(y[start:end], finite[start:end], np.argmax, -np.inf))
        kept |= {int(start)}
        if not finite[start:end].all():
            kept.add(start + int(np.argmin(finite[start:end])))
    return sorted(int(n) for n in kept)


def _first(y: np.ndarray, finite: np.ndarray, which: Any, else_: float) -> int:
    import numpy as np

    return int(which(np.where(finite, y, else_)))


def _short(x: float) -> float:
    return int(x) if x.is_integer() and abs(x) < 1 << 53 else x


def _numbers(row: Mapping[str, Any], prefix: str = "") -> list[tuple[str, float]]:
    found = []
    for key, value in row.items():
        if isinstance(value, (int, float)) and not key.startswith("_"):
            found.append((prefix + key, _as_float(value)))
        elif isinstance(value, Mapping) and "_type" not in value:
            found += _numbers(value, f"{prefix}{key}.")
    return found


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond what a chart can show
        return math.inf
