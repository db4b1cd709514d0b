"""The JSON of a figure or chart object, by its own library: the same for the same content.

Used for what is stored of it and for its fingerprint, so that what comes back is what was kept.
No library is imported: an object of its classes proves that it is loaded.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from artnb.drawings.vega import inline_data

__all__ = [
    "ALTAIR",
    "PLOTLY",
    "altair_content",
    "altair_spec",
    "bokeh_document",
    "full_name",
    "plotly_figure",
]

PLOTLY = {
    "plotly.graph_objs._figure.Figure": "Figure",
    "plotly.graph_objs._figurewidget.FigureWidget": "FigureWidget",
}
"""Plotly's own classes of figures, by their full names; none derived from them."""

ALTAIR = frozenset(
    f"{kind}Chart" for kind in ("", "Layer", "HConcat", "VConcat", "Concat", "Facet", "Repeat")
)
"""The classes of Altair's charts."""

_MOST_ROWS = 5_000
"""As Altair itself has it: more than that no chart of it shows, unless it is told to."""


def full_name(value: Any) -> str:
    """Return the module and name of a value's type."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def plotly_figure(figure: Any) -> dict[str, Any]:
    """Return a figure's dict without the ids that a widget gives its traces at random."""
    found: dict[str, Any] = figure.to_dict()
    if PLOTLY.get(full_name(figure)) == "FigureWidget":
        found["data"] = [
            {key: value for key, value in trace.items() if key != "uid"} for trace in found["data"]
        ]
    return _sorted(found)  # type: ignore[no-any-return]


def _sorted(part: Any) -> Any:
    """Return it with all keys in order, and numpy's numbers as Python's: JSON knows no others."""
    if isinstance(part, Mapping):
        return {key: _sorted(part[key]) for key in sorted(part)}
    if isinstance(part, (list, tuple)):
        kinds = set(map(type, part))
        if any(kind.__module__ == "numpy" or kind in (dict, list, tuple) for kind in kinds):
            return [_sorted(each) for each in part]
        return list(part)
    is_number = type(part).__module__ == "numpy" and not hasattr(type(part), "__setitem__")
    return part.item() if is_number else part


def altair_content(chart: Any) -> dict[str, Any] | None:
    """Return the specification of a chart, whether its data are a frame or rows of it.

    None: it has none that can be kept, for its many rows say, and is an object like any other.
    """
    try:
        return _sorted(inline_data(altair_spec(chart)))  # type: ignore[no-any-return]
    except Exception:  # Altair's own, and its schema's
        return None


def altair_spec(chart: Any) -> dict[str, Any]:
    """Return a chart's specification with its data in it.

    Raises
    ------
    Exception
        Altair's own: it has too many rows, or is no valid chart.
    """
    transformers = sys.modules["altair"].data_transformers
    with transformers.enable("default", max_rows=_MOST_ROWS):
        found: dict[str, Any] = chart.to_dict()
    return found


def bokeh_document(model: Any) -> dict[str, Any]:
    """Return the document of a plot, a layout or another model, as JSON.

    Bokeh numbers all models of a process. Here they are called by the content and their place
    in it, so that those of two documents are not taken for one another.

    Raises
    ------
    Exception
        Bokeh's own.
    ValueError
        It has models of classes that are none of Bokeh's.
    """
    models = {each.id: each for each in model.references()}
    if any(not type(each).__module__.startswith("bokeh.") for each in models.values()):
        raise ValueError("a model of a class that is none of Bokeh's")
    # Not by a document that it is put into: it may be in another, and is checked there.
    found = sys.modules["bokeh.document"].Document().to_json(deferred=False)
    encoder = sys.modules["bokeh.core.serialization"].Serializer(deferred=False)
    found = {**found, "roots": [encoder.encode(model)]}
    names: dict[str, str] = {}
    for part in _parts(found):
        _leave_out_defaults(part, models)
        if isinstance(each := part.get("id"), str):
            names.setdefault(each, str(len(names)))
    found = _renamed(found, names)
    content = json.dumps(found, sort_keys=True, default=repr).encode()
    start = hashlib.sha256(content).hexdigest()[:12]
    renamed: dict[str, Any] = _renamed(found, {n: f"{start}-{n}" for n in names.values()})
    return renamed


def _leave_out_defaults(part: Mapping[str, Any], models: Mapping[str, Any]) -> None:
    """Take a column's name that a glyph has anyway from its attributes, as Bokeh does on reading.

    ``glyph.x`` is the column ``x``, whether somebody said so or not.
    """
    model, attributes = models.get(part.get("id", "")), part.get("attributes")
    if model is None or not attributes:
        return
    for name, told in list(attributes.items()):
        if isinstance(told, Mapping) and set(told) == {"type", "field"}:
            default = type(model).lookup(name).class_default(type(model))
            if getattr(default, "field", None) == told["field"]:
                del attributes[name]


def _parts(part: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(part, Mapping):
        yield part
        for each in part.values():
            yield from _parts(each)
    elif isinstance(part, list) and part and not isinstance(part[0], (int, float)):
        for each in part:
            yield from _parts(each)


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, Mapping):
        return {
            key: names.get(each, each) if key == "id" and isinstance(each, str)
            else _renamed(each, names)
            for key, each in part.items()
        }  # fmt: skip
    if isinstance(part, list) and part and not isinstance(part[0], (int, float)):
        return [_renamed(each, names) for each in part]
    return part
