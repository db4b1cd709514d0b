"""Filters, ways between nodes, the minimap, what is stale: on an exported page."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from browser.test_levels import made, record
from playwright.sync_api import expect

import artnb


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        record()
        with artnb.init(project="levels", job_type="collect", name="later") as run:
            run.log_artifact(made("sensor-0", "dataset", "anew"))
        return artnb.graph("levels", level="instances").to_html(folder / "graph.html")


@pytest.fixture(params=["light", "dark"])
def graph(request, page, watch, page_path):
    page.emulate_media(color_scheme=request.param)
    page.goto(page_path.as_uri())
    shown = GraphPage.of(page)
    shown.scheme = request.param
    return shown


def test_a_filter_is_picked_by_keyboard_and_taken_back(graph, shoot):
    graph.root.get_by_test_id("artnb-filter").focus()
    graph.page.keyboard.press("Enter")
    menu = graph.root.get_by_test_id("artnb-filter-menu")
    menu.get_by_label("model").focus()
    graph.page.keyboard.press("Space")
    shoot(graph.page, f"reading-{graph.scheme}-filter")
    assert violations(graph.page) == []
    graph.page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    graph.settle()
    assert "clean:v0" not in graph.nodes()
    assert {"net:v0", "net:v1", "trainer-0", "examiner"} <= set(graph.nodes())
    shoot(graph.page, f"reading-{graph.scheme}-filtered")
    assert violations(graph.page) == []
    graph.root.get_by_test_id("artnb-chip").click()
    graph.settle()
    assert "clean:v0" in graph.nodes()


@pytest.mark.parametrize("width", [375, 1600])
def test_a_span_of_time_is_picked_by_keyboard_and_taken_back(graph, shoot, width):
    graph.page.set_viewport_size({"width": width, "height": 800})
    graph.root.get_by_test_id("artnb-filter").press("Enter")
    since = graph.root.get_by_test_id("artnb-filter-since")
    graph.root.get_by_test_id("artnb-filter-last-hour").press("Enter")
    assert since.input_value()
    graph.root.get_by_test_id("artnb-filter-until").fill("2020-01-01T00:00")
    graph.settle()
    assert graph.nodes() == {}
    box = graph.root.get_by_test_id("artnb-filter-until").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    shoot(graph.page, f"reading-{width}-{graph.scheme}-time")
    assert violations(graph.page) == []
    graph.page.keyboard.press("Escape")
    graph.root.get_by_role("button", name="until").press("Enter")
    graph.settle()
    assert {"collector", "net:v0", "sensor-0:v1"} <= set(graph.nodes())


def test_a_way_is_shown_between_two_nodes(graph, shoot):
    graph.click("net:v1")
    graph.root.get_by_test_id("artnb-way-begin").click()
    graph.fit()
    graph.page.mouse.click(*graph.place("sensor-3:v0"))
    expect(graph.root.get_by_test_id("artnb-way")).to_contain_text("4 steps between")
    graph.page.mouse.move(0, 0)
    shoot(graph.page, f"reading-{graph.scheme}-way")
    assert violations(graph.page) == []
    graph.root.get_by_test_id("artnb-way-end").click()
    expect(graph.root.get_by_test_id("artnb-way")).to_have_count(0)
    collector = graph.place("collector")
    graph.page.keyboard.down("Shift")
    graph.page.mouse.click(*collector)
    graph.page.keyboard.up("Shift")
    expect(graph.root.get_by_test_id("artnb-way")).to_contain_text("5 steps between")


def test_the_minimap_comes_when_not_all_is_in_sight_and_goes_there(graph, shoot):
    minimap = graph.root.get_by_test_id("artnb-minimap")
    expect(minimap).to_be_hidden()
    for _ in range(4):
        graph.root.get_by_test_id("artnb-zoom-in").click()
    expect(minimap).to_be_visible()
    before = graph.nodes()["examiner"]
    box = minimap.bounding_box()
    graph.page.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    graph.settle()
    assert graph.nodes()["examiner"] != before
    shoot(graph.page, f"reading-{graph.scheme}-minimap")
    graph.fit()
    expect(minimap).to_be_hidden()


def test_what_is_stale_says_why(graph, shoot):
    graph.click("clean:v0")
    stale = graph.root.get_by_test_id("artnb-stale")
    expect(stale).to_have_text("Stale: made from sensor-0:v0, and there is sensor-0:v1.")
    shoot(graph.page, f"reading-{graph.scheme}-stale")
    assert violations(graph.page) == []
    graph.click("net:v2")
    expect(stale).to_have_text("Stale: made from clean:v0, which is stale.")
    graph.click("net:v0")
    expect(stale).to_have_count(0)


def test_a_phone_has_room_for_the_filter(graph, shoot):
    graph.page.set_viewport_size({"width": 375, "height": 700})
    graph.root.get_by_test_id("artnb-filter").click()
    menu = graph.root.get_by_test_id("artnb-filter-menu")
    menu.get_by_label("model").check()
    graph.settle()
    shoot(graph.page, f"reading-375-{graph.scheme}")
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375


def test_a_wheel_over_the_graph_is_told_how_to_zoom_and_all_else_is_behind_a_button(graph, shoot):
    before = graph.nodes()
    hint = graph.root.get_by_test_id("artnb-hint")
    graph.canvas.hover()
    graph.page.mouse.wheel(0, 100)
    expect(hint).to_be_visible()
    assert graph.nodes() == before
    shoot(graph.page, f"reading-{graph.scheme}-hint")
    graph.page.keyboard.down("Control")
    graph.page.mouse.wheel(0, -100)
    graph.page.keyboard.up("Control")
    expect(hint).to_have_count(0)
    graph.settle()
    assert graph.nodes() != before
    graph.root.get_by_test_id("artnb-keys").click()
    expect(graph.root.get_by_test_id("artnb-gestures")).to_be_visible()
    shoot(graph.page, f"reading-{graph.scheme}-gestures")
    assert violations(graph.page) == []


def test_on_a_phone_the_newest_part_is_large_enough_to_be_read(graph, shoot):
    graph.page.set_viewport_size({"width": 375, "height": 700})
    graph.level("instances")
    minimap = graph.root.get_by_test_id("artnb-minimap")
    expect(minimap).to_be_visible()
    shoot(graph.page, f"reading-375-{graph.scheme}-begin")
    graph.fit()
    expect(minimap).to_be_hidden()
