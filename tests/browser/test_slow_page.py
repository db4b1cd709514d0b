"""Nothing is lost on a page that is slow, or away for a while.

anywidget gives a model up whose module takes over 2 s to load: it hears nothing more.
"""

import pytest
from browser.graph import GraphPage
from browser.lab import LAB_NOISE, NotebookPage
from browser.watch import Watch
from playwright.sync_api import expect

RECORD = """
import artnb
with artnb.init(project="small", job_type="load", name="loader"):
    pass
"""
SHOW = 'artnb.graph("small", level="instances")'
MORE = """
with artnb.init(project="small", job_type="train", name="trainer-{0}"):
    pass
"""
# The module comes when the test says so, long after anywidget's patience, which is short here.
SLOW = """
  const coming = new Promise(come => { window.comeNow = come; });
  const { createObjectURL } = URL, { timeout } = AbortSignal;
  window.modulesHeld = 0;
  window.heldModules = coming;
  URL.createObjectURL = blob => {
    if (!(blob instanceof Blob) || blob.type !== 'text/javascript')
      return createObjectURL.call(URL, blob);
    window.modulesHeld++;
    return createObjectURL.call(URL,
      new Blob(['await window.heldModules;', blob], { type: blob.type }));
  };
  AbortSignal.timeout = ms => {
    const signal = timeout.call(AbortSignal, ms === 2000 ? 1 : ms);
    if (ms === 2000) signal.addEventListener('abort', () => { window.givenUp = true; });
    return signal;
  };
"""


@pytest.fixture
def notebook(page, lab, context):
    watching = Watch(context, (*LAB_NOISE, "Failed to initialize model"))
    page.add_init_script(SLOW)
    cells = [RECORD, SHOW, *(MORE.format(number) for number in range(3))]
    yield NotebookPage.open(page, lab, lab.notebook("slow-page", cells))
    watching.assert_clean()


def test_what_came_before_the_module_and_after_it_is_shown(notebook):
    for index in (0, 1):
        notebook.run_cell(index)
    notebook.page.wait_for_function("() => window.modulesHeld && window.givenUp")
    notebook.run_cell(2)
    expect(notebook.page.get_by_test_id("artnb")).to_have_count(0)
    notebook.page.evaluate("window.comeNow()")
    graph = GraphPage.of(notebook.page, notebook.cell(1))
    graph.wait_for("loader", "trainer-0")
    notebook.run_cell(3)
    graph.wait_for("trainer-1")
    graph.click("trainer-1")
    expect(graph.root.get_by_test_id("artnb-tab-overview")).to_be_visible()


# The connection goes and comes, and what the kernel said meanwhile never arrives.
RECONNECT = """async () => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  window.asked = [];
  kernel.anyMessage.connect((_, { msg, direction }) => {
    if (direction === 'send') window.asked.push(msg.content?.data?.content?.method);
  });
  await kernel.reconnect();
}"""


def test_a_page_whose_connection_is_back_asks_for_what_it_missed(lab, open_notebook):
    opened = open_notebook(lab.notebook("away", [RECORD, SHOW]))
    opened.run_cell(0)
    opened.run_cell(1)
    GraphPage.of(opened.page, opened.cell(1)).wait_for("loader")
    opened.page.evaluate(RECONNECT)
    opened.page.wait_for_function("() => window.asked.includes('graph')")
    opened.wait_ready()
