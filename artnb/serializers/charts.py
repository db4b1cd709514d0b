"""Interactive charts as their own libraries' JSON: of Plotly, Altair and Bokeh."""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.drawings import inline_data
from artnb.drawings.specs import (
    ALTAIR,
    PLOTLY,
    altair_spec,
    bokeh_document,
    full_name,
    plotly_figure,
)
from artnb.serializers.base import CannotSave

__all__ = ["AltairJson", "BokehJson", "PlotlyJson"]

_ATOMS = frozenset((str, int, bool, type(None)))
_MOST_NOTES = 2_000
_ODD = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_in_order = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_encoder = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


class PlotlyJson:
    """A figure of Plotly as the JSON that ``plotly.io.read_json`` reads, too.

    Beside it the meta notes what JSON has no form for: dates, arrays that hold no numbers, nan
    in lists, and which subplots ``make_subplots`` made.
    """

    name = "plotly"
    suffix = ".plotly.json"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the figure; CannotSave for derived classes and what JSON would change."""
        kind = PLOTLY.get(full_name(value))
        if kind is None:
            raise CannotSave("a class derived from Plotly's")
        notes: dict[str, Any] = {}
        plain = _plain(plotly_figure(value), "", notes)
        grid = _grid(value)
        try:
            path.write_text(_encoder.encode(plain), "utf-8")
        except (UnicodeEncodeError, ValueError) as error:
            raise CannotSave(str(error)) from error
        return {"class": kind} | ({"notes": notes} if notes else {}) | grid

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the figure, its arrays as arrays of numpy."""
        import plotly.graph_objects

        figure = _arrays(json.loads(path.read_bytes()))
        notes = meta.get("notes", {})
        for place, note in sorted(notes.items(), key=lambda item: -item[0].count("/")):
            # What is inside of an array comes before it.
            *way, last = place.split("/")
            part = figure
            for step in way:
                part = part[_key(part, step)]
            part[_key(part, last)] = _noted(part[_key(part, last)], note)
        if "grid" in meta:
            figure |= {"_grid_str": meta["grid_text"], "_grid_ref": _subplots(meta["grid"])}
        if meta.get("class") == "FigureWidget":
            return plotly.graph_objects.FigureWidget(figure)
        return plotly.graph_objects.Figure(figure)


class AltairJson:
    """A chart of Altair as its Vega-Lite specification, with the data in it.

    It comes back as a chart of the same class that is drawn alike; its data are those of the
    specification, no frame. With more rows than Altair shows it is no specification.
    """

    name = "altair"
    suffix = ".vl.json"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the specification; CannotSave where it holds too many rows."""
        kind = type(value)
        if not kind.__module__.startswith("altair.") or kind.__name__ not in ALTAIR:
            raise CannotSave("a class derived from Altair's")
        try:
            spec = altair_spec(value)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # Altair's and its schema's own
            raise CannotSave(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error
        path.write_text(_encoder.encode(spec), "utf-8")
        # What the theme says is in the specification, and no part of the chart.
        themed = type(value._get("config")).__name__ == "UndefinedType"
        return {"class": kind.__name__} | ({"themed": True} if themed else {})

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the chart."""
        import altair

        spec = inline_data(json.loads(path.read_bytes()))
        if meta.get("themed"):
            spec.pop("config", None)
        spec.pop("$schema", None)  # with it the chart could not become a layer of another
        if meta["class"] not in ALTAIR:
            raise ValueError(f"a chart of the class {meta['class']!r}")
        return getattr(altair, meta["class"]).from_dict(spec)


