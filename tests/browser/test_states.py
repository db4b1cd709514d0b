"""What a person sees when something is not as it should be: a state in words, never a blank box."""

from __future__ import annotations

import re

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from playwright.sync_api import expect

import artnb
from artnb.model import Edge
from artnb.repository import open_repository

RECORD = """
import artnb
with artnb.init(project="small", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset")
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw)
"""
SHOW = 'artnb.graph("small")'


def shown_once_more(notebook, index):
    """Copy a cell with its graph to below it: a view that opens now."""
    notebook.select(index)
    notebook.command("notebook:copy-cell")
    notebook.command("notebook:paste-cell-below")
    return GraphPage.of(notebook.page, notebook.cell(index + 1))


def opened(open_notebook, lab, folder):
    notebook = open_notebook(lab.notebook(folder, [RECORD, SHOW]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    assert notebook.failures() == []
    return notebook, GraphPage.of(notebook.page, notebook.cell(1))


def test_a_page_that_is_loaded_again_finds_its_state(lab, open_notebook):
    notebook, graph = opened(open_notebook, lab, "again")
    graph.level("instances")
    graph.click("raw:v0")
    graph.tab("files")
    notebook.save()
    notebook.page.reload()
    notebook.wait_ready()
    graph = GraphPage.of(notebook.page, notebook.cell(1))
    expect(graph.title).to_have_text("raw:v0")
    expect(graph.panel).to_contain_text("rows.txt")
    assert set(graph.nodes()) == {"raw:v0", "loader"}
    graph.click("loader")  # and the kernel answers


@pytest.mark.parametrize("end", ["shut down", "restarted"])
def test_a_kernel_that_has_ended_is_said_to_be_gone(lab, open_notebook, shoot, end):
    notebook, graph = opened(open_notebook, lab, f"gone-{end[:4]}")
    graph.level("instances")
    if end == "shut down":
        notebook.shut_down()
    else:
        notebook.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel"
            ".restart()"
        )
        notebook.wait_ready()
    expect(graph.root.get_by_test_id("artnb-gone")).to_contain_text("The kernel is gone")
    graph.canvas.scroll_into_view_if_needed()
    graph.page.mouse.click(*graph.place("raw:v0"))
    expect(graph.panel).to_contain_text("The kernel is gone")
    expect(graph.title).to_have_text(re.compile("raw:v0"))
    shoot(graph.root, f"gone-{end[:4]}")
    assert violations(graph.page, graph.root) == []
    seen_later = shown_once_more(notebook, 1)
    expect(seen_later.root.get_by_test_id("artnb-gone")).to_contain_text("The kernel is gone")
    seen_later.click("loader")


def test_a_saved_notebook_without_a_kernel_says_what_its_picture_is(lab, open_stored, shoot):
    notebook, _ = opened(open_stored, lab, "picture")
    notebook.save()
    notebook.shut_down()
    notebook.open_without_kernel()
    figure = notebook.cell(1).locator(".artnb-static")
    expect(figure.get_by_role("img")).to_be_visible()
    # What stands where the widget was is nothing to read: no kernel will ever bring it.
    words = notebook.cell(1).get_by_text("Loading widget...")
    expect(words).to_be_attached()
    expect(words).not_to_be_visible()
    shoot(notebook.cell(1), "saved-without-kernel")
    expect(figure).to_contain_text("Run the cell again for the live graph")


@pytest.fixture
def damaged():
    """A project with a cycle, which no run could record, and a version without its bytes."""
    with artnb.init(project="broken", job_type="load", name="loader") as run:
        raw = artnb.Artifact("raw", "dataset")
        with raw.new_file("rows.txt") as stream:
            stream.write("one")
        run.log_artifact(raw)
    with artnb.init(project="broken", job_type="train", name="trainer") as run:
        version = run.use_artifact("raw:latest")._version
        net = artnb.Artifact("net", "model")
        with net.new_file("net.txt") as stream:
            stream.write("two")
        made = run.log_artifact(net)._version
    repository = open_repository()
    loader = repository.runs("broken")[1]
    repository._catalog.add_edge(Edge(loader.id, made.id, "used"))
    repository._catalog.add_edge(Edge(loader.id, version.id, "used"))  # of itself
    for path in (repository.root / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.unlink()
    return repository


@pytest.mark.usefixtures("watch")
def test_a_damaged_catalogue_and_missing_objects_are_shown_as_they_are(
    damaged, page, tmp_path, shoot
):
    view = artnb.graph("broken", level="instances")
    page.goto(view.to_html(tmp_path / "graph.html").as_uri())
    graph = GraphPage.of(page)
    assert set(graph.nodes()) == {"loader", "raw:v0", "trainer", "net:v0"}
    graph.click("net:v0")
    expect(graph.panel).to_contain_text(re.compile("missing|lost|damaged"))
    shoot(page, "broken")
    for level in ("types", "names", "instances"):
        graph.level(level)
        assert graph.nodes()
    graph.click("loader")
    graph.root.get_by_test_id("artnb-table-switch").click()
    expect(graph.table).to_contain_text("trainer")
    for write in ("to_svg", "to_png", "to_mermaid", "to_dot"):
        getattr(view, write)(tmp_path / write)
        assert (tmp_path / write).stat().st_size > 50
