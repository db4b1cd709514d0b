"""Fifty graphs that came and went leave nothing behind: views, styles, canvases, listeners."""

import base64

import pytest
from browser.graph import GraphPage
from browser.lab import NotebookPage

import artnb
from artnb.repository import open_repository
from artnb.widgets.payload import encode_graph
from artnb.widgets.widget import BUNDLE

TIMES = 50
RECORD = """
import artnb
with artnb.init(project="small", job_type="load", name="loader") as run:
    raw = artnb.Artifact("raw", "dataset")
    with raw.new_file("rows.txt") as stream:
        stream.write("one")
    run.log_artifact(raw)
"""
SHOW = 'artnb.graph("small")'
COUNT = """
from artnb.repository import open_repository
from ipywidgets.widgets.widget import _instances
ours = [each for each in _instances.values() if type(each).__name__.startswith("Graph")]
print(f"{len(open_repository()._events._subscribers)} listening, {len(ours)} widgets")
"""
# Canvases are held weakly, so that what is still there after a collection is held elsewhere.
REMEMBER = """() => {
  globalThis.canvases ??= [];
  for (const { canvas } of globalThis.__artnb.views) {
    if (!globalThis.canvases.some(each => each.deref() === canvas)) {
      globalThis.canvases.push(new WeakRef(canvas));
    }
  }
}"""
LEFT = """() => ({
  views: globalThis.__artnb.views.length,
  styles: document.head.querySelectorAll('style').length,
  detached: globalThis.canvases.filter(each => each.deref()?.isConnected === false).length,
  seen: globalThis.canvases.length,
})"""
# A model as a host hands it over; the two share nothing with those before.
MOUNT = """async ([source, data, times]) => {
  globalThis.widget ??= (await import(
    URL.createObjectURL(new Blob([source], { type: 'text/javascript' })))).default;
  const graph = Uint8Array.from(atob(data), mark => mark.charCodeAt(0));
  globalThis.listening ??= 0;
  const model = traits => ({
    get: name => traits[name],
    send() {},
    on() { globalThis.listening++; },
    off() { globalThis.listening--; },
  });
  for (let time = 0; time < times; time++) {
    const el = document.createElement('div');
    document.body.append(el);
    const stop = new AbortController();
    const look = { level: 'instances', focused: '', depth: 0, types: [] };
    const traits = { graph, look, view_id: `v${time}`, height: 400 };
    const live = model({ ...traits, rpc: model({}) });
    await globalThis.widget.render({ model: live, el, signal: stop.signal });
    const drawn = () => globalThis.__artnb?.views.some(view => el.shadowRoot.contains(view.canvas));
    while (!drawn()) await new Promise(requestAnimationFrame);
    (REMEMBER)();
    stop.abort();
    el.remove();
  }
}""".replace("REMEMBER", REMEMBER)


def left(page):
    """Collect garbage, and count what is left of the graphs."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.enable")
    for _ in range(2):
        client.send("HeapProfiler.collectGarbage")
    client.detach()
    return page.evaluate(LEFT)


@pytest.mark.usefixtures("watch")
def test_graphs_mounted_and_unmounted_in_a_page_leave_nothing(page):
    with artnb.init(project="small", job_type="load", name="loader"):
        pass
    data = encode_graph(open_repository().lineage("small"), "small")
    given = [BUNDLE.read_text("utf-8"), base64.b64encode(data).decode()]
    page.evaluate(MOUNT, [*given, TIMES])
    assert left(page) == {"views": 0, "styles": 0, "detached": 0, "seen": TIMES}
    assert page.evaluate("globalThis.listening") == 0


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    opened = NotebookPage.open(shared_page, lab, lab.notebook("leaks", [RECORD, SHOW, COUNT]))
    opened.run_cell(0)
    return opened


def test_a_cell_run_again_and_again_in_jupyterlab_leaves_one_graph(notebook):
    def show_again(times):
        for _ in range(times):
            notebook.run_cell(1)
            notebook.page.wait_for_function("() => globalThis.__artnb?.views.length === 1")
            GraphPage.of(notebook.page, notebook.cell(1))
            notebook.page.evaluate(REMEMBER)

    show_again(5)
    before = left(notebook.page)
    show_again(TIMES - 5)
    after = left(notebook.page)
    assert (before.pop("seen"), after.pop("seen")) == (5, TIMES)
    assert after["views"] == 1
    assert after == before
    notebook.run_cell(2)
    assert notebook.output(2) == ["2 listening, 3 widgets"]  # for news and progress; of one graph


def test_an_output_that_was_cleared_is_listened_for_no_more(notebook):
    notebook.run_cell(1)
    GraphPage.of(notebook.page, notebook.cell(1))
    notebook.run_cell(2)
    assert notebook.output(2) == ["2 listening, 3 widgets"]
    notebook.select(1)
    notebook.command("notebook:clear-cell-output")
    notebook.page.wait_for_function("() => globalThis.__artnb.views.length === 0")
    for _ in range(50):  # the page's word goes to a subshell, which a cell does not wait for
        notebook.run_cell(2)
        if notebook.output(2) != ["2 listening, 3 widgets"]:
            break
        notebook.page.wait_for_timeout(100)
    assert notebook.output(2) == ["0 listening, 3 widgets"]
