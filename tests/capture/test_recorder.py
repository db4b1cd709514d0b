"""A cell's inputs, outputs and changes, over the table of hard cells."""

from __future__ import annotations

import ast
import asyncio
import inspect
import linecache
import sys
import types

import pytest
from capture.capture_cases import CASES as HARD
from capture.harder_cases import HARDER
from capture.newer_cases import NEWER
from capture.shared_cases import SHARED
from capture.working_cases import WORKING

from artnb.capture import NOT_PLAIN, Recorder, Roster

CASES = (*HARD, *HARDER, *WORKING, *NEWER, *SHARED)
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Shell:
    """As much of IPython as the cells of the table call."""

    def __init__(self, namespace):
        self.namespace = namespace

    def system(self, line):
        pass

    def getoutput(self, line):
        return [line]

    def run_line_magic(self, name, line):
        exec(line, self.namespace)

    def run_cell_magic(self, name, line, cell):
        exec(cell, self.namespace)


def notebook(setup=""):
    """Return the globals of a notebook in which `setup` has run."""
    module = types.ModuleType("__main__")
    namespace = vars(module)
    namespace["get_ipython"] = lambda: Shell(namespace)
    namespace["_keep"] = module  # the globals live as long as the module
    run(setup, namespace)
    return namespace


def run(source, namespace):
    filename = f"<cell {len(linecache.cache)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    code = compile(source, filename, "exec", AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, namespace))
    else:
        exec(code, namespace)


def watch(cell, namespace, **options):
    hidden = {"_keep": namespace.get("_keep")}
    recorder = Recorder(namespace, roster=Roster(namespace, hidden), **options)
    recorder.open(ast.parse(cell))
    failed = False
    try:
        run(cell, namespace)
    except Exception:
        failed = True
    return recorder.close(failed=failed)


def found(case):
    capture = watch(case.cell, notebook(case.setup))
    made = {
        name
        for name, output in capture.outputs.items()
        if output.how == "stored" and output.role in ("value", "code")
    }
    return set(capture.inputs), made, set(capture.changed), capture


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_hard_cell_is_captured(case):
    reads, makes, changes, capture = found(case)
    assert makes == case.makes
    assert changes == case.changes
    assert capture.deleted == case.deletes
    assert capture.consumed == case.consumes
    assert reads >= case.reads


@pytest.mark.parametrize("case", NEWER, ids=lambda case: case.id)
def test_of_newer_syntax_no_more_is_read(case):
    assert found(case)[0] == case.reads


def test_precision_and_recall_over_the_table(capsys):
    right = {"inputs": 0, "outputs": 0}
    wanted = dict(right)
    given = dict(right)
    for case in CASES:
        reads, makes, changes, _ = found(case)
        for side, have, want in (
            ("inputs", reads, case.reads),
            ("outputs", makes | changes, case.makes | case.changes),
        ):
            right[side] += len(have & want)
            wanted[side] += len(want)
            given[side] += len(have)
    for side in right:
        recall, precision = right[side] / wanted[side], right[side] / given[side]
        with capsys.disabled():
            print(f"\n{side}: recall {recall:.3f}, precision {precision:.3f}, {len(CASES)} cells")
        assert recall == 1.0
        assert precision >= 0.98


def test_there_are_enough_hard_cells():
    assert len(CASES) >= 150
    assert len({case.id for case in CASES}) == len(CASES)


def test_small_plain_inputs_are_config():
    capture = watch("b = lr * size + len(names)", notebook("lr = 0.1\nsize = 3\nnames = ['a']"))
    assert {name: read.plain for name, read in capture.inputs.items()} == {
        "lr": 0.1,
        "size": 3,
        "names": ["a"],
    }


def test_config_is_what_was_read_not_what_was_left():
    capture = watch("options['lr'] = 0.5", notebook("options = {'lr': 0.1}"))
    assert capture.inputs["options"].plain == {"lr": 0.1}
    assert capture.changed == {"options"}


def test_functions_are_code_and_their_sources_are_found():
    capture = watch("b = f()", notebook("def g():\n    return 1\ndef f():\n    return g()"))
    assert {name: read.role for name, read in capture.inputs.items()} == {"f": "code", "g": "code"}
    assert {code.__name__ for code in capture.code} == {"f", "g"}


def test_large_values_are_variables():
    capture = watch("b = sum(a)", notebook("a = list(range(1000))"))
    assert capture.inputs["a"].role == "variable"
    assert capture.inputs["a"].plain is NOT_PLAIN


def test_imports_and_modules_are_not_values():
    capture = watch("import math\nfrom math import pi, sqrt", notebook())
    assert {name: output.role for name, output in capture.outputs.items()} == {
        "pi": "import",
        "sqrt": "import",
    }


def test_loop_and_with_targets_are_temporary():
    capture = watch("for i in range(2):\n    b = i", notebook())
    assert capture.outputs["i"].role == "temporary"
    assert capture.outputs["b"].role == "value"


def test_a_cell_that_fails_half_way_made_what_it_bound():
    capture = watch("b = 1\nc = 1 / 0\nd = 2", notebook("d = 5"))
    assert set(capture.outputs) == {"b"}


def test_running_a_cell_again_gives_the_same_answer():
    namespace = notebook("a = [1, 2]")
    cell = "total = 0\nfor v in a:\n    total += v\n    last = v\nif total:\n    name = 'x'"
    first, second = watch(cell, namespace), watch(cell, namespace)
    assert set(first.inputs) == set(second.inputs) == {"a"}
    assert set(first.outputs) == set(second.outputs)


def test_the_recorder_does_not_keep_values_alive():
    import weakref

    namespace = notebook("import numpy as np\nbig = np.ones(1000)")
    alive = weakref.ref(namespace["big"])
    recorder = Recorder(namespace)
    recorder.open(ast.parse("big = big.sum()"))
    run("big = big.sum()", namespace)
    assert alive() is None
    assert "big" in recorder.close().outputs


def test_the_shells_own_names_are_left_out():
    capture = watch("_ = a\n_1 = a\nOut = {}\nb = _", notebook("a = 1"))
    assert set(capture.outputs) == {"b"}
    assert set(capture.inputs) == {"a"}


def test_a_value_that_raises_when_pickled_is_still_an_input():
    setup = "class K:\n    def __reduce__(self):\n        raise RuntimeError('no')\nk = K()"
    capture = watch("b = [k]", notebook(setup))
    assert capture.inputs["k"].fingerprint is None
    assert "b" in capture.outputs


def test_capture_imports_no_ipython():
    import subprocess

    code = "import sys, artnb.capture; sys.exit('IPython' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_none_is_not_an_object_that_was_freed():
    import gc

    from artnb.capture.namespace import Holder

    class Freed:
        pass

    held = Holder(Freed())
    gc.collect()
    assert not held.is_same(None)


def test_the_values_after_a_cell_are_the_persons_and_the_last_result():
    namespace = {"_i1": "source", "x": "old", "_": "result"}
    recorder = Recorder(namespace)
    recorder.open(ast.parse("x = 'mine'"))
    run("x = 'mine'", namespace)
    assert sorted(recorder.values()) == ["mine", "result"]
    assert recorder.close().outputs.keys() == {"x"}
