"""Two graphs in one notebook share the data and nothing else."""

import pytest
from browser.graph import GraphPage
from browser.lab import NotebookPage
from playwright.sync_api import expect

RECORD = """
import artnb
for project in ("one", "two"):
    with artnb.init(project=project, job_type="load", name=f"loader-{project}") as run:
        raw = artnb.Artifact("raw", "dataset", metadata={"of": project})
        with raw.new_file("rows.txt") as stream:
            stream.write(project)
        run.log_artifact(raw)
"""
FIRST = 'artnb.graph("one")'
SECOND = 'artnb.graph("one")'
OTHER = 'artnb.graph("two", level="instances")'
MORE = """
with artnb.init(project="one", job_type="train", name="trainer-{0}") as run:
    run.use_artifact("raw:latest")
"""


@pytest.fixture(scope="module")
def opened(shared_page, lab):
    more = [MORE.format(number) for number in range(2)]
    path = lab.notebook("two-graphs", [RECORD, FIRST, SECOND, OTHER, *more])
    opened = NotebookPage.open(shared_page, lab, path)
    for index in range(4):
        opened.run_cell(index)
    assert opened.failures() == []
    return opened


@pytest.fixture
def notebook(opened):
    """The notebook, its graphs as they were at first."""
    for index in (1, 2, 3):
        graph = graph_in(opened, index)
        graph.root.get_by_test_id("artnb-search").fill("")
        if graph.panel.count():
            graph.close_panel()
        graph.level("instances" if index == 3 else "types")
        graph.fit()
    return opened


def graph_in(notebook: NotebookPage, index: int) -> GraphPage:
    return GraphPage.of(notebook.page, notebook.cell(index))


def seen(graph: GraphPage):
    """What a person sees of a graph, and where its nodes lie in it."""
    box = graph.canvas.bounding_box()
    places = {
        title: (round(node["x"] - box["x"]), round(node["y"] - box["y"]))
        for title, node in graph.nodes().items()
    }
    return places, graph.root.inner_text()


def test_what_a_person_does_in_one_changes_nothing_in_another(notebook):
    second, other = graph_in(notebook, 2), graph_in(notebook, 3)
    before = seen(second), seen(other)
    first = graph_in(notebook, 1)
    first.level("instances")
    first.root.get_by_test_id("artnb-search").fill("raw")
    first.click("raw:v0")
    first.root.get_by_test_id("artnb-zoom-in").click()
    first.settle()
    expect(first.panel).to_be_visible()
    assert (seen(graph_in(notebook, 2)), seen(graph_in(notebook, 3))) == before
    expect(second.root.get_by_test_id("artnb-search")).to_have_value("")


def test_what_is_recorded_comes_in_to_all_that_show_its_project(notebook):
    other = seen(graph_in(notebook, 3))
    notebook.run_cell(4)
    for index in (1, 2):
        graph_in(notebook, index).wait_for("train")
    assert seen(graph_in(notebook, 3)) == other


def test_answers_go_to_the_one_that_asked(notebook):
    first, other = graph_in(notebook, 1), graph_in(notebook, 3)
    first.level("instances")
    first.click("raw:v0")
    other.click("raw:v0")
    assert "one" in first.tab("metadata")
    assert "two" in other.tab("metadata")
    expect(graph_in(notebook, 2).panel).to_have_count(0)


def test_one_that_is_gone_takes_nothing_with_it(notebook):
    first = graph_in(notebook, 1)
    root = first.root.element_handle()
    notebook.page.evaluate(
        """() => { const notebook = window.jupyterapp.shell.currentWidget.content;
          notebook.deselectAll(); notebook.activeCellIndex = 1; }"""
    )
    notebook.command("notebook:clear-cell-output")
    notebook.page.wait_for_function("root => !root.isConnected", arg=root)
    for index in (2, 3):
        expect(notebook.cell(index).locator(".artnb-static")).to_be_hidden()
    second = graph_in(notebook, 2)
    second.level("instances")
    second.click("raw:v0")
    assert "rows.txt" in second.tab("files")
    notebook.run_cell(5)
    second.wait_for("trainer-1")
