"""The graph in Notebook 7: nodes, panel, live updates, shortcuts, themes."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import NOTEBOOK7_NOISE, NotebookPage, running_notebook7
from browser.watch import Watch
from playwright.sync_api import expect

RECORD = """
import artnb
with artnb.init(project="small", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset", metadata={"rows": 1})
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw)
"""
SHOW = 'artnb.graph("small")'
BESIDE = "%load_ext artnb\n%artnb project small\n%artnb graph --beside"
MORE = """
with artnb.init(project="small", job_type="train", name="trainer") as run:
    run.use_artifact("raw:latest")
    for step in range(20):
        run.log({"loss": 1 / (step + 1)})
"""


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory):
    with running_notebook7(tmp_path_factory.mktemp("notebook7")) as running:
        yield running


@pytest.fixture(scope="module")
def shared_page(browser, browser_context_args, notebook7):
    context = browser.new_context(**browser_context_args)
    watching = Watch(context, NOTEBOOK7_NOISE)
    yield context.new_page()
    context.close()  # before its server is gone
    watching.assert_clean()


@pytest.fixture(scope="module")
def notebook(shared_page, notebook7):
    path = notebook7.notebook("graph", [RECORD, SHOW, MORE, BESIDE])
    opened = NotebookPage.open(shared_page, notebook7, path)
    opened.run_cell(0)
    opened.run_cell(1)
    assert opened.failures() == []
    return opened


@pytest.fixture
def graph(notebook):
    shown = GraphPage.of(notebook.page, notebook.cell(1))
    yield shown
    if shown.panel.count():
        shown.close_panel()


def test_a_click_is_answered_by_the_kernel(graph):
    assert set(graph.nodes()) == {"load", "dataset"}
    graph.level("instances")
    graph.click("raw:v0")
    assert "rows.txt" in graph.tab("files")
    assert "rows" in graph.tab("metadata")
    graph.click("loader")
    assert "raw:v0" in graph.tab("overview")


def test_what_later_cells_record_comes_in(notebook, graph):
    graph.level("instances")
    notebook.run_cell(2)
    graph.wait_for("trainer")
    graph.click("trainer")
    graph.tab("charts")
    expect(graph.root.get_by_test_id("artnb-chart")).to_have_count(1)


def test_keys_in_the_graph_are_not_the_notebooks(notebook, graph):
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(4)
    graph.root.get_by_test_id("artnb-search").fill("")
    for key in ("x", "a", "b"):  # cut, insert above, insert below
        graph.root.get_by_test_id("artnb-search").press(key)
    graph.canvas.focus()
    for key in ("x", "a", "b"):
        notebook.page.keyboard.press(key)
    expect(cells).to_have_count(4)
    expect(graph.root.get_by_test_id("artnb-search")).to_have_value("xab")
    graph.root.get_by_test_id("artnb-search").fill("")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_both_themes_are_followed(notebook, graph, shoot, dark):
    notebook.theme(dark)
    ground = graph.root.evaluate("root => getComputedStyle(root).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is not dark
    graph.level("instances")
    graph.click("raw:v0")
    assert violations(notebook.page, graph.root) == []
    shoot(notebook.page, f"notebook7-{'dark' if dark else 'light'}")
    notebook.theme(False)


def test_a_graph_beside_the_notebook_is_said_to_need_jupyterlab(notebook):
    notebook.run_cell(3)
    (failure,) = notebook.failures()
    assert "needs JupyterLab; this is Notebook 7" in failure


def test_the_saved_notebook_keeps_a_picture(notebook, graph):
    outputs = notebook.save()["cells"][1]["outputs"]
    assert any("data:image/svg+xml" in "".join(out["data"].get("text/html", "")) for out in outputs)
    expect(notebook.cell(1).locator(".artnb-static")).to_be_hidden()


def test_a_view_that_opens_after_the_kernel_has_ended_says_so(notebook):
    notebook.shut_down()
    notebook.select(1)
    notebook.command("notebook:copy-cell")
    notebook.command("notebook:paste-cell-below")
    shown = GraphPage.of(notebook.page, notebook.cell(2))
    expect(shown.root.get_by_test_id("artnb-gone")).to_contain_text("The kernel is gone")
