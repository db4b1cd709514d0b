"""The picture of the graph: valid, of a size that can be read, and markup in it is text."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from artnb.lineage import LEVELS, LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord
from artnb.widgets.static_figure import figure_html, figure_svg

SVG = "{http://www.w3.org/2000/svg}"


def run(key, job_type="train", name=None):
    return RunRecord(id=key, project="p", number=1, name=name or f"run-{key}", job_type=job_type)


def version(number, type="dataset", **changes):
    given = {
        "project": "p", "name": f"n{number}", "number": 0, "digest": "0" * 64, "size": 1,
        "entries": 1, "description": None, "metadata": {}, "aliases": (), "tags": (),
        "state": "live", "created_at": 0.0,
    }  # fmt: skip
    return VersionRecord(id=number, type=type, **given | changes)


def chain(count):
    """Return a graph of `count` nodes: a run that logs all versions."""
    versions = [version(n) for n in range(count - 1)]
    return LineageGraph([run("a")], versions, [Edge("a", v.id, "logged") for v in versions])


def drawn(graph, level="types", lang="en"):
    """Return the texts of the boxes, proved to be XML, and the number of arrows."""
    root = ET.fromstring(figure_svg(graph, level, lang=lang))
    boxes = [[text.text for text in g.iter(f"{SVG}text")] for g in root.iter(f"{SVG}g")]
    return boxes, len(root.findall(f"{SVG}path"))


def test_types_are_boxes_with_names_or_counts():
    boxes, arrows = drawn(chain(4))
    assert boxes == [["dataset", "n0, n1, n2"], ["train", "running · 1 run"]]
    assert arrows == 1


def test_an_artifact_of_another_project_is_named_with_it():
    versions = [version(1, name="raw"), version(2, name="raw", project="q")]
    graph = LineageGraph([run("a")], versions, [Edge("a", v.id, "used") for v in versions])
    labels = {level: [box[0] for box in drawn(graph, level)[0]] for level in LEVELS[1:]}
    assert labels["names"] == ["raw", "q/raw", "train"]
    assert labels["instances"][:2] == ["raw:v0", "q/raw:v0"]
    assert drawn(graph)[0][0] == ["dataset", "raw, q/raw"]
    assert "<td>q/raw:v0</td>" in figure_html(graph, "p", "abc")


@pytest.mark.parametrize(
    ("names", "note"),
    [
        (["raw"] * 3, "raw · 3 versions"),
        (["wines", "parts", "scores", "spread"], "wines, parts, scores +1"),
        (["n" * 30, "b"], "n" * 23 + "…"),
    ],
)
def test_a_type_names_what_it_has(names, note):
    versions = [version(n, name=name) for n, name in enumerate(names)]
    assert drawn(LineageGraph([], versions, []))[0] == [["dataset", note]]


def test_instances_are_boxes_with_what_they_are():
    graph = LineageGraph(
        [run("a")], [version(1, aliases=("latest", "best"))], [Edge("a", 1, "used")]
    )
    boxes, arrows = drawn(graph, "instances")
    assert boxes == [["n1:v0", "dataset · latest · best"], ["run-a", "train · running"]]
    assert arrows == 1


def test_nothing_recorded_is_said():
    root = ET.fromstring(figure_svg(LineageGraph([], [], [])))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Nothing recorded yet"]


@pytest.mark.parametrize(("count", "boxes"), [(200, 200), (201, 2), (5_000, 2)])
def test_beyond_200_instances_the_types_are_drawn(count, boxes):
    assert len(drawn(chain(count), "instances")[0]) == boxes


def test_at_most_200_types_are_drawn():
    versions = [version(n, f"type{n}") for n in range(300)]
    graph = LineageGraph([run("a")], versions, [Edge("a", v.id, "used") for v in versions])
    boxes, arrows = drawn(graph)
    assert len(boxes) == 200
    assert arrows <= 200


def test_each_node_is_right_of_what_leads_to_it():
    graph = LineageGraph(
        [run("a", "one"), run("b", "two")],
        [version(1), version(2, "model")],
        [Edge("a", 1, "used"), Edge("a", 2, "logged"), Edge("b", 2, "used")],
    )
    root = ET.fromstring(figure_svg(graph, "instances"))
    at = {
        g.find(f"{SVG}text").text: float(g.find(f"{SVG}text").get("x"))
        for g in root.iter(f"{SVG}g")
    }
    assert at["n1:v0"] < at["run-a"] < at["n2:v0"] < at["run-b"]


def test_a_loop_is_drawn():
    graph = LineageGraph([run("a")], [version(1)], [Edge("a", 1, "used"), Edge("a", 1, "logged")])
    for level in ("types", "instances"):
        boxes, arrows = drawn(graph, level)
        assert (len(boxes), arrows) == (2, 2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x" * 100, "x" * 18 + "…"),
        ("데" * 9, "데" * 9),
        ("데" * 10, "데" * 9 + "…"),  # as wide as two letters each
        ("x데" * 10, "x데" * 6 + "…"),
    ],
)
def test_long_names_are_shortened_to_what_a_box_holds(name, shown):
    boxes, _ = drawn(LineageGraph([], [version(1, name)], []))
    assert boxes[0][0] == shown


def test_a_state_is_told_whatever_the_type_is_called():
    boxes, _ = drawn(LineageGraph([], [version(1, "undamaged", state="damaged")], []), "instances")
    assert boxes[0][1] == "damaged · undamaged"


def test_nothing_recorded_is_said_in_korean():
    root = ET.fromstring(figure_svg(LineageGraph([], [], []), lang="ko"))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["아직 기록이 없습니다"]


@pytest.mark.parametrize("mark", ["\x00", "\x1b", "\n", "\u202e", "\ufffe", "\ud800"])
def test_what_xml_or_a_line_cannot_hold_is_a_space(mark):
    boxes, _ = drawn(LineageGraph([run("a", name=f"a{mark}b")], [], []), "instances")
    assert boxes[0][0] == "a b"


class Page(HTMLParser):
    """Collects tags, attributes and text as a browser would see them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.setdefault(tag, []).append(dict(attrs))

    def handle_data(self, data):
        if self.tags[-1] != "style":
            self.text.append(data)


