"""The page that ``to_html`` writes: opened from a file, with no kernel and no network."""

import json

import numpy as np
import pytest
from browser.axe import violations
from browser.graph import GraphPage
from playwright.sync_api import expect

import artnb

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
NAMES = {0: "road", 1: HOSTILE}
BOX = {"position": {"minX": 0, "maxX": 0.5, "minY": 0, "maxY": 0.5}, "class_id": 1}
BOXES = {"guess": {"box_data": [BOX], "class_labels": NAMES}}
MASKS = {"truth": {"mask_data": np.tri(128, dtype=int), "class_labels": NAMES}}


@pytest.fixture(params=["light", "dark"])
def graph(request, page, context, watch, tmp_path):
    record()
    path = artnb.graph("pages").to_html(tmp_path / "graph.html")
    context.set_offline(True)
    page.emulate_media(color_scheme=request.param)
    page.goto(path.as_uri())
    shown = GraphPage.of(page)
    shown.scheme = request.param
    return shown


def record():
    with artnb.init(project="pages", job_type="load", name="loader", notes=HOSTILE) as run:
        raw = artnb.Artifact("raw", "dataset", description=HOSTILE, metadata={"source": HOSTILE})
        with raw.new_file("rows.txt") as stream:
            stream.write("one")
        run.log_artifact(raw)
    for number in range(3):
        with artnb.init(project="pages", job_type="train", name=f"trainer-{number}") as run:
            run.use_artifact("raw:latest")
            for step in range(50):
                run.log({"loss": 1 / (step + 1 + number), "accuracy": 1 - 1 / (step + 2)})
            run.log({"worst": [artnb.Image(np.eye(28), caption=HOSTILE)] * 3})
            model = artnb.Artifact("net", "model", metadata={"layers": [8, 16], "number": number})
            with model.new_file("net.txt") as stream:
                stream.write(str(number))
            run.log_artifact(model, aliases=["best"] if number == 1 else [])


def test_the_page_shows_everything_without_kernel_or_network(graph, shoot):
    assert set(graph.nodes()) == {"load", "dataset", "train", "model"}
    shoot(graph.page, f"page-{graph.scheme}-types")
    graph.level("instances")
    graph.click("net:v1")
    assert "best" in graph.tab("overview")
    assert "16" in graph.tab("metadata")
    assert "net.txt" in graph.tab("files")
    assert "v2" in graph.tab("versions")
    shoot(graph.page, f"page-{graph.scheme}-artifact")
    graph.click("trainer-2")
    graph.tab("charts")
    expect(graph.root.get_by_test_id("artnb-chart")).to_have_count(2)
    shoot(graph.page, f"page-{graph.scheme}-charts")
    graph.tab("images")
    expect(graph.root.get_by_test_id("artnb-image").locator("img")).to_have_count(3)


class Logged:
    """What Plotly gives to a run, of lines along days, bars, and what is not drawn here."""

    def __init__(self, figure=None):
        self.figure = figure

    def to_json(self):
        if self.figure:
            return json.dumps(self.figure)
        days = [f"2024-01-{day:02}" for day in range(1, 31)]
        lines = [{"name": HOSTILE, "x": days, "y": list(range(30))}, {"x": days, "y": [9, 2] * 15}]
        bars = {"type": "bar", "name": "bars", "x": ["Oslo", HOSTILE], "y": [3, 5]}
        figure = {
            "data": [*lines, bars, {"type": "surface", "z": [[1]]}],
            "layout": {"title": HOSTILE},
        }
        return json.dumps(figure)


Logged.__module__ = "plotly.graph_objs"


