"""``%artnb resume``: what one cell reads is there again."""

from __future__ import annotations

import ast

import numpy as np
import pytest

RAW = "%%artifact raw\nimport numpy as np\nraw = np.arange(100)\nother = 'x' * 2000"
CLEAN = "%%artifact clean\nclean = raw * scale + shift()"


@pytest.fixture
def later(shell):
    """A shell in which the cells ran, and everything is gone again."""
    shell.run_all(RAW, "scale = 2\ndef shift():\n    return 1", CLEAN)
    for name in ("raw", "other", "scale", "shift", "clean"):
        del shell.namespace[name]
    return shell


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def refused(shell, line):
    result = shell.run(f"%artnb {line}")
    assert result.error_in_exec is not None
    return str(result.error_in_exec)


def test_just_what_the_cell_reads_comes_back(later):
    text = shown(later, "resume clean")
    assert np.array_equal(later.namespace["raw"], np.arange(100))
    assert later.namespace["scale"] == 2
    assert "other" not in later.namespace
    assert "clean" not in later.namespace
    assert "raw       ndarray  raw:v0" in text
    assert "scale     int      config" in text
    assert "shift     a function or class: run the cell that defines it" in text


SHIFT = "def shift():\n    return 1"


def test_a_function_that_is_there_is_not_missing(later):
    later.run_all(SHIFT)
    assert "shift" not in shown(later, "resume clean")


def test_a_function_that_is_defined_otherwise_now_is_said(later):
    later.run_all(SHIFT.replace("1", "2"))
    assert "shift     not as it was for that run" in shown(later, "resume clean")


def test_the_cell_runs_then_and_finds_its_inputs(later):
    later.run_all("%artnb resume clean", "def shift():\n    return 1")
    assert "unchanged (v0)" in later.run_all(CLEAN).text
    assert later.used() == {"raw:v0"}


def test_the_value_is_the_one_that_the_run_read(later):
    later.run_all(RAW.replace("100", "50"), "%artnb resume clean")
    assert len(later.namespace["raw"]) == 100


def test_a_value_that_no_version_holds_is_not_lost(later):
    later.run_all("raw = [1, 2]")
    assert "resume would replace raw," in refused(later, "resume clean")
    assert later.namespace["raw"] == [1, 2]
    later.run_all("%artnb resume clean --force")
    assert len(later.namespace["raw"]) == 100


def test_a_setting_that_json_changes_says_so(shell):
    shell.run_all("size = (3, 4)", "%%artifact x\nn = size[0]")
    del shell.namespace["size"]
    assert "size      list  config, as JSON has it" in shown(shell, "resume x")
    assert shell.namespace["size"] == [3, 4]


def test_what_no_version_holds_is_said(shell):
    shell.run_all("data = list(range(500))\nit = iter([1])", "%%artifact x\nn = len(data)\nit")
    del shell.namespace["data"]
    text = shown(shell, "resume x")
    assert "data      no version holds its value" in text
    assert "it        an iterator" in text


def test_pickles_ask_for_trust(shell):
    shell.run_all(
        "%%artifact odd\nimport ast\nodd = {1: ast.Load}", "%%artifact x\nn = len(odd)", "del odd"
    )
    assert "add --trust" in shown(shell, "resume x")
    shell.run_all("%artnb resume x --trust")
    assert shell.namespace["odd"] == {1: ast.Load}


def test_a_cell_that_reads_nothing(shell):
    shell.run_all("%%artifact x\nv = 1")
    assert "reads no variables" in shown(shell, "resume x")


def test_a_version_that_no_cell_made_says_what_to_do(shell):
    shell.run_all(
        "import artnb\nwith artnb.init() as run:\n    a = artnb.Artifact('f', 'dataset')\n"
        "    _ = a.add([1], 'v')\n    _ = run.log_artifact(a)"
    )
    assert "%artnb restore f:v0" in refused(shell, "resume f")


def test_what_the_cell_has_imported_elsewhere_is_named_as_code(shell):
    shell.run_all(
        "import numpy as np\nfrom collections import OrderedDict as OD, Counter",
        "def mine(x):\n    return np.sum(x)",
        "%%artifact made\nmade = OD(a=float(mine([1, 2]) + len(Counter('ab'))))",
    )
    for name in ("np", "OD", "mine", "made"):
        del shell.namespace[name]
    text = shown(shell, "resume made")
    first = text.partition("run this first\n")[2].splitlines()
    assert first == ["  from collections import OrderedDict as OD", "  import numpy as np"]
    shell.run_all("import numpy as np\nfrom collections import OrderedDict as OD")
    assert "run this first" not in shown(shell, "resume made")


def test_a_skipped_cell_names_them_too(shell):
    cell = "%%artifact made --cache\nmade = np.arange(3)"
    shell.run_all("import numpy as np", cell, cell)
    del shell.namespace["np"]
    assert "import numpy as np" in shown(shell, "resume made")
