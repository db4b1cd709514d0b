"""A cell is not skipped when what it hangs on was set in a library; else it is."""

from __future__ import annotations

import os
import sys
import types
import warnings
from pathlib import Path

import pytest
from capture.patch_cases import CHANGED, EFFECTS, FAKELIB, SAME

from artnb.capture.patches import patched


@pytest.fixture(autouse=True)
def libraries(shell, tmp_path, monkeypatch):
    """Have ``sortlib`` as an installed package, and everything as it was at the end."""
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "sortlib.py").write_text(FAKELIB)
    monkeypatch.syspath_prepend(site)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(os, "environ", os.environ)
    with warnings.catch_warnings():
        yield
    os.environ.pop("ARTNB_TEST_ZZ", None)
    forget()
    for name in ("pandas", "polars"):
        frame = getattr(sys.modules.get(name), "DataFrame", None)
        if hasattr(frame, "artnb_test"):
            del frame.artnb_test
            frame._accessors.discard("artnb_test")


def forget():
    for name in ("sortlib", "own"):
        sys.modules.pop(name, None)


def run(shell, cells):
    """Run cells; a part that begins with ``#file NAME`` is written."""
    for part in filter(None, cells.split("\n---\n")):
        if part.startswith("#file "):
            name, text = part.removeprefix("#file ").split("\n", 1)
            path = Path(name)
            later = path.stat().st_mtime + 5 if path.exists() else None
            path.write_text(text)
            if later:
                os.utime(path, (later, later))
        else:
            shell.run_all(part)


def cached(shell, case):
    return shell.run_all(f"%%artifact made --cache\n{case.cell}").text


@pytest.mark.parametrize("case", CHANGED, ids=lambda case: case.id)
def test_a_cell_runs_again_when_what_it_hangs_on_was_set(shell, case):
    run(shell, case.before)
    first = cached(shell, case)
    assert "cannot be skipped" not in first, first
    run(shell, case.between)
    again = cached(shell, case)
    assert "skipped (v" not in again
    assert case.why in again


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_a_cell_is_skipped_when_nothing_that_counts_was_set(shell, case):
    run(shell, case.before)
    first = cached(shell, case)
    assert "cannot be skipped" not in first, first
    run(shell, case.between)
    again = cached(shell, case)
    assert "skipped (v" in again, again


@pytest.mark.parametrize("case", SAME, ids=lambda case: case.id)
def test_it_is_skipped_in_a_session_that_begins_anew(shell, case):
    run(shell, case.before)
    cached(shell, case)
    begin_anew(shell)
    run(shell, case.before)
    again = cached(shell, case)
    assert "skipped (v" in again, again


def begin_anew(shell):
    forget()
    shell.shell.reset(new_session=True)
    shell.shell.history_manager.reset(new_session=False)
    shell.namespace = shell.shell.user_ns


def test_what_a_session_before_had_set_is_missed(shell):
    run(shell, "import sortlib\nsortlib.set_depth(2)\nsortlib.mean = len")
    body = "%%artifact made --cache\ny = sortlib.depth()"
    shell.run_all(body)
    begin_anew(shell)
    again = shell.run_all("import sortlib", body).text
    assert "sortlib.set_depth was called, and is not now" in again
    assert "sortlib.mean was set by the notebook, and is not now" in again


def test_a_module_that_comes_from_elsewhere(shell, monkeypatch, tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "own.py").write_text("def f():\n    return 1\n")
    body = "%%artifact made --cache\nimport own\ny = own.f()"
    monkeypatch.syspath_prepend(tmp_path / "one")
    shell.run_all(body)
    begin_anew(shell)
    monkeypatch.syspath_prepend(tmp_path / "two")
    assert "own is " in shell.run_all(body).text


def test_a_package_is_not_run_to_see_where_its_parts_come_from(shell, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/__init__.py").write_text("")
    (tmp_path / "own/part.py").write_text("def f():\n    return 1\n")
    body = "%%artifact made --cache\nfrom own.part import f\ny = f()"
    shell.run_all(body)
    sys.modules.pop("own.part")
    begin_anew(shell)
    assert "module" not in repr(shell.run_all("%artnb why made").result)
    assert "own" not in sys.modules
    assert "skipped (v" in shell.run_all(body).text
    sys.modules.pop("own.part")


def test_no_trace_of_a_password_is_kept(shell):
    run(shell, "import sortlib\npassword = 'hunter2-and-more'\nsortlib.set_depth(password)")
    body = "%%artifact made --cache\ny = 1"
    shell.run_all(body)
    first = shell.last_run().outputs["cache"]["identity"]["settings"]
    run(shell, "password = 'another-one-5'\nsortlib.set_depth(password)")
    shell.run_all(body)
    assert shell.last_run().outputs["cache"]["identity"]["settings"] == first


@pytest.mark.parametrize("case", EFFECTS, ids=lambda case: case.id)
def test_a_cell_that_sets_something_itself_is_never_skipped(shell, case):
    run(shell, case.before)
    first = cached(shell, case)
    assert "cannot be skipped" in first
    assert case.why in first
    assert "skipped (v" not in cached(shell, case)


def test_objects_that_raise_when_they_are_looked_at_keep_no_cell_from_running(shell):
    run(
        shell,
        "class Bad:\n    def __getattribute__(self, name):\n"
        "        return type(self) if name == '__class__' else 1 / 0\nbad = Bad()\n"
        "def setup(value):\n    value.register(bad)\n    setattr(value, name, 1)",
    )
    body = "%%artifact made --cache\ny = 1"
    shell.run_all(body)
    assert shell.namespace["y"] == 1
    run(shell, "if False:\n    bad.register(1)\n    setup(bad)\n    bad.x = 1\n    bad.a.b = bad")
    again = shell.run_all(body).text
    assert "skipped (v" in again or "is not known" in again


def test_what_cannot_be_looked_at_is_unknown():
    class Never:
        def __getattribute__(self, name):
            raise ValueError(name)

    sortlib = types.ModuleType("sortlib")
    namespace = {"w": Never(), "sortlib": sortlib}
    assert "ValueError" in patched(["sortlib.set_depth(w)"], namespace).unknown
    assert not patched(["sortlib.set_depth(1)"], namespace).unknown
