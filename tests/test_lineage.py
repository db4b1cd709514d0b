"""The graph of runs and versions: what led to what, at both levels."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb.errors import CommError
from artnb.lineage import LineageGraph, run_node, version_node
from artnb.model import Edge, RunRecord, VersionRecord


def run(key, job_type=None):
    return RunRecord(id=key, project="p", number=1, name=f"name-{key}", job_type=job_type)


def version(number, type="dataset"):
    return VersionRecord(
        id=number, project="p", name=f"n{number}", type=type, number=0, digest="0" * 64, size=1,
        entries=1, description=None, metadata={}, aliases=(), tags=(), state="live",
        created_at=0.0,
    )  # fmt: skip


@pytest.fixture
def graph():
    """load → v1 → train → v2 → test; train also takes v3; v4 and idle stand alone."""
    return LineageGraph(
        [run("load", "load"), run("train", "train"), run("test", "report"), run("idle")],
        [version(1), version(2, "model"), version(3), version(4)],
        [
            Edge("load", 1, "logged"),
            Edge("train", 1, "used"),
            Edge("train", 3, "used"),
            Edge("train", 2, "logged"),
            Edge("test", 2, "used"),
        ],
    )


def test_nodes_are_named_by_kind_and_id():
    assert (run_node("ab12"), version_node(7)) == ("r:ab12", "v:7")


def test_arrows_go_with_the_data(graph):
    assert graph.arrows() == [
        ("r:load", "v:1"), ("v:1", "r:train"), ("v:3", "r:train"), ("r:train", "v:2"),
        ("v:2", "r:test"),
    ]  # fmt: skip


def test_an_edge_to_what_is_not_in_the_graph_is_left_out():
    found = LineageGraph([run("a")], [version(1)], [Edge("a", 2, "used"), Edge("b", 1, "used")])
    assert found.edges == []
    assert found.arrows() == []


def test_its_length_counts_runs_and_versions(graph):
    assert len(graph) == 8
    assert len(LineageGraph([], [], [])) == 0


def test_types_gather_what_is_of_one_kind(graph):
    gathered = {node.id: (node.label, node.is_run, node.members) for node in graph.groups()}
    assert gathered == {
        "t:dataset": ("dataset", False, ("v:1", "v:3", "v:4")),
        "t:model": ("model", False, ("v:2",)),
        "j:load": ("load", True, ("r:load",)),
        "j:train": ("train", True, ("r:train",)),
        "j:report": ("report", True, ("r:test",)),
        "j:run": ("run", True, ("r:idle",)),
    }


def test_a_job_type_and_an_artifact_type_of_one_name_stay_apart():
    found = LineageGraph([run("a", "model")], [version(1, "model")], [Edge("a", 1, "logged")])
    assert [node.id for node in found.groups()] == ["t:model", "j:model"]
    assert found.group_arrows() == {("j:model", "t:model"): 1}


def test_collapsed_arrows_say_how_many_they_stand_for(graph):
    assert graph.group_arrows() == {
        ("j:load", "t:dataset"): 1,
        ("t:dataset", "j:train"): 2,
        ("j:train", "t:model"): 1,
        ("t:model", "j:report"): 1,
    }


def test_what_led_to_a_node_and_what_came_of_it(graph):
    assert graph.ancestors("v:2") == {"r:load", "v:1", "v:3", "r:train"}
    assert graph.descendants("v:1") == {"r:train", "v:2", "r:test"}
    assert graph.ancestors("v:4") == graph.descendants("r:idle") == set()


def test_a_path_is_a_shortest_way_or_none(graph):
    assert graph.path("r:load", "r:test") == ["r:load", "v:1", "r:train", "v:2", "r:test"]
    assert graph.path("v:1", "v:1") == ["v:1"]
    assert graph.path("r:test", "r:load") == []
    assert graph.path("v:1", "v:4") == []


def test_a_run_that_logs_what_it_used_is_a_loop_that_ends():
    found = LineageGraph(
        [run("a")], [version(1)], [Edge("a", 1, "used"), Edge("a", 1, "logged")]
    )  # fmt: skip
    assert found.ancestors("r:a") == {"v:1"}
    assert found.descendants("r:a") == {"v:1"}
    assert found.path("r:a", "v:1") == ["r:a", "v:1"]


@pytest.mark.parametrize("node", ["v:99", "r:nobody", "t:dataset", "", "v:1 "])
@pytest.mark.parametrize(
    "ask",
    [
        lambda graph, node: graph.ancestors(node),
        lambda graph, node: graph.descendants(node),
        lambda graph, node: graph.path(node, "v:1"),
        lambda graph, node: graph.path("v:1", node),
        lambda graph, node: graph.group_of(node),
    ],
    ids=["ancestors", "descendants", "path from", "path to", "group_of"],
)
def test_an_unknown_node_is_named(graph, ask, node):
    with pytest.raises(CommError) as caught:
        ask(graph, node)
    assert f"no node {node!r}" in str(caught.value)


def test_networkx_gets_the_records_and_a_copy(graph):
    made = graph.to_networkx()
    assert made.nodes["r:train"]["kind"] == "run"
    assert made.nodes["r:idle"]["type"] == "run"
    assert made.nodes["v:2"] == {
        "kind": "artifact", "label": "n2:v0", "type": "model", "record": graph.versions["v:2"],
    }  # fmt: skip
    made.remove_node("v:2")
    assert "v:2" in graph.to_networkx()
    assert graph.descendants("r:train") == {"v:2", "r:test"}


EDGES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 6), st.sampled_from(["used", "logged"])),
    max_size=25,
)


@given(EDGES)
def test_every_answer_is_networkx_on_the_same_arrows(edges):
    runs = [run(str(n), f"job{n % 2}") for n in range(5)]  # the edges name one more
    versions = [version(n, f"type{n % 3}") for n in range(6)]
    found = LineageGraph(runs, versions, [Edge(str(r), v, kind) for r, v, kind in edges])
    expected = nx.DiGraph()
    expected.add_nodes_from([*(f"r:{n}" for n in range(5)), *(f"v:{n}" for n in range(6))])
    for r, v, kind in edges:
        if r < 5 and v < 6:
            ends = (f"r:{r}", f"v:{v}")
            expected.add_edge(*(ends if kind == "logged" else reversed(ends)))
    distances = dict(nx.all_pairs_shortest_path_length(expected))
    for node in expected:
        assert found.ancestors(node) == nx.ancestors(expected, node)
        assert found.descendants(node) == nx.descendants(expected, node)
        for other in expected:
            path = found.path(node, other)
            assert len(path) == distances[node].get(other, -1) + 1
            assert all(expected.has_edge(*step) for step in pairwise(path))
    members = [member for kind in found.groups() for member in kind.members]
    assert sorted(members) == sorted(expected)
    assert all(found.group_of(m) == kind.id for kind in found.groups() for m in kind.members)
    assert sum(found.group_arrows().values()) == len(found.arrows())
