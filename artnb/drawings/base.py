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

__all__ = [
    "MOST_COUNTED",
    "Drawing",
    "Trace",
    "apart",
    "pivoted",
    "points_of",
    "read_array",
    "read_matrix",
    "shortened",
    "size_of",
]

_MOST_NAMED = 4
_MOST_DRAWN = 12
_MOST_POINTS = 500
_MOST_TOGETHER = 2_000
_MOST_LABELS = 100
_MOST_CELLS = 40
"""Rows, and columns, of a matrix."""
_MOST_BINS = 64
_LONGEST = 200
_MOST_READ = 10_000
"""Points of a trace that are read, to draw some of them."""
MOST_COUNTED = 1_000_000
"""Values of which quartiles and counts are made, and cells of a matrix: all of them are read."""


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
    draw : {'', 'line', 'points', 'labels', 'bars', 'counts', 'boxes', 'matrix'}
        How it can be drawn; empty: not here. ``bars`` are counted already, ``counts`` are values
        to be counted, ``boxes`` values of which the quartiles are shown.
    x, y : sequence
        Numbers, or for x of ``labels`` and ``boxes`` texts; for ``matrix`` what its columns and
        rows are called, if anything.
    z : sequence of sequences
        The rows of a matrix, the first at the top; of ``boxes`` that are known: each of lowest,
        first quartile, median, third quartile, highest.
    """

    kind: str
    name: str = ""
    points: int | None = None
    draw: str = ""
    x: Sequence[Any] = ()
    y: Sequence[Any] = ()
    z: Sequence[Sequence[Any]] = ()

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

        At most 12 traces, and of each 100 bars or boxes, 40 x 40 cells or 500 points, of all
        points together 2,000.
        """
        found: list[dict[str, Any]] = []
        names: Counter[str] = Counter()
        shown = self.traces[:_MOST_DRAWN]
        most = min(_MOST_POINTS, _MOST_TOGETHER // max(len(shown), 1))
        edges = _edges([trace for trace in shown if trace.draw == "counts"])
        for number, trace in enumerate(shown):
            name = shortened(trace.name) or f"{trace.kind} {number + 1}"
            chart = _chart(trace, most, edges)
            if chart["y"] or chart.get("counts"):
                names[name] += 1
                again = f" ({names[name]})" if names[name] > 1 else ""
                found.append({"key": f"{name}{again}", **chart})
        return found


def points_of(chart: Mapping[str, Any]) -> int:
    """Return how much a chart of `Drawing.charts` has to draw."""
    return len(chart["y"]) + sum(map(len, chart.get("counts", ())))


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


def _boxed(trace: Trace) -> dict[str, Any]:
    """Return for each label the quartiles, and how far whiskers reach that are at most 1.5 long."""
    if trace.z:
        boxes = dict(zip(map(shortened, trace.x), trace.z, strict=False))
    else:
        groups: dict[str, list[float]] = {}
        for x, y in zip(
            trace.x or itertools.repeat(trace.name or trace.kind), trace.y, strict=False
        ):
            if (value := _number(y)) is not None:
                groups.setdefault(shortened(x), []).append(value)
        boxes = {label: _quartiles(values) for label, values in groups.items()}
    known = [
        (label, [_short(float(n)) for n in box])
        for label, box in boxes.items()
        if len(box) == 5 and all(_number(n) is not None for n in box)
    ][:_MOST_LABELS]
    found = {"x": [], "y": [box[2] for _, box in known], "labels": [label for label, _ in known]}
    return {**found, "boxes": [box for _, box in known], "draw": "boxes"}


def _quartiles(values: Sequence[float]) -> list[float]:
    import numpy as np

    low, middle, high = np.percentile(values, (25, 50, 75)).tolist()
    reach = 1.5 * (high - low)
    inside = [value for value in values if low - reach <= value <= high + reach]
    return [min(inside), low, middle, high, max(inside)]


def _matrix(trace: Trace) -> dict[str, Any]:
    rows, widest = trace.z, max(map(len, trace.z), default=0)
    down, across = (-(-count // _MOST_CELLS) or 1 for count in (len(rows), widest))
    names, columns = (
        [shortened(each) for each in called][:count]
        if len(called) >= count else list(map(str, range(count)))
        for called, count in ((trace.y, len(rows)), (trace.x, widest))
    )  # fmt: skip
    cells = [[_number(value) for value in row[::across]] for row in rows[::down]]
    counts = [[None if each is None else _short(each) for each in row] for row in cells]
    return {
        "x": [], "y": [], "labels": names[::down], "columns": columns[::across],
        "counts": counts if widest else [], "draw": "matrix",
    }  # fmt: skip


def _edges(traces: Sequence[Trace]) -> Any:
    """Return the bounds in which the values of all are counted, so that they can be compared."""
    values = [n for trace in traces for y in trace.y if (n := _number(y)) is not None]
    if not values:
        return []
    import numpy as np

    count = len(np.histogram_bin_edges(values, bins="sturges")) - 1
    return np.histogram_bin_edges(values, bins=min(max(count, 10), _MOST_BINS))


def _counts(trace: Trace, edges: Any) -> dict[str, Any]:
    import numpy as np

    values = [n for y in trace.y if (n := _number(y)) is not None]
    counts = np.histogram(values, edges)[0].tolist() if values else []
    middles = [_short((low + high) / 2) for low, high in itertools.pairwise(map(float, edges))]
    return {"x": middles if values else [], "y": counts, "draw": "bars"}


def _drawn(trace: Trace, most: int) -> dict[str, Any]:
    xs, dates = _along(trace.x)
    points = [
        (x, y)
        for x, each in zip(xs, trace.y, strict=False)
        if x is not None and (y := _number(each)) is not None
    ]
    # A line that goes back along x is none that can be drawn here.
    forward = all(a[0] <= b[0] for a, b in itertools.pairwise(points))
    draw = trace.draw if forward or trace.draw == "bars" else "points"
    points.sort(key=lambda point: point[0])
    points = points[:: -(-len(points) // most) or 1]
    xs = [x if dates else _short(x) for x, _ in points]
    chart = {"x": xs, "y": [_short(y) for _, y in points], "draw": draw}
    return {**chart, "dates": True} if dates and points else chart


def _chart(trace: Trace, most: int, edges: Any) -> dict[str, Any]:
    known = {"labels": _labelled, "boxes": _boxed, "matrix": _matrix}.get(trace.draw)
    if known:
        return known(trace)
    return _counts(trace, edges) if trace.draw == "counts" else _drawn(trace, most)


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


def read_matrix(values: Any) -> list[list[Any]]:
    """Return the rows of a matrix of some library's JSON; none where it is too large."""
    if (size_of(values) or 0) > MOST_COUNTED:
        return []
    if isinstance(values, Mapping):
        import numpy as np

        shape = values.get("shape") or ()
        shape = [int(n) for n in (shape.split(",") if isinstance(shape, str) else shape)]
        found: list[list[Any]] = np.reshape(read_array(values), shape).tolist()
        return found if len(shape) == 2 else []
    rows = [read_array(row) for row in values or ()]
    return rows if all(rows) else []


def pivoted(
    xs: Sequence[Any], ys: Sequence[Any], values: Sequence[Any], order: Any = None
) -> dict[str, Any]:
    """Return what a matrix's trace has of cells that are told one by one."""
    columns, rows = (
        {
            name: n
            for n, name in enumerate(sorted(set(each), key=order) if order else dict.fromkeys(each))
        }
        for each in (xs, ys)
    )
    if len(columns) * len(rows) > MOST_COUNTED:
        return {}
    cells: list[list[Any]] = [[None] * len(columns) for _ in rows]
    for x, y, value in zip(xs, ys, values, strict=False):
        cells[rows[y]][columns[x]] = value
    return {"draw": "matrix", "x": list(columns), "y": list(rows), "z": cells}


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