# JupyterLab takes `style` from a notebook that is not trusted, and the widget with it.
SAFE_TAGS = {*("style", "p", "div", "img", "details", "summary"),
             *("table", "thead", "tbody", "tr", "th", "td")}  # fmt: skip


def test_the_figure_holds_the_picture_and_a_table_of_the_same_facts():
    graph = LineageGraph([run("a")], [version(1, aliases=("latest",))], [Edge("a", 1, "logged")])
    page = Page(figure_html(graph, "demo", "abc"))
    assert set(page.tags) == SAFE_TAGS
    (image,) = page.attributes["img"]
    kind, _, data = image["src"].partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == figure_svg(graph)
    assert image["alt"] == "Lineage of demo: 1 run, 1 version"
    assert page.attributes["div"][0]["class"] == "artnb-static artnb-static-abc"
    rows = ["artifact", "n1:v0 latest", "dataset", "live", "run", "run-a", "train", "running"]
    assert page.text[-8:] == rows


@pytest.mark.parametrize(("steps", "least"), [(2, 480), (6, 640)])
def test_the_figure_is_no_smaller_than_can_be_read(steps, least):
    runs = [run(f"r{n}") for n in range(0, steps, 2)]
    versions = [version(n) for n in range(1, steps, 2)]
    edges = [Edge(f"r{n - 1}", n, "logged") for n in range(1, steps, 2)]
    edges += [Edge(f"r{n + 1}", n, "used") for n in range(1, steps - 2, 2)]
    page = Page(figure_html(LineageGraph(runs, versions, edges), "demo", "abc", "instances"))
    (image,) = page.attributes["img"]
    assert f"min-width:{least}px" in image["style"]


