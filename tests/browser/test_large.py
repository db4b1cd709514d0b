"""Graphs too large for one column or one moment: 200 names alike, 4,000 versions."""

import base64
import json

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from playwright.sync_api import expect

from artnb.lineage import LineageGraph
from artnb.model import Edge, RunRecord, VersionRecord
from artnb.widgets.look import Look
from artnb.widgets.payload import encode_graph
from artnb.widgets.widget import BUNDLE

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:;
worker-src blob:">
<title>large</title><style>:root {{ color-scheme: light dark }}
html, body {{ margin: 0; height: 100% }} #artnb {{ height: 100% }}</style>
<div id="artnb"></div>
<script type="module">
const widget = await import("data:text/javascript;base64,{bundle}");
widget.mountPage(document.getElementById("artnb"), {data});
</script></html>"""


def version(key, name, number=0):
    return VersionRecord(
        id=key, project="large", name=name, type="dataset", number=number, digest="0" * 64,
        size=1, entries=1, description=None, metadata={}, aliases=(), tags=(), state="live",
        created_at=float(key),
    )  # fmt: skip


def run(key, job_type):
    return RunRecord(
        id=f"{key:08}", project="large", number=key, name=f"run-{key}", job_type=job_type,
        state="finished", created_at=float(key),
    )  # fmt: skip


def fan(count):
    """One run makes `count` names, another takes them all."""
    versions = [version(key, f"part-{key:03}") for key in range(1, count + 1)]
    edges = [Edge("00000001", each.id, "logged") for each in versions]
    edges += [Edge("00000002", each.id, "used") for each in versions]
    return LineageGraph([run(1, "split"), run(2, "join")], versions, edges)


def tree(count):
    """`count` versions, each made by a run from the version at half its number."""
    versions = [version(key, "grown", key) for key in range(1, count + 1)]
    runs = [run(key, "grow") for key in range(2, count + 1)]
    edges = [Edge(f"{key:08}", key, "logged") for key in range(2, count + 1)]
    edges += [Edge(f"{key:08}", key // 2, "used") for key in range(2, count + 1)]
    return LineageGraph(runs, versions, edges)


@pytest.fixture
def show(page, watch, tmp_path):
    def write_and_open(graph, look):
        data = {
            "graph": base64.b64encode(encode_graph(graph, "large")).decode(),
            "look": look.to_json(), "details": {}, "shared": [], "blobs": {}, "blobsLeftOut": 0,
        }  # fmt: skip
        bundle = base64.b64encode(BUNDLE.read_bytes()).decode()
        path = tmp_path / "large.html"
        path.write_text(PAGE.format(bundle=bundle, data=json.dumps(data)))
        page.goto(path.as_uri())
        return GraphPage.of(page)

    return write_and_open


def test_200_names_are_folded_into_columns(show, page, shoot):
    graph = show(fan(200), Look(level="instances"))
    nodes = graph.nodes()
    xs = {round(nodes[f"part-{key:03}:v0"]["x"]) for key in range(1, 201)}
    assert 3 <= len(xs) <= 40
    shoot(page, "large-200")
    graph.click("part-100:v0")
    shoot(page, "large-200-chosen")
    assert violations(page, graph.root) == []


def test_200_names_alike_are_one_until_exploded(show):
    graph = show(fan(200), Look(level="names"))
    assert set(graph.nodes()) == {"split", "200 × dataset", "join"}
    graph.double_click("200 × dataset")
    graph.wait_for("part-001", "part-200")


def test_a_large_graph_is_laid_out_while_the_page_goes_on(show, page, shoot):
    graph = show(tree(2500), Look(level="types"))
    # The first worker is given nothing to do: it would be done before a slow machine looks.
    page.evaluate("() => { window.made = window.answered = 0; const Real = Worker;"
                  " window.Worker = class extends Real {"
                  " constructor(url) { super(url); this.number = ++window.made;"
                  " this.addEventListener('message', () => window.answered++); }"
                  " postMessage(...what) { if (this.number > 1) super.postMessage(...what); } } }"
                  )  # fmt: skip
    graph.root.get_by_test_id("artnb-level-instances").click()
    expect(graph.root.get_by_test_id("artnb-arranging")).to_contain_text("4,999")
    # Another wish is heard while the first is worked on.
    graph.root.get_by_test_id("artnb-level-types").click()
    graph.wait_for("dataset", "grow")
    graph.root.get_by_test_id("artnb-level-instances").click()
    graph.wait_for("grown:v2500")
    assert page.evaluate("[window.made, window.answered]") == [2, 1]
    expect(graph.root.get_by_test_id("artnb-arranging")).to_have_count(0)
    shoot(page, "large-4999")


def test_a_page_without_workers_lays_out_itself(page, show):
    page.add_init_script("delete window.Worker")
    graph = show(tree(2000), Look(level="instances"))
    graph.wait_for("grown:v2000")
