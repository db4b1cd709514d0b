"""What every picture of the graph that needs no page shows: boxes in layers, and arrows."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from artnb.lineage import NO_JOB_TYPE, GroupNode, LineageGraph
from artnb.texts import say
from artnb.widgets.arranged import Arranged, Slot, arranged, spread

__all__ = [
    "DIRECTIONS",
    "HEIGHT",
    "MOST_NODES",
    "WIDTH",
    "Box",
    "Curve",
    "Picture",
    "Point",
    "corners",
    "picture",
    "runs",
    "shortened",
    "sign",
    "versions",
]

DIRECTIONS = ("right", "down")
"""Where arrows go."""


Point = tuple[float, float]
Curve = tuple[Point, Point, Point, Point]
MOST_NODES = 200
WIDTH, HEIGHT = 184, 44
"""Of a box, in pixels."""
_GAP_X, _GAP_Y = 72, 22
_GAP_DOWN_X, _GAP_DOWN_Y = 24, 52
_MOST_IN_A_ROW = 8
_MARGIN = 20
_THIN = 8
"""Of a slot that only an arrow passes, across it."""
_ASIDE = 6.0
_ROUNDS = 12
_CUT = 9
_TINT = 0.07
_MOST_LETTERS = 22
"""Of the names below a type's."""
# The page's own on a light ground: Okabe and Ito's, told apart by colour-blind eyes; runs are grey.
_COLOURS = ("#0072B2", "#B86E00", "#00805C", "#B0568C", "#2A7FB0", "#C14D00", "#7A6A00")
_RUN = "#6b7280"
_BAD = "#B3261E"


@dataclass(frozen=True, slots=True)
class Box:
    """One node of a picture.

    Attributes
    ----------
    told : str
        What stands below the label, in the picture's language.
    state : str
        Empty where all is well: finished runs, versions that are whole. Not to be shown.
    """

    label: str
    told: str
    is_run: bool
    colour: str
    state: str = ""

    @property
    def outline(self) -> str:
        """The colour of the rim."""
        return _BAD if self.state in ("damaged", "failed", "crashed") else self.colour

    @property
    def ground(self) -> str:
        """The colour within: a breath of its own on white."""
        parts = (int(self.colour[at : at + 2], 16) for at in (1, 3, 5))
        return "#" + "".join(f"{round(255 - (255 - part) * _TINT):02x}" for part in parts)


