"""The graph as pixels, drawn with Pillow: the same picture as the SVG."""

from __future__ import annotations

import warnings
from typing import Any

from artnb.errors import InvalidValueError
from artnb.lineage import LineageGraph
from artnb.texts import LANGUAGES, say
from artnb.widgets.fonts import Fonts
from artnb.widgets.picture import HEIGHT, WIDTH, Box, Point, picture, shortened

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
            pen.arrow(drawn.curve(places[a], places[b]), drawn.down)
    for node, (x, y) in places.items():
        pen.box(drawn.boxes[node], x, y)
    if not drawn.boxes:
        pen.text(20, height / 2 - 8, say(lang, "Nothing recorded yet"), 12, "#6b7280")
    if pen.fonts.missing:
        letters = " ".join(sorted(pen.fonts.missing)[:_MOST_NAMED])
        way_out = "" if lang == LANGUAGES[0] else ', or give lang="en"'
        warnings.warn(
            f"No font of this system has {letters}: the picture has boxes in their place. Install "
            "one that has them (such as Noto Sans CJK), or write SVG, whose viewer looks for fonts "
            f"itself{way_out}.",
            stacklevel=2,
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
        radius = 6 if box.is_run else HEIGHT / 2
        corners = [x * s, y * s, (x + WIDTH) * s, (y + HEIGHT) * s]
        self._draw.rounded_rectangle(
            corners, radius * s, "white", box.outline, max(1, round(1.6 * s))
        )
        middle = y + HEIGHT / 2
        dot = [(x + 13) * s, (middle - 5) * s, (x + 23) * s, (middle + 5) * s]
        (self._draw.rectangle if box.is_run else self._draw.ellipse)(dot, box.colour)
        self.text(x + 32, y + 7, shortened(box.label, 19), 12.5, "#1f2937")
        self.text(x + 32, y + 25, shortened(box.told, 24), 10.5, "#6b7280")

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

    def arrow(self, curve: tuple[Point, ...], down: bool) -> None:
        s = self._scale
        xs, ys = zip(*curve, strict=True)
        points = []
        # One that is straight in one piece: rounded point by point, it would waver.
        steps = 1 if len(set(xs)) == 1 or len(set(ys)) == 1 else _CURVE
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            points.append(
                (
                    sum(w * x for w, x in zip(weights, xs, strict=True)) * s,
                    sum(w * y for w, y in zip(weights, ys, strict=True)) * s,
                )
            )
        self._draw.line(points, "#b6bcc6", max(1, round(1.4 * s)), joint="curve")
        x, y = curve[-1]
        back = [(x - 4, y - 7), (x + 4, y - 7)] if down else [(x - 7, y - 4), (x - 7, y + 4)]
        head = [(x, y), *back]
        self._draw.polygon([(x * s, y * s) for x, y in head], "#8b93a1")
