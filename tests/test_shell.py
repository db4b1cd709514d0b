"""What runs the code is found without loading IPython for it."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

import artnb
from artnb import shell


@pytest.fixture
def running(monkeypatch):
    """A shell that runs, with a kernel."""
    found = SimpleNamespace(user_ns={}, kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: found))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return found


def test_a_script_is_no_notebook_and_keeps_its_source(tmp_path):
    script = tmp_path / "train.py"
    text = (
        "import sys\nimport artnb\nfrom artnb.shell import in_notebook\n"
        "with artnb.init(project='demo'):\n    pass\n"
        "assert not in_notebook()\nassert 'IPython' not in sys.modules\n"
    )
    script.write_text(text)
    subprocess.run([sys.executable, str(script)], check=True, timeout=120)
    assert artnb.Api().runs("demo")[0].code == text


def test_a_script_that_is_gone_or_unreadable_has_no_source(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    for data in (None, b"\xff"):
        if data is not None:
            (tmp_path / "x.py").write_bytes(data)
        main = SimpleNamespace(__file__=str(tmp_path / "x.py"))
        monkeypatch.setitem(sys.modules, "__main__", main)
        assert shell.running_source() is None


def test_in_a_notebook_it_is_the_newest_cell(running):
    assert shell.in_notebook()
    assert shell.running_source() is None
    running.user_ns["In"] = ["", "a = 1", "artnb.init()"]
    assert shell.running_source() == "artnb.init()"
    del running.kernel
    assert not shell.in_notebook()


def test_a_notebook_has_the_name_that_its_page_tells(running, monkeypatch):
    assert shell.notebook_name() is None
    running.user_ns["__vsc_ipynb_file__"] = "/home/me/train.ipynb"
    assert shell.notebook_name() == "train.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/other.ipynb")
    assert shell.notebook_name() == "other.ipynb"