@dataclass(frozen=True)
class Picture:
    """Boxes by node, arrows between them, and where they stand.

    Layers are columns from left to right, or rows from top to bottom.
    """

    boxes: Mapping[str, Box]
    arrows: Sequence[tuple[str, str]]
    down: bool = False

    def places(self) -> dict[str, Point]:
        """Return the left upper corner of each box."""
        corners = self._corners
        return {node: corners[node] for node in self.boxes}

    def size(self) -> tuple[int, int]:
        """Return width and height of the whole."""
        ends = [
            (x + self._wide(slot), y + self._high(slot)) for slot, (x, y) in self._corners.items()
        ]
        right, bottom = (
            (max(each) for each in zip(*ends, strict=True))
            if ends
            else (WIDTH + _MARGIN, HEIGHT + _MARGIN)
        )
        return round(right) + _MARGIN, round(bottom) + _MARGIN

    def curves(self, a: str, b: str) -> list[Curve]:
        """Return the way of an arrow: of each piece its ends and Bezier's handles."""
        way = self._arranged.ways[a, b]
        sense = 1 if self._along(way[0]) < self._along(way[-1]) else -1
        # Two that go both ways between two nodes run side by side.
        aside = sense * _ASIDE if (b, a) in self._arranged.ways else 0.0
        points = [self._passed(way[0], sense, aside)]
        for slot in way[1:-1]:
            points += [self._passed(slot, -sense, aside), self._passed(slot, sense, aside)]
        points.append(self._passed(way[-1], -sense, aside))
        return [self._curve(start, end, sense) for start, end in pairwise(points)]

    def _curve(self, start: Point, end: Point, sense: int) -> Curve:
        (x1, y1), (x2, y2) = start, end
        if self.down:
            bend = sense * max(16.0, abs(y2 - y1) / 2)
            return (x1, y1), (x1, y1 + bend), (x2, y2 - bend), (x2, y2)
        bend = sense * max(24.0, abs(x2 - x1) / 2)
        return (x1, y1), (x1 + bend, y1), (x2 - bend, y2), (x2, y2)

    def _passed(self, slot: Slot, sense: int, aside: float) -> Point:
        """Return the middle of one side of a slot: of that which lies ahead, or behind."""
        x, y = self._corners[slot]
        wide, high = self._wide(slot), self._high(slot)
        if self.down:
            return x + wide / 2 + aside, y + (high if sense > 0 else 0)
        return x + (wide if sense > 0 else 0), y + high / 2 + aside

    def _along(self, slot: Slot) -> float:
        return self._corners[slot][1 if self.down else 0]

    def _wide(self, slot: Slot) -> float:
        return _THIN if self.down and isinstance(slot, int) else WIDTH

    def _high(self, slot: Slot) -> float:
        return HEIGHT if self.down or isinstance(slot, str) else _THIN

    @cached_property
    def _arranged(self) -> Arranged:
        return arranged(self.boxes, self.arrows)

    @cached_property
    def _lines(self) -> list[Sequence[Slot]]:
        """Layers; one too wide for a page is several rows."""
        layers = self._arranged.layers
        if not self.down:
            return list(layers)
        return [
            layer[at : at + _MOST_IN_A_ROW]
            for layer in layers
            for at in range(0, len(layer), _MOST_IN_A_ROW)
        ]

    @cached_property
    def _corners(self) -> dict[Slot, Point]:
        """The left upper corner of each slot."""
        middles = self._middles()
        along, gap = (HEIGHT, _GAP_DOWN_Y) if self.down else (WIDTH, _GAP_X)
        size = self._wide if self.down else self._high
        first = min((at - size(slot) / 2 for slot, at in middles.items()), default=0.0)
        found: dict[Slot, Point] = {}
        for n, line in enumerate(self._lines):
            ahead = _MARGIN + n * (along + gap)
            for slot in line:
                across = round(middles[slot] - size(slot) / 2 - first) + _MARGIN
                found[slot] = (across, ahead) if self.down else (ahead, across)
        return found

    def _middles(self) -> dict[Slot, float]:
        """Return where slots stand across the arrows: near what they are joined to."""
        size, gap = (self._wide, _GAP_DOWN_X) if self.down else (self._high, _GAP_Y)
        steps = {
            n: [(size(a) + size(b)) / 2 + gap for a, b in pairwise(line)]
            for n, line in enumerate(self._lines)
        }
        near: dict[Slot, list[Slot]] = {}
        for way in self._arranged.ways.values():
            for a, b in pairwise(way):
                near.setdefault(a, []).append(b)
                near.setdefault(b, []).append(a)
        middles: dict[Slot, float] = {}
        for n, line in enumerate(self._lines):
            begin = -sum(steps[n]) / 2
            middles.update(zip(line, accumulate(steps[n], initial=begin), strict=True))
        for _ in range(_ROUNDS):
            for n, line in enumerate(self._lines):
                wanted = [
                    sum(middles[each] for each in near[slot]) / len(near[slot])
                    if slot in near
                    else middles[slot]
                    for slot in line
                ]
                middles.update(zip(line, spread(wanted, steps[n]), strict=True))
        return middles


def corners(x: float, y: float) -> list[Point]:
    """Return the outline of a run's box: as on the page, its corners are cut."""
    right, bottom, c = x + WIDTH, y + HEIGHT, _CUT
    return [
        (x + c, y), (right - c, y), (right, y + c), (right, bottom - c),
        (right - c, bottom), (x + c, bottom), (x, bottom - c), (x, y + c),
    ]  # fmt: skip


def sign(is_run: bool, x: float, y: float) -> tuple[list[Point], list[list[Point]]]:
    """Return the sign in a box around a point: what is filled, and lines: a play, a stack."""
    if is_run:
        return [(x - 5, y - 6.5), (x + 6.5, y), (x - 5, y + 6.5)], []
    lid = [(x - 7.5, y - 4), (x, y - 8), (x + 7.5, y - 4), (x, y)]
    return lid, [[(x - 7.5, y + d), (x, y + d + 4), (x + 7.5, y + d)] for d in (0, 4)]


