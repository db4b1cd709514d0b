"""Random programs of cells: after each, what `%artnb restore` brings back is what there was.

`ARTNB_EXAMPLES=500` runs more of them.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import random
import shutil
import tempfile
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from kernels import open_notebook
from traitlets.config import Config

from artnb.errors import CommError
from artnb.repository import close_repositories, open_repository

EXAMPLES = int(os.environ.get("ARTNB_EXAMPLES", "40"))
NAMES = ("a", "b", "c", "d")
MADE = (
    "np.arange(6.0).reshape(2, 3)", "np.zeros(4, dtype='int16')", "[1, 'two', None]", "[]",
    "{'k': 1, 'l': [2, 3]}", "{}", "pd.DataFrame({'x': [1, 2], 'y': ['p', None]})", "'text'",
    "pd.Series([1.5, 2.5], name='s')", "7", "(1, 2)", "{1, 2, 3}", "True", "b'bytes'",
    "types.SimpleNamespace(v=[])",
)  # fmt: skip
# What may fail on some types does nothing then: the rest of the cell goes on.
CHANGES = (
    "{0}[0] = 9", "{0}.append(4)", "{0}.append({1})", "{0}['k'] = 5", "{0}['m'] = {1}",
    "{0} += 1", "{0} *= 2", "{0}.sort()", "{0}.pop()", "{0}.loc[0, 'x'] = 8", "{0}['z'] = 3",
    "{0}.update(n=1)", "{0}.add(9)", "{0}[...] = 3", "{0}.clear()", "{0}.reverse()",
    "{0}.v = {1}", "{0}[0].append({1})", "{0}['v'].append(6)", "{0}[0][...] = 2",
    "{0}.v.append({1})",
)  # fmt: skip
BINDS = (
    "{0} = {1}", "{0} = {1}[1:]", "{0} = {1}[::-1]", "{0} = {1}.T", "{0} = {1}.copy()",
    "{0} = [{1}, {1}]", "{0} = {{'v': {1}}}", "{0} = {1}.reshape(-1)", "{0} = {1}[['x']]",
    "{0} = ({1}, [{1}])", "{0} = types.SimpleNamespace(v={1}, w=[{1}])", "{0} = {{7: {1}}}",
    "{0} = {1}[0]", "{0} = {1}['v']", "{0} = {1}.v", "{0} = [{1}[1:], {1}.T]",
    "{0}, {1} = [{1}, {1}], [{1}]", "{0}, {1} = {1}[1:], {{'v': {1}}}",
    "{0}, {1} = {1}[:2], {1}[1:]", "{0} = {{'w': {1}[1:], 'v': {1}}}", "{0} = [{1}, {1}[::2]]",
)  # fmt: skip


def program_of(seed):
    """Return cells of statements; the first gives each name a value, or most would fail.

    By a seed: what hypothesis builds of many choices has mostly the first of each.
    """
    rng = random.Random(seed)

    def statement():
        one, other = rng.choice(NAMES), rng.choice(NAMES)
        kind = rng.choice((BINDS, BINDS, BINDS, CHANGES, CHANGES, MADE, None))
        if kind is None:
            return f"del {one}"
        if kind is MADE:
            return f"{one} = {rng.choice(MADE)}"
        return rng.choice(kind).format(one, other)

    cells = [[statement() for _ in range(rng.randint(3, 8))] for _ in range(rng.randint(1, 3))]
    return [[f"{name} = {rng.choice(MADE)}" for name in NAMES] + cells[0], *cells[1:]]


def guarded(lines):
    return "\n".join(f"try:\n    {line}\nexcept Exception:\n    pass" for line in lines)


_numbers = itertools.count()


class Shells:
    """A shell that makes, and fresh ones that restore, in a project of their own.

    Examples share a repository: a cell that made nothing must not find an earlier example's.
    """

    def __init__(self):
        self.project = f"program-{next(_numbers)}"
        self.shell = self.fresh()

    def fresh(self):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        shell = InteractiveShell(config=config)
        self.run(shell, "%load_ext artnb")
        self.run(shell, f"%artnb project {self.project}")
        return shell

    @staticmethod
    def run(shell, cell):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            result = shell.run_cell(cell, store_history=True)
        assert result.success, f"{cell}\n{out.getvalue()}"
        return out.getvalue()


def present(space):
    return {name: space[name] for name in NAMES if name in space}


def same(one, other, met=()):
    """Return whether two values look alike; of those that hold themselves, as far as they do."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and np.array_equal(one, other)
    if isinstance(one, pd.DataFrame | pd.Series):
        alike = all(one.axes[n].equals(other.axes[n]) for n in range(one.ndim))
        frames = (each.to_frame() if each.ndim == 1 else each for each in (one, other))
        columns = ([each.iloc[:, n] for n in range(each.shape[1])] for each in frames)
        return alike and all(
            a.dtype == b.dtype and same(list(a), list(b), met)
            for a, b in zip(*columns, strict=True)
        )
    if id(one) in met:
        return True
    met = (*met, id(one))
    if isinstance(one, types.SimpleNamespace):
        return same(vars(one), vars(other), met)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(same(*each, met) for each in zip(one, other))  # noqa: B905
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key], met) for key in one)
    return one == other or (one != one and other != other)


