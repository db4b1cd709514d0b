"""A person's own modules: their text, their values, and what becomes of both."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from kernels import notebook_of

from artnb import own_texts
from artnb.jupyter import account

CONFIG = """
import enum, types
from dataclasses import dataclass, field
LR = 0.1
items = [1]
opts = {"a": 1}
ns = types.SimpleNamespace(x=1)
calls = 0
class sub:
    x = 3
    deep = {"k": 1}
class Settings:
    def __init__(self): self.lr = 0.1
settings = Settings()
@dataclass
class Data:
    tags: list = field(default_factory=list)
data = Data()
class Mode(enum.Enum):
    A = 1
    B = 2
mode = Mode.A
def scale(x, by=2): return x * LR * by
def set_lr(value):
    global LR
    LR = value
def set_opt(key, value): opts[key] = value
def count(x):
    global calls
    calls += 1
    return x
class Model:
    def go(self): return opts["a"]
def lazily():
    import helper2
    return helper2.depth
def named(name): return globals()[name]
"""


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def stale(shell):
    text = shown(shell, "status").partition("out of date\n")[2].partition("variables\n")[0]
    return [line.strip() for line in text.splitlines()[1:] if "%artnb why" not in line]


# -- their text


def test_why_shows_the_lines_of_a_module_that_changed(shell, helper):
    helper("TOKEN = 'hf_abcdefghijklmnopqrstuvwxyz0123'\ndef f(x):\n    return x + 1\n")
    shell.run_all("from helper import f", "%%artifact x\nx = f(1)")
    helper(
        "TOKEN = 'hf_zyxwvutsrqponmlkjihgfedcba9876'\ndef f(x):\n    return x + 2\n", imported=True
    )
    text = shown(shell, "why x")
    assert "helper.py: 1 line added, 1 removed" in text
    assert "-    return x + 1" in text
    assert "+    return x + 2" in text
    assert "hf_" not in text
    run = shell.last_run()
    (digest,) = run.outputs["own_texts"].values()
    assert b"hf_" not in shell.repository.read_blob(digest)


def test_a_module_in_which_only_a_password_changed_says_so(shell, helper):
    helper("PASSWORD = 'pw-of-yesterday-1'\n")
    shell.run_all("%%artifact x\nimport helper\nx = len(helper.PASSWORD)")
    helper("PASSWORD = 'pw-of-today-22'\n", imported=True)
    assert "only passwords, tokens or line ends differ" in shown(shell, "why x")


def test_a_module_is_read_in_the_encoding_that_it_names(shell, helper, tmp_path):
    text = "# -*- coding: latin-1 -*-\nNAME = 'caf\u00e9'\n"
    (tmp_path / "helper.py").write_bytes(text.encode("latin-1"))
    shell.run_all("%%artifact x\nimport helper\nx = helper.NAME")
    (tmp_path / "helper.py").write_bytes(text.replace("caf", "th").encode("latin-1"))
    assert "-NAME = 'caf\u00e9'" in shown(shell, "why x")


def test_a_run_from_before_texts_were_kept_says_so(shell, helper, monkeypatch):
    monkeypatch.setattr(account, "kept_texts", lambda *_: {})
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("from helper import f", "%%artifact x\nx = f(1)")
    helper("def f(x):\n    return x + 2\n", imported=True)
    assert "helper.py: its old text was not kept" in shown(shell, "why x")


def test_a_large_text_is_not_kept(shell, helper, monkeypatch):
    monkeypatch.setattr(own_texts, "_LARGEST", 1000)
    helper("a = 1\n" + "# long\n" * 200)
    shell.run_all("%%artifact x\nimport helper\nx = helper.a")
    assert "own_texts" not in shell.last_run().outputs
    assert "own_code" in shell.last_run().outputs


def test_a_text_stays_as_long_as_a_run_that_used_it(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("from helper import f", "%%artifact x\nx = f(1)", "%%artifact y\ny = f(2)")
    first, second = shell.repository.runs("uncategorized")
    (digest,) = first.outputs["own_texts"].values()
    assert second.outputs["own_texts"] == first.outputs["own_texts"]
    repository = shell.repository
    repository.delete_run(first.id, delete_artifacts=True, delete_aliases=True)
    repository.maintenance.collect(grace=0)
    assert b"x + 1" in repository.read_blob(digest)
    repository.delete_run(second.id, delete_artifacts=True, delete_aliases=True)
    repository.maintenance.collect(grace=0)
    assert not repository.find_digest(digest)


def test_diff_shows_the_modules_that_differ(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("import helper", "%%artifact x\nx = helper.f(1)")
    helper("def f(x):\n    return x + 2\n")
    shell.run_all("import helper", "%%artifact x\nx = helper.f(1)")
    text = shown(shell, "diff x:v0 x:v1")
    assert "module helper.py: 1 line added, 1 removed" in text
    assert "+    return x + 2" in text
    assert "module" not in shown(shell, "diff x:v1 x:v1")


def test_with_cache_the_lines_are_shown_too(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("import helper", "%%artifact x --cache\nx = helper.f(1)")
    helper("def f(x):\n    return x + 2\n", imported=True)
    assert "+    return x + 2" in shown(shell, "why x")


def test_a_notebook_that_is_run_changes_by_its_code_alone(shell):
    def write(code, outputs):
        book = notebook_of(code)
        book["cells"][0]["outputs"] = outputs
        Path("other.ipynb").write_text(json.dumps(book))

    write("made = 1", [])
    shell.run_all("%%artifact x\n%run other.ipynb\nx = made")
    write("made = 1", [{"output_type": "stream", "name": "stdout", "text": "shown"}])
    assert stale(shell) == []
    write("made = 2", [])
    assert stale(shell) == ["x:v0      module other.ipynb changed"]
    assert "+made = 2" in shown(shell, "why x")


WAYS = [
    "!{python} prepare.py",
    "import runpy\nmade = runpy.run_path('prepare.py')['made']",
    "exec(open('prepare.py').read())",
    "import subprocess\nsubprocess.run(['{python}', 'prepare.py'])",
    "!{python} -m prepare",
]


@pytest.mark.parametrize("way", WAYS)
def test_a_script_that_a_cell_runs_otherwise_changed(shell, way):
    Path("prepare.py").write_text("made = 1\n")
    os.utime("prepare.py", (1_700_000_000, 1_700_000_000))
    shell.run_all(f"%%artifact x\n{way.format(python=sys.executable)}\nx = 1")
    assert stale(shell) == []
    Path("prepare.py").write_text("made = 20\n")
    assert stale(shell) == ["x:v0      module prepare.py changed"]
    assert "+made = 20" in shown(shell, "why x")


def test_a_file_of_python_that_the_cell_writes_is_none_of_its_code(shell):
    shell.run_all("%%artifact x\nopen('written.py', 'w').write('a = 1')\nx = 1")
    Path("written.py").write_text("a = 20\n")
    assert stale(shell) == []


@pytest.fixture
def in_namespace(tmp_path, monkeypatch):
    """A module in a package that has no ``__init__.py``."""
    path = tmp_path / "plain_package" / "inner.py"
    path.parent.mkdir()
    path.write_text("depth = 1\ndef f():\n    return depth\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield path
    for name in ("plain_package.inner", "plain_package"):
        sys.modules.pop(name, None)


def test_a_module_in_a_package_without_init_counts(shell, in_namespace):
    cell = "y = plain_package.inner.f()"
    shell.run_all("import plain_package.inner", f"%%artifact x\n{cell}")
    shell.run_all(f"%%artifact z --cache\n{cell}", "plain_package.inner.depth = 2")
    assert "x:v0      setting plain_package.inner.depth: 1 → 2" in stale(shell)
    in_namespace.write_text("depth = 1\ndef f():\n    return depth + 5\n")
    assert "x:v0      module plain_package/inner.py changed" in stale(shell)
    shell.run_all("plain_package.inner.depth = 1")
    assert "plain_package/inner.py changed" in shell.run_all(f"%%artifact z --cache\n{cell}").text


# -- their values

READ = [
    ("import helper as c", "y = c.LR", "c.LR = 0.5", "setting helper.LR: 0.1 → 0.5"),
    (
        "import helper",
        "y = len(helper.items)",
        "helper.items.append(2)",
        "setting helper.items: [1] → [1, 2]",
    ),
    (
        "import helper",
        "y = helper.opts['a']",
        "helper.opts['a'] = 9",
        "setting helper.opts: {'a': 1} → {'a': 9}",
    ),
    ("import helper", "y = helper.ns.x", "helper.ns.x = 9", "variable helper.ns changed"),
    ("import helper", "y = helper.sub.x", "helper.sub.x = 9", "variable helper.sub changed"),
    (
        "import helper",
        "y = helper.sub.deep['k']",
        "helper.sub.deep['k'] = 9",
        "variable helper.sub changed",
    ),
    ("from helper import sub", "y = sub.x", "sub.x = 9", "variable helper.sub changed"),
    (
        "import helper",
        "y = helper.settings.lr",
        "helper.settings.lr = 9",
        "variable helper.settings changed",
    ),
    (
        "import helper",
        "y = len(helper.data.tags)",
        "helper.data.tags.append(1)",
        "variable helper.data changed",
    ),
    (
        "import helper",
        "y = helper.mode.name",
        "helper.mode = helper.Mode.B",
        "variable helper.mode changed",
    ),
    (
        "from helper import scale\nimport helper",
        "y = scale(2)",
        "helper.LR = 0.5",
        "setting helper.LR: 0.1 → 0.5",
    ),
    (
        "from helper import scale",
        "y = scale(2)",
        "scale.__defaults__ = (7,)",
        "variable helper.scale changed",
    ),
    ("import helper", "y = helper.scale(2)", "helper.scale = len", "variable helper.scale changed"),
    ("import helper", "y = getattr(helper, 'LR')", "helper.LR = 7", "setting helper.LR: 0.1 → 7"),
    ("import helper", "y = helper.named('LR')", "helper.LR = 7", "setting helper.LR: 0.1 → 7"),
    ("import helper", "y = helper.LR", "helper.set_lr(5)", "setting helper.LR: 0.1 → 5"),
    ("import helper", "y = helper.LR", "del helper.LR", "setting helper.LR is gone"),
    (
        "import helper",
        "import helper\ny = helper.LR",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    (
        "import helper",
        "from helper import *\ny = LR",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    ("import helper", "y = __import__('helper').LR", "helper.LR = 5", "setting helper.LR: 0.1 → 5"),
    (
        "import helper, sys",
        "y = sys.modules['helper'].LR",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    (
        "import helper",
        "y = helper.lazily()",
        "import helper2; helper2.depth = 5",
        "setting helper2.depth: 1 → 5",
    ),
    (
        "import helper\ndef g():\n    return helper.LR",
        "y = g()",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    (
        "import helper\ndef g():\n    import helper as h\n    return h.LR",
        "y = g()",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    (
        "import helper\nclass A:\n    cfg = helper",
        "y = A.cfg.LR",
        "helper.LR = 5",
        "setting helper.LR: 0.1 → 5",
    ),
    (
        "import helper\nms = [helper.Model()]",
        "y = ms[0].go()",
        "helper.opts['a'] = 5",
        "setting helper.opts: {'a': 1} → {'a': 5}",
    ),
]


@pytest.mark.parametrize(("setup", "cell", "change", "said"), READ)
def test_a_value_of_a_module_that_a_cell_reads_is_an_input(
    shell, helper, setup, cell, change, said
):
    Path("helper2.py").write_text("depth = 1\n")
    helper(CONFIG)
    shell.run_all(setup, f"%%artifact x\n{cell}")
    assert stale(shell) == []
    shell.run_all(change)
    assert f"x:v0      {said}" in stale(shell)


def test_values_that_a_cell_does_not_read_or_changes_itself_are_none(shell, helper):
    helper(CONFIG)
    shell.run_all("import helper", "%%artifact x\nx = helper.scale(1)")
    shell.run_all("%%artifact y\ny = helper.count(1)")
    shell.run_all("helper.items.append(4)", "helper.count(1)", "helper.other = 1")
    assert stale(shell) == []


def test_what_functions_keep_for_themselves_makes_nothing_out_of_date(shell, helper):
    helper(
        """
