"""What came in bit by bit is all there: in a page that is loaded again and in a second view."""

import pytest
from browser.graph import GraphPage
from browser.lab import NotebookPage
from playwright.sync_api import expect

RECORD = """
import artnb
for number in range(10):
    with artnb.init(project="small", job_type="load", name=f"loader-{number}") as run:
        raw = artnb.Artifact(f"raw-{number}", "dataset")
        with raw.new_file("rows.txt") as stream:
            stream.write(str(number))
        run.log_artifact(raw)
"""
SHOW = 'shown = artnb.graph("small", level="instances")\nshown'
MORE = """
with artnb.init(project="small", job_type="train", name="trainer-{0}") as run:
    run.use_artifact("raw-{0}:latest")
"""


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    cells = [RECORD, SHOW, *(MORE.format(number) for number in range(5))]
    opened = NotebookPage.open(shared_page, lab, lab.notebook("live", cells))
    for index in range(5):
        opened.run_cell(index)
    assert opened.failures() == []
    return opened


def in_cell(notebook: NotebookPage) -> GraphPage:
    return GraphPage.of(notebook.page, notebook.cell(1))


def second_view(notebook: NotebookPage) -> GraphPage:
    """The cell's output in a panel of its own, the only one, as the output's menu opens it."""
    notebook.page.evaluate(
        """() => { for (const tab of [...window.jupyterapp.shell.widgets('main')]) {
          if (tab.node.querySelector('.jp-LinkedOutputView')) tab.close(); } }"""
    )
    notebook.select(1)
    notebook.command("notebook:create-output-view")
    within = notebook.page.locator(".jp-LinkedOutputView")
    expect(within).to_have_count(1)
    return GraphPage.of(notebook.page, within)


def back_to(notebook: NotebookPage) -> None:
    notebook.page.get_by_role("tab", name=notebook.path.name).click()
    notebook.page.wait_for_function(
        "name => window.jupyterapp.shell.currentWidget?.title.label === name",
        arg=notebook.path.name,
    )


def test_a_page_that_is_loaded_again_has_what_came_in(notebook):
    graph = in_cell(notebook)
    graph.wait_for("trainer-2")
    graph.click("trainer-1")
    before = set(graph.nodes())
    notebook.save()
    notebook.page.reload()
    notebook.wait_ready()
    graph = in_cell(notebook)
    assert set(graph.nodes()) == before
    expect(graph.title).to_have_text("trainer-1")  # what it remembers is there to be chosen
    notebook.run_cell(5)
    graph.wait_for("trainer-3")
    graph.click("trainer-3")
    expect(graph.panel).to_contain_text("raw-3:v0")


def test_a_second_view_has_what_came_in_and_follows(notebook, shoot):
    first = set(in_cell(notebook).nodes())
    second = second_view(notebook)
    assert set(second.nodes()) == first
    back_to(notebook)
    notebook.run_cell(6)
    second.wait_for("trainer-4")
    in_cell(notebook).wait_for("trainer-4")
    shoot(notebook.page, "second-view")


def test_a_second_view_of_a_kernel_that_is_gone_has_what_came_in(notebook):
    first = set(in_cell(notebook).nodes())
    notebook.shut_down()
    expect(in_cell(notebook).root.get_by_test_id("artnb-gone")).to_be_visible()
    second = second_view(notebook)
    assert set(second.nodes()) == first
