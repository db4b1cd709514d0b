"""Two kernels on one repository: a graph shows what the other kernel records."""

import json

from browser.graph import GraphPage
from browser.lab import NotebookPage
from kernels import notebook_of
from playwright.sync_api import expect

LOAD = """
import artnb
with artnb.init(project="shared", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset")
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw)
"""
SHOW = 'artnb.graph("shared", level="instances")'
TRAIN = """
import artnb
with artnb.init(project="shared", job_type="train", name="trainer") as run:
    run.use_artifact("raw:latest")
"""


def test_a_graph_shows_what_a_second_kernel_records(lab, page, context, watch, shoot):
    path = lab.notebook("two-kernels", [LOAD, SHOW, "pass"])
    other = lab.root / "two-kernels" / "other.ipynb"
    other.write_text(json.dumps(notebook_of(TRAIN)))
    first = NotebookPage.open(page, lab, path)
    first.run_cell(0)
    first.run_cell(1)
    graph = GraphPage.of(first.page, first.cell(1))
    assert set(graph.nodes()) == {"raw:v0", "loader"}

    second = NotebookPage.open(context.new_page(), lab, other)
    second.run_cell(0)
    assert second.failures() == []

    first.page.bring_to_front()  # a page in the background draws nothing
    graph.wait_for("trainer")
    graph.click("trainer")
    expect(graph.panel).to_contain_text("raw:v0")
    shoot(graph.root, "two-kernels")
    first.run_cell(2)  # and the first kernel runs on
    assert first.failures() == []
