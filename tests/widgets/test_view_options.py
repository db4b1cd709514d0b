"""`artnb.graph`: what is asked for, and what errors say when it is not there."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas
import pytest
from PIL import Image

import artnb
from artnb.errors import CommError, InvalidValueError
from artnb.lineage import LEVELS, LineageGraph
from artnb.model import VersionRecord
from artnb.repository import close_repositories
from artnb.widgets.look import LANGUAGES, MOST_STEPS
from artnb.widgets.picture import DIRECTIONS, HEIGHT, WIDTH, picture
from artnb.widgets.span import checked_span

JS = Path(__file__).parents[2] / "js" / "src"


def labels(view: artnb.widgets.GraphView) -> set[str]:
    graph = view.lineage
    return {v.ref for v in graph.versions.values()} | {r.name for r in graph.runs.values()}


def look(view: artnb.widgets.GraphView, path: Path) -> dict[str, object]:
    text = view.to_html(path).read_text("utf-8")
    found = re.search(r'<script type="application/json" id="artnb-data">(.*?)</script>', text)
    assert found
    return json.loads(found[1])["look"]


def test_the_page_begins_with_what_was_asked_for(project, tmp_path):
    view = artnb.graph(project, level="names", focus="net:v0", depth=2, types=["model", "train"])
    net = next(node for node, v in view.lineage.versions.items() if v.ref == "net:v0")
    assert look(view, tmp_path / "graph.html") == {
        "level": "names", "focused": net, "depth": 2, "types": ["model", "train"], "direction": "",
        "lang": "", "since": None, "until": None,
    }  # fmt: skip


def test_pictures_and_diagrams_go_the_way_that_the_page_goes(project, tmp_path):
    view = artnb.graph(project, level="instances", direction="down")
    assert look(view, tmp_path / "graph.html")["direction"] == "down"
    places = picture(view.lineage, "instances", "down").places()
    for source, target in view.lineage.arrows():
        assert places[source][1] < places[target][1]
    assert view.to_mermaid().startswith("flowchart TD\n")
    assert "rankdir=TB;" in view.to_dot()
    across = artnb.graph(project, level="instances")
    assert across.to_mermaid().startswith("flowchart LR\n")
    for write in ("to_svg", "to_png"):
        sizes = [
            size_of(getattr(each, write)(tmp_path / f"{name}.{write[3:]}"))
            for name, each in (("down", view), ("right", across))
        ]
        assert sizes[0][1] > sizes[0][0] * 0.5
        assert sizes[0][1] > sizes[1][1]


def size_of(path: Path) -> tuple[int, int]:
    if path.suffix == ".png":
        with Image.open(path) as image:
            return image.size
    found = re.search(r'width="(\d+)" height="(\d+)"', path.read_text("utf-8"))
    assert found
    return int(found[1]), int(found[2])


def test_a_wide_row_of_a_picture_is_folded():
    versions = [
        VersionRecord(
            id=key, project="p", name=f"n{key}", type="dataset", number=0, digest="0" * 64,
            size=1, entries=1, description=None, metadata={}, aliases=(), tags=(), state="live",
            created_at=float(key),
        )
        for key in range(30)
    ]  # fmt: skip
    drawn = picture(LineageGraph([], versions, []), "instances", "down")
    rows = [y for _, y in drawn.places().values()]
    assert max(rows.count(y) for y in rows) == 8
    width, height = drawn.size()
    assert all(
        x >= 20 and x + WIDTH <= width - 20 and y + HEIGHT <= height - 20
        for x, y in drawn.places().values()
    )


def test_depth_is_a_part_of_the_graph(project):
    assert labels(artnb.graph(project, focus="net:v0", depth=1)) == {"net:v0", "trainer"}
    assert labels(artnb.graph(project, focus="trainer", depth=1)) == {"raw:v0", "trainer", "net:v0"}
    assert labels(artnb.graph(project, focus="net:v0")) > {"net:v0", "net:v1", "loader"}


def test_a_span_is_a_part_of_the_graph_and_the_page_begins_with_it(project, tmp_path):
    graph = artnb.graph(project).lineage
    at = next(run.created_at for run in graph.runs.values() if run.name == "trainer")
    # A datetime has whole µs, the catalogue's times have parts of them.
    since = datetime.fromtimestamp(at) - timedelta(microseconds=1)
    view = artnb.graph(project, since=since, until=timedelta(0))
    assert labels(view) > {"trainer", "net:v0"}
    assert labels(view).isdisjoint({"loader", "raw:v0"})
    found = look(view, tmp_path / "graph.html")
    assert found["since"] == since.timestamp()
    assert at <= found["until"] <= time.time()
    assert labels(artnb.graph(project, until=timedelta(days=1))) == set()
    assert labels(artnb.graph(project, since=timedelta(hours=1))) == labels(artnb.graph(project))


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        (date(2026, 3, 4), datetime(2026, 3, 4), datetime(2026, 3, 4, 23, 59, 59, 999999)),
        ("2026-03-04", datetime(2026, 3, 4), datetime(2026, 3, 4, 23, 59, 59, 999999)),
        ("2026-03-04 12:00", datetime(2026, 3, 4, 12), datetime(2026, 3, 4, 12)),
        (datetime(2026, 3, 4, tzinfo=UTC), *[datetime(2026, 3, 4, tzinfo=UTC)] * 2),
        ("2026-03-04T12:00Z", *[datetime(2026, 3, 4, 12, tzinfo=UTC)] * 2),
    ],
)
def test_a_day_is_in_the_span_as_a_whole_and_a_time_is_a_moment(given, first, last):
    assert checked_span(given, given) == (first.timestamp(), last.timestamp())


def test_a_focus_outside_the_span_is_an_error(project):
    with pytest.raises(InvalidValueError, match=r"The focus 'net:v0' is of 20.*outside since="):
        artnb.graph(project, focus="net:v0", until=timedelta(days=1))
    assert labels(artnb.graph(project, focus="net:v0", depth=1, since=timedelta(days=1)))


def test_types_are_a_part_of_the_graph(project):
    assert labels(artnb.graph(project, types=["dataset", "load"])) == {"raw:v0", "loader"}
    assert labels(artnb.graph(project, types="model")) >= {"net:v0", "net:v1", "trainer"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"level": "name"}, "level 'name' does not exist; did you mean 'names'"),
        ({"lang": "kr"}, "lang 'kr' is not spoken; there is: en, ko"),
        ({"direction": "dwon"}, "direction 'dwon' does not exist; did you mean 'down'"),
        ({"types": ["modle"]}, "called 'modle'; did you mean 'model'"),
        ({"since": "yesterday"}, "since='yesterday' is no ISO time; write '2026-03-04'"),
        ({"until": 3}, "until=3 is a int; give a datetime"),
        ({"since": timedelta(-1)}, "a timedelta says how long ago"),
        ({"since": pandas.NaT}, "since=NaT is no time"),
        ({"since": date(2026, 3, 5), "until": "2026-03-04"}, "nothing is between them"),
        ({"depth": 2}, "say which one with focus="),
        ({"depth": 0, "focus": "net:v0"}, "depth=0 is not from 1 to 9"),
        ({"depth": 99, "focus": "net:v0"}, "depth=99 is not from 1 to 9"),
    ],
)
def test_what_cannot_be_shown_is_an_error_that_says_what_can(project, asked, said):
    with pytest.raises(InvalidValueError, match=re.escape(said)):
        artnb.graph(project, **asked)


@pytest.mark.parametrize(
    ("focus", "said"),
    [("nett:v0", "'net'"), ("net:v9", "v9"), ("trainr", "did you mean 'trainer'")],
)
def test_a_focus_that_is_not_there_names_the_nearest(project, focus, said):
    with pytest.raises(CommError, match=re.escape(said)):
        artnb.graph(project, focus=focus)


def test_what_is_around_a_node_of_another_project_is_shown_where_the_graph_has_it(project):
    with artnb.init(project="other", name="elsewhere") as run:
        run.use_artifact("lab/net:v0")
    assert len(artnb.graph("other", focus="lab/net:v0", depth=1).lineage) == 2
    assert repr(artnb.graph("other", focus="lab/raw:v0"))
    with pytest.raises(InvalidValueError, match="lies outside the graph of 'other'"):
        artnb.graph("other", focus="lab/raw:v0", depth=1)


def test_page_and_python_have_the_same_levels_and_limit():
    levels = re.search(r"LEVELS = \[(.*?)\]", (JS / "view.ts").read_text("utf-8"))
    directions = re.search(r"DIRECTIONS = \[(.*?)\]", (JS / "layout.ts").read_text("utf-8"))
    assert directions
    assert tuple(json.loads(f"[{directions[1]}]")) == DIRECTIONS
    deepest = re.search(r"DEEPEST = (\d+);", (JS / "state.ts").read_text("utf-8"))
    assert levels
    assert deepest
    assert tuple(json.loads(f"[{levels[1]}]")) == LEVELS
    assert int(deepest[1]) == MOST_STEPS


@pytest.mark.parametrize("level", LEVELS)
def test_a_picture_has_the_nodes_of_its_level(project, tmp_path, level):
    text = artnb.graph(project, level=level).to_svg(tmp_path / "graph.svg").read_text("utf-8")
    titles = {"types": "dataset", "names": "raw", "instances": "raw:v0"}
    for each, title in titles.items():
        assert (f">{title}<" in text) == (each == level)


def test_the_language_is_the_one_asked_for_else_the_setting(project, tmp_path, monkeypatch):
    assert look(artnb.graph(project, lang="ko"), tmp_path / "graph.html")["lang"] == "ko"
    close_repositories()
    monkeypatch.setenv("ARTNB_LANG", "ko")
    assert look(artnb.graph(project), tmp_path / "graph.html")["lang"] == "ko"
    assert look(artnb.graph(project, lang="en"), tmp_path / "graph.html")["lang"] == "en"


def test_what_is_written_is_in_the_language_asked_for(project, tmp_path, monkeypatch):
    def words(view, **lang):
        """The words for versions in each kind of file."""
        svg = view.to_svg(tmp_path / "graph.svg", **lang).read_text("utf-8")
        found = svg, view.to_mermaid(**lang), view.to_dot(**lang)
        return [re.search("[0-9] version|버전 [0-9]개", text)[0] for text in found]

    shown = artnb.graph(project)
    assert set(words(shown)) == {"1 version"}  # no browser words a picture: English
    assert set(words(shown, lang="ko")) == {"버전 1개"}
    assert set(words(artnb.graph(project, lang="ko"))) == {"버전 1개"}
    assert set(words(artnb.graph(project, lang="ko"), lang="en")) == {"1 version"}
    page = shown.to_html(tmp_path / "graph.html", lang="ko").read_text("utf-8")
    assert '<html lang="ko">' in page
    assert '"lang":"ko"' in page
    close_repositories()
    monkeypatch.setenv("ARTNB_LANG", "ko")
    assert set(words(artnb.graph(project))) == {"버전 1개"}
    for write in ("to_svg", "to_png", "to_html"):
        with pytest.raises(InvalidValueError, match="'kr' is not spoken; there is: en, ko"):
            getattr(shown, write)(tmp_path / "new" / "graph", lang="kr")
    assert not (tmp_path / "new").exists()


def test_the_page_speaks_the_same_languages():
    spoken = re.search(r"LANGUAGES = \[(.*?)\]", (JS / "texts" / "index.ts").read_text("utf-8"))
    assert tuple(json.loads(f"[{spoken[1]}]")) == LANGUAGES
