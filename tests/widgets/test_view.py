"""graph(): which project, which level, what is opened, and the files that it writes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

import artnb
from artnb.errors import CommError, InvalidValueError
from artnb.repository import Content, open_repository
from artnb.widgets import GraphView, graph


@pytest.fixture
def recorded():
    """Project `old` with one run, then `demo` with a version and two runs."""
    with artnb.init(project="old", job_type="x"):
        pass
    with artnb.init(project="demo", job_type="make", name="maker") as run:
        draft = artnb.Artifact("thing", "dataset")
        with draft.new_file("a") as file:
            file.write("1")
        run.log_artifact(draft, aliases=["best"])
    with artnb.init(project="demo", job_type="use", name="user") as run:
        run.use_artifact("thing")
    return open_repository()


def test_the_project_last_worked_in_is_shown(recorded):
    assert graph().project == "demo"
    with artnb.init(project="old", job_type="y"):
        pass
    assert graph().project == "old"


def test_the_open_runs_project_comes_first_then_the_configured(recorded, monkeypatch):
    with artnb.init(project="old", job_type="z"):
        assert graph().project == "old"
    monkeypatch.setenv("ARTNB_PROJECT", "demo")
    assert graph().project == "demo"
    assert graph("old").project == "old"


def test_a_project_without_runs_can_be_shown():
    open_repository().commit("bare", "a", "dataset", [Content("a", b"1")], run_id=None)
    assert graph().project == "bare"


@pytest.mark.parametrize("project", ["dmeo", ""])
def test_a_project_that_is_not_there_is_said_with_the_nearest(recorded, project):
    with pytest.raises(CommError, match=f"no project '{project}'.*demo"):
        graph(project)


def test_where_nothing_is_recorded_that_is_said_with_what_to_do():
    with pytest.raises(CommError, match=r"Nothing is recorded in .*\.artnb.*%%artifact.*init"):
        graph()
    with pytest.raises(CommError, match="no project 'demo'; there is none yet"):
        graph("demo")


@pytest.mark.parametrize(
    ("level", "said"), [("instance", "did you mean 'instances'"), ("", "types"), (3, "types")]
)
def test_a_level_that_does_not_exist_is_said_with_the_nearest(recorded, level, said):
    with pytest.raises(InvalidValueError, match=f"level {level!r} does not exist; .*{said}"):
        graph("demo", level=level)


@pytest.mark.parametrize("level", ["types", "instances"])
def test_each_level_is_taken(recorded, level):
    assert graph("demo", level=level).level == level


@pytest.mark.parametrize("focus", ["maker", "thing:best", "thing", "demo/thing:v0", "id"])
def test_what_to_open_is_a_run_or_a_version(recorded, focus):
    maker = recorded.runs("demo")[1]
    version = recorded.resolve("thing:best", "demo")
    view = graph("demo", focus=maker.id if focus == "id" else focus)
    expected = f"r:{maker.id}" if focus in ("maker", "id") else f"v:{version.id}"
    assert view._look.focused == expected


def test_what_cannot_be_opened_is_said_with_the_nearest(recorded):
    with pytest.raises(CommError, match="did you mean 'thing'"):
        graph("demo", focus="thign")


def test_the_view_follows_what_is_recorded(recorded):
    view = graph("demo")
    assert repr(view) == "<graph of 'demo': 2 runs, 1 version>"
    recorded.start_run("demo")
    assert len(view.lineage.runs) == 3
    assert isinstance(view, GraphView)


def test_networkx_gets_the_instances(recorded):
    made = graph("demo").to_networkx()
    assert sorted(data["label"] for _, data in made.nodes(data=True)) == [
        "maker", "thing:v0", "user",
    ]  # fmt: skip
    assert made.number_of_edges() == 2


def test_the_picture_is_written_at_the_views_level(recorded, tmp_path):
    for level, labels in (("types", "dataset"), ("instances", "thing:v0")):
        path = graph("demo", level=level).to_svg(tmp_path / "new" / f"{level}.svg")
        assert path == tmp_path / "new" / f"{level}.svg"
        texts = [element.text for element in ET.parse(path).getroot().iter()]
        assert labels in texts


def test_the_page_is_written_with_what_is_opened(recorded, tmp_path):
    path = graph("demo", level="instances", focus="maker").to_html(str(tmp_path / "new" / "a.html"))
    text = path.read_text("utf-8")
    maker = recorded.runs("demo")[1]
    assert f'"focused":"r:{maker.id}"' in text
    assert '"level":"instances"' in text
