"""A kernel for a whole module, and a shell in this process for a test."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell
from kernels import open_notebook
from traitlets.config import Config

from artnb.capture import _ran
from artnb.repository import close_repositories, open_repository
from artnb.settings import Settings

_numbers = itertools.count()


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A real kernel with the extension loaded."""
    folder = tmp_path_factory.mktemp("notebook")
    with open_notebook(folder) as notebook:
        notebook.folder = folder
        notebook.run_all("%load_ext artnb")
        yield notebook


@pytest.fixture
def name():
    """A name that no other test of the session uses."""
    return f"thing{next(_numbers)}"


@pytest.fixture
def repository(notebook):
    """The kernel's repository, read from this process."""
    yield open_repository(Settings.resolve(environ={"ARTNB_DIR": str(notebook.folder)}))
    close_repositories()


class InProcess:
    """IPython's shell in this process: fast, and its objects can be looked at."""

    def __init__(self, shell):
        self.shell = shell
        self.namespace = shell.user_ns

    def run(self, cell):
        """Return the result, with `text`: what was printed."""
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            result = self.shell.run_cell(cell, store_history=True)
        result.text = out.getvalue()
        return result

    def run_all(self, *cells):
        for cell in cells:
            result = self.run(cell)
            assert result.success, result.text
        return result

    def refused(self, cell):
        """Return the message of a cell that must fail before it runs."""
        result = self.run(cell)
        assert result.error_before_exec is not None
        return str(result.error_before_exec)

    @property
    def repository(self):
        return open_repository()

    def newest(self, name, project="uncategorized"):
        return self.repository.resolve(name, project)

    def last_run(self, project="uncategorized"):
        return self.repository.runs(project)[0]

    def used(self, project="uncategorized"):
        """Return what the last run used, as ``name:vN``."""
        run = self.last_run(project)
        return {version.ref for version in self.repository.used(run.id)}


@pytest.fixture
def no_modules_yet(monkeypatch):
    """Take no module that pytest has loaded for the person's own: no notebook would have them."""
    monkeypatch.setattr(_ran, "_looked_at", {name: id(m) for name, m in sys.modules.items()})
    monkeypatch.setattr(_ran, "_own", set())
    monkeypatch.setattr(_ran, "_state", {})


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """A module beside the notebook, whose text can be set."""
    path = tmp_path / "helper.py"
    own = ("helper", "helper2", "deeper")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text, *, imported=False):
        """Write its text; `imported`: the notebook keeps what it has imported of it."""
        path.write_text(text)
        times = path.stat().st_mtime + 5 * write.count
        os.utime(path, (times, times))
        write.count += 1
        for name in () if imported else own:
            sys.modules.pop(name, None)

    write.count = 0
    yield write
    for name in own:
        sys.modules.pop(name, None)


@pytest.fixture
def shell(tmp_path, monkeypatch, no_modules_yet):
    """A shell with the extension loaded, in an empty repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.delenv("ARTNB_PROJECT", raising=False)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    in_process = InProcess(shell)
    in_process.run_all("%load_ext artnb")
    yield in_process
    shell.run_line_magic("unload_ext", "artnb")
    InteractiveShell.clear_instance()
    close_repositories()
