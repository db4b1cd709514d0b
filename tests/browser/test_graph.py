"""The graph of a small notebook in JupyterLab: names, panel, live updates, themes, widths."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import NotebookPage
from playwright.sync_api import expect

HOSTILE = "<img src=x onerror=window.pwned=1>"
RECORD = f"""
import artnb
import numpy as np
hostile = {HOSTILE!r}
with artnb.init(project="small", job_type="load", name=hostile, notes=hostile, tags=[hostile],
                config={{hostile: hostile}}) as run:
    raw = artnb.Artifact("raw", "dataset", description=hostile, metadata={{hostile: hostile}})
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw, aliases=[hostile])
with artnb.init(project="small", job_type="train", name="trainer") as run:
    run.use_artifact("raw:latest")
    for step in range(20):
        run.log({{"loss": 1 / (step + 1)}})
    run.log({{"seen": [artnb.Image(np.eye(28), caption=hostile) for _ in range(4)]}})
    run.log({{"rows": artnb.Table(["digit", "said"], [[artnb.Image(np.eye(28)), hostile]])}})
    model = artnb.Artifact("net", "model", metadata={{"layers": 2}})
    with model.new_file("net.txt") as stream:
        stream.write("two")
    run.log_artifact(model, aliases=["best"])
"""
SHOW = 'artnb.graph("small")'
# Holds the kernel until the test says so, with the new version logged.
BUSY = """
import pathlib, time
with artnb.init(project="small", job_type="report", name="reporter") as run:
    run.use_artifact("net:best")
    text = artnb.Artifact("text", "report")
    with text.new_file("text.md") as stream:
        stream.write("three")
    run.log_artifact(text)
    while not pathlib.Path("go").exists():
        time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    opened = NotebookPage.open(shared_page, lab, lab.notebook("graph", [RECORD, SHOW, BUSY]))
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
    shown.level("types")


def test_types_are_shown_first(graph):
    assert set(graph.nodes()) >= {"load", "dataset", "train", "model"}


def test_markup_in_names_is_shown_as_text(graph):
    graph.level("instances")
    graph.click("raw:v0")
    expect(graph.panel).to_contain_text(HOSTILE)
    assert graph.tab("metadata").count(HOSTILE) == 2
    graph.click(HOSTILE)
    assert HOSTILE in graph.tab("config")
    graph.click("trainer")
    assert graph.tab("images").count(HOSTILE) == 4
    graph.root.get_by_test_id("artnb-table-switch").click()
    expect(graph.table).to_contain_text(HOSTILE)
    graph.root.get_by_test_id("artnb-table-switch").click()
    assert graph.page.evaluate("window.pwned") is None


def test_a_type_lists_its_members_and_leads_to_them(graph):
    graph.click("model")
    graph.panel.get_by_test_id("artnb-link").first.click()
    expect(graph.title).to_contain_text("net:v0")
    expect(graph.panel).to_contain_text("best")


def test_a_run_shows_its_metrics_and_pictures(graph, shoot):
    graph.level("instances")
    graph.click("trainer")
    graph.tab("charts")
    expect(graph.root.get_by_test_id("artnb-chart")).to_have_count(1)
    shoot(graph.root, "graph-charts")
    graph.tab("images")
    pictures = graph.root.get_by_test_id("artnb-image")
    expect(pictures).to_have_count(4)
    for picture in pictures.all():  # fetched when they come into sight
        picture.scroll_into_view_if_needed()
        expect(picture.locator("img")).to_be_visible()
    shoot(graph.root, "graph-images")
    graph.tab("tables")
    rows = graph.root.get_by_test_id("artnb-rows")
    expect(rows).to_contain_text(HOSTILE)
    expect(rows.locator("img")).to_be_visible()
    shoot(graph.root, "graph-tables")
    assert "artnb.init" in graph.tab("code")


def test_search_finds_and_opens_a_node(graph):
    graph.root.get_by_test_id("artnb-search").fill("net best")
    graph.root.get_by_test_id("artnb-result").first.click()
    expect(graph.title).to_contain_text("net:v0")


