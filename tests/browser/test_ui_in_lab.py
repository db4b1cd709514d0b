"""The pages of ``artnb ui`` below the address of a JupyterLab that runs anyhow."""

from browser.graph import GraphPage


def test_a_running_jupyterlab_has_the_pages_too(open_notebook, lab, shoot):
    cell = 'import artnb\nwith artnb.init(project="in the lab", name="here"):\n    pass'
    path = lab.root / "ui.ipynb"
    lab.notebook("ui", [cell]).rename(path)  # in the lab's root, whose repository is shown
    notebook = open_notebook(path)
    notebook.run_all()
    notebook.page.goto(f"{lab.url}/artnb/")
    notebook.page.get_by_role("link", name="in the lab").click()
    graph = GraphPage.of(notebook.page)
    graph.level("instances")
    assert set(graph.nodes()) == {"here"}
    shoot(notebook.page, "ui-in-lab")
