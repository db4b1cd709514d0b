"""The graph as pixels, drawn with Pillow: the same picture as the SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from artnb.errors import InvalidValueError
from artnb.lineage import LineageGraph
from artnb.texts import LANGUAGES, say
from artnb.warning import warn
from artnb.widgets.fonts import Fonts
from artnb.widgets.picture import (
    HEIGHT,
    WIDTH,
    Box,
    Curve,
    Point,
    corners,
    picture,
    shortened,
    sign,
)

__all__ = ["figure_png"]

_MOST_PIXELS = 100_000_000
_CURVE = 24
_MOST_NAMED = 20


def figure_png(
    graph: LineageGraph,
    level: str = "types",
    scale: float = 2.0,
    direction: str = "right",
    lang: str = "en",
) -> Any:
    """Return the picture as a Pillow image.

    Letters that no font of the system has are drawn as empty boxes, and a warning names
    them. `figure_svg` leaves fonts to the viewer.

    Raises
    ------
    InvalidValueError
        The scale is not above 0, or makes more than 100 million pixels.
    """
    from PIL import Image, ImageDraw

    drawn = picture(graph, level, direction, lang)
    width, height = drawn.size()
    if not scale > 0 or width * height * scale**2 > _MOST_PIXELS:
        raise InvalidValueError(
            f"scale={scale} makes a picture of {width * max(scale, 0):.0f} x "
            f"{height * max(scale, 0):.0f} pixels; give one above 0 that makes at most "
            "100 million, or use to_svg."
        )
    image = Image.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))), "white")
    pen = _Pen(ImageDraw.Draw(image), scale)
    places = drawn.places()
    for a, b in drawn.arrows:
        if a != b:
            pen.arrow(drawn.curves(a, b))
    for node, (x, y) in places.items():
        pen.box(drawn.boxes[node], x, y)
    if not drawn.boxes:
        pen.text(20, height / 2 - 8, say(lang, "Nothing recorded yet"), 12, "#6b7280")
    if pen.fonts.missing:
        letters = " ".join(sorted(pen.fonts.missing)[:_MOST_NAMED])
        way_out = "" if lang == LANGUAGES[0] else ', or give lang="en"'
        warn(
            f"No font of this system has {letters}: the picture has boxes in their place. Install "
            "one that has them (such as Noto Sans CJK), or write SVG, whose viewer looks for fonts "
            f"itself{way_out}."
        )
    return image


class _Pen:
    """Draws in the SVG's pixels, whatever the scale."""

    def __init__(self, draw: Any, scale: float) -> None:
        self._draw = draw
        self._scale = scale
        self.fonts = Fonts()

    def box(self, box: Box, x: float, y: float) -> None:
        s = self._scale
        width = max(1, round(1.5 * s))
        if box.is_run:
            self._draw.polygon(self._at(corners(x, y)), box.ground, box.outline, width)
        else:
            ends = [x * s, y * s, (x + WIDTH) * s, (y + HEIGHT) * s]
            self._draw.rounded_rectangle(ends, HEIGHT / 2 * s, box.ground, box.outline, width)
        filled, lines = sign(box.is_run, x + 20, y + HEIGHT / 2)
        self._draw.polygon(self._at(filled), box.colour, box.colour, width)
        for line in lines:
            self._draw.line(self._at(line), box.colour, width, joint="curve")
        self.text(x + 35, y + 7, shortened(box.label, 19), 12.5, "#1f2937")
        self.text(x + 35, y + 25, shortened(box.told, 24), 10.5, "#5b6472")

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._scale, y * self._scale) for x, y in points]

    def text(self, x: float, y: float, text: str, size: float, colour: str) -> None:
        size *= self._scale
        while text and self._length(text, size) > (WIDTH - 40) * self._scale:
            text = text[:-2] + "…" if len(text) > 2 else ""
        at, line = x * self._scale, y * self._scale + self.fonts.first(size).getmetrics()[0]
        for part, font in self.fonts.runs(text, size):
            self._draw.text((at, line), part, colour, font, anchor="ls")
            at += self._draw.textlength(part, font)

    def _length(self, text: str, size: float) -> float:
        return sum(
            float(self._draw.textlength(part, font)) for part, font in self.fonts.runs(text, size)
        )

    def arrow(self, curves: Sequence[Curve]) -> None:
        points = [curves[0][0], *(point for curve in curves for point in _along(curve))]
        width = max(1, round(1.3 * self._scale))
        self._draw.line(self._at(points), "#98a1ae", width, joint="curve")
        *_, (hx, hy), (x, y) = curves[-1]
        if x == hx:
            back = 7 if hy > y else -7
            head = [(x, y), (x - 4, y + back), (x + 4, y + back)]
        else:
            back = 7 if hx > x else -7
            head = [(x, y), (x + back, y - 4), (x + back, y + 4)]
        self._draw.polygon(self._at(head), "#7d8694")


def _along(curve: Curve) -> list[Point]:
    """Return points of a curve, without its first."""
    xs, ys = zip(*curve, strict=True)
    # One that is straight in one piece: rounded point by point, it would waver.
    steps = 1 if len(set(xs)) == 1 or len(set(ys)) == 1 else _CURVE
    points = []
    for step in range(1, steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (sum(w * v for w, v in zip(weights, each, strict=True)) for each in (xs, ys))
        points.append((x, y))
    return points
