"""What is kept of one rich display: its picture, what its chart shows, or its text.

No markup and no script is drawn again: what can only be told is told.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from artnb import ownjson as json
from artnb.display import size_text

__all__ = ["at_the_end", "kept", "reduced"]

_MOST_IMAGE_BYTES = 8 * 1024 * 1024
_IMAGES = ("image/png", "image/jpeg", "image/gif")
_SVG = "image/svg+xml"
_NO_CHART = frozenset(("text/plain", "text/markdown", "text/latex"))
_CHART = "chart"
_LOADS = re.compile(r"application/vnd\.\w+_load\.v\d+\+json")
_LOADING = 'class="bk-notebook-logo"'
"""What only loads a library into the page, and says so."""

_WIDGET = "application/vnd.jupyter.widget-view+json"
_BARE = re.compile(r"<[\w.]+(?: object)?(?: at 0x[0-9a-fA-F]+)?>")
_EMBEDDED = re.compile(r'<source[^>]*src="data:(audio|video)/([\w.+-]+);base64,([^"]*)"|'
                       r'src="data:(video|audio)/([\w.+-]+);base64,([^"]*)"')  # fmt: skip
_LEAFLET = re.compile(r"\bL\.(marker|circleMarker|circle|polygon|polyline|rectangle|geoJson)\(")
_TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")


def reduced(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what has to be held of a display until its cell has ended: of a chart a part.

    A figure of a million points has megabytes of JSON, and a loop may show many.
    """
    if data.keys() <= _NO_CHART or any(data.get(mime) for mime in (*_IMAGES, _SVG)):
        return dict(data)
    from artnb.drawings import drawing_of

    drawing = drawing_of(data)
    if drawing is None:
        return dict(data)
    return {_CHART: {"text": str(drawing), "charts": json.dumps(drawing.charts())}}


def at_the_end(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a display with its widget as that is now, at the cell's end: a progress bar is full.

    Of a widget the page alone has a picture, and while the kernel runs.
    """
    view = data.get(_WIDGET)
    if not isinstance(view, Mapping):
        return data
    widgets = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", {})
    try:
        widget = widgets[view.get("model_id")]
        if hasattr(widget, "to_plotly_json"):
            return reduced({"application/vnd.plotly.v1+json": widget.to_plotly_json()})
        return {"text/plain": repr(widget)}
    except Exception:  # it was closed, or its own code raises
        return data


def kept(
    data: Mapping[str, Any], room: int, put_blob: Callable[[bytes], str]
) -> dict[str, Any] | None:
    """Return what the run's record has of a display; None: nothing that says anything.

    Parameters
    ----------
    data : mapping
        As `reduced` returned it.
    room : int
        How many characters of text are still kept.
    put_blob : callable
        Keeps bytes and returns their digest.
    """
    if any(map(_LOADS.fullmatch, data)) or _LOADING in str(data.get("text/html")):
        return None
    if chart := data.get(_CHART):
        drawn = {"drawn": put_blob(chart["charts"].encode())} if chart["charts"] != "[]" else {}
        return {"mime": "text/plain", "text": chart["text"], **drawn}
    for mime in (*_IMAGES, _SVG):
        image = _image_bytes(mime, data.get(mime))
        if image and len(image) <= _MOST_IMAGE_BYTES:
            return {"mime": mime, "sha256": put_blob(image), "size": len(image)}
    if said := _told(data):
        return {"mime": "text/plain", "text": said[: max(room, 0)]}
    return _text(data, room)


def _image_bytes(mime: str, value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    if mime == _SVG:
        return value.encode("utf-8", "replace")
    try:
        return base64.b64decode(value)
    except (binascii.Error, ValueError):
        return None


def _told(data: Mapping[str, Any]) -> str:
    """Return what is said of a display that has no text of its own."""
    if "application/json" in data:
        return json.dumps(data["application/json"], indent=2, ensure_ascii=False, default=str)
    html = data.get("text/html")
    if not isinstance(html, str):
        return ""
    if found := _EMBEDDED.search(html):
        kind, form, content = filter(None, found.groups())
        what = "Sound" if kind == "audio" else "Video"
        return f"{what} ({kind}/{form}, {size_text(len(content) * 3 // 4)})"
    return _map(html) if "<iframe" in html else ""


def _map(html: str) -> str:
    page = unescape(html)
    if "L.map(" not in page:
        return ""
    counts: dict[str, int] = {}
    for name in _LEAFLET.findall(page):
        counts[name] = counts.get(name, 0) + 1
    parts = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"Map (Leaflet){': ' + parts if parts else ''}"


def _text(data: Mapping[str, Any], room: int) -> dict[str, Any] | None:
    plain = data.get("text/plain")
    bare = isinstance(plain, str) and _BARE.fullmatch(plain.strip()) is not None
    for mime in _TEXTS:
        text = data.get(mime)
        if mime == "text/latex" and not bare:
            continue  # a formula of sympy's says itself
        if isinstance(text, str) and text and (len(text) <= room or mime == "text/plain"):
            found = {"mime": mime, "text": text[: max(room, 0)]}
            # The panel shows no markup.
            fits = isinstance(plain, str) and not bare and len(plain) <= room - len(text)
            return found | {"plain": plain} if mime == "text/html" and fits else found
    return None