import types
memo, seen, state, calls = {}, [], types.SimpleNamespace(last=0), 0
def f(x):
    global calls
    calls += 1
    state.last = x
    seen.append(x)
    if x not in memo:
        memo[x] = x + 1
    return memo[x]
"""
    )
    shell.run_all("import helper", "helper.f(1)", "%%artifact x\nx = helper.f(1)")
    shell.run_all("helper.f(2)")
    assert stale(shell) == []
    shell.run_all("%%artifact y\ny = len(helper.seen)", "helper.f(3)")
    assert stale(shell) == ["y:v0      setting helper.seen: [1, 1, 2] → [1, 1, 2, 3]"]


def test_no_password_of_a_module_is_told(shell, helper):
    helper("API_KEY = 'abcdef-0123456789'\n")
    shell.run_all("import helper", "%%artifact x\nx = len(helper.API_KEY)")
    shell.run_all("helper.API_KEY = 'another-9876543210'")
    assert stale(shell) == ["x:v0      variable helper.API_KEY changed"]
    assert "abcdef" not in json.dumps(dict(shell.last_run().outputs))


# -- what is not skipped

HELD = [
    (
        "import functools, helper\np = functools.partial(helper.scale, 1)",
        "y = p()",
        "helper.set_lr(5)",
    ),
    ("import helper\nclass A:\n    cfg = helper", "y = A.cfg.LR", "helper.set_lr(5)"),
    ("import helper\ngo = helper.Model().go", "y = go()", "helper.set_opt('a', 7)"),
    (
        "import helper\ndef made():\n    c = helper\n    return lambda: c.LR\nf = made()",
        "y = f()",
        "helper.set_lr(4)",
    ),
    ("import helper\ndef f(c=helper): return c.LR", "y = f()", "helper.set_lr(4)"),
    (
        "import helper\nclass B(helper.Model):\n    pass\nb = B()",
        "y = b.go()",
        "helper.set_opt('a', 7)",
    ),
]


@pytest.mark.parametrize(("setup", "cell", "change"), HELD)
def test_a_cell_that_holds_a_module_otherwise_than_by_name_runs_again(
    shell, helper, setup, cell, change
):
    helper(CONFIG.replace("globals()", "opts"))
    shell.run_all(setup, f"%%artifact x --cache\n{cell}")
    assert "skipped (v0)" in shell.run_all(f"%%artifact x --cache\n{cell}").text
    assert (
        "helper holds other values" in shell.run_all(change, f"%%artifact x --cache\n{cell}").text
    )


def test_a_class_is_called_so(shell):
    shell.run_all("class K:\n    x = 1", "%%artifact x\nx = K.x", "class K:\n    x = 2")
    assert stale(shell) == ["x:v0      class K changed"]
    assert "class  K        changed" in shown(shell, "why x")


def test_show_of_a_run_has_the_modules_as_they_were(shell, helper):
    helper("def f(x):\n    return x + 1\n")
    shell.run_all("from helper import f", "%%artifact x\nx = f(1)")
    helper("def f(x):\n    return x + 2\n", imported=True)
    run = shell.last_run()
    assert "own modules  helper.py" in shown(shell, f"show {run.name}")
    assert "x + 1" not in shown(shell, f"show {run.name}")
    text = shown(shell, f"show {run.name} --code")
    assert "helper.py\ndef f(x):\n    return x + 1" in text
    of_version = shown(shell, "show x:v0 --code")
    assert "x = f(1)" in of_version
    assert "helper.py\ndef f(x):\n    return x + 1" in of_version