def test_the_figure_is_korean_but_for_what_a_person_named():
    named = "run"  # a word of ours, too: where a person uses it, it is theirs
    graph = LineageGraph(
        [run("a", named, named), run("b", None, "b")],
        [version(1, named, name=named, aliases=("failed",), state="damaged")],
        [Edge("a", 1, "logged")],
    )
    page = Page(figure_html(graph, "demo", "abc", "instances", lang="ko"))
    assert page.attributes["div"][0]["lang"] == "ko"
    assert page.attributes["img"][0]["alt"] == "demo의 계보: 실행 2개, 버전 1개"
    assert page.text == [
        "셀을 실행했을 때의 그림입니다. 실시간 그래프를 보려면 셀을 다시 실행하세요.",
        *("demo: 실행 2개, 버전 1개", "종류", "이름", "유형", "상태"),
        *("아티팩트", "run:v0 failed", "run", "손상됨"),
        *("실행", "run", "run", "실행 중", "실행", "b", "run", "실행 중"),
    ]
    svg = base64.b64decode(page.attributes["img"][0]["src"].partition(",")[2]).decode()
    assert svg == figure_svg(graph, "instances", lang="ko")


def test_boxes_tell_states_and_counts_in_korean_and_types_as_they_are():
    graph = LineageGraph(
        [run("a", "damaged")],
        [version(1, "run", state="damaged"), version(2, "running")],
        [Edge("a", 1, "logged")],
    )
    assert dict(drawn(graph, "types", "ko")[0]) == {
        "run": "손상됨 · n1 · 버전 1개",
        "running": "n2 · 버전 1개",
        "damaged": "실행 중 · 실행 1개",
    }
    assert dict(drawn(graph, "names", "ko")[0])["n1"] == "손상됨 · run · 버전 1개"
    assert dict(drawn(graph, "instances", "ko")[0]) == {
        "n1:v0": "손상됨 · run",
        "n2:v0": "running",
        "run-a": "damaged · 실행 중",
    }


@pytest.mark.parametrize(("count", "rows"), [(200, 200), (201, 201), (1_000, 201)])
def test_the_table_has_at_most_200_rows_and_says_how_many_more(count, rows):
    page = Page(figure_html(chain(count), "demo", "abc"))
    assert page.tags.count("tr") == rows + 1
    assert (f"and {count - 200} more" in page.text) is (count > 200)


def test_markup_in_names_is_text_in_the_figure(hostile):
    page = Page(figure_html(hostile.graph, hostile.project, '"><script>'))
    assert set(page.tags) == SAFE_TAGS
    assert page.attributes["div"] == [
        {"class": 'artnb-static artnb-static-"><script>', "lang": "en"},
        {"style": "overflow-x:auto"},
    ]
    assert page.attributes["img"][0]["alt"].startswith(f"Lineage of {hostile.tag}: ")
    text = "".join(page.text)
    assert hostile.script in text
    assert hostile.tag in text
    assert len(page.attributes["img"]) == 1


@pytest.mark.parametrize("level", ["types", "instances"])
def test_markup_in_names_is_text_in_the_picture(hostile, level):
    svg = figure_svg(hostile.graph, level)
    root = ET.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "defs", "marker", "path", "rect", "g", "text",
    }  # fmt: skip
    assert not re.search(r"<(script|img)|onerror=[^&\"]*\"", svg)
    assert any("</script>" in (text.text or "") for text in root.iter(f"{SVG}text"))


@pytest.mark.parametrize(
    ("states", "note"),
    [(("live", "deleted"), "a · 2 versions"), (("deleted", "deleted"), "deleted · a · 2 versions")],
)
def test_a_type_is_deleted_only_when_nothing_of_it_is_left(states, note):
    versions = [version(n, name="a", state=state) for n, state in enumerate(states)]
    boxes, _ = drawn(LineageGraph([], versions, []), "types")
    assert boxes == [["dataset", note]]
