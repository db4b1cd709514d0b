"""The two sides of the wire agree: names and states, and the columns of a graph.

`js/tests/graph.bin` is what `encode_graph` gives for the graph below, `graph.json` what the
page must read from it; the page's own tests decode the one and compare with the other.
After a change of the format that is meant, ``python tests/widgets/test_payload.py`` writes
both anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from benchmarks.graph.projects import project
from told import PROJECT, expected, read, run, version

from artnb.lineage import LineageGraph
from artnb.model import Edge
from artnb.widgets.payload import RUN_STATES, VERSION_STATES, contents_of, encode_graph
from artnb.widgets.rpc import METHODS

JS = Path(__file__).parents[2] / "js"


def graph() -> LineageGraph:
    """Every state, a run without a job type, names beyond ASCII, numbers beyond 16 bits.

    And names of runs that end with their number, or only seem to.
    """
    versions = [
        version(3, "raw", 0, aliases=("latest", "gut <i>")),
        version(70_000, "ταξινομητής", 66_000, type="model", aliases=("latest",)),
        version(8, "raw", 1, state="damaged", tags=("old", "<i>")),
        version(9, "👩‍🔬", 0, type='"quoted"\\', state="deleted"),
    ]
    runs = [
        run("aaaa0001", 1, job_type="train", tags=("first",)),
        run("aaaa0002", 2, state="running"),
        run("aaaa0003", 3, job_type="dataset", state="failed"),
        run("aaaa0004", 70_001, job_type="train", state="crashed"),
        run("aaaa0005", 5, name="5"),
        run("aaaa0006", 6, name="seed-16"),
        run("aaaa0007", 7, name="late-07"),
        run("aaaa0008", 8, state="deleted"),
    ]
    edges = [
        Edge("aaaa0001", 3, "used"),
        Edge("aaaa0001", 70_000, "logged"),
        Edge("aaaa0003", 70_000, "used"),
        Edge("aaaa0003", 8, "logged"),
        Edge("aaaa0002", 9, "used"),
    ]
    return LineageGraph(runs, versions, edges)


def said_by_page(name: str) -> tuple[str, ...]:
    text = (JS / "src" / "protocol.ts").read_text("utf-8")
    found = re.search(rf"export const {name} = \[(.*?)\] as const", text, re.DOTALL)
    assert found, f"protocol.ts has no list {name}"
    return tuple(json.loads(f"[{found[1].strip().rstrip(',')}]"))


@pytest.mark.parametrize(
    ("name", "ours"),
    [("METHODS", METHODS), ("RUN_STATES", RUN_STATES), ("VERSION_STATES", VERSION_STATES)],
)
def test_page_and_python_have_the_same_list(name, ours):
    assert said_by_page(name) == ours


def test_a_graph_is_encoded_as_the_page_was_tested_with():
    assert encode_graph(graph(), PROJECT) == (JS / "tests" / "graph.bin").read_bytes()


def test_a_version_of_another_project_is_named_with_it():
    versions = [version(1, "raw", 0), version(2, "raw", 0, project="other")]
    found = contents_of(LineageGraph([], versions, [], project=PROJECT))
    assert [node.name for node in found.nodes] == ["raw", "other/raw"]


def test_what_the_page_must_read_is_what_the_records_say():
    assert json.loads((JS / "tests" / "graph.json").read_text("utf-8")) == expected(graph())


def test_the_tests_read_what_the_page_reads():
    assert read((JS / "tests" / "graph.bin").read_bytes()) == expected(graph())


def test_every_state_is_in_the_graph_that_the_page_was_tested_with():
    found = graph()
    assert {each.state for each in found.runs.values()} == set(RUN_STATES)
    assert {each.state for each in found.versions.values()} == set(VERSION_STATES)


def test_100_000_nodes_fit_into_4_mb():
    found = project(100_000)
    assert len(found) == 100_000
    assert len(encode_graph(found, "bench")) < 4_000_000


@pytest.mark.parametrize("count", range(9))
def test_columns_begin_at_multiples_of_eight(count):
    versions = [version(key, "n" * key, key) for key in range(1, count + 1)]
    data = encode_graph(LineageGraph([], versions, []), "p" * count)
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    assert (4 + length) % 8 == 0
    assert all(offset % 8 == 0 for _, offset, _ in header["columns"].values())


if __name__ == "__main__":
    (JS / "tests" / "graph.bin").write_bytes(encode_graph(graph(), PROJECT))
    text = json.dumps(expected(graph()), indent=1, ensure_ascii=False) + "\n"
    (JS / "tests" / "graph.json").write_text(text, "utf-8")