class BokehJson:
    """A plot, a layout or another model of Bokeh as the JSON of a document that holds it.

    Its columns come back as Bokeh sends them to a page: dates as milliseconds.
    """

    name = "bokeh"
    suffix = ".bokeh.json"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the document; CannotSave where it has models of other classes than Bokeh's."""
        try:
            # In its own order: a model is told where it comes first, and then referred to.
            text = _in_order.encode(bokeh_document(value))
        except (OSError, MemoryError):
            raise
        except Exception as error:  # Bokeh's own
            raise CannotSave(f"{type(error).__name__}: {error}") from error
        path.write_text(text, "utf-8")
        return {"class": type(value).__name__}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the model, which is in no document."""
        from bokeh import models, plotting
        from bokeh.document import Document

        del models, plotting  # their classes are found by name once they are imported

        document = Document.from_json(json.loads(path.read_bytes()))
        (found,) = document.roots
        document.clear()
        return found


def _plain(part: Any, place: str, notes: dict[str, Any]) -> Any:
    """Return a part of a figure as JSON has it, and note what it was where that is not told."""
    kind = type(part)
    if kind in _ATOMS:
        return part
    if kind is dict:
        if any("/" in key for key in part):
            raise CannotSave("a key with a slash")
        return {key: _plain(each, _under(place, key), notes) for key, each in part.items()}
    if kind is list:
        return _plain_list(part, place, notes)
    if kind is float:
        return part if math.isfinite(part) else _note(notes, place, str(part), None)
    if _is_date(kind) and getattr(part, "tzinfo", None) is None:
        return _note(notes, place, kind.__name__, part.isoformat())
    if kind.__name__ == "ndarray":
        return _plain_array(part, place, notes)
    raise CannotSave(f"a {kind.__name__} at {place}")


def _is_date(kind: type) -> bool:
    return kind in (datetime.datetime, datetime.date) or (
        kind.__name__ == "Timestamp" and kind.__module__.partition(".")[0] == "pandas"
    )


def _plain_list(part: list[Any], place: str, notes: dict[str, Any]) -> list[Any]:
    kinds = set(map(type, part))
    if kinds <= _ATOMS:
        return part
    numbers = (each for each in part if type(each) is float)
    if kinds <= {*_ATOMS, float} and all(map(math.isfinite, numbers)):
        return part
    return [_plain(each, _under(place, str(n)), notes) for n, each in enumerate(part)]


def _plain_array(part: Any, place: str, notes: dict[str, Any]) -> Any:
    """Return an array that Plotly does not write as bytes: of texts, objects, dates, booleans."""
    if part.dtype.kind not in "OUMbiu":
        raise CannotSave(f"an array of {part.dtype}")
    note = ["array", part.dtype.str, list(part.shape)]
    if part.dtype.kind == "M":
        return _note(notes, place, note, part.astype(str).tolist())
    values = _note(notes, place, note, part.tolist())
    return _plain(values, place, notes)


def _note(notes: dict[str, Any], place: str, note: Any, value: Any) -> Any:
    if len(notes) >= _MOST_NOTES:
        raise CannotSave("so many dates or nan")
    notes[place] = note
    return value


def _noted(value: Any, note: Any) -> Any:
    if note == "Timestamp":
        import pandas as pd

        return pd.Timestamp(value)
    if note in ("datetime", "date"):
        return getattr(datetime, note).fromisoformat(value)
    if isinstance(note, str):
        return _ODD[note]
    import numpy as np

    _, dtype, shape = note
    found = np.dtype(dtype)
    if found.kind not in "OUMbiu":
        raise ValueError(f"an array of {dtype!r}")
    if found.kind != "O":
        return np.array(value, found).reshape(shape)
    array = np.empty(shape, object)
    flat = array.reshape(-1)
    for n, each in enumerate(_leaves(value, len(shape))):
        flat[n] = each
    return array


def _leaves(values: Any, depth: int) -> Iterator[Any]:
    if depth == 0:
        yield values
        return
    for each in values:
        yield from _leaves(each, depth - 1)


def _key(part: Any, step: str) -> str | int:
    return int(step) if isinstance(part, list) else step


def _under(place: str, key: str) -> str:
    return f"{place}/{key}" if place else key


def _arrays(part: Any) -> Any:
    """Return JSON with arrays where Plotly wrote their bytes.

    Whole numbers, which it wrote in as few bytes as they need, are of 64 bits again: they would
    overflow where somebody reckons with them.
    """
    if isinstance(part, list):
        if part and not isinstance(part[0], (dict, list)):
            return part
        return [_arrays(each) for each in part]
    if not isinstance(part, dict):
        return part
    if part.keys() >= {"bdata", "dtype"}:
        import numpy as np

        found = np.frombuffer(base64.b64decode(part["bdata"]), np.dtype(f"<{part['dtype']}"))
        found = found.astype("int64") if found.dtype.kind in "iu" else found.copy()
        shape = [int(side) for side in str(part["shape"]).split(",")] if "shape" in part else -1
        return found.reshape(shape)
    return {key: _arrays(each) for key, each in part.items()}


def _grid(figure: Any) -> dict[str, Any]:
    """Return which subplots there are, which Plotly keeps beside the figure."""
    ref = getattr(figure, "_grid_ref", None)
    if ref is None:
        return {}
    rows = [[cell and [[r[0], list(r[1]), r[2]] for r in cell] for cell in row] for row in ref]
    return {"grid": rows, "grid_text": figure._grid_str}


def _subplots(rows: Any) -> Any:
    from plotly._subplots import SubplotRef

    def refs(cell: Any) -> Any:
        return cell and tuple(SubplotRef(kind, tuple(keys), more) for kind, keys, more in cell)

    return [list(map(refs, row)) for row in rows]
