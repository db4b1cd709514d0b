"""``%artnb status`` and ``why``: what is out of date, and what became of the inputs."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

RAW = "%%artifact raw\nimport numpy as np\nraw = np.arange(100)"
CLEAN = "%%artifact clean\nclean = raw + scale"


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def stale(shell):
    """Return the rows of the table of what is out of date."""
    text = shown(shell, "status").partition("out of date\n")[2].partition("variables\n")[0]
    return [line.strip() for line in text.splitlines()[1:] if "%artnb why" not in line]


def test_nothing_is_out_of_date(shell):
    shell.run_all(RAW, "scale = 2", CLEAN)
    assert "No artifact is out of date." in shown(shell, "status")
    assert "No input has changed since." in shown(shell, "why clean")


def test_an_input_has_a_newer_version(shell):
    shell.run_all(RAW, "scale = 2", CLEAN, "%%artifact sum\ntotal = clean.sum()")
    shell.run_all(RAW.replace("100", "50"))
    assert stale(shell) == [
        "clean:v0  raw:v0 was used, raw:v1 is current",
        "sum:v0    clean:v0 is out of date",
    ]
    text = shown(shell, "why clean")
    assert "artifact  raw    v0      v1" in text
    assert "int64 100" in text
    assert "int64 50" in text


def test_running_the_cell_again_brings_it_up_to_date(shell):
    shell.run_all(RAW, "scale = 2", CLEAN, RAW.replace("100", "50"), CLEAN)
    assert stale(shell) == []


def test_a_setting_changed(shell):
    shell.run_all(RAW, "scale = 2", CLEAN, "scale = 3")
    assert stale(shell) == ["clean:v0  setting scale: 2 → 3"]
    assert "setting   scale  2     3" in shown(shell, "why clean")


def test_a_variable_that_some_version_holds_changed(shell):
    shell.run_all(
        "import pandas as pd",
        "%%artifact raw\nraw = pd.DataFrame({'n': range(30)})",
        "%%artifact x\nn = len(raw)",
        "raw.loc[0, 'n'] = 9",
    )
    assert stale(shell) == [
        "raw:v0    raw was changed after it was saved",
        "x:v0      variable raw changed",
        "raw:v0 is out of date",
    ]
    assert "1 of 30 rows" in shown(shell, "why x")


def test_a_variable_that_no_version_holds_changed(shell):
    shell.run_all("data = list(range(200))", "%%artifact x\nn = sum(data)", "data = [1] * 200")
    assert stale(shell) == ["x:v0      variable data changed"]


def test_a_function_changed(shell):
    shell.run_all(
        "def f(v):\n    return v + 1",
        "def g(v):\n    return f(v)",
        "%%artifact x\nn = g(1)",
        "@staticmethod\ndef unused():\n    pass",
        "def f(v):\n    return v + 2",
    )
    assert stale(shell) == ["x:v0      function f changed"]
    text = shown(shell, "why x")
    assert "-    return v + 1" in text
    assert "+    return v + 2" in text


def test_a_file_changed_or_went(shell):
    Path("in.csv").write_text("n\n1\n2\n")
    shell.run_all("%%artifact x\nn = len(open('in.csv').read())")
    assert stale(shell) == []
    Path("in.csv").write_text("n\n1\n3\n")
    assert stale(shell) == ["x:v0      file in.csv changed"]
    Path("in.csv").unlink()
    assert stale(shell) == ["x:v0      file in.csv is gone"]


def test_a_file_is_found_from_another_folder(shell, monkeypatch):
    Path("in.csv").write_text("1")
    shell.run_all("%%artifact x\nn = len(open('in.csv').read())", "%cd -q /")
    assert stale(shell) == []


def test_a_file_that_a_version_holds_is_compared(shell):
    shell.run_all(
        "%%artifact made\nwith open('d.csv', 'w') as f:\n    f.write('n\\n' + '1\\n' * 50);",
        "%%artifact x\nn = len(open('d.csv').read())",
    )
    Path("d.csv").write_text("n\n" + "1\n" * 49 + "7\n")
    assert stale(shell) == ["x:v0      file d.csv changed"]
    assert "1 of 50 rows" in shown(shell, "why x")


def notebook(source, cell_id="c1"):
    cell = {"cell_type": "code", "id": cell_id, "source": source.splitlines(keepends=True)}
    Path("lesson.ipynb").write_text(json.dumps({"cells": [cell]}))


def test_the_cell_was_edited_in_the_saved_notebook(shell, tmp_path):
    shell.namespace["__vsc_ipynb_file__"] = str(tmp_path / "lesson.ipynb")
    cell = "%%artifact x\na = 1\nb = 2"
    shell.shell.run_cell(cell, cell_id="c1")
    notebook(cell)
    assert stale(shell) == []
    notebook(cell.replace("x", "x --alias best", 1))
    assert stale(shell) == []
    for edited in ("%%artifact x\na = 1", cell + "\nc = 3", cell.replace("2", "3")):
        notebook(edited)
        assert stale(shell) == ["x:v0      the cell was edited"]
    assert "+b = 3" in shown(shell, "why x")
    for broken in ("{", '{"cells": [3]}', '{"cells": {}}'):
        Path("lesson.ipynb").write_text(broken)
        assert stale(shell) == []


def test_variables_say_nothing_in_another_notebook(shell, monkeypatch):
    shell.run_all("k = 5", "%%artifact x\nn = k")
    run = shell.last_run()
    shell.repository.update_run(run.id, pid=os.getpid() + 1, notebook="other.ipynb")
    shell.run_all("k = 6")
    assert stale(shell) == []


def test_an_input_that_the_cell_itself_changes_is_not_out_of_date(shell):
    shell.run_all("n = 1", "%%artifact x\nn += 1")
    assert stale(shell) == []


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("def f(v):\n    return v + 1", "y = f(1)\ndef f(v):\n    return v + 2"),
        ("_n = 1", "y = _n\n_n += 1"),
        ("i = 7", "y = i\nfor i in range(3):\n    pass"),
    ],
    ids=["function", "private name", "loop"],
)
def test_what_the_cell_itself_changes_and_no_version_keeps_is_not_out_of_date(shell, before, body):
    shell.run_all(before, f"%%artifact x\n{body}")
    assert stale(shell) == []


def test_a_kept_value_bound_anew_is_not_out_of_date(shell):
    shell.run_all(RAW, "raw = None")
    assert stale(shell) == []


def test_a_cell_that_changes_what_a_version_holds_says_so(shell):
    text = shell.run_all(RAW, "%%artifact other\nraw[0] = 5\nv = 1").text
    assert "changed raw (saved in raw:v0)" in text


def test_a_cell_that_reads_what_was_changed_behind_its_versions_back_says_so(shell):
    shell.run_all(RAW, "raw[0] = 5")
    said = "no version holds raw (saved in raw:v0) as it was read: it was changed since"
    assert said in shell.run_all("%%artifact x\ns = raw.sum()").text
    assert shell.used() == set()
    shell.run_all("%%artifact b\nlist_ = [1]", "list_.append(2)")
    said = "list_ (saved in b:v0), raw (saved in raw:v0) as they were read: they were changed since"
    assert said in shell.run_all("%%artifact y\ns = raw.sum() + len(list_)").text
    shell.run_all("raw[0] = 0")
    assert "no version" not in shell.run_all("%%artifact x\ns = raw.sum()").text
    assert shell.used() == {"raw:v0"}
    shell.run_all("raw = np.arange(7)")  # another value, not a changed one
    assert "no version" not in shell.run_all("%%artifact x\ns = raw.sum()").text


def test_why_says_all_that_the_status_does(shell):
    shell.run_all(RAW, "scale = 2", CLEAN, "%%artifact sum\ntotal = clean.sum()")
    shell.run_all("clean[0] = 7")
    assert "variable  clean        was changed after it was saved" in shown(shell, "why clean")
    why = shown(shell, "why sum")
    assert "artifact  clean  v0    is out of date" in why
    assert "No input has changed" not in why


def test_what_a_run_made_from_a_value_that_it_changed_goes_with_the_change(shell):
    shell.run_all("%artnb auto on", "a = [1]", "a.append(2)\nb = len(a)")
    assert stale(shell) == []
    assert "artifact  a  v0    v1, made by it" in shown(shell, "why b")
    assert "No input has changed since." in shown(shell, "why b")
    shell.run_all("a.append(3)")
    assert stale(shell) == ["b:v0      a:v1 was used, a:v2 is current"]
    shell.run_all("b = len(a)")
    assert stale(shell) == []


def test_why_of_a_version_that_read_nothing(shell):
    shell.run_all("%%artifact x\nv = 1")
    assert "read nothing that is known" in shown(shell, "why x")
    result = shell.run("%artnb why xy")
    assert "there is: x" in str(result.error_in_exec) or "did you mean" in str(result.error_in_exec)


@pytest.mark.filterwarnings("ignore:.*Completer.complete:PendingDeprecationWarning")
def test_names_are_completed(shell):
    shell.run_all(RAW)
    line = "%artnb why r"
    assert "raw" in shell.shell.Completer.complete(line_buffer=line, cursor_pos=len(line))[1]


def test_an_input_of_which_all_versions_were_deleted_is_said_to_be(shell):
    shell.run_all("%%artifact x\nx = [1, 2]", "%%artifact y\ny = len(x)")
    shell.run_all("%artnb delete x:v0 --aliases")
    assert "No artifact is out of date" in repr(shell.run_all("%artnb status").result)
    assert "x  v0    was deleted" in repr(shell.run_all("%artnb why y").result)
    shell.run_all("%%artifact x\nx = [1, 2, 3]")
    assert "x:v0 was used, x:v1 is current" in repr(shell.run_all("%artnb status").result)


def test_a_project_of_which_all_was_deleted_has_a_status(shell):
    shell.run_all("%%artifact x\nx = 1", "%artnb delete x --aliases")
    assert "No artifact is out of date" in repr(shell.run_all("%artnb status").result)
    assert "x" not in repr(shell.run_all("%artnb ls").result).splitlines()[0]


def in_one_cell(shell, *cells):
    for cell in cells:
        assert shell.shell.run_cell(cell, cell_id="c7").success


def test_what_a_renamed_cell_made_before_is_not_out_of_date(shell):
    shell.run_all("k = 1")
    in_one_cell(shell, "%%artifact old\nx = [k]", "%%artifact new\nx = [k]")
    shell.run_all("%%artifact last\ny = len(x)", "k = 2")
    assert stale(shell) == ["new:v0    setting k: 1 → 2", "last:v0   new:v0 is out of date"]
    text = shown(shell, "why old")
    assert "setting  k  1     2" in text
    assert "its cell makes new:v0 now · it is not shown as out of date" in text
    (advice,) = re.findall(r"%artnb delete \S+ --aliases(?= removes it)", text)
    shell.run_all(advice)
    assert "old" not in repr(shell.run_all("%artnb ls").result)


def test_a_cell_that_gets_its_old_name_back_makes_that_again(shell):
    shell.run_all("k = 1")
    old = "%%artifact old\nx = [k]"
    in_one_cell(shell, old, "%%artifact new\nx = [k]", old)
    shell.run_all("k = 2")
    assert stale(shell) == ["old:v0    setting k: 1 → 2"]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("%%artifact new\nx = [k]; y = 1 / 0", id="it failed"),
        pytest.param("print(k)", id="it is no artifact's"),
        pytest.param("%%artifact new\ndef f(): pass", id="it left nothing"),
    ],
)
def test_a_cell_that_made_nothing_under_its_new_name_is_not_renamed(shell, cell):
    shell.run_all("k = 1")
    in_one_cell(shell, "%%artifact old\nx = [k]")
    shell.shell.run_cell(cell, cell_id="c7")
    shell.run_all("k = 2")
    assert stale(shell) == ["old:v0    setting k: 1 → 2"]


def test_another_notebooks_cell_of_the_same_id_renames_nothing(shell, tmp_path):
    shell.run_all("k = 1")
    for name in ("a", "b"):
        shell.namespace["__vsc_ipynb_file__"] = str(tmp_path / f"{name}.ipynb")
        in_one_cell(shell, f"%%artifact of_{name}\nx = [k]")
    shell.run_all("k = 2")
    assert len(stale(shell)) == 2


def test_a_module_of_ones_own_changed(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("from helper import f", "%%artifact x\nx = f(1)")
    assert "module  helper.py        the same" in shown(shell, "why x")
    helper("def f(x):\n    return x + 2\n", imported=True)
    assert stale(shell) == ["x:v0      module helper.py changed"]
    shell.run_all("%%artifact x\nx = f(1)")  # it is not imported again by that
    assert stale(shell) == ["x:v0      module helper.py was edited after it was imported"]


def test_a_module_that_another_module_or_a_value_of_its_class_brings_changed(shell, helper):
    Path("deeper.py").write_text("class Scale:\n    def of(self, x):\n        return 2 * x\n")
    helper("from deeper import Scale\nscale = Scale()\n")
    shell.run_all("import helper\nscale = helper.scale")
    shell.run_all("%%artifact by_module\nx = helper.scale.of(1)")
    shell.run_all("%%artifact by_value\ny = scale.of(1)")
    assert stale(shell) == []
    Path("deeper.py").write_text("class Scale:\n    def of(self, x):\n        return 3 * x\n")
    assert stale(shell) == [
        "by_module:v0  module deeper.py changed",
        "by_value:v0   module deeper.py changed",
    ]


def test_a_script_that_the_cell_runs_changed(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    Path("prepare.py").write_text("import helper\nmade = helper.f(1)\nfor left in ():\n    pass\n")
    shell.run_all("%%artifact x\n%run prepare.py\ny = made + 1")
    assert "No input has changed since." in shown(shell, "why x")
    assert "prepare.py and 1 more" in shown(shell, "why x")
    helper("def f(x):\n    return x + 5\n", imported=True)
    assert stale(shell) == ["x:v0      module helper.py changed"]
    Path("prepare.py").unlink()
    assert "x:v0      module prepare.py is gone" in stale(shell)
