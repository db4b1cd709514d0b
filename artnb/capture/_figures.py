"""Whether a figure of matplotlib was drawn on: such objects have no content to hash.

What is compared is what a person draws and sets: the artists, their data, texts and looks. What
matplotlib makes by itself when it draws (ticks, limits that follow the data) is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["figures_of", "mark_of_figure"]

_MOST_ITEMS = 256
_LOOKS = (
    "_text", "_xorig", "_yorig", "_x0", "_y0", "_color", "_alpha", "_visible", "_label",
    "_linewidth", "_linewidths", "_linestyle", "_marker", "_markersize", "_zorder", "_A",
    "_offsets", "_facecolor", "_facecolors", "_edgecolor", "_edgecolors",
)  # fmt: skip


def figures_of(value: Any) -> Iterator[Any]:
    """Yield the figures that a value is, is part of, or has parts of: lists and arrays of axes."""
    if "matplotlib.figure" not in sys.modules:
        return
    items = [value]
    if type(value).__module__ == "seaborn.axisgrid":
        items = [getattr(value, "_figure", None)]
    if type(value).__name__ == "ndarray" and value.dtype.hasobject:
        items = list(value.flat[:_MOST_ITEMS])
    elif type(value) in (list, tuple, dict):
        items = list(value.values() if type(value) is dict else value)[:_MOST_ITEMS]
    seen = set()
    for item in filter(_is_artist, items):
        figure = item
        while _is_artist(above := getattr(figure, "figure", None)) and above is not figure:
            figure = above  # of a subfigure, the whole
        if hasattr(figure, "savefig") and id(figure) not in seen:
            seen.add(id(figure))
            yield figure


def mark_of_figure(figure: Any) -> int | None:
    """Return a number that is another after something was drawn; None: it cannot be told."""
    try:
        return hash(tuple(_looks(figure)))
    except Exception:  # an artist of somebody's own may raise anything
        return None


def _is_artist(value: Any) -> bool:
    artist = sys.modules.get("matplotlib.artist")
    return artist is not None and issubclass(type(value), artist.Artist)


def _looks(figure: Any) -> Iterator[Any]:
    axis = sys.modules["matplotlib.axis"]
    waiting = [figure]
    while waiting:
        artist = waiting.pop()
        yield id(artist)
        attributes = vars(artist)
        for name in _LOOKS:
            if name in attributes:
                yield _told(attributes[name])
        if "_x0" in attributes:  # a bar; boxes around text get their size when they are drawn
            yield attributes.get("_width"), attributes.get("_height")
        if hasattr(artist, "get_autoscalex_on"):
            for on, limits in (("x", "get_xlim"), ("y", "get_ylim")):
                if not getattr(artist, f"get_autoscale{on}_on")():
                    yield getattr(artist, limits)()
                yield getattr(artist, f"get_{on}scale")()
        if isinstance(artist, axis.Axis):
            waiting.append(artist.label)  # its ticks are made when it is drawn
        else:
            waiting += artist.get_children()


def _told(value: Any) -> Any:
    if hasattr(value, "tobytes"):
        return value.tobytes()
    return repr(value) if isinstance(value, str | float | int | bool | tuple | list | None) else 0