def plotted(page, context, folder, scheme, *figures):
    """Open the exported page at what the run said that logged these figures."""
    with artnb.init(project="shown", job_type="plot", name="plotter") as run:
        for number, figure in enumerate(figures):
            run.log({f"figure-{number}": figure})
    path = artnb.graph("shown", level="instances").to_html(folder / "graph.html")
    context.set_offline(True)
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    graph = GraphPage.of(page)
    graph.click("plotter")
    graph.tab("output")
    return graph


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_chart_of_another_library_is_drawn(page, context, watch, tmp_path, shoot, scheme):
    graph = plotted(page, context, tmp_path, scheme, Logged())
    drawing = graph.root.get_by_test_id("artnb-drawing")
    expect(drawing.locator("canvas")).to_be_visible()
    expect(drawing.locator(".bars tr")).to_have_count(2)
    expect(drawing.locator(".series li")).to_have_count(3)
    shoot(page, f"page-{scheme}-drawing")
    assert violations(page, graph.root) == []
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_heatmaps_boxes_and_histograms_are_drawn(
    page, context, watch, tmp_path, shoot, scheme, width
):
    rng = np.random.default_rng(0)
    tiles = {"type": "heatmap", "z": [[1, -0.5], [-0.5, 1]], "x": ["a", HOSTILE], "y": ["a", "b"]}
    image = {"type": "heatmap", "z": rng.random((28, 28)).tolist()}
    boxes = {"type": "box", "x": ["a", HOSTILE] * 50, "y": rng.normal(size=100).tolist()}
    counted = {"type": "histogram", "x": rng.normal(size=100).tolist()}
    figures = [Logged({"data": [trace]}) for trace in (tiles, image, boxes, counted)]
    page.set_viewport_size({"width": width, "height": 800})
    graph = plotted(page, context, tmp_path, scheme, *figures)
    drawings = graph.root.get_by_test_id("artnb-drawing")
    expect(drawings.nth(0).locator("td[style]")).to_have_text(["-0.5", "1", "1", "-0.5"])
    expect(drawings.nth(1).locator("td[title]")).to_have_count(28 * 28)
    expect(drawings.nth(2).locator(".box-of")).to_have_count(2)
    wide = "e => [e.scrollWidth, e.clientWidth]"
    for number in range(3):
        scrolls, shows = drawings.nth(number).locator(".rows").evaluate(wide)
        assert scrolls <= shows
    drawings.nth(3).scroll_into_view_if_needed()
    expect(drawings.nth(3).locator("canvas")).to_be_visible()
    shoot(page, f"page-{scheme}-{width}-shapes")
    assert violations(page, graph.root) == []
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_w_and_b_has_names_for_is_drawn(page, context, watch, tmp_path, shoot, scheme):
    rng = np.random.default_rng(0)
    points = artnb.Table(["x", "y"], [[x, x + e] for x, e in rng.normal(size=(80, 2)).tolist()])
    with artnb.init(project="drawn", job_type="train", name="trainer") as run:
        run.log({"loss": 1.0})
        run.log(
            {
                "weights": artnb.Histogram(rng.normal(size=5_000)),
                "points": artnb.plot.scatter(points, "x", "y"),
                "roc": artnb.plot.roc_curve(rng.integers(0, 2, 50), rng.random((50, 2))),
                "sizes": artnb.plot.bar(
                    artnb.Table(["a", "b"], [[HOSTILE, 3], ["b", -1]]), "a", "b"
                ),
                "confusion": artnb.plot.confusion_matrix(
                    y_true=rng.integers(0, 10, 500), preds=rng.integers(0, 10, 500)
                ),
                "street": artnb.Image(rng.random((128, 128, 3)), boxes=BOXES, masks=MASKS),
                "clip": artnb.Video(rng.integers(0, 255, (3, 3, 40, 60), dtype=np.uint8)),
                "page": artnb.Html("<p>x</p>"),
            }
        )
        run.alert("Low accuracy", "0.1 is below 0.5", level="WARN")
    path = artnb.graph("drawn", level="instances").to_html(tmp_path / "graph.html")
    context.set_offline(True)
    page.emulate_media(color_scheme=scheme)
    page.goto(path.as_uri())
    graph = GraphPage.of(page)
    graph.click("trainer")
    graph.tab("charts")
    charts = graph.root.get_by_test_id("artnb-chart")
    expect(charts).to_have_count(7)
    graph.root.get_by_test_id("artnb-charts-log").check()  # of lines along steps alone
    for key, said in [("weights", "step 1"), ("points", "step 1"), ("roc · 1", "step 1")]:
        chart = graph.root.locator(f"[data-key='{key}']")
        chart.scroll_into_view_if_needed()
        expect(chart).to_contain_text(said)
        expect(chart.locator("canvas")).to_be_visible()
    shoot(graph.root.locator("[data-key='sizes']"), f"page-{scheme}-bars")
    expect(graph.root.locator(".matrix td[style]")).to_have_count(100)
    graph.root.locator("[data-key='confusion']").scroll_into_view_if_needed()
    shoot(page, f"page-{scheme}-drawn")
    assert violations(page) == []
    graph.tab("images")
    expect(graph.root.get_by_test_id("artnb-image").locator("img")).to_have_count(3)
    expect(graph.root.get_by_test_id("artnb-box")).to_have_text(HOSTILE)
    shoot(page, f"page-{scheme}-boxes")
    assert violations(page) == []
    graph.tab("output")
    expect(graph.panel).to_contain_text("WARN · Low accuracy")
    expect(graph.panel).to_contain_text("page · html")


