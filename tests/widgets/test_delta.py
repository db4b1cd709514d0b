"""What a page is told of a graph that changes is at any moment all that there is.

`js/tests/deltas.json` holds the messages that tell of the steps below; the page's own tests
read them. After a change of the format that is meant, ``python tests/widgets/test_delta.py``
writes it anew.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from told import PROJECT, expected, read, run, version

from artnb.lineage import LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord
from artnb.widgets.delta import Telling
from artnb.widgets.payload import contents_of, encode_graph

FIXTURE = Path(__file__).parents[2] / "js" / "tests" / "deltas.json"


class Project:
    """Runs, versions and edges that change as they do in a catalogue."""

    def __init__(self, pairs: int) -> None:
        self.runs: list[RunRecord] = []
        self.versions: list[VersionRecord] = []
        self.edges: list[Edge] = []
        for _ in range(pairs):
            self.start()
            self.log(-1)

    def graph(self) -> LineageGraph:
        return LineageGraph(self.runs, self.versions, self.edges)

    def start(self, *_: int) -> None:
        number = 1 + max((each.number for each in self.runs), default=0)
        self.runs.append(run(f"{number:08x}", number, state="running", job_type="train"))

    def log(self, which: int, *_: int) -> None:
        if not self.runs:
            return
        key = 1 + max((each.id for each in self.versions), default=0)
        self.versions.append(version(key, f"net-{key % 3}", key))
        self.edges.append(Edge(_at(self.runs, which).id, key, "logged"))
        self.move("latest", -1)

    def use(self, which: int, what: int = 0) -> None:
        if self.runs and self.versions:
            edge = Edge(_at(self.runs, which).id, _at(self.versions, what).id, "used")
            if edge not in self.edges:
                self.edges.append(edge)

    def move(self, alias: str, which: int) -> None:
        for place, each in enumerate(self.versions):
            left = tuple(name for name in each.aliases if name != alias)
            self.versions[place] = replace(each, aliases=left)
        self.change(self.versions, which, aliases=(alias,))

    def alias(self, which: int, what: int = 0) -> None:
        self.move(f"alias {what % 3}", which)

    def end(self, which: int, what: int = 0) -> None:
        self.change(self.runs, which, state=("finished", "failed", "crashed")[what % 3])

    def rename(self, which: int, what: int = 0) -> None:
        self.change(self.runs, which, name=("other", "seed-16", "ταξινομητής")[what % 3])

    def tag(self, which: int, what: int = 0) -> None:
        self.change(self.runs if what % 2 else self.versions, which, tags=(f"<{what % 5}>",))

    def delete(self, which: int, what: int = 0) -> None:
        self.change(self.versions, which, state=("deleted", "damaged", "live")[what % 3])

    def forget(self, which: int, what: int = 0) -> None:
        """Let a run or a version be no more, and all edges with it."""
        those = self.runs if what % 2 else self.versions
        if those:
            those.remove(_at(those, which))
            self.edges = self.graph().edges

    def undo(self, which: int, *_: int) -> None:
        if self.edges:
            self.edges.remove(_at(self.edges, which))

    def turn(self, *_: int) -> None:
        """Show all in another order, which a catalogue does not."""
        self.runs.reverse()

    def change(self, those: list[Any], which: int, **changes: Any) -> None:
        if those:
            those[which % len(those)] = replace(_at(those, which), **changes)


def _at(those: list[Any], which: int) -> Any:
    return those[which % len(those)]


CHANGES = (
    *("start", "log", "use", "alias", "end", "rename", "tag", "delete", "forget"),
    *("undo", "turn"),
)
steps = st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 99), st.integers(0, 99)))


@given(pairs=st.integers(0, 8), told=st.lists(steps, max_size=12))
def test_whole_and_news_are_all_that_there_is_whatever_changed(pairs, told):
    project = Project(pairs)
    telling = Telling(contents_of(project.graph()), PROJECT)
    revision = 0
    for changes in told:
        for name, which, what in changes:
            getattr(project, name)(which, what)
        telling.advance(contents_of(project.graph()))
        found = read(telling.whole, telling.news)
        assert found["revision"] in (revision, revision + 1)
        revision = found["revision"]
        assert found == {**expected(project.graph()), "revision": revision}


def test_what_is_told_again_is_not_sent_again():
    project = Project(20)
    telling = Telling(contents_of(project.graph()), PROJECT)
    project.start()
    whole = telling.whole
    telling.advance(contents_of(project.graph()))
    first = telling.news
    assert first
    for _ in range(2 * len(whole) // len(first)):
        telling.advance(contents_of(project.graph()))
    assert (telling.whole, telling.news) == (whole, first)


def test_a_change_that_was_taken_back_leaves_nothing_to_tell():
    project = Project(20)
    telling = Telling(contents_of(project.graph()), PROJECT)
    for state in ("failed", "running"):
        project.change(project.runs, 3, state=state)
        telling.advance(contents_of(project.graph()))
        assert bool(telling.news) == (state == "failed")


def test_many_small_changes_cost_little_more_than_each_alone():
    project = Project(250)
    telling = Telling(contents_of(project.graph()), PROJECT)
    sent = whole = 0
    for _ in range(300):
        before = telling.whole
        project.start()
        telling.advance(contents_of(project.graph()))
        sent += len(telling.news) + (len(telling.whole) if telling.whole is not before else 0)
        whole += len(encode_graph(project.graph(), PROJECT))
    print(f"300 runs more than 500 nodes: {sent:,} bytes, {sent / whole:.1%} of all each time")
    assert sent < whole / 5


def story() -> Iterator[tuple[str, Project]]:
    """A project, each time after one more thing happened to it."""
    project = Project(12)
    project.use(3, 1)
    yield "the beginning", project
    for what, name, which, other in (
        ("a run starts", "start", 0, 0),
        ("it uses two versions", "use", -1, 2),
        ("and logs one, which takes the alias", "log", -1, 0),
        ("it fails", "end", -1, 1),
        ("an alias moves", "alias", 4, 1),
        ("a run has another name", "rename", 5, 2),
        ("a version is tagged", "tag", 6, 0),
        ("a run is tagged", "tag", 6, 1),
        ("a version is deleted", "delete", 2, 0),
        ("another is damaged", "delete", 5, 1),
        ("an edge goes", "undo", 7, 0),
        ("a version is no more", "forget", 3, 0),
        ("a run is no more", "forget", 2, 1),
        ("all is turned", "turn", 0, 0),
        ("a run starts again", "start", 0, 0),
    ):
        getattr(project, name)(which, other)
        yield what, project


def messages() -> list[dict[str, str]]:
    """What is sent at each step, with all that there is then."""
    found: list[dict[str, str]] = []
    telling, whole = None, b""
    for what, project in story():
        contents = contents_of(project.graph())
        if telling is None:
            telling = Telling(contents, PROJECT)
        telling.advance(contents)
        message = {"what": what, "news": _text(telling.news)}
        if telling.whole is not whole:
            message["graph"] = _text(whole := telling.whole)
        found.append({**message, "all": _text(encode_graph(project.graph(), PROJECT))})
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_what_is_sent_is_what_the_page_was_tested_with():
    assert json.loads(FIXTURE.read_text("utf-8")) == messages()


def test_the_page_was_tested_with_both_news_and_wholes():
    sent = messages()
    assert sum("graph" in each for each in sent) > 2
    assert sum(bool(each["news"]) for each in sent) > 8


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in messages())
    FIXTURE.write_text(f"[\n{lines}\n]\n", "utf-8")
