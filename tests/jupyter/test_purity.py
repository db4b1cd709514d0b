"""Cells run twice: what is pure is skipped the second time, of the others the reason is said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from capture.purity_cases import IMPURE, PURE

from artnb.capture import is_shell_name


@pytest.fixture(autouse=True)
def folder(shell, tmp_path, monkeypatch):
    Path("in.txt").write_text("1\n2\n")
    Path("old.txt").write_text("x")
    Path("helper.py").write_text("depth = 1\n")
    Path("data").mkdir()
    Path("data/a.csv").write_text("1")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("helper", None)


def own_names(shell):
    return {
        name: re.sub("0x[0-9A-Fa-f]+", "", repr(value))
        for name, value in shell.namespace.items()
        if not is_shell_name(name) and not callable(value)
    }


@pytest.mark.parametrize("case", PURE, ids=lambda case: case.id)
def test_a_pure_cell_is_skipped_the_second_time(shell, case):
    cell = f"%%artifact made --cache\n{case.cell}"
    shell.run_all(*case.before.split("\n---\n"))
    first = shell.run_all(cell)
    assert "cannot be skipped" not in first.text
    left = own_names(shell)
    for name in ("y", "i", "f"):
        shell.namespace.pop(name, None)
    shell.run_all(*case.before.split("\n---\n"))
    second = shell.run_all(cell)
    assert "skipped (v0)" in second.text, second.text
    assert repr(second.result) == repr(first.result)
    now = own_names(shell)
    # A file that a with statement has closed is of no use, and is not there again.
    assert {**now, "f": 0} == {**left, "f": 0}


@pytest.mark.parametrize("case", IMPURE, ids=lambda case: case.id)
def test_an_impure_cell_runs_again_and_the_reason_is_said(shell, case):
    cell = f"%%artifact made --cache\n{case.cell}"
    shell.run_all(*case.before.split("\n---\n"))
    first = shell.run_all(cell)
    assert "cannot be skipped" in first.text
    assert case.why in first.text
    shell.run_all(*case.before.split("\n---\n"))
    Path("old.txt").write_text("x")
    second = shell.run_all(cell)
    assert "skipped (v0)" not in second.text


PACKAGE = """
import ctypes.util, os, socket, subprocess
os.environ["SET_BY_A_PACKAGE"] = "1"
with socket.socket() as _asked:
    _asked.bind(("127.0.0.1", 0))

def cores():
    with open("/proc/self/maps") as stream:
        stream.readline()
    return len(ctypes.util.find_library("c") or "")

def work():
    return subprocess.run(["true"]).returncode
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that asks of the machine what joblib and the like ask."""
    installed = tmp_path / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "lender.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(installed)
    monkeypatch.setenv("SET_BY_A_PACKAGE", "0")
    yield
    sys.modules.pop("lender", None)


def test_what_packages_ask_of_the_machine_is_no_effect(shell, package):
    cell = "%%artifact made --cache\nimport lender\ny = lender.cores()"
    assert "cannot be skipped" not in shell.run_all(cell).text
    sys.modules.pop("lender")  # a new kernel
    assert "skipped (v0)" in shell.run_all(cell).text


def test_other_processes_of_packages_and_other_variables_are_effects(shell, package):
    shell.run_all("import lender, os")
    cases = {
        "y = lender.work()": "starts a process: 'true'",
        "os.environ['SET_BY_A_PACKAGE'] = '2'": "os.environ",
        "y = open('/proc/self/maps').readline()": "reads /proc/self/maps",
    }
    for number, (body, why) in enumerate(cases.items()):
        assert why in shell.run_all(f"%%artifact made{number} --cache\n{body}\nz = 1").text


def test_a_thread_of_the_kernels_is_no_effect_and_one_of_another_package_is(shell, monkeypatch):
    shell.run_all(
        "import threading\nend = threading.Event()\n"
        "class Watch(threading.Thread):\n    def run(self):\n        end.wait()"
    )
    for package, is_said in (("zmq.utils.garbage", False), ("lender", True)):
        shell.namespace["Watch"].__module__ = package
        cell = f"%%artifact {package.partition('.')[0]} --cache\nWatch(daemon=True).start()\ny = 1"
        assert ("leaves a thread running" in shell.run_all(cell).text) is is_said
    shell.run_all("end.set()")
