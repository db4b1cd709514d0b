"""What the panel changes and fetches, in JupyterLab: each click goes through Python."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.lab import NotebookPage
from playwright.sync_api import expect

from artnb.repository import Repository
from artnb.settings import Settings

DESCRIPTION = """# Measured

**bold** and [a link](https://outside.example/a), ![a pixel](https://outside.example/p.png?who)

<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>
[bad](javascript:window.pwned=1) ![bad](data:image/svg+xml,<svg/onload=window.pwned=1>)
"""
SETUP = f"""
%load_ext artnb
%artnb project panel
import artnb, numpy as np
description = {DESCRIPTION!r}
for number, name in enumerate(["first", "second"]):
    with artnb.init(project="panel", job_type="train", name=name) as run:
        for step in range(3000):
            run.log({{"loss": 1 / (step + 1 + number), "<b>hostile</b>": [1, 0, -1][step % 3],
                     "odd": float("nan"), "one": 1}} if step else {{"loss": 1, "only": 5}})
        for step in range(3):
            run.log({{"eyes": [artnb.Image(np.eye(28), caption=f"eye {{step}}")]}})
for price in ["2.2", "2.5"]:
    with artnb.init(project="panel", job_type="price") as run:
        prices = artnb.Artifact("prices", "dataset", metadata={{"lima": price}})
        prices.add(np.arange(6.0) * float(price), "x")
        with prices.new_file("prices.csv") as stream:
            stream.write(f"city,eur\\nOslo,4.1\\nLima,{{price}}\\n")
        with prices.new_file("notes/read me.txt") as stream:
            stream.write(f"Prices of today.\\nLima: {{price}}\\n")
        with prices.new_file(f"only-{{price}}.txt") as stream:
            stream.write(price)
        run.log_artifact(prices)
"""
MAKE = """%%artifact measured --type dataset
x = np.arange(12.0).reshape(3, 4)
with open("rows.csv", "w") as stream:
    stream.write("city,eur\\nOslo,4.1\\n")
"""
DESCRIBE = """
version = artnb.Api().artifact("panel/measured:v0")
version.description = description
version.save()
x = "changed since"
print("line\\n" * 60)  # so that the cell above is out of sight
"""
SHOW = 'artnb.graph("panel", level="instances")'
CHECK = "assert x.shape == (3, 4)"


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    path = lab.notebook("panel", [SETUP, MAKE, DESCRIBE, SHOW, CHECK])
    opened = NotebookPage.open(shared_page, lab, path)
    for cell in range(4):
        opened.run_cell(cell)
    assert opened.failures() == []
    return opened


@pytest.fixture
def graph(notebook):
    shown = GraphPage.of(notebook.page, notebook.cell(3))
    yield shown
    if shown.panel.count():
        shown.close_panel()


@pytest.fixture
def stored(notebook):
    repository = Repository(Settings.resolve(environ={"ARTNB_DIR": str(notebook.path.parent)}))
    yield repository
    repository.close()


def test_a_description_is_drawn_and_nothing_of_it_acts(graph, shoot):
    graph.click("measured:v0")
    drawn = graph.root.get_by_test_id("artnb-description")
    expect(drawn.get_by_role("heading", name="Measured")).to_be_visible()
    assert [link.get_attribute("href") for link in drawn.get_by_role("link").all()] == [
        "https://outside.example/a",
        "https://outside.example/p.png?who",
    ]
    expect(drawn).to_contain_text("<script>window.pwned=1</script>")
    expect(drawn.locator("img, script")).to_have_count(0)
    assert graph.page.evaluate("window.pwned") is None
    shoot(graph.root, "panel-description")
    assert violations(graph.page, graph.root) == []


def test_a_description_and_tags_are_written_by_python(graph, stored, shoot):
    graph.click("measured:v0")
    graph.root.get_by_test_id("artnb-text-edit").click()
    area = graph.root.get_by_test_id("artnb-text")
    expect(area).to_have_value(DESCRIPTION)
    area.fill("Better **words**")
    shoot(graph.root, "panel-edit")
    assert violations(graph.page, graph.root) == []
    area.press("Control+Enter")
    expect(graph.root.get_by_test_id("artnb-description")).to_have_text("Better words")
    graph.root.get_by_test_id("artnb-tag-add").fill("checked")
    graph.page.keyboard.press("Enter")
    expect(graph.panel.get_by_label("Take the tag checked away")).to_be_visible()
    version = stored.resolve("measured:v0", "panel")
    assert (version.description, version.tags) == ("Better **words**", ("checked",))
    graph.click("second")
    graph.root.get_by_test_id("artnb-tag-add").fill("sweep")
    graph.page.keyboard.press("Enter")
    expect(graph.panel.get_by_label("Take the tag sweep away")).to_be_visible()
    assert next(run for run in stored.runs("panel") if run.name == "second").tags == ("sweep",)


def test_files_are_previewed_and_downloaded(graph, shoot):
    graph.click("measured:v0")
    graph.tab("files")
    graph.panel.locator("[data-path='x.npy']").click()
    preview = graph.root.get_by_test_id("artnb-preview")
    expect(preview).to_contain_text("3×4 float64")
    expect(preview.get_by_role("cell", name="11", exact=True)).to_be_visible()
    graph.panel.locator("[data-path='rows.csv']").press("Enter")
    expect(preview.first).to_contain_text("Oslo")
    shoot(graph.root, "panel-files")
    assert violations(graph.page, graph.root) == []
    with graph.page.expect_download() as download:
        graph.root.get_by_test_id("artnb-download").first.click()
    assert download.value.suggested_filename == "rows.csv"
    assert download.value.path().read_bytes() == b"city,eur\nOslo,4.1\n"


def test_two_versions_are_compared_with_their_contents(graph, shoot):
    graph.click("prices:v1")
    graph.tab("versions")
    graph.panel.get_by_role("button", name="Compare with v0").press("Enter")
    compared = graph.root.get_by_test_id("artnb-compared")
    expect(compared.get_by_role("heading", name="v0 → v1")).to_be_visible()
    expect(compared.get_by_role("row", name="lima")).to_contain_text("2.5")
    expect(compared).to_contain_text("only-2.2.txt")
    compared.locator("[data-path='prices.csv']").click()
    compared.locator("[data-path='notes/read me.txt']").press("Enter")
    expect(compared).to_contain_text("1 of 2 rows differ; 1 of 2 columns differ")
    expect(compared.locator(".lines .came").last).to_have_text("+Lima: 2.5")
    compared.locator("[data-path='x.npy']").click()
    expect(compared).to_contain_text("norm of the change")
    shoot(graph.root, "panel-compared")
    assert violations(graph.page, graph.root) == []
    graph.panel.get_by_role("button", name="Close the comparison").click()
    expect(compared).to_have_count(0)


def test_what_is_damaged_is_said(graph, stored):
    entry = stored.manifest(stored.resolve("measured:v0", "panel")).entries["rows.csv"]
    place = stored._catalog.locate([entry.digest])[entry.digest]
    path = stored.root / "objects" / place.object
    whole = path.read_bytes()
    path.chmod(0o644)
    # Of this entry alone: the cell's code, which has the word too, may lie in the same pack.
    at = whole.index(b"Oslo", place.offset)
    path.write_bytes(whole[:at] + b"Rome" + whole[at + 4 :])
    graph.click("measured:v0")
    graph.tab("files")
    graph.panel.locator("[data-path='rows.csv']").click()
    expect(graph.panel.get_by_role("alert")).to_contain_text("Damaged by it: measured:v0")
    expect(graph.title).to_contain_text("damaged")


def test_values_are_loaded_and_none_is_lost_unasked(graph, notebook):
    graph.click("measured:v0")
    graph.tab("usage")
    graph.root.get_by_test_id("artnb-load").click()
    expect(graph.root.get_by_test_id("artnb-load-asks")).to_contain_text("x: has a value")
    assert violations(graph.page, graph.root) == []
    graph.root.get_by_test_id("artnb-load-replace").click()
    expect(graph.root.get_by_test_id("artnb-loaded")).to_contain_text("x (ndarray)")
    notebook.run_cell(4)
    assert notebook.failures() == []


def test_the_way_to_the_cell_that_made_it(graph, notebook):
    graph.click("measured:v0")
    graph.tab("overview")  # another test may have left another
    graph.panel.get_by_test_id("artnb-link").first.click()
    made = notebook.page.locator(".jp-Notebook .jp-Cell").nth(1)
    expect(made).not_to_be_in_viewport()
    graph.root.get_by_test_id("artnb-cell").click()
    expect(made).to_be_in_viewport()


def test_a_run_tells_its_files_and_its_code(graph, shoot):
    graph.click("measured:v0")
    graph.tab("overview")  # another test may have left another
    graph.panel.get_by_test_id("artnb-link").first.click()
    graph.tab("files")
    expect(graph.root.get_by_test_id("artnb-files-wrote")).to_contain_text("rows.csv")
    graph.tab("code")
    expect(graph.panel.locator(".py-string").first).to_have_text('"rows.csv"')
    shoot(graph.root, "panel-code")
    assert violations(graph.page, graph.root) == []
    graph.tab("files")
    graph.panel.get_by_test_id("artnb-link").click()
    expect(graph.title).to_contain_text("measured:v0")


def test_charts_of_two_runs(graph, shoot):
    graph.click("second")
    graph.tab("charts")
    chart = graph.root.get_by_test_id("artnb-chart")
    expect(chart).to_have_count(5)
    expect(chart.first.locator("canvas")).to_be_visible()
    graph.root.get_by_test_id("artnb-charts-compare").click()
    graph.root.get_by_test_id("artnb-charts-with").first.check()
    line = graph.root.get_by_test_id("artnb-line")
    expect(line).to_have_text(["second", "first"])
    for log in (True, False):
        graph.root.get_by_test_id("artnb-charts-log").set_checked(log)
        for axis in ("time", "step"):
            graph.root.get_by_test_id("artnb-charts-axis").select_option(axis)
            for each in chart.all():
                each.scroll_into_view_if_needed()
    odd = graph.root.locator("[data-key=odd]")
    expect(odd).to_contain_text("No number to show.")
    graph.root.get_by_test_id("artnb-charts-smoothing").fill("0.9")
    line.last.click()
    expect(line.last).to_have_attribute("aria-pressed", "false")
    shoot(graph.root, "panel-charts")
    assert violations(graph.page, graph.root) == []


def test_pictures_have_a_slider_of_steps(graph, shoot):
    graph.click("first")
    graph.tab("images")
    picture = graph.root.get_by_test_id("artnb-image")
    expect(picture).to_have_text("eye 2")
    graph.root.get_by_test_id("artnb-images-step").press("ArrowLeft")
    expect(picture).to_have_text("eye 1")
    expect(picture.locator("img")).to_be_visible()
    shoot(graph.root, "panel-images")
    assert violations(graph.page, graph.root) == []
