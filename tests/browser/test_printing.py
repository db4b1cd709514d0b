"""What is printed of an exported page, all of the graph, light, and of a notebook, its picture."""

import pytest
from browser.graph import GraphPage
from browser.test_levels import record
from playwright.sync_api import expect

import artnb

# How wide A4 is between its margins.
WIDTH = 718
PRINTED = """root => {
  const shadow = root.getRootNode(), paper = shadow.querySelector('.paper');
  const {data} = paper.getContext('2d').getImageData(0, 0, paper.width, paper.height);
  let sum = 0, count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200) sum += data[i] + data[i + 1] + data[i + 2], count += 3;
  return {light: sum / count, wide: paper.width, ink: getComputedStyle(root).color};
}"""
CUT = """root => [...root.getRootNode().querySelectorAll('.artnb, .main, .panel, .body, .table')]
  .filter(each => each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > WIDTH)
  .filter(each => getComputedStyle(each).overflow !== 'visible').map(each => each.className)"""


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("printing")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        record()
        return artnb.graph("levels", level="instances").to_html(folder / "graph.html")


@pytest.fixture(
    params=[("dark", 1200), ("dark", 375), ("light", 1200)], ids=lambda each: f"{each[0]}-{each[1]}"
)
def graph(request, page, watch, page_path):
    scheme, width = request.param
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(page_path.as_uri())
    shown = GraphPage.of(page)
    shown.name = f"{scheme}-{width}"
    return shown


def on_paper(graph):
    """Lay the page out as for printing, and say what is on it."""
    graph.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    graph.page.emulate_media(media="print")
    graph.page.set_viewport_size({"width": WIDTH, "height": 1000})
    return graph.root.evaluate(PRINTED)


def test_the_whole_graph_is_printed_light_with_the_panel_below_it(graph, shoot):
    graph.click("net:v1")
    graph.tab("files")
    found = on_paper(graph)
    assert found["light"] > 150
    assert found["ink"] == "rgb(22, 24, 29)"
    paper, panel = (
        each.bounding_box() for each in (graph.root.get_by_test_id("artnb-paper"), graph.panel)
    )
    assert paper["x"] >= 0
    assert paper["x"] + paper["width"] <= WIDTH
    assert panel["y"] >= paper["y"] + paper["height"]
    assert panel["width"] > WIDTH * 0.9
    assert graph.root.evaluate(CUT.replace("WIDTH", str(WIDTH))) == []
    expect(graph.canvas).to_be_hidden()
    expect(graph.root.get_by_test_id("artnb-fit")).to_be_hidden()
    shoot(graph.page, f"print-{graph.name}")


def test_the_table_is_printed_as_long_as_it_is(graph, shoot):
    graph.root.get_by_test_id("artnb-table-switch").click()
    on_paper(graph)
    assert graph.root.evaluate(CUT.replace("WIDTH", str(WIDTH))) == []
    expect(graph.root.get_by_test_id("artnb-paper")).to_be_hidden()
    last = graph.table.locator("tr").last.bounding_box()
    assert last["y"] + last["height"] <= graph.page.evaluate("document.body.scrollHeight")
    shoot(graph.page, f"print-{graph.name}-table")


def test_printing_draws_by_itself_and_the_screen_is_afterwards_as_it_was(graph):
    before = graph.nodes()
    ink = graph.root.evaluate("root => getComputedStyle(root).color")
    # Heard after the graph's own listeners: what they drew is what is printed.
    graph.root.evaluate(
        f"root => addEventListener('beforeprint', () => {{ window.atPrint = ({PRINTED})(root); }})"
    )
    graph.page.pdf()
    printed = graph.page.evaluate("window.atPrint")
    assert printed["light"] > 150
    assert printed["ink"] == "rgb(22, 24, 29)"
    graph.settle()
    assert graph.nodes() == before
    assert graph.root.evaluate("root => getComputedStyle(root).color") == ink
    assert graph.root.evaluate("root => root.getRootNode().querySelector('.paper').width") == 0


def test_a_notebook_is_printed_with_the_graphs_picture(open_notebook, browser, lab, shoot):
    cells = ["%load_ext artnb", "%%artifact prices\nprices = [4.1, 2.2]", "%artnb graph"]
    opened = open_notebook(lab.notebook("printed", cells))
    opened.theme(dark=True)
    opened.run_all()
    opened.save()
    opened.theme(dark=False)
    # What File > Print opens; in a page that nobody watches, for it asks for MathJax elsewhere.
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000})
    try:
        page.goto(f"{lab.url}/nbconvert/html/printed/test.ipynb?download=false")
        page.emulate_media(media="print")
        picture = page.locator(".artnb-static img")
        expect(picture).to_be_visible()
        page.wait_for_function("() => document.querySelector('.artnb-static img').naturalWidth")
        box = picture.bounding_box()
        assert box["width"] > 300
        assert box["x"] + box["width"] <= WIDTH
        assert "graph of" not in page.inner_text("body")
        shoot(page, "print-notebook")
    finally:
        page.close()