def parts(value):
    if isinstance(value, list | tuple):
        return enumerate(value)
    if isinstance(value, dict):
        return value.items()
    return vars(value).items() if isinstance(value, types.SimpleNamespace) else ()


def aliases(values):
    """Return which places hold one object, as the first of them, and which arrays overlap."""
    first, found, arrays = {}, set(), []
    waiting = [((name,), values[name]) for name in sorted(values, reverse=True)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str | bytes | int | float | np.generic | None):
            continue
        if not isinstance(value, tuple):
            if first.setdefault(id(value), place) != place:
                found.add((place, first[id(value)]))
                continue
            if isinstance(value, np.ndarray):
                arrays.append((place, value))
        waiting += [((*place, key), part) for key, part in reversed(list(parts(value)))]
    # By their bounds: whether two arrays have an element in common can take forever to say.
    for n, (place, array) in enumerate(arrays):
        found |= {(place, at) for at, other in arrays[:n] if np.may_share_memory(array, other)}
    return found


def related(values):
    """Return the pairs of places that hold one object, or arrays that overlap."""
    found, waiting = [], [((name,), value, ()) for name, value in values.items()]
    while waiting:
        place, value, above = waiting.pop()
        if isinstance(value, str | bytes | int | float | np.generic | None) or id(value) in above:
            continue
        if not isinstance(value, tuple):
            found.append((place, value))
        above = (*above, id(value))
        waiting += [((*place, key), part, above) for key, part in parts(value)]
    return {
        frozenset((place, at))
        for n, (place, value) in enumerate(found)
        for at, other in found[:n]
        if value is other
        or (
            isinstance(value, np.ndarray)
            and isinstance(other, np.ndarray)
            and np.may_share_memory(value, other)
        )
    }


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
    shells = Shells()
    run, shell = shells.run, shells.shell
    run(shell, "import numpy as np, pandas as pd, types")
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


def check_apart(program):
    """Run a program of cells that each keep what they made; restore one after the other.

    All values are what they were, and nothing is one that was two.
    """
    shells = Shells()
    run, shell = shells.run, shells.shell
    run(shell, "import numpy as np, pandas as pd, types")
    for number, lines in enumerate(program):
        run(shell, f"%%artifact c{number} --no-files\n{guarded(lines)}")
    before = present(shell.user_ns)
    again = shells.fresh()
    for number in range(len(program)):
        with contextlib.suppress(CommError):
            open_repository().resolve(f"c{number}", shells.project)
            run(again, f"%artnb restore c{number} --trust --force")
    after = {name: value for name, value in present(again.user_ns).items() if name in before}
    for each in before:
        assert same(before[each], after[each]), (each, before[each], after[each])
    assert related(after) <= related(before)
    for each in (shell, again):
        each.run_line_magic("unload_ext", "artnb")
    return len(related(before)), len(related(after))


@given(st.integers(0, 2**32).map(program_of))
@settings(
    max_examples=max(1, EXAMPLES // 4),
    deadline=None,
    derandomize="ARTNB_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_cells_restored_one_by_one_give_the_namespace(place, program):
    check_apart(program)


@given(st.integers(0, 2**32).map(program_of))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="ARTNB_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_any_namespace_comes_back_as_it_was(place, program):
    check(program)


@pytest.mark.parametrize(
    "program",
    [
        program_of(19420),
        [["a = np.arange(4.0)", "v = a[1:]", "b, c = [v], {'k': v}", "del v"]],
        [["a = np.arange(4.0)", "b, c = [a[1:]], [a[1:]]"]],
    ],
    ids=["found", "one view", "two views alike"],
)
def test_a_view_that_several_hold_is_one_object_if_it_was(place, program):
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
