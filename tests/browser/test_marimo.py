"""The graph in marimo, edited and run as an app: nodes, panel, live updates, themes."""

import re
import subprocess
import sys

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import environment
from browser.marimo_server import running_marimo, source
from browser.watch import Watch
from playwright.sync_api import expect

RECORD = """
def _():
    import marimo as mo
    import numpy as np
    import artnb
    with artnb.init(project="small", job_type="load", name="loader") as run:
        raw = artnb.Artifact("raw", "dataset", metadata={"rows": 1})
        with raw.new_file("rows.txt") as stream:
            stream.write("one")
        run.log_artifact(raw)
        run.log({"eye": artnb.Image(np.eye(28), caption="an eye")})
    return artnb, mo
"""
BUTTONS = """
def _(mo):
    again = mo.ui.run_button(label="Show it again")
    more = mo.ui.run_button(label="Record more")
    mo.hstack([again, more])
    return again, more
"""
SHOW = """
def _(again, artnb):
    again.value
    artnb.graph("small")
    return
"""
MORE = """
def _(artnb, more):
    if more.value:
        with artnb.init(project="small", job_type="train") as _run:
            _run.use_artifact("raw:latest")
            for _step in range(20):
                _run.log({"loss": 1 / (_step + 1)})
    return
"""
ELSEWHERE = """
import artnb
with artnb.init(project="small", job_type="check", name="elsewhere"):
    pass
"""


@pytest.fixture(scope="module", params=["edit", "run"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def marimo(mode, tmp_path_factory):
    cells = source(RECORD, BUTTONS, SHOW, MORE)
    with running_marimo(tmp_path_factory.mktemp("marimo"), mode, cells) as running:
        yield running


@pytest.fixture(scope="module")
def shared_page(browser, browser_context_args, marimo):
    context = browser.new_context(**browser_context_args)
    watching = Watch(context)
    page = context.new_page()
    page.goto(marimo.url)
    expect(page.get_by_test_id("artnb-canvas")).to_be_visible(timeout=60_000)
    yield page
    context.close()  # before its server is gone
    watching.assert_clean()


@pytest.fixture
def graph(shared_page):
    shown = GraphPage.of(shared_page)
    yield shown
    if shown.panel.count():
        shown.close_panel()
    shown.level("types")


def record_more(page):
    page.get_by_role("button", name="Record more").click()


def test_a_click_is_answered_by_the_kernel(graph):
    assert set(graph.nodes()) == {"load", "dataset"}
    graph.level("instances")
    graph.click("raw:v0")
    assert "rows.txt" in graph.tab("files")
    assert "rows" in graph.tab("metadata")


def test_pictures_come_as_bytes(graph):
    graph.level("instances")
    graph.click("loader")
    graph.tab("images")
    picture = graph.root.get_by_test_id("artnb-image").locator("img")
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 28


def test_what_later_cells_record_comes_in_to_the_end(graph):
    record_more(graph.page)
    graph.wait_for("train")
    graph.click("train")
    switch = graph.root.get_by_test_id("artnb-table-switch")
    switch.click()
    expect(graph.table).to_contain_text("train")
    expect(graph.table).not_to_contain_text("running")
    switch.click()


def test_what_another_process_records_comes_in(graph, marimo):
    command = [sys.executable, "-c", ELSEWHERE]
    subprocess.run(command, cwd=marimo.root, env=environment(marimo.root.parent), check=True)
    graph.wait_for("check")
    graph.click("check")


def test_a_graph_that_is_shown_again_is_the_only_one_that_is_told(graph):
    first = graph.canvas.element_handle()
    graph.page.get_by_role("button", name="Show it again").click()
    graph.page.wait_for_function("canvas => !canvas.isConnected", arg=first)
    shown = GraphPage.of(graph.page)
    runs = int(re.search(r"(\d+) runs?", shown.root.inner_text())[1])
    record_more(graph.page)
    expect(shown.root).to_contain_text(f"{runs + 1} runs")
    assert graph.page.evaluate("globalThis.__artnb.views.length") == 1
    shown.click("train")


def test_a_page_that_is_loaded_again_has_what_came_in(graph, mode):
    runs = int(re.search(r"(\d+) runs?", graph.root.inner_text())[1])
    for more in (1, 2):
        record_more(graph.page)
        expect(graph.root).to_contain_text(f"{runs + more} runs")
    graph.page.reload()
    shown = GraphPage.of(graph.page)
    # An app's page that is loaded again has a kernel of its own, which runs all cells anew.
    expect(shown.root).to_contain_text(f"{runs + (2 if mode == 'edit' else 3)} runs")
    shown.click("train")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_followed(graph, mode, shoot, scheme):
    graph.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    expect(graph.page.locator("body")).to_have_attribute("data-theme", scheme)
    expect(graph.root).to_have_css("color-scheme", scheme)
    graph.level("instances")
    graph.click("raw:v0")
    assert violations(graph.page, graph.root) == []
    shoot(graph.page, f"marimo-{mode}-{scheme}")


def test_the_hosts_theme_comes_before_the_systems(graph):
    graph.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    expect(graph.root).to_have_css("color-scheme", "light")
    graph.page.evaluate("document.body.className = 'dark dark-theme'")
    expect(graph.root).to_have_css("color-scheme", "dark")
    graph.page.evaluate("document.body.className = 'light light-theme'")
    expect(graph.root).to_have_css("color-scheme", "light")
