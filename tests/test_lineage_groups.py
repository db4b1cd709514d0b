"""The graph by itself: groups, parts, what is around a node; no database."""

from __future__ import annotations

from typing import Any

import pytest

from artnb.errors import CommError
from artnb.lineage import LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord


def version(
    key: int, name: str, number: int = 0, type: str = "dataset", **more: Any
) -> VersionRecord:
    given: dict[str, Any] = {
        "project": "lab", "digest": "0" * 64, "size": 1, "entries": 1, "description": None,
        "metadata": {}, "aliases": (), "tags": (), "state": "live", "created_at": float(key),
    }  # fmt: skip
    return VersionRecord(id=key, name=name, number=number, type=type, **given | more)


def run(key: str, job_type: str | None, **more: Any) -> RunRecord:
    given = {"number": 1, "name": f"run-{key}", "state": "finished"}
    return RunRecord(id=key, project="lab", job_type=job_type, **given | more)


@pytest.fixture
def graph() -> LineageGraph:
    """raw:v0 -> clean -> tidy:v0 -> train -> net:v0 -> check; raw:v1 -> train -> net:v1."""
    versions = [
        version(1, "raw"),
        version(2, "raw", 1),
        version(3, "tidy"),
        version(4, "net", type="model"),
        version(5, "net", 1, type="model"),
    ]
    runs = [run("a", "clean"), run("b", "train"), run("c", "train"), run("d", None)]
    edges = [
        Edge("a", 1, "used"), Edge("a", 3, "logged"), Edge("b", 3, "used"), Edge("b", 4, "logged"),
        Edge("c", 2, "used"), Edge("c", 5, "logged"), Edge("d", 4, "used"),
    ]  # fmt: skip
    return LineageGraph(runs, versions, edges)


def nodes(graph: LineageGraph) -> set[str]:
    return {*graph.runs, *graph.versions}


def test_types_gather_versions_by_type_and_runs_by_job_type(graph):
    assert {group.id: len(group.members) for group in graph.groups()} == {
        "t:dataset": 3, "t:model": 2, "j:clean": 1, "j:train": 2, "j:run": 1,
    }  # fmt: skip


def test_artifacts_of_one_name_in_two_projects_are_two():
    versions = [version(1, "raw"), version(2, "raw", project="other"), version(3, "raw", 1)]
    edges = [Edge("a", 1, "used"), Edge("a", 2, "used"), Edge("a", 3, "logged")]
    found = LineageGraph([run("a", "clean")], versions, edges)
    assert {group.id: group.members for group in found.groups("names")} == {
        "c:raw": ("v:1", "v:3"), "c:other/raw": ("v:2",), "j:clean": ("r:a",),
    }  # fmt: skip
    assert [group.label for group in found.groups("names")] == ["raw", "other/raw", "clean"]
    assert found.to_networkx().nodes["v:2"]["label"] == "other/raw:v0"
    # Of a part without runs, too, it is known whose graph it is.
    assert [group.id for group in found.part({"v:2"}).groups("names")] == ["c:other/raw"]


def test_versions_are_added_where_the_graph_has_them_not(graph):
    assert graph.with_versions([version(1, "raw")]) is graph
    more = graph.with_versions([version(9, "late"), version(0, "early")])
    assert list(more.versions) == ["v:0", "v:1", "v:2", "v:3", "v:4", "v:5", "v:9"]
    assert (more.runs, more.edges, more.project) == (graph.runs, graph.edges, graph.project)


def test_names_gather_versions_by_name(graph):
    assert [group.id for group in graph.groups("names")] == [
        *("c:raw", "c:tidy", "c:net"),
        *("j:clean", "j:train", "j:run"),
    ]


def test_arrows_between_groups_are_counted(graph):
    assert graph.group_arrows("names")["j:train", "c:net"] == 2
    assert graph.group_arrows()["t:dataset", "j:train"] == 2


def test_around_goes_back_and_forth_but_never_down_another_way(graph):
    assert nodes(graph.around("v:4", 1)) == {"v:4", "r:b", "r:d"}
    assert nodes(graph.around("v:4", 9)) == {"v:1", "r:a", "v:3", "r:b", "v:4", "r:d"}
    assert nodes(graph.around("r:a", 2)) == {"v:1", "r:a", "v:3", "r:b"}


def test_around_a_node_that_is_not_there_is_an_error(graph):
    with pytest.raises(CommError, match="no node 'v:99'"):
        graph.around("v:99", 1)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["model"], {"v:4", "v:5", "r:b", "r:c", "r:d"}),
        (["clean"], {"r:a", "v:1", "v:3"}),
        (["model", "train"], {"v:4", "v:5", "r:b", "r:c"}),
        (["run"], {"r:d", "v:4"}),
        ([], set()),
    ],
)
def test_a_part_by_types_has_what_is_beside_of_the_other_kind(graph, types, expected):
    assert nodes(graph.of_types(types)) == expected


@pytest.mark.parametrize(
    ("types", "since", "until", "expected"),
    [
        ([], None, None, {"v:1", "v:2", "v:3", "v:4", "v:5", "r:a", "r:b", "r:c", "r:d"}),
        ([], 2, 4, {"v:2", "v:3", "v:4"}),
        ([], 5, None, {"v:5"}),
        ([], None, 0, {"r:a", "r:b", "r:c", "r:d"}),
        (["model"], None, 4, {"v:4", "r:b", "r:d"}),
        (["model"], 1, None, {"v:4", "v:5"}),
        (["model", "train"], 1, None, {"v:4", "v:5"}),
        (["model", "train"], None, 1, {"r:b", "r:c"}),
    ],
)
def test_a_span_of_time_lets_in_nothing_from_outside(graph, types, since, until, expected):
    assert nodes(graph.filtered(types, since, until)) == expected


def test_a_part_keeps_the_edges_within_it(graph):
    part = graph.part({"v:3", "r:b", "r:c"})
    assert part.arrows() == [("v:3", "r:b")]
