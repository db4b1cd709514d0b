"""The graph written for other tools: names that try to break out of their place stay names."""

from __future__ import annotations

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from PIL import Image

import artnb
from artnb.errors import InvalidValueError
from artnb.lineage import LEVELS, LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord
from artnb.widgets.diagrams import dot, mermaid
from artnb.widgets.raster import figure_png
from artnb.widgets.static_figure import figure_svg

HOSTILE = [
    '"]; click n0 "javascript:alert(1)"',
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    'a\nn0 --> n1\nclick n0 href "x"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "`**markdown**`",
    '\\"]; evil [label="',
    "ends with \\",
    "&lt;b&gt; &quot; #quot; #35;",
    "\u202eright to left",
    "]) --> end; subgraph x",
    "데이터 👩‍🔬",
]


def graph(name: str = "net", state: str = "live") -> LineageGraph:
    """A version of that name and type, made by a run of that name and job type."""
    version = VersionRecord(
        id=1, project="lab", name=name, type=name, number=0, digest="0" * 64, size=1, entries=1,
        description=None, metadata={}, aliases=(name,), tags=(), state=state, created_at=1.0,
    )  # fmt: skip
    run = RunRecord(id="aaaa0001", project="lab", number=1, name=name, job_type=name)
    return LineageGraph([run], [version], [Edge("aaaa0001", 1, "logged")])


TEXT = r"(?:[\w _\-.,:/·…]|#\d+;)*"
MERMAID_LINE = re.compile(
    r"flowchart LR"
    rf'|  n\d+(?:\["{TEXT}<br>{TEXT}"\]|\(\["{TEXT}<br>{TEXT}"\]\)):::c\d'
    r"|  n\d+ --> n\d+"
    r"|  classDef c\d fill:#fff,stroke:#[0-9A-Fa-f]{6},color:#1f2937"
)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_within_its_label_in_mermaid(name, level):
    text = mermaid(graph(name), level)
    assert text.endswith("\n")
    lines = text.splitlines()
    assert all(MERMAID_LINE.fullmatch(line) for line in lines), text
    assert sum("-->" in line for line in lines) == 1
    assert "\u202e" not in text


def test_mermaid_says_names_and_shapes():
    assert mermaid(graph(), "instances").splitlines()[:3] == [
        "flowchart LR",
        '  n0(["net:v0<br>net · net"]):::c0',
        '  n1["net<br>net · running"]:::c1',
    ]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_within_its_label_in_dot(name, level):
    # A quoted string ends at a quote that no backslash stands before; all else is structure.
    text = dot(graph(name), level)
    structure = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert '"' not in structure.replace('""', "")
    assert structure.count("->") == 1
    assert structure.count("label=") == 2
    assert "evil" not in structure
    assert "\u202e" not in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", HOSTILE)
def test_graphviz_reads_what_was_written(name):
    done = subprocess.run(
        ["dot", "-Tplain"], input=dot(graph(name)), capture_output=True, text=True, check=True
    )
    assert [line.split()[0] for line in done.stdout.splitlines()].count("node") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_text_in_svg(name):
    tree = ElementTree.fromstring(figure_svg(graph(name), "instances"))
    kinds = {element.tag.partition("}")[2] for element in tree.iter()}
    assert kinds <= {"svg", "defs", "marker", "path", "rect", "g", "circle", "text"}


@pytest.mark.filterwarnings("ignore:No font of this system")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_png_is_drawn_of_any_name(name):
    image = figure_png(graph(name), "instances", 1)
    assert image.size == (480, 84)
    assert len(image.getcolors(1 << 20)) > 10


def test_a_png_has_the_pictures_own_colours_and_size(project, tmp_path):
    view = artnb.graph(project, level="names")
    path = view.to_png(tmp_path / "deep" / "graph.png")
    svg = ElementTree.fromstring(figure_svg(view.lineage, "names"))
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size == (2 * int(svg.get("width")), 2 * int(svg.get("height")))
        colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert (0x00, 0x72, 0xB2) in colours  # datasets
    assert (0x6B, 0x72, 0x80) in colours  # runs


def test_what_failed_or_is_damaged_is_said_in_words_too():
    damaged = graph(state="damaged")
    assert "damaged" in mermaid(damaged)
    assert "damaged · net ·" in figure_svg(damaged)
    assert "#B3261E" in dot(damaged)


@pytest.mark.parametrize("scale", [0, -1, 1e4, float("nan")])
def test_a_scale_that_makes_no_picture_is_an_error(scale):
    with pytest.raises(InvalidValueError, match="100 million"):
        figure_png(graph(), scale=scale)


def test_an_empty_graph_is_written_too():
    empty = LineageGraph([], [], [])
    assert mermaid(empty) == "flowchart LR\n"
    assert dot(empty).endswith("}\n")
    assert figure_png(empty).size[0] > 100
    assert "Nothing recorded" in figure_svg(empty)


@pytest.mark.parametrize("method", ["to_mermaid", "to_dot"])
def test_a_diagram_is_returned_and_written_where_asked(project, tmp_path, method):
    view = artnb.graph(project, level="instances")
    text = getattr(view, method)()
    assert getattr(view, method)(tmp_path / "new" / "file.txt") == text
    assert (tmp_path / "new" / "file.txt").read_text("utf-8") == text
    assert "net:v0" in text


def test_a_part_is_written_as_a_part(project):
    text = artnb.graph(project, level="instances", focus="net:v0", depth=1).to_mermaid()
    assert "net:v0" in text
    assert "raw:v0" not in text
