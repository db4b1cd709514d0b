"""Which host shows the notebook, and what is said where there is no panel beside it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from artnb.errors import MissingExtraError, UsageError
from artnb.repository import Content
from artnb.widgets import beside
from artnb.widgets.host import host_of, prepare
from artnb.widgets.look import Look
from artnb.widgets.view import GraphView
from artnb.widgets.widget import GraphWidget

KERNEL = SimpleNamespace(kernel=object(), user_ns={})
VSCODE = SimpleNamespace(kernel=object(), user_ns={"__vsc_ipynb_file__": "/x.ipynb"})
TERMINAL = SimpleNamespace(user_ns={})


def marimo(running):
    return {"marimo": SimpleNamespace(running_in_notebook=lambda: running)}


@pytest.mark.parametrize(
    ("shell", "environ", "modules", "host"),
    [
        (KERNEL, {}, {}, "jupyter"),
        (KERNEL, {"JPY_PARENT_PID": "not a number"}, {}, "jupyter"),
        (VSCODE, {}, {}, "vscode"),
        (KERNEL, {"VSCODE_PID": "7"}, {}, "vscode"),
        (KERNEL, {}, {"google.colab": object()}, "colab"),
        (None, {}, marimo(True), "marimo"),
        (KERNEL, {}, marimo(False), "jupyter"),  # imported, in a Jupyter notebook
        (TERMINAL, {}, {}, "none"),
        (None, {}, {}, "none"),
    ],
)
def test_each_host_is_known(shell, environ, modules, host):
    assert host_of(shell, environ, modules) == host


def test_a_server_that_was_started_as_notebook_is_notebook():
    wait = "import time; print(flush=True); time.sleep(60)"
    for name, host in (("jupyter-notebook", "notebook"), ("jupyter-lab", "jupyter")):
        command = [name, "-c", wait]
        process = subprocess.Popen(command, executable=sys.executable, stdout=subprocess.PIPE)
        try:
            process.stdout.readline()  # before that the system may not know its name yet
            assert host_of(KERNEL, {"JPY_PARENT_PID": str(process.pid)}, {}) == host
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def view(repository, run):
    repository.commit("demo", "a", "dataset", [Content("a", b"1")], run_id=run.id)
    return GraphView(repository, "demo", Look(), 300)


def never(*_, **__):
    pytest.fail("a widget was made: the page logs an error where it goes while it is loaded")


@pytest.mark.parametrize(
    ("host", "named"), [("vscode", "VS Code"), ("colab", "Colab"), ("notebook", "Notebook 7")]
)
def test_a_host_without_panels_is_named_and_hears_of_no_widget(view, monkeypatch, host, named):
    monkeypatch.setattr(beside, "host_of", lambda _: host)
    monkeypatch.setattr(GraphView, "_widget", never)
    with pytest.raises(UsageError, match=f"needs JupyterLab; this is {named}"):
        view.beside()


def test_where_sidecar_is_not_installed_the_pip_line_is_said(view, monkeypatch):
    monkeypatch.setattr(beside, "host_of", lambda _: "jupyter")
    monkeypatch.setattr(GraphView, "_widget", never)
    monkeypatch.setitem(sys.modules, "sidecar", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[beside\]'"):
        view.beside()


def test_the_panel_holds_the_graph(view, monkeypatch):
    shown = []
    monkeypatch.setattr(beside, "host_of", lambda _: "jupyter")
    monkeypatch.setattr(beside, "keep_with_cell", lambda _, widget: shown.append(widget))
    view.beside()
    widget, panel = shown
    try:
        assert isinstance(widget, GraphWidget)
        assert (panel.title, panel.anchor, widget.height) == ("demo · artnb", "split-right", 0)
        (output,) = panel.outputs
        found = output["data"]["application/vnd.jupyter.widget-view+json"]
        assert found["model_id"] == widget.model_id
    finally:
        panel.close()
        widget.close()


def test_colab_is_told_to_let_our_widget_in_and_the_others_are_left_alone(monkeypatch):
    called = []
    output = SimpleNamespace(enable_custom_widget_manager=lambda: called.append("enabled"))
    prepare(KERNEL)
    assert called == []
    monkeypatch.setitem(sys.modules, "google", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace(output=output))
    prepare(KERNEL)
    assert called == ["enabled"]


def test_the_graph_is_shown_in_vs_code_as_in_jupyter(view, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: VSCODE)
    monkeypatch.setattr("IPython.display.display", lambda what, **_: shown.append(what))
    view._ipython_display_()
    widget, figure = shown
    widget.close()
    assert widget.view_id in figure["text/html"]


def test_a_terminal_is_told_what_there_is_and_where_to_see_it(view, monkeypatch, capsys):
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace())
    view._ipython_display_()
    told = capsys.readouterr().out
    assert told.startswith(f"<graph of '{view.project}': ")
    assert "artnb.graph().to_html('graph.html')" in told
