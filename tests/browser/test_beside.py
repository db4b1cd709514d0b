"""The graph in a panel beside the notebook."""

from browser.graph import GraphPage
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


def test_it_opens_beside_in_jupyterlab_and_follows_along(lab, open_notebook, shoot):
    notebook = open_notebook(lab.notebook("beside", [RECORD, BESIDE, MORE]))
    notebook.run_cell(0)
    notebook.run_cell(1)
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


def test_a_reloaded_page_has_it_again(lab, open_notebook):
    notebook = open_notebook(lab.notebook("reloaded", [RECORD, BESIDE, MORE]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    GraphPage.of(notebook.page)
    back_to(notebook)
    notebook.save()
    notebook.page.reload()
    graph = GraphPage.of(notebook.page)
    graph.click("raw:v0")
    assert "rows.txt" in graph.tab("files")
