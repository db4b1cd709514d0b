"""Which way the graph goes, and how it grew: on the exported page, in both themes, on a phone."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from playwright.sync_api import expect

import artnb


def record():
    with artnb.init(project="grown", job_type="load", name="loader") as run:
        run.log_artifact(made("raw", "dataset", "1"))
    for number in range(3):
        with artnb.init(project="grown", job_type="train", name=f"trainer-{number}") as run:
            run.use_artifact("raw:latest")
            run.log_artifact(made("net", "model", str(number)))


def made(name, type, text):
    artifact = artnb.Artifact(name, type)
    with artifact.new_file("data.txt") as stream:
        stream.write(text)
    return artifact


@pytest.fixture(params=[("light", 1600, 900), ("dark", 375, 700)], ids=["light-1600", "dark-375"])
def graph(request, page, watch, tmp_path):
    record()
    path = artnb.graph("grown", level="instances").to_html(tmp_path / "graph.html")
    scheme, width, height = request.param
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(path.as_uri())
    shown = GraphPage.of(page)
    shown.name, shown.narrow = f"{scheme}-{width}", width < 600
    return shown


def there(graph):
    return set(graph.page.evaluate("globalThis.__artnb.views[0].there"))


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_graph_turns_and_the_browser_remembers(graph, shoot):
    along = ("loader", "raw:v0", "trainer-0", "net:v0")

    def places(axis):
        nodes = graph.nodes()
        return [nodes[title][axis] for title in along]

    first, then = "yx" if graph.narrow else "xy"
    assert places(first) == sorted(places(first))
    graph.root.get_by_test_id("artnb-direction").click()
    graph.settle()
    assert places(then) == sorted(places(then))
    assert len(set(places(then))) == 4
    shoot(graph.page, f"turned-{graph.name}")
    assert violations(graph.page) == []
    graph.page.reload()
    again = GraphPage.of(graph.page)
    down = again.root.get_by_test_id("artnb-direction")
    expect(down).to_have_attribute("aria-pressed", str(not graph.narrow).lower())
    assert [again.nodes()[title][then] for title in along] == places(then)


def test_a_narrow_window_begins_from_top_to_bottom_with_nothing_covered(graph):
    legend = graph.root.get_by_role("list", name="Legend")
    expect(legend).to_have_count(0 if graph.narrow else 1)
    shown = graph.root.get_by_test_id("artnb-direction").get_attribute("aria-pressed")
    assert shown == str(graph.narrow).lower()


def test_the_growth_is_replayed_by_hand_and_by_itself(graph, shoot):
    page, root = graph.page, graph.root
    root.get_by_test_id("artnb-replay").click()
    graph.settle()
    stood = graph.nodes()
    slider = root.get_by_test_id("artnb-time")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(root.get_by_test_id("artnb-moment")).to_contain_text("3 of 8")
    assert len(there(graph)) == 3
    shoot(page, f"replay-{graph.name}")
    assert fits(page)
    assert violations(page, root) == []

    page.emulate_media(reduced_motion="no-preference")
    page.keyboard.press("Space")
    expect(root.get_by_test_id("artnb-play")).to_have_attribute("aria-label", "Pause")
    expect(root.get_by_test_id("artnb-moment")).to_contain_text("8 of 8")
    expect(root.get_by_test_id("artnb-play")).to_have_attribute("aria-label", "Play")
    assert len(there(graph)) == 8
    assert graph.nodes() == stood
    page.keyboard.press("Escape")
    expect(root.get_by_test_id("artnb-timeline")).to_have_count(0)
    expect(root.get_by_test_id("artnb-replay")).to_be_focused()


def test_groups_grow_too(graph, shoot):
    graph.level("types")
    graph.root.get_by_test_id("artnb-replay").click()
    graph.root.get_by_test_id("artnb-time").fill("2")
    assert there(graph) == {"j:load", "t:dataset", "j:train"}
    shoot(graph.page, f"replay-types-{graph.name}")