def test_an_alias_is_added_and_taken_while_the_kernel_is_there(graph, shoot):
    graph.level("instances")
    graph.click("net:v0")
    graph.tab("overview")
    graph.root.get_by_test_id("artnb-alias-add").fill("not/one")
    graph.page.keyboard.press("Enter")
    expect(graph.panel.get_by_role("alert")).to_contain_text("not/one")
    graph.root.get_by_test_id("artnb-alias-add").fill("prod")
    graph.page.keyboard.press("Enter")
    taken = graph.panel.get_by_label("Take the alias prod away")
    expect(taken).to_be_visible()
    expect(graph.panel.get_by_role("alert")).to_have_count(0)
    shoot(graph.root, "graph-aliases")
    assert violations(graph.page, graph.root) == []
    graph.root.get_by_test_id("artnb-search").fill("prod")
    expect(graph.root.get_by_test_id("artnb-result")).to_have_count(1)
    graph.root.get_by_test_id("artnb-search").fill("")
    taken.click()
    expect(taken).to_have_count(0)


def test_keys_in_the_graph_do_not_reach_the_notebook(graph, notebook):
    count = notebook.page.locator(".jp-Notebook .jp-Cell").count()
    graph.canvas.focus()
    for key in ("x", "d", "d", "a", "b", "z"):
        graph.page.keyboard.press(key)
    expect(notebook.page.locator(".jp-Notebook .jp-Cell")).to_have_count(count)


def test_arrow_keys_follow_the_arrows(graph):
    graph.click("load")
    for key in ("ArrowRight", "Enter"):
        graph.page.keyboard.press(key)
    expect(graph.title).to_have_text("dataset")
    graph.page.keyboard.press("Escape")
    expect(graph.panel).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("chosen", [None, "raw:v0", "trainer"], ids=["none", "artifact", "run"])
def test_axe_finds_nothing(graph, notebook, shoot, dark, chosen):
    notebook.theme(dark)
    graph.level("instances")
    if chosen:
        graph.click(chosen)
    shoot(graph.root, f"graph-{'dark' if dark else 'light'}-{(chosen or 'none').split(':')[0]}")
    found = violations(graph.page, graph.root)
    notebook.theme(dark=False)
    assert found == []


# How many pixels of the canvas have the theme's own accent.
ACCENTED = """root => {
  const canvas = root.querySelector('[data-testid="artnb-canvas"]');
  const accent = getComputedStyle(root.querySelector('[data-probe="accent"]')).color;
  const [r, g, b] = accent.match(/[0-9.]+/g).map(Number);
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) count++;
  return count;
}"""


def test_what_is_lit_follows_a_change_of_the_theme(graph, notebook):
    graph.level("instances")
    graph.click("trainer")
    for dark in (True, False):
        notebook.theme(dark)
        graph.page.wait_for_function(
            f"root => ({ACCENTED})(root) > 20", arg=graph.root.element_handle()
        )


def test_a_phone_is_wide_enough(graph, shoot):
    size = graph.page.viewport_size
    graph.page.set_viewport_size({"width": 375, "height": 800})
    graph.settle()
    graph.level("instances")
    graph.fit()
    shoot(graph.page, "graph-375")
    graph.click("raw:v0")
    shoot(graph.page, "graph-375-panel")
    wide = graph.root.evaluate("root => root.scrollWidth - root.clientWidth")
    graph.close_panel()
    graph.page.set_viewport_size(size)
    assert wide <= 0


def test_the_graph_grows_and_answers_while_a_cell_runs(graph, notebook, shoot):
    there = "root => globalThis.__artnb.views.find(each => root.contains(each.canvas)).there.length"
    graph.level("instances")
    graph.root.get_by_test_id("artnb-direction").click()
    graph.root.get_by_test_id("artnb-replay").click()
    graph.root.get_by_test_id("artnb-time").fill("1")
    graph.settle()
    notebook.start_cell(2)
    # What comes now is later than what is replayed.
    graph.wait_for("reporter", "text:v0")
    assert graph.root.evaluate(there) == 2
    shoot(graph.root, "graph-replay-live")
    graph.root.get_by_test_id("artnb-replay-end").click()
    assert graph.root.evaluate(there) == len(graph.nodes())
    graph.root.get_by_test_id("artnb-direction").click()
    graph.click("reporter")
    assert "running" in graph.tab("overview")
    assert notebook.page.evaluate("window.ran") is None
    (notebook.path.parent / "go").touch()
    notebook.wait_run()
    expect(graph.panel).to_contain_text("finished")


def test_a_saved_notebook_keeps_a_picture_and_no_widget_state(notebook, open_stored, shoot):
    saved = notebook.save()
    assert "widgets" not in saved["metadata"]
    notebook.shut_down()
    stored = open_stored(notebook.path)
    cell = stored.cell(1)
    expect(cell.get_by_role("img", name="Lineage of small")).to_be_visible()
    shoot(cell, "graph-saved")
