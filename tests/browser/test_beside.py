"""The graph in a panel beside the notebook."""

import pytest
from browser.graph import GraphPage
from browser.lab import NotebookPage
from playwright.sync_api import expect

RECORD = """
%load_ext artnb
import artnb
with artnb.init(project="small", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset")
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw)
%artnb project small
"""
BESIDE = "%artnb graph --beside --instances"
MORE = """
with artnb.init(project="small", job_type="train", name="trainer") as run:
    run.use_artifact("raw:latest")
"""


def back_to(notebook):
    """Make the notebook, not the panel, what commands speak of."""
    path = notebook.path.name
    notebook.page.get_by_role("tab", name=path).click()
    notebook.page.wait_for_function(
        "name => window.jupyterapp.shell.currentWidget?.title.label === name", arg=path
    )


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    opened = NotebookPage.open(shared_page, lab, lab.notebook("beside", [RECORD, BESIDE, MORE]))
    opened.run_cell(0)
    opened.run_cell(1)
    return opened


def test_it_opens_beside_in_jupyterlab_and_follows_along(notebook, shoot):
    graph = GraphPage.of(notebook.page)  # one in the whole page
    back_to(notebook)
    assert notebook.cell(1).get_by_test_id("artnb").count() == 0
    expect(notebook.cell(1)).to_contain_text("open beside the notebook")
    shoot(notebook.page, "beside")
    cell, panel = notebook.cell(1).bounding_box(), graph.root.bounding_box()
    assert panel["x"] >= cell["x"] + cell["width"] - 1
    assert panel["height"] > 600  # all that the panel has
    notebook.run_cell(2)
    graph.wait_for("trainer")
    graph.click("raw:v0")
    assert "rows.txt" in graph.tab("files")
    back_to(notebook)
    notebook.run_cell(1)  # again: the new one takes the place of the old
    expect(notebook.page.get_by_test_id("artnb")).to_have_count(1)
    GraphPage.of(notebook.page).wait_for("trainer")
    back_to(notebook)
    assert notebook.failures() == []


def test_a_reloaded_page_has_it_again(notebook):
    GraphPage.of(notebook.page)
    back_to(notebook)
    notebook.save()
    notebook.page.reload()
    graph = GraphPage.of(notebook.page)
    graph.click("raw:v0")
    assert "rows.txt" in graph.tab("files")
