"""Types, names, instances, what is around a node: on an exported page, as a person goes there."""

import pytest
from browser.axe import violations
from browser.graph import GraphPage
from playwright.sync_api import expect

import artnb


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    """Six sensors cleaned by one job type; three models trained on them; one evaluated."""
    folder = tmp_path_factory.mktemp("levels")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        record()
        return artnb.graph("levels").to_html(folder / "graph.html")


def record():
    with artnb.init(project="levels", job_type="collect", name="collector") as run:
        for number in range(6):
            run.log_artifact(made(f"sensor-{number}", "dataset", str(number)))
    with artnb.init(project="levels", job_type="clean", name="cleaner") as run:
        for number in range(6):
            run.use_artifact(f"sensor-{number}:latest")
        run.log_artifact(made("clean", "dataset", "all"))
    for number in range(3):
        with artnb.init(project="levels", job_type="train", name=f"trainer-{number}") as run:
            run.use_artifact("clean:latest")
            run.log_artifact(made("net", "model", str(number)), aliases=["best"] * (number == 1))
    with (
        pytest.raises(RuntimeError),
        artnb.init(project="levels", job_type="evaluate", name="examiner") as run,
    ):
        run.use_artifact("net:best")
        raise RuntimeError("no figures")


def made(name, type, text):
    artifact = artnb.Artifact(name, type)
    with artifact.new_file("data.txt") as stream:
        stream.write(text)
    return artifact


@pytest.fixture(params=["light", "dark"])
def graph(request, page, watch, page_path):
    page.emulate_media(color_scheme=request.param)
    page.goto(page_path.as_uri())
    shown = GraphPage.of(page)
    shown.scheme = request.param
    return shown


def titles(graph):
    return sorted(graph.nodes())


def test_names_fold_what_is_alike_and_a_double_click_explodes_it(graph, shoot):
    graph.level("names")
    assert titles(graph) == sorted(["6 × dataset", "clean", "collect", "evaluate", "net", "train"])
    shoot(graph.page, f"levels-{graph.scheme}-names")
    graph.double_click("6 × dataset")
    assert {f"sensor-{number}" for number in range(6)} <= set(graph.nodes())
    shoot(graph.page, f"levels-{graph.scheme}-exploded")
    assert violations(graph.page) == []
    graph.root.get_by_test_id("artnb-reset").click()
    graph.settle()
    assert "sensor-0" not in graph.nodes()


def test_the_panel_explodes_and_folds(graph, shoot):
    graph.click("model")
    graph.root.get_by_test_id("artnb-explode").click()
    graph.wait_for("net:v0", "net:v1", "net:v2")
    graph.root.get_by_test_id("artnb-fold").click()
    graph.wait_for("model")
    graph.root.get_by_test_id("artnb-explode").click()
    graph.wait_for("net:v1")
    graph.click("net:v1")
    expect(graph.root.get_by_test_id("artnb-fold")).to_have_attribute("title", "Fold into net")
    shoot(graph.page, f"levels-{graph.scheme}-part")
    graph.root.get_by_test_id("artnb-fold").click()
    graph.wait_for("net")


def test_what_is_around_a_node_and_the_way_back(graph, shoot):
    graph.level("instances")
    graph.click("net:v1")
    graph.root.get_by_test_id("artnb-around").click()
    graph.settle()
    assert titles(graph) == ["clean:v0", "examiner", "net:v1", "trainer-1"]
    graph.root.get_by_test_id("artnb-depth-less").click()
    graph.settle()
    assert titles(graph) == ["examiner", "net:v1", "trainer-1"]
    graph.click("examiner")
    graph.root.get_by_test_id("artnb-around").click()
    graph.settle()
    shoot(graph.page, f"levels-{graph.scheme}-around")
    assert violations(graph.page) == []
    graph.root.get_by_test_id("artnb-crumb").last.click()
    graph.settle()
    assert titles(graph) == ["examiner", "net:v1", "trainer-1"]
    graph.root.get_by_test_id("artnb-crumb").first.click()
    graph.settle()
    assert "trainer-0" in graph.nodes()


def test_the_keyboard_explodes_looks_around_and_comes_back(graph):
    graph.canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "e", "e"):
        graph.page.keyboard.press(key)
    graph.wait_for("sensor-0")
    graph.page.keyboard.press("o")
    graph.settle()
    few = len(graph.nodes())
    graph.page.keyboard.press("Backspace")
    graph.settle()
    assert few < len(graph.nodes())
    expect(graph.root.get_by_test_id("artnb-crumb")).to_have_count(0)


def test_what_stays_moves_to_its_new_place_in_steps_unless_motion_is_unwanted(graph):
    frames = """async root => {
      const view = globalThis.__artnb.views.at(-1);
      const seen = [];
      root.querySelector('[data-testid=artnb-level-names]').click();
      for (let i = 0; i < 12; i++) {
        await new Promise(requestAnimationFrame);
        seen.push(view.drawn('j:train').join());
      }
      return new Set(seen).size;
    }"""
    shadow = graph.root
    assert shadow.evaluate(frames) <= 2
    graph.level("types")
    graph.page.emulate_media(reduced_motion="no-preference")
    assert shadow.evaluate(frames) > 4


def test_a_phone_shows_trail_and_panel(graph, shoot):
    graph.page.set_viewport_size({"width": 375, "height": 700})
    graph.level("names")
    graph.click("net")
    graph.root.get_by_test_id("artnb-around").click()
    graph.settle()
    shoot(graph.page, f"levels-375-{graph.scheme}")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert graph.page.evaluate(wide) <= 0
