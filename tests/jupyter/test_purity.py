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
