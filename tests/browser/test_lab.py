"""The harness itself: a trivial widget in a real JupyterLab."""

import pytest
from browser.lab import NotebookPage

WIDGET = """
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      const button = document.createElement('button');
      button.dataset.testid = 'count';
      const show = () => { button.textContent = `count ${model.get('value')}` };
      button.onclick = () => { model.set('value', model.get('value') + 1); model.save_changes(); };
      model.on('change:value', show);
      show();
      el.append(button);
    } };
    '''
    value = traitlets.Int(0).tag(sync=True)
counter = Counter()
counter
"""


@pytest.fixture(scope="module")
def notebook(shared_page, lab):
    cells = [WIDGET, "print('value', counter.value)", "1 / 0"]
    return NotebookPage.open(shared_page, lab, lab.notebook("harness", cells))


def test_a_click_in_the_page_reaches_python(notebook):
    notebook.run_cell(0)
    button = notebook.page.get_by_test_id("count")
    button.click()
    notebook.page.wait_for_function(
        "() => document.querySelector('[data-testid=count]').textContent === 'count 1'"
    )
    notebook.run_cell(1)
    assert "value 1" in notebook.cell(1).inner_text()


def test_a_failing_cell_fails_the_run(notebook):
    notebook.start()
    notebook.page.wait_for_function("() => window.ran")
    assert notebook.failures() == ["ZeroDivisionError: division by zero"]


def test_both_themes_are_reached(notebook):
    for dark in (True, False):
        notebook.theme(dark)
        assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == str(not dark).lower()
