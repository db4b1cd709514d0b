"""The harness itself: a trivial widget in a real JupyterLab."""

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


def test_a_click_in_the_page_reaches_python(lab, open_notebook):
    notebook = open_notebook(lab.notebook("counter", [WIDGET, "print('value', counter.value)"]))
    notebook.run_all()
    button = notebook.page.get_by_test_id("count")
    button.click()
    notebook.page.wait_for_function(
        "() => document.querySelector('[data-testid=count]').textContent === 'count 1'"
    )
    notebook.run_cell(1)
    assert "value 1" in notebook.cell(1).inner_text()


def test_a_failing_cell_fails_the_run(lab, open_notebook):
    notebook = open_notebook(lab.notebook("failing", ["1 / 0"]))
    notebook.start()
    notebook.page.wait_for_function("() => window.ran")
    assert notebook.failures() == ["ZeroDivisionError: division by zero"]


def test_both_themes_are_reached(lab, open_notebook):
    notebook = open_notebook(lab.notebook("themes", ["1 + 1"]))
    for dark in (True, False):
        notebook.theme(dark)
        assert notebook.page.evaluate("document.body.dataset.jpThemeLight") == str(not dark).lower()