def test_metadata_are_searched_and_compared(graph, shoot):
    graph.level("instances")
    graph.click("net:v1")
    graph.tab("overview")
    expect(graph.root.get_by_test_id("artnb-alias-add")).to_have_count(0)
    graph.tab("metadata")
    graph.root.get_by_test_id("artnb-metadata-find").fill("layers 16")
    expect(graph.panel).not_to_contain_text("number")
    graph.root.get_by_test_id("artnb-metadata-find").fill("")
    graph.root.get_by_test_id("artnb-metadata-compare").select_option(label="v0")
    differs = graph.root.get_by_test_id("artnb-differs")
    expect(differs.locator("tbody tr")).to_have_count(1)
    expect(differs).to_contain_text("number")
    shoot(graph.page, f"page-{graph.scheme}-compare")
    assert violations(graph.page) == []


def test_files_are_previewed_from_the_page_s_own_data(graph, shoot):
    graph.level("instances")
    graph.click("net:v1")
    graph.tab("files")
    graph.panel.locator("[data-path='net.txt']").click()
    preview = graph.root.get_by_test_id("artnb-preview")
    expect(preview.locator("pre")).to_have_text("1")
    expect(preview).to_contain_text(".get_entry")
    shoot(graph.page, f"page-{graph.scheme}-preview")


def test_markup_cannot_leave_its_place(graph):
    graph.level("instances")
    graph.click("raw:v0")
    expect(graph.panel).to_contain_text(HOSTILE)
    assert HOSTILE in graph.tab("metadata")
    assert graph.page.evaluate("window.pwned") is None


def test_two_versions_are_compared_by_what_the_page_holds(graph, shoot):
    graph.level("instances")
    graph.click("net:v1")
    graph.tab("versions")
    graph.root.get_by_role("button", name="Compare with v0").click()
    compared = graph.root.get_by_test_id("artnb-compared")
    expect(compared).to_contain_text("v0 → v1")
    expect(compared).to_contain_text("number")
    compared.get_by_test_id("artnb-compared-file").click()
    expect(compared).to_contain_text("As far as this page holds them: 1 line added, 1 removed")
    expect(compared.get_by_label("net.txt")).to_have_text("-0+1")
    shoot(graph.page, f"page-{graph.scheme}-compared")
    assert violations(graph.page) == []


def test_axe_finds_nothing_in_the_page(graph):
    graph.level("instances")
    assert violations(graph.page) == []
    for node, tabs in (
        ("trainer-0", ("overview", "config", "summary", "charts", "images", "code")),
        ("net:v1", ("overview", "metadata", "files", "versions")),
    ):
        graph.click(node)
        for tab in tabs:
            graph.tab(tab)
            assert violations(graph.page) == [], (node, tab)
    graph.root.get_by_role("button", name="Filter").click()
    assert violations(graph.page) == []
    graph.page.keyboard.press("Escape")
    graph.level("types")
    graph.click("model")
    assert violations(graph.page) == []
    graph.root.get_by_test_id("artnb-table-switch").click()
    assert violations(graph.page) == []


