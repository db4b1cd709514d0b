"""Charts of Plotly, Altair and Bokeh, kept as the JSON that their own libraries read again."""

from __future__ import annotations

import os
from typing import Any

from artnb import ownjson as json
from artnb.drawings.specs import ALTAIR, altair_spec, bokeh_document
from artnb.errors import InvalidValueError
from artnb.mediafile import MediaFile, read_file

__all__ = ["Altair", "Bokeh", "Plotly", "chart_of"]

_in_order = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Plotly(MediaFile):
    """A figure of plotly.

    Parameters
    ----------
    val : figure
        One of matplotlib's is made into one of plotly's, as far as plotly can.

    Raises
    ------
    InvalidValueError
    """

    kind = "plotly"

    def __init__(self, val: Any) -> None:
        if type(val).__module__.startswith("matplotlib."):
            val = _of_matplotlib(val)
        if not hasattr(val, "to_json"):
            raise InvalidValueError(f"Plotly: a {type(val).__name__} is no figure of plotly.")
        super().__init__(str(val.to_json()).encode(), "plotly.json")


class Altair(MediaFile):
    """A chart of Altair: its Vega-Lite specification, with the data in it.

    Raises
    ------
    InvalidValueError
        It has none, for it is no valid chart or has too many rows.
    """

    kind = "altair"

    def __init__(self, chart: Any) -> None:
        super().__init__(_text_of("Altair", altair_spec, chart), "vl.json")


class Bokeh(MediaFile):
    """A plot, a layout or another model of Bokeh, or the path of a document's JSON.

    Raises
    ------
    InvalidValueError
    """

    kind = "bokeh"

    def __init__(self, data_or_path: Any) -> None:
        if isinstance(data_or_path, (str, os.PathLike)):
            data, _ = read_file(data_or_path, "Bokeh")
        else:
            data = _text_of("Bokeh", bokeh_document, data_or_path)
        super().__init__(data, "bokeh.json")


def chart_of(value: Any) -> MediaFile | None:
    """Return the file that keeps a chart of one of these libraries; None for any other value."""
    for kind in type(value).__mro__:
        package = kind.__module__.partition(".")[0]
        if package == "plotly":
            return Plotly(value)
        if package == "altair" and kind.__name__ in ALTAIR:
            return Altair(value)
        if package == "bokeh" and kind.__name__ == "Model":
            return Bokeh(value)
    return None


def _text_of(what: str, json_of: Any, chart: Any) -> bytes:
    try:
        return _in_order.encode(json_of(chart)).encode("utf-8", "surrogatepass")
    except Exception as error:  # the library's own
        reason = str(error).strip().partition("\n")[0]
        raise InvalidValueError(
            f"{what}: the {type(chart).__name__} cannot be kept ({type(error).__name__}: "
            f"{reason}). Log fewer points of it, or its picture as artnb.Image."
        ) from error


def _of_matplotlib(figure: Any) -> Any:
    try:
        from plotly.tools import mpl_to_plotly

        return mpl_to_plotly(getattr(figure, "figure", None) or figure)
    except Exception as error:  # it is not installed, or does not know what is drawn there
        raise InvalidValueError(
            f"Plotly: this figure of matplotlib cannot become one of plotly ({error}). Log it as a "
            "picture, by artnb.Image."
        ) from error
