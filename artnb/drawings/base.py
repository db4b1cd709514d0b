"""A chart as its traces: what each is called, how many points it has, and some of them."""

from __future__ import annotations

import base64
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Drawing", "Trace", "apart", "read_array", "shortened", "size_of"]

_MOST_NAMED = 4
_MOST_DRAWN = 12
_MOST_POINTS = 500
_MOST_TOGETHER = 2_000
_MOST_LABELS = 100
_LONGEST = 200
_MOST_READ = 10_000
"""Points of a trace that are read, to draw some of them."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One line, one set of bars or the like.

    Attributes
    ----------
    kind : str
        As its library calls it: ``scatter``, ``bar``, ``Line``.
    name : str
    points : int or None
        None: the JSON does not tell.
    draw : {'', 'line', 'points', 'labels'}
        How it can be drawn; empty: not here.
    x, y : sequence
        Numbers, or for x of ``labels`` texts.
    dates : bool
        x are seconds since 1970.
    """

    kind: str
    name: str = ""
    points: int | None = None
    draw: str = ""
    x: Sequence[Any] = ()
    y: Sequence[Any] = ()
    dates: bool = False

    def __str__(self) -> str:
        name = f' "{shortened(self.name)}"' if self.name else ""
        count = "" if self.points is None else f" ({_counted(self.points)})"
        return f"{self.kind}{name}{count}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart.

    Attributes
    ----------
    library : str
        Whose JSON it is.
    title : str
    traces : tuple of Trace
    """

    library: str
    title: str = ""
    traces: tuple[Trace, ...] = ()

    def __str__(self) -> str:
        title = f' "{shortened(self.title)}"' if self.title else ""
        if not self.traces:
            return f"{self.library}{title}"
        if len(self.traces) <= _MOST_NAMED:
            return f"{self.library}{title}: {', '.join(map(str, self.traces))}"
        kinds = Counter(trace.kind for trace in self.traces)
        parts = [f"{count} {kind}" for kind, count in kinds.items()]
        points = sum(trace.points or 0 for trace in self.traces)
        return f"{self.library}{title}: {', '.join(parts)} ({_counted(points)})"

    def charts(self) -> list[dict[str, Any]]:
        """Return what of it the panel draws.

        At most 12 traces, and of each 100 bars or 500 points, of all together 2,000.
        """
        found: list[dict[str, Any]] = []
        names: Counter[str] = Counter()
        shown = self.traces[:_MOST_DRAWN]
        most = min(_MOST_POINTS, _MOST_TOGETHER // max(len(shown), 1))
        for number, trace in enumerate(shown):
            name = shortened(trace.name) or f"{trace.kind} {number + 1}"
            chart = _labelled(trace) if trace.draw == "labels" else _drawn(trace, most)
            if chart["y"]:
                names[name] += 1
                again = f" ({names[name]})" if names[name] > 1 else ""
                found.append({"key": f"{name}{again}", **chart})
        return found


def _counted(points: int) -> str:
    return f"{points:,} point{'' if points == 1 else 's'}"


def shortened(text: object) -> str:
    """Return a text in one line, without markup's line breaks, at most 200 characters."""
    said = " ".join(str(text).replace("<br>", " ").split())
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


def _labelled(trace: Trace) -> dict[str, Any]:
    pairs = [
        (shortened(x), y) for x, y in zip(trace.x, trace.y, strict=False) if _number(y) is not None
    ][:_MOST_LABELS]
    return {"x": [], "y": [y for _, y in pairs], "labels": [x for x, _ in pairs], "draw": "labels"}


def _drawn(trace: Trace, most: int) -> dict[str, Any]:
    xs, dates = _along(trace.x)
    points = [
        (x, y)
        for x, each in zip(xs, trace.y, strict=False)
        if x is not None and (y := _number(each)) is not None
    ]
    # A line that goes back along x is none that can be drawn here.
    forward = all(a[0] <= b[0] for a, b in itertools.pairwise(points))
    draw = trace.draw if forward else "points"
    points.sort(key=lambda point: point[0])
    points = points[:: -(-len(points) // most) or 1]
    xs = [x if dates else _short(x) for x, _ in points]
    chart = {"x": xs, "y": [_short(y) for _, y in points], "draw": draw}
    return {**chart, "dates": True} if dates and points else chart


def _short(value: float) -> float:
    """Return a number with as many digits as a drawing shows."""
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _along(values: Sequence[Any]) -> tuple[list[float | None], bool]:
    """Return x as numbers, and whether they were dates."""
    first = next((value for value in values if value is not None), None)
    if not isinstance(first, str):
        return [_number(value) for value in values], False
    return [_seconds(value) for value in values], True


def _seconds(value: Any) -> float | None:
    try:
        moment = datetime.fromisoformat(str(value)[:26].removesuffix("Z"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return value
    return None


def size_of(values: Any) -> int | None:
    """Return how many values an array of some library's JSON has, without reading it."""
    if isinstance(values, (list, tuple)):
        first = values[0] if values else None
        inner = len(first) if isinstance(first, (list, tuple)) else 1
        return len(values) * inner
    if not isinstance(values, Mapping):
        return len(values) if hasattr(values, "__len__") and not isinstance(values, str) else None
    if "bdata" in values:  # Plotly's
        data, itemsize = str(values["bdata"]), int(str(values["dtype"])[-1])
        return (len(data) * 3 // 4 - data[-2:].count("=")) // itemsize
    if "shape" in values:  # Bokeh's
        return math.prod(values["shape"])
    return None


def apart(points: int | None) -> int:
    """Return how far the points stand apart that are read of so many, to draw some of them."""
    return -(-(points or 0) // _MOST_READ) or 1


def read_array(values: Any, step: int = 1) -> list[Any]:
    """Return each `step`-th value of an array of some library's JSON."""
    if isinstance(values, (list, tuple)):
        return list(values[::step])
    if not isinstance(values, Mapping):
        return []
    import numpy as np

    if isinstance(values.get("array"), list):  # of objects
        return list(values["array"][::step])
    if "bdata" in values:
        data, dtype = base64.b64decode(values["bdata"]), np.dtype(f"<{values['dtype']}")
    else:
        data, dtype = base64.b64decode(values["array"]["data"]), np.dtype(values["dtype"])
        if data[:2] == b"\x1f\x8b":
            import gzip

            data = gzip.decompress(data)
    found: list[Any] = np.frombuffer(data, dtype)[::step].tolist()
    return found