def test_each_stop_of_the_tab_key_has_a_ring(graph):
    graph.level("instances")
    graph.click("net:v1")
    ringed = """() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      const style = getComputedStyle(at);
      const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
      return [at.tagName, at.dataset.testid ?? at.getAttribute('aria-label') ?? at.textContent,
        ring || style.boxShadow !== 'none'];
    }"""
    graph.page.locator("body").press("Tab")
    stops = []
    for _ in range(25):
        stops.append(tuple(graph.page.evaluate(ringed)))
        graph.page.keyboard.press("Tab")
    inside = [stop for stop in stops if stop[0] not in ("BODY", "HTML")]
    assert len({stop[1] for stop in inside}) > 8
    assert [stop for stop in inside if not stop[2]] == []


def test_the_keyboard_goes_on_where_a_button_leads(graph):
    """In the shadow root of a real browser, whose focus goes with what has it."""
    graph.level("instances")
    graph.click("net:v1")
    graph.root.get_by_test_id("artnb-link").first.focus()
    graph.page.keyboard.press("Enter")
    expect(graph.title).to_have_text("trainer-1")
    expect(graph.title).to_be_focused()
    graph.root.get_by_test_id("artnb-around").focus()
    graph.page.keyboard.press("Enter")
    expect(graph.root.get_by_test_id("artnb-trail")).to_be_visible()
    expect(graph.title).to_be_focused()
    graph.page.keyboard.press("Escape")
    expect(graph.canvas).to_be_focused()
    graph.root.get_by_test_id("artnb-crumb").focus()
    graph.page.keyboard.press("Enter")
    expect(graph.canvas).to_be_focused()
    graph.root.get_by_test_id("artnb-table-switch").focus()
    graph.page.keyboard.press("Enter")
    row = graph.table.get_by_role("button", name="trainer-2")
    row.focus()
    graph.page.keyboard.press("Enter")
    expect(graph.title).to_be_focused()
    graph.page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_what_the_arrow_keys_find_is_in_sight(graph):
    search = graph.root.get_by_test_id("artnb-search")
    search.fill("e")
    results = graph.root.get_by_test_id("artnb-result")
    assert results.count() == 8
    graph.root.locator(".search ul").evaluate("e => e.style.maxHeight = '90px'")
    search.press("ArrowUp")
    inside = (
        "e => e.getBoundingClientRect().bottom <= e.parentElement.getBoundingClientRect().bottom"
    )
    expect(results.last).to_have_attribute("aria-selected", "true")
    assert results.last.evaluate(inside)


def test_code_is_copied_where_a_page_has_no_clipboard(graph):
    graph.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    graph.level("instances")
    graph.click("net:v1")
    graph.tab("usage")
    copy = graph.root.get_by_role("button", name="Copy run.use_artifact").first
    copy.click()
    expect(copy).to_have_text("Copied")
    search = graph.root.get_by_test_id("artnb-search")
    search.focus()
    graph.page.keyboard.press("Control+v")
    expect(search).to_have_value("run.use_artifact('net:v1').download()")


def test_a_phone_is_wide_enough_for_the_page(graph, shoot):
    graph.page.set_viewport_size({"width": 375, "height": 700})
    graph.settle()
    shoot(graph.page, f"page-375-{graph.scheme}")
    graph.level("instances")
    graph.click("net:v1")
    shoot(graph.page, f"page-375-{graph.scheme}-panel")
    page = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert graph.page.evaluate(page) <= 0


def test_a_long_name_is_no_wider_than_a_phone(page, context, watch, tmp_path):
    name = "n" * 100
    with artnb.init(project="long", job_type="make") as run:
        made = artnb.Artifact(name, "t" * 100)
        with made.new_file("a.txt") as stream:
            stream.write("1")
        run.log_artifact(made)
    whole = artnb.graph("long", level="instances", focus=f"{name}:v0", depth=1)
    path = whole.to_html(tmp_path / "graph.html")
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(path.as_uri())
    graph = GraphPage.of(page)
    graph.close_panel()
    trail = graph.root.get_by_test_id("artnb-trail")
    expect(trail).to_contain_text(name)
    assert trail.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_the_table_tells_the_same(graph, shoot):
    graph.root.get_by_test_id("artnb-table-switch").click()
    for name in ("raw:v0", "net:v0", "net:v1", "net:v2", "trainer-0"):
        expect(graph.table).to_contain_text(name)
    shoot(graph.page, f"page-{graph.scheme}-table")
    graph.table.get_by_role("button", name="net:v1").click()
    expect(graph.title).to_contain_text("net:v1")


