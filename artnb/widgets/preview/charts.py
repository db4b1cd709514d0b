"""Charts of Plotly, Altair and Bokeh: what they show, drawn from some of their points."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from artnb.drawings import Drawing, bokeh_drawing, plotly_drawing, vega_drawing
from artnb.texts import Message
from artnb.widgets.preview.base import Shown, Unreadable, nothing

__all__ = ["altair", "bokeh", "plotly"]

_LARGEST = 64 << 20
"""Bytes of JSON that are read to draw a part of them."""


def plotly(path: Path) -> Shown:
    """Return what a figure of Plotly shows."""
    return _chart(path, plotly_drawing)


def altair(path: Path) -> Shown:
    """Return what a specification of Vega-Lite shows."""
    return _chart(path, vega_drawing)


def bokeh(path: Path) -> Shown:
    """Return what a document of Bokeh shows."""
    return _chart(path, bokeh_drawing)


def _chart(path: Path, drawing_of: Callable[[Mapping[str, Any]], Drawing]) -> Shown:
    if path.stat().st_size > _LARGEST:
        return nothing(Message("A chart of so many points that it is not drawn here."))
    try:
        drawing = drawing_of(json.loads(path.read_bytes()))
        return {"kind": "chart", "text": str(drawing), "charts": drawing.charts()}
    except Exception as error:  # whatever a stranger's file has in place of what is expected
        raise Unreadable(Message("This is no chart that can be read: {0}", repr(error))) from error