def picture(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> Picture:
    """Return the picture of a graph at a level, its arrows going right or down.

    States and counts are told in the language; names and types are a person's own.

    Instances beyond 200 nodes are drawn by name, names beyond 200 by type: a picture of
    more cannot be read.
    """
    if level == "instances" and len(graph) > MOST_NODES:
        level = "names"
    if level == "names" and len(graph.groups("names")) > MOST_NODES:
        level = "types"
    if level == "instances":
        boxes, arrows = _instances(graph, lang)
    else:
        boxes, arrows = _groups(graph, level, lang)
    return Picture(boxes, arrows, direction == "down")


def shortened(text: str, length: int) -> str:
    """Return one line of at most `length` letters, with no character that could act on others.

    A letter of Korean, Chinese or Japanese is as wide as two, and counts so.
    """
    text = "".join(mark if mark.isprintable() else " " for mark in text)
    ends = list(accumulate(2 if unicodedata.east_asian_width(m) in "WF" else 1 for m in text))
    return text[: bisect_right(ends, length - 1)] + "…" if ends and ends[-1] > length else text


def _groups(
    graph: LineageGraph, level: str, lang: str
) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node in graph.groups(level)[:MOST_NODES]:
        state = _worst(graph, node.members)
        type_ = "" if node.is_run else graph.versions[node.members[0]].type
        shown_type = type_ if node.id.startswith("c:") else ""
        count = (runs if node.is_run else versions)(len(node.members), lang)
        if not node.is_run and not shown_type:
            count = _names(graph, node, count)
        told = _joined(say(lang, state), shown_type, count)
        colour = _RUN if node.is_run else colours[type_]
        boxes[node.id] = Box(node.label, told, node.is_run, colour, state)
    arrows = graph.group_arrows(level)
    return boxes, [(a, b) for a, b in arrows if a in boxes and b in boxes]


def _instances(graph: LineageGraph, lang: str) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    colours = _palette(graph)
    boxes = {}
    for node, v in graph.versions.items():
        state = _worst(graph, [node])
        told = _joined(say(lang, state), v.type, *v.aliases)
        boxes[node] = Box(v.ref_in(graph.project), told, False, colours[v.type], state)
    for node, r in graph.runs.items():
        told = _joined(r.job_type or NO_JOB_TYPE, say(lang, r.state))
        boxes[node] = Box(r.name, told, True, _RUN, _worst(graph, [node]))
    return boxes, list(dict.fromkeys(graph.arrows()))


def runs(count: int, lang: str) -> str:
    """Return how many runs, in a language."""
    return say(lang, "{0} run" if count == 1 else "{0} runs", count)


def versions(count: int, lang: str) -> str:
    """Return how many versions, in a language."""
    return say(lang, "{0} version" if count == 1 else "{0} versions", count)


def _names(graph: LineageGraph, node: GroupNode, count: str) -> str:
    """Return the first names of a type, as the page has them; a single one with its versions."""
    first, *others = dict.fromkeys(
        graph.versions[each].name_in(graph.project) for each in node.members
    )
    if not others:
        return _joined(first, count)
    shown = [first]
    while others and len(", ".join([*shown, others[0]])) <= _MOST_LETTERS:
        shown.append(others.pop(0))
    return ", ".join(shown) + (f" +{len(others)}" if others else "")


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _worst(graph: LineageGraph, nodes: Sequence[str]) -> str:
    states = {
        graph.versions[node].state if node in graph.versions else graph.runs[node].state
        for node in nodes
    }
    bad = ("damaged", "failed", "crashed", "running")
    # One that was deleted says nothing of those that are left.
    gone = "deleted" if states == {"deleted"} else ""
    return next((state for state in bad if state in states), gone)


def _palette(graph: LineageGraph) -> dict[str, str]:
    types = list(dict.fromkeys(version.type for version in graph.versions.values()))
    return {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(types)}