@pytest.fixture(params=["browser", "asked"])
def korean(request, browser, browser_context_args, tmp_path):
    """A page that speaks Korean: for its browser does, or because it was asked to."""
    record()
    by_browser = request.param == "browser"
    path = artnb.graph("pages", lang=None if by_browser else "ko").to_html(tmp_path / "graph.html")
    context = browser.new_context(
        **{**browser_context_args, "locale": "ko-KR" if by_browser else "en-US"}
    )
    page = context.new_page()
    page.goto(path.as_uri())
    yield GraphPage.of(page)
    context.close()


def test_the_page_speaks_korean(korean, shoot):
    expect(korean.root).to_have_attribute("lang", "ko")
    korean.level("instances")
    korean.click("net:v1")
    for tab in ("overview", "metadata", "files", "versions", "usage"):
        korean.tab(tab)
    shoot(korean.page, "page-korean-usage")
    assert "버전" in korean.root.inner_text()
    korean.tab("overview")
    shoot(korean.page, "page-korean-artifact")
    korean.click("trainer-2")
    korean.tab("charts")
    shoot(korean.page, "page-korean-charts")
    said = korean.root.inner_text()
    for english in ("Overview", "Search", "Table", "Filter", "Loading", "Only around", "runs"):
        assert english not in said
    assert violations(korean.page) == []
    korean.root.get_by_test_id("artnb-table-switch").click()
    shoot(korean.page, "page-korean-table")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_graph_is_read_where_the_system_forces_its_colours(
    browser, browser_context_args, tmp_path, shoot, scheme
):
    """Canvas takes its colours from elements, which the system would paint all alike."""
    record()
    path = artnb.graph("pages").to_html(tmp_path / "graph.html")
    colours = {"color_scheme": scheme, "forced_colors": "active"}
    context = browser.new_context(**browser_context_args, **colours)
    page = context.new_page()
    page.goto(path.as_uri())
    shown = GraphPage.of(page)
    shown.click("dataset")
    shoot(page, f"page-forced-{scheme}")
    read = {
        name: shown.root.locator(f"[data-probe={name}]").evaluate(
            """probe => { const canvas = document.createElement('canvas').getContext('2d');
            canvas.fillStyle = getComputedStyle(probe).color; canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]; }"""
        )
        for name in ("ground", "surface", "text", "muted", "accent")
    }
    context.close()
    for name in ("text", "muted", "accent"):
        assert contrast(read[name], read["surface"]) >= 3, read
        assert contrast(read[name], read["ground"]) >= 3, read


def contrast(one, other):
    """As WCAG counts it."""

    def luminance(colour):
        parts = [part / 255 for part in colour]
        lin = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.usefixtures("watch")
def test_what_is_written_from_right_to_left_stands_where_all_else_does(page, tmp_path, shoot):
    with artnb.init(project="פרויקט", job_type="טעינה", name="מרחבא") as run:
        for name in ("raw", "clean"):
            run.log_artifact(artnb.Artifact(name, "dataset"))
    for job_type in ("אימון", "train"):
        with artnb.init(project="פרויקט", job_type=job_type, name=f"{job_type} 1") as run:
            run.use_artifact("raw:latest")
    page.goto(artnb.graph("פרויקט", level="instances").to_html(tmp_path / "graph.html").as_uri())
    graph = GraphPage.of(page)
    graph.click("raw:v0")
    types = graph.panel.locator(".node-link .type")
    expect(types).to_have_count(3)
    boxes = [each.bounding_box() for each in types.all()]
    assert len({round(box["x"] + box["width"]) for box in boxes}) == 1
    graph.close_panel()
    assert graph.root.locator(".project").bounding_box()["x"] < 40
    shoot(page, "page-right-to-left")


def test_a_narrow_toolbar_has_no_button_alone_in_a_row(graph):
    search, table = (
        graph.root.get_by_test_id(f"artnb-{each}") for each in ("search", "table-switch")
    )
    for width in (800, 700, 640, 600, 540, 430, 375):
        graph.page.set_viewport_size({"width": width, "height": 600})
        assert abs(search.bounding_box()["y"] - table.bounding_box()["y"]) < 2, width
