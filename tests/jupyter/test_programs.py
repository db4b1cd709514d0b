"""Random programs of cells: after each, what `%artnb restore` brings back is what there was.

`ARTNB_EXAMPLES=500` runs more of them.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from kernels import open_notebook
from traitlets.config import Config

from artnb.repository import close_repositories

EXAMPLES = int(os.environ.get("ARTNB_EXAMPLES", "20"))
NAMES = ("a", "b", "c", "d")
MADE = (
    "np.arange(6.0).reshape(2, 3)", "np.zeros(4, dtype='int16')", "[1, 'two', None]", "[]",
    "{'k': 1, 'l': [2, 3]}", "{}", "pd.DataFrame({'x': [1, 2], 'y': ['p', None]})", "'text'",
    "pd.Series([1.5, 2.5], name='s')", "7", "(1, 2)", "{1, 2, 3}", "True", "b'bytes'",
)  # fmt: skip
# What may fail on some types does nothing then: the rest of the cell goes on.
CHANGES = (
    "{0}[0] = 9", "{0}.append(4)", "{0}.append({1})", "{0}['k'] = 5", "{0}['m'] = {1}",
    "{0} += 1", "{0} *= 2", "{0}.sort()", "{0}.pop()", "{0}.loc[0, 'x'] = 8", "{0}['z'] = 3",
    "{0}.update(n=1)", "{0}.add(9)", "{0}[...] = 3", "{0}.clear()", "{0}.reverse()",
)  # fmt: skip
BINDS = (
    "{0} = {1}", "{0} = {1}[1:]", "{0} = {1}[::-1]", "{0} = {1}.T", "{0} = {1}.copy()",
    "{0} = [{1}, {1}]", "{0} = {{'v': {1}}}", "{0} = {1}.reshape(-1)", "{0} = {1}[['x']]",
)  # fmt: skip


def statements():
    name = st.sampled_from(NAMES)
    return st.one_of(
        st.builds("{} = {}".format, name, st.sampled_from(MADE)),
        st.builds(lambda how, a, b: how.format(a, b), st.sampled_from(BINDS), name, name),
        st.builds(lambda how, a, b: how.format(a, b), st.sampled_from(CHANGES), name, name),
        st.builds("del {}".format, name),
    )


def cells():
    return st.lists(statements(), min_size=1, max_size=4)


def guarded(lines):
    return "\n".join(f"try:\n    {line}\nexcept Exception:\n    pass" for line in lines)


class Shells:
    """A shell that makes, and fresh ones that restore, over one repository."""

    def __init__(self, folder):
        self.folder = folder
        self.shell = self.fresh()

    def fresh(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        shell = InteractiveShell(config=config)
        self.run(shell, "%load_ext artnb")
        return shell

    @staticmethod
    def run(shell, cell):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            result = shell.run_cell(cell, store_history=True)
        assert result.success, f"{cell}\n{out.getvalue()}"
        return out.getvalue()


def present(space):
    return {name: space[name] for name in NAMES if name in space}


def same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and np.array_equal(one, other)
    if isinstance(one, pd.DataFrame | pd.Series):
        return one.equals(other) and list(one.axes[-1]) == list(other.axes[-1])
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


def aliases(values):
    """Return which names are one object, and which arrays overlap in memory."""
    found = set()
    for one in values:
        for other in values:
            if one >= other:
                continue
            a, b = values[one], values[other]
            if a is b and not isinstance(a, str | bytes | int | bool | tuple):
                found.add((one, other, "same"))
            elif isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b):
                found.add((one, other, "memory"))
    return found


@pytest.fixture
def place(monkeypatch):
    folder = Path(tempfile.mkdtemp())
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ARTNB_DIR", str(folder))
    monkeypatch.setenv("IPYTHONDIR", str(folder / ".ipython"))
    monkeypatch.setenv("ARTNB_DURABILITY", "none")
    yield folder
    close_repositories()
    shutil.rmtree(folder, ignore_errors=True)


def check(program):
    """Run a program; after each cell a fresh shell restores what the names hold."""
    shells = Shells(Path.cwd())
    run, shell = shells.run, shells.shell
    run(shell, "import numpy as np, pandas as pd")
    for number, lines in enumerate(program):
        run(shell, f"%%artifact c{number} --no-files\n{guarded(lines)}")
        before = present(shell.user_ns)
        if not before:
            continue
        name = f"s{number}"
        run(shell, f"%%artifact {name} --no-files --out {','.join(before)}\npass")
        again = shells.fresh()
        run(again, f"%artnb restore {name} --trust")
        after = present(again.user_ns)
        assert after.keys() == before.keys()
        for each in before:
            assert same(before[each], after[each]), (each, before[each], after[each])
        assert aliases(after) == aliases(before)
        again.run_line_magic("unload_ext", "artnb")
    shell.run_line_magic("unload_ext", "artnb")


@given(st.lists(cells(), min_size=1, max_size=4))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="ARTNB_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_any_namespace_comes_back_as_it_was(place, program):
    check(program)


PROGRAM = (
    "a = np.arange(6.0).reshape(2, 3)\nb = a[1:]\nc = [b, a]\nd = {'v': 1}",
    "b[...] = 3\nd['k'] = c[0].sum()",
    "d = a\ndel b\nc = 'text'",
)


def test_the_same_in_a_kernel_that_starts_anew(tmp_path):
    asked = "[(n, repr(globals()[n])) for n in 'abcd' if n in globals()]"
    shown = []
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", "import numpy as np")
        for number, body in enumerate(PROGRAM):
            names = "a,b,c,d" if number < 2 else "a,c,d"
            notebook.run_all(f"%%artifact p{number} --out {names}\n{body}")
            shown.append(notebook.value(asked))
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", "import numpy as np")
        for number, expected in enumerate(shown):
            notebook.run_all("a = b = c = d = 0\ndel a, b, c, d")
            notebook.run_all(f"%artnb restore p{number} --trust")
            assert notebook.value(asked) == expected
            if number < 2:
                assert notebook.value("np.shares_memory(a, b)") == "True"
        assert notebook.value("d is a") == "True"
