"""Pictures as PNG: matplotlib figures and PIL images."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from artnb.serializers.base import CannotSave
from artnb.serializers.linked import Linked

__all__ = ["FigurePng", "PilPng", "figure_png", "pil_png"]

_MOST_NOTES = 64 << 10
_PIL_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def figure_png(figure: Any) -> bytes:
    """Return a matplotlib figure as PNG, without a date or the writer's name."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None}, bbox_inches="tight")
    return stream.getvalue()


def pil_png(picture: Any) -> bytes:
    """Return a PIL image as PNG, without what its file said besides the pixels."""
    stream = io.BytesIO()
    if picture.mode not in _PIL_MODES:
        picture = picture.convert("RGBA" if "A" in picture.mode else "RGB")
    bare = picture.copy()
    bare.info = {key: value for key, value in picture.info.items() if key == "transparency"}
    bare.save(stream, format="PNG")
    return stream.getvalue()


class FigurePng:
    """A matplotlib figure as the picture of it: it comes back as a PIL image."""

    name = "figure"
    suffix = ".png"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the picture of a figure, or of an axes' figure."""
        figure = value if hasattr(value, "savefig") else value.figure
        path.write_bytes(figure_png(figure))
        return {}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the picture."""
        return _open(path)


class PilPng:
    """A PIL image in one of PNG's own modes: its pixels, and beside them what its `info` says."""

    name = "png"
    suffix = ".png"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the pixels; CannotSave for modes that PNG does not have."""
        if value.mode not in _PIL_MODES:
            raise CannotSave(f"mode {value.mode}")
        path.write_bytes(pil_png(value))
        about = {"width": value.width, "height": value.height, "mode": value.mode}
        return about | _notes(value.info)

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the picture."""
        picture = _open(path)
        if "info" in meta:
            picture.info = Linked().decode(str(meta["info"]).encode("utf-8", "surrogatepass"))
        return picture


def _notes(info: Mapping[Any, Any]) -> dict[str, str]:
    """Return what can be kept of a picture's notes: sizes, texts, the colour profile and the like.

    In the file itself they would make other bytes of the same pixels.
    """
    kept = {}
    for key, note in info.items():
        with suppress(CannotSave):
            Linked().encode(note)
            kept[key] = note
    text = Linked().encode(kept)[0].decode("utf-8", "surrogatepass") if kept else ""
    return {"info": text} if 0 < len(text) <= _MOST_NOTES else {}


def _open(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as opened:
        opened.load()
        return opened.copy()
