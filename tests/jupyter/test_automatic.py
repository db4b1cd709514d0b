"""``%artnb auto on``: cells without the header are runs."""

from __future__ import annotations

import ast
import re
import sys

import pytest

from artnb.jupyter.automatic import does_nothing


@pytest.fixture
def auto(shell):
    shell.run_all("%artnb auto on")
    return shell


def names(shell):
    return {found.name: found.type for found in shell.repository.collections("uncategorized")}


def logged(shell):
    return {version.ref for version in shell.repository.logged(shell.last_run().id)}


def test_each_variable_is_an_artifact_of_its_name(auto):
    result = auto.run_all("import numpy as np\nraw = np.arange(9)\nscale = 3")
    assert names(auto) == {"raw": "dataset", "scale": "result"}
    assert f"raw:v0, scale:v0 · run {auto.last_run().name}" in result.text
    assert (auto.last_run().job_type, auto.last_run().state) == ("cell", "finished")
    assert auto.repository.code(auto.last_run().id).startswith("import numpy as np\nraw")


def test_what_is_read_is_used(auto):
    auto.run_all("data = list(range(200))", "n = 2", "total = sum(data) * n")
    assert auto.used() == {"data:v0", "n:v0"}
    assert logged(auto) == {"total:v0"}


def test_a_change_in_place_is_a_new_version(auto):
    auto.run_all("data = [1]", "data.append(2)")
    assert auto.newest("data").number == 1
    assert auto.used() == {"data:v0"}


def test_the_same_value_again_says_nothing(auto):
    auto.run_all("v = 1")
    assert auto.run_all("v = 1").text == ""
    assert auto.newest("v").number == 0
    assert logged(auto) == {"v:v0"}


def test_a_pickle_of_the_same_content_makes_no_version(auto):
    for _ in range(2):
        auto.run_all("odd = {1: {'a', 'b', 'c'}}")
    assert auto.newest("odd").number == 0


def test_a_variable_of_another_type_keeps_its_collection(auto):
    auto.run_all("import numpy as np\nv = np.ones(2)", "v = 'text'")
    assert names(auto) == {"v": "dataset"}
    assert auto.newest("v").number == 1


def test_files_are_artifacts_too(auto):
    auto.run_all(
        "import os\nos.makedirs('out')\nfor n in range(2):\n"
        "    open(f'out/{n}.csv', 'w').close()\nopen('a b.txt', 'w').close()"
    )
    assert names(auto) == {"out": "dataset", "au20b.txt": "result"}
    manifest = auto.repository.manifest(auto.newest("out"))
    assert set(manifest.entries) == {"out/0.csv", "out/1.csv"}


def test_names_of_any_letters_are_kept(auto):
    auto.run_all("größe = 3")
    assert names(auto) == {"größe": "result"}


def test_a_cell_with_the_header_is_as_without_auto(auto):
    auto.run_all("%%artifact both\na = 1\nb = 2")
    assert names(auto) == {"both": "result"}


def test_a_failed_cell_is_a_failed_run_and_says_nothing_more(auto):
    result = auto.run("v = 1\n1 / 0")
    assert auto.last_run().state == "failed"
    assert names(auto) == {}
    assert "no version" not in result.text


def test_what_is_larger_than_the_budget_is_left_out_and_said(auto, monkeypatch):
    monkeypatch.setenv("ARTNB_HASH_BUDGET", "1kB")
    result = auto.run_all(
        "import numpy as np, pandas as pd, torch\na = np.zeros(999)\nb = 1\n"
        "t = torch.zeros(999)\nf = pd.DataFrame({'n': a})"
    )
    assert set(names(auto)) == {"b"}
    left = auto.last_run().outputs["left_out"]
    assert set(left) == {"a", "t", "f"}
    assert left["a"] == "over the budget of 1.0 kB (8.0 kB)"
    assert "a is over the budget of 1.0 kB (8.0 kB): %%artifact NAME --out a" in result.text


@pytest.mark.parametrize(
    "cell",
    [
        "import os",
        "def f():\n    return 1",
        "class K:\n    pass",
        "get_ipython().run_line_magic('artnb', 'status')",
        "'text'",
        "",
    ],
)
def test_cells_that_do_nothing_are_no_runs(cell):
    assert does_nothing(ast.parse(cell))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no aliases of types")
def test_a_cell_that_only_names_types_is_no_run():
    assert does_nothing(ast.parse("type Row = list[int]"))


@pytest.mark.parametrize(
    "cell",
    [
        "v = 1",
        "print(1)",
        "get_ipython().run_line_magic('run', 'script.py')",
        "get_ipython().run_line_magic('time', 'v = 1')",
        "get_ipython().system('touch x')",
        "get_ipython().run_cell_magic('bash', '', 'touch x')",
    ],
)
def test_other_cells_are_runs(cell):
    assert not does_nothing(ast.parse(cell))


def test_magics_nest_and_count_once(auto):
    auto.run_all("%%time\nv = 1")
    assert len(auto.repository.runs("uncategorized")) == 1
    assert logged(auto) == {"v:v0"}


def test_off_leaves_no_trace(auto):
    shell = auto.shell

    def state():
        return (
            list(shell.input_transformers_cleanup),
            list(shell.ast_transformers),
            {name: list(each) for name, each in shell.events.callbacks.items()},
            sorted(vars(shell)),
        )

    auto.run_all("%artnb auto off")
    before = state()
    auto.run_all("%artnb auto on", "v = 1", "%artnb auto off")
    assert state() == before
    runs = len(auto.repository.runs("uncategorized"))
    assert auto.run_all("w = 1").text == ""
    assert len(auto.repository.runs("uncategorized")) == runs


def test_cells_that_are_not_stored_in_the_history_are_no_runs(auto):
    auto.shell.run_cell("v = 1", store_history=False)
    assert names(auto) == {}


def test_it_says_which_it_is(auto):
    assert "auto on" in repr(auto.run_all("%artnb auto").result)
    assert re.search("automatic +on", repr(auto.run_all("%artnb status").result))
    assert "auto off" in repr(auto.run_all("%artnb off").result)
    assert "auto on" in repr(auto.run_all("%artnb on").result)
    result = auto.run("%artnb auto onn")
    assert "invalid choice: 'onn'" in str(result.error_in_exec)


@pytest.mark.filterwarnings("ignore:.*Completer.complete:PendingDeprecationWarning")
def test_its_states_are_completed(shell):
    line = "%artnb auto o"
    found = shell.shell.Completer.complete(line_buffer=line, cursor_pos=len(line))[1]
    assert {"on", "off"} <= set(found)


def test_unloading_ends_it(auto):
    auto.run_all("%unload_ext artnb", "v = 1", "%load_ext artnb", "w = 1")
    assert names(auto) == {}
