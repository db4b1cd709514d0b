"""What a chart of Plotly, Vega-Lite (Altair) or Bokeh shows, told from its JSON alone.

None of these libraries is imported, and no JavaScript runs: the JSON may be of any version
of theirs, and a stranger's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from artnb.drawings.base import Drawing, Trace, points_of, read_array
from artnb.drawings.bokeh import bokeh_drawing
from artnb.drawings.plotly import plotly_drawing
from artnb.drawings.vega import inline_data, vega_drawing

__all__ = [
    "Drawing",
    "Trace",
    "bokeh_drawing",
    "drawing_of",
    "inline_data",
    "plotly_drawing",
    "points_of",
    "read_array",
    "vega_drawing",
]

_PLOTLY = "application/vnd.plotly.v1+json"
_VEGA = re.compile(r"application/vnd\.vega(lite)?\.v\d+(\.\d+)?\+json")
_BOKEH = re.compile(r"docs_json\s*=\s*(?=\{)")
_SPEC = re.compile(r'\{(?="(config|data|\$schema)")')
_MOST_TRIES = 20


def drawing_of(data: Mapping[str, Any]) -> Drawing | None:
    """Return the chart in what a cell displays, by its MIME types; None where there is none."""
    with suppress(Exception):  # whatever a stranger's JSON has in place of what is expected
        return next((drawing for drawing in _found(data) if drawing.traces or drawing.title), None)
    return None


def _found(data: Mapping[str, Any]) -> Iterator[Drawing]:
    if isinstance(figure := data.get(_PLOTLY), Mapping):
        yield plotly_drawing(figure)
    for mime, spec in data.items():
        if _VEGA.fullmatch(str(mime)) and isinstance(spec, Mapping):
            yield vega_drawing(spec)
    for mime in ("application/javascript", "text/html"):
        text = data.get(mime)
        if isinstance(text, str):
            yield from _in_script(text)


def _in_script(text: str) -> Iterator[Drawing]:
    """Yield the charts that a page or a script brings along, in its own words."""
    read = json.JSONDecoder().raw_decode
    if found := _BOKEH.search(text):
        for document in read(text, found.end())[0].values():
            yield bokeh_drawing(document)
    if "vega-lite" not in text:
        return
    for _, found in zip(range(_MOST_TRIES), _SPEC.finditer(text), strict=False):
        with suppress(ValueError):
            spec = read(text, found.start())[0]
            if "vega-lite" in str(spec.get("$schema")):
                yield vega_drawing(spec)
                return
