"""The tutorial, run by a person in JupyterLab: all cells, then the graph, node by node.

It has a tenth of its digits: what is looked at is the graph.

With ``ARTNB_PICTURE=1`` it has them all, and takes the README's picture too (``make picture``).
"""

import os
import shutil

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import NotebookPage
from fewer_digits import NOTEBOOKS, copy_notebooks
from playwright.sync_api import expect

RUN_SECONDS = 480

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def tutorial(shared_page, lab):
    """The notebook, with the modules beside it, after all its cells have run."""
    picture = bool(os.environ.get("ARTNB_PICTURE"))
    path = copy_notebooks(lab.folder("tutorial"), fewer=not picture)
    opened = NotebookPage.open(shared_page, lab, path)
    opened.run_all(RUN_SECONDS)
    return opened


@pytest.fixture(scope="module")
def first(tutorial):
    """The first graph that the notebook shows."""
    return GraphPage.of(tutorial.page, tutorial.page.locator(".jp-Cell:has(.artnb-static)").first)


@pytest.fixture
def graph(first):
    yield first
    if first.panel.count():
        first.close_panel()
    first.level("types")


def test_the_types_tell_the_pipeline(graph):
    graph.level("types")
    assert set(graph.nodes()) >= {
        *("load-data", "preprocess-data", "initialize", "train", "report"),
        *("dataset", "model"),
    }


def test_an_artifact_tells_where_it_came_from(graph, shoot):
    graph.level("instances")
    graph.click("mnist-preprocess:v0")
    overview = graph.tab("overview")
    for text in ("dataset", "preprocess-data", "train", "latest"):
        assert text in overview
    assert "normalize" in graph.tab("metadata").lower()
    files = graph.tab("files")
    for name in ("training.pt", "validation.pt", "test.pt"):
        assert name in files
    shoot(graph.root, "tutorial-artifact")


def test_a_run_tells_what_it_did(graph, shoot):
    graph.level("types")
    graph.click("train")
    graph.panel.get_by_test_id("artnb-link").last.click()
    overview = graph.tab("overview")
    for text in ("mnist-preprocess:v", "convnet:v", "trained-model:v"):
        assert text in overview
    assert "batch_size" in graph.tab("config")
    graph.tab("charts")
    expect(graph.root.get_by_test_id("artnb-chart").first).to_be_visible()
    shoot(graph.root, "tutorial-run")
    assert "init" in graph.tab("code")


def test_a_report_shows_the_worst_pictures(graph, shoot):
    graph.level("types")
    graph.click("report")
    graph.panel.get_by_test_id("artnb-link").last.click()
    graph.tab("images")
    pictures = graph.root.get_by_test_id("artnb-image")
    expect(pictures).to_have_count(32)
    expect(pictures.first.locator("img")).to_be_visible()
    shoot(graph.root, "tutorial-pictures")
    assert "accuracy" in graph.tab("summary")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(graph, tutorial, shoot, dark):
    tutorial.theme(dark)
    found = []
    for level in ("types", "instances"):
        graph.level(level)
        shoot(graph.root, f"tutorial-{level}-{'dark' if dark else 'light'}")
        found += violations(graph.page, graph.root)
    graph.click("mnist-raw:v0")
    found += violations(graph.page, graph.root)
    tutorial.theme(dark=False)
    assert found == []


def test_the_picture_of_the_readme(graph, shoot):
    graph.page.set_viewport_size({"width": 1240, "height": 900})
    graph.root.evaluate("root => { root.style.height = '640px'; }")
    graph.level("types")
    graph.click("train")
    graph.panel.get_by_test_id("artnb-link").last.click()
    graph.level("instances")
    turn = graph.root.get_by_test_id("artnb-direction")
    turn.click()
    graph.tab("charts")
    expect(graph.root.get_by_test_id("artnb-chart").first).to_be_visible()
    graph.fit()
    graph.page.mouse.move(0, 0)
    graph.settle()
    taken = shoot(graph.root, "readme")
    turn.click()
    graph.root.evaluate("root => { root.style.height = '480px'; }")
    graph.page.set_viewport_size({"width": 1280, "height": 900})
    if os.environ.get("ARTNB_PICTURE"):
        shutil.copy(taken, NOTEBOOKS / "graph.png")


def test_the_saved_notebook_holds_no_widget_state(tutorial):
    saved = tutorial.save()
    assert "widgets" not in saved["metadata"]
