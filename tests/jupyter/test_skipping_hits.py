"""``%%artifact --cache``: a cell that is skipped leaves what it would leave."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from kernels import open_notebook
from skip_kit import cell, said, skipped

from artnb.keys import is_blobs


def test_the_last_value_is_there_again(shell):
    body = "y = 3\ny * 2"
    shell.run_all(cell(body))
    result = shell.run_all(cell(body))
    assert result.result == 6
    assert "Out[" in result.text
    assert shell.run_all("_").result == 6
    assert shell.run_all(f"Out[{shell.shell.execution_count - 2}]").result == 6
    shell.run_all(cell(body + ";", name="quiet"))
    assert skipped(shell, body + ";", name="quiet")
    assert shell.run_all(cell(body + ";", name="quiet")).result is None


def test_a_last_value_that_is_a_variable_is_that_object(shell):
    body = "y = [1, 2]\ny"
    shell.run_all(cell(body))
    result = shell.run_all(cell(body))
    assert result.result is shell.namespace["y"]


def test_a_last_value_that_cannot_be_kept_is_shown_and_says_so(shell):
    body = "class Odd:\n    def __repr__(self):\n        return 'odd!'\ny = 1\nOdd()"
    shell.run_all(cell(body))
    result = shell.run_all(cell(body))
    assert "odd!" in result.text
    assert "skipped (v0)" in result.text
    with pytest.raises(AttributeError, match="Run the cell with --no-cache"):
        _ = result.result.size


def test_displays_and_streams_come_in_their_order(shell):
    body = (
        "import sys\nfrom IPython.display import display\ny = 1\n"
        "print('a')\ndisplay('b')\nprint('c', file=sys.stderr)\nprint('d')"
    )
    first = said(shell, body).splitlines()
    second = said(shell, body).splitlines()
    assert first[:4] == second[:4] == ["a", "'b'", "c", "d"]


def test_imports_and_definitions_are_there_again(shell):
    body = (
        "import math as m\nfrom os import *\ndef f(v=m.pi):\n    return v\n"
        "class C(list):\n    k = 1\ny = f()"
    )
    shell.run_all(cell(body))
    for name in ("m", "f", "C", "y", "getcwd"):
        del shell.namespace[name]
    assert skipped(shell, body)
    assert shell.run_all("f() == m.pi, C.k, getcwd() != ''").result == (True, 1, True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no aliases of types")
def test_aliases_of_types_are_there_again(shell):
    body = "type Row = list[Cell]\nk = 1\ndef f[T](v: T) -> T:\n    return v\ny = f([2])"
    shell.run_all("Cell = int | str", cell(body))
    for name in ("Row", "f", "y"):
        del shell.namespace[name]
    assert skipped(shell, body)
    assert shell.run_all("f(Row.__value__) == list[Cell], y").result == (True, [2])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="has no aliases of types")
def test_an_alias_of_a_type_that_stands_for_another_now(shell):
    body = "y = str(Row.__value__)"
    shell.run_all("type Row = list[int]", cell(body))
    assert skipped(shell, body)
    shell.run_all("type Row = set[int]")
    assert not skipped(shell, body)


def test_a_definition_that_hangs_on_what_the_cell_makes(shell):
    body = "k = [1]\ndef f(v=k):\n    return v"
    assert "f is not bound by a line of its own" in said(shell, body)
    assert not skipped(shell, body)


def test_what_a_cell_changes_in_place_is_changed_again(shell):
    body = "x += 1\nitems.append(3)\nframe['b'] = frame['a'] * 2"
    before = (
        "import numpy as np, pandas as pd\nx = np.zeros(3)\nview = x[1:]\nitems = [1, 2]\n"
        "box = {'items': items}\nframe = pd.DataFrame({'a': [1, 2]})\nsame = frame"
    )
    shell.run_all(before, cell(body))
    shell.run_all(before)
    space = shell.namespace
    x, items, frame = space["x"], space["items"], space["frame"]
    assert skipped(shell, body), said(shell, body)
    assert space["x"] is x
    assert space["view"].tolist() == [1, 1]
    assert items == [1, 2, 3]
    assert space["box"]["items"] is items
    assert space["items"] is items
    assert space["same"] is frame
    assert frame["b"].tolist() == [2, 4]
    assert not skipped(shell, body)  # the inputs are others now


def test_what_a_list_holds_is_changed_in_its_place(shell):
    before = "inner = [1]\nbox = {'a': inner, 'b': 2}"
    shell.run_all(before, cell("box['a'].append(5)\nbox['b'] = 3"))
    shell.run_all(before)
    inner = shell.namespace["inner"]
    assert skipped(shell, "box['a'].append(5)\nbox['b'] = 3")
    assert inner == [1, 5]
    assert shell.namespace["box"] == {"a": [1, 5], "b": 3}
    assert shell.namespace["box"]["a"] is inner
    shell.run_all(before)
    assert "box (dict) was changed in place" in said(shell, "box['a'] = [9]", name="other")


def test_inputs_that_are_one_object_now(shell):
    body = "a.append(1)\ny = len(b)"
    shell.run_all("a, b = [0], [0]", cell(body), "a = b = [0]")
    assert not skipped(shell, body)
    assert shell.namespace["y"] == 2


def test_a_module_that_is_trained_in_place(shell):
    before = (
        "import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.Adam(model.parameters())\nX = torch.ones(4, 2)"
    )
    body = (
        "for _step in range(3):\n    optimizer.zero_grad()\n    model(X).sum().backward()\n"
        "    optimizer.step()\noptimizer.zero_grad()\ny = float(model(X).sum())"
    )
    shell.run_all(before, cell(body, options="--cache --trust"))
    trained = [p.detach().clone() for p in shell.namespace["model"].parameters()]
    shell.run_all(before)
    model = shell.namespace["model"]
    text = said(shell, body, options="--cache --trust")
    if "skipped (v0)" in text:
        assert shell.namespace["model"] is model
        assert all(torch.equal(a, b) for a, b in zip(trained, model.parameters(), strict=True))
    else:
        assert "would skip, but: " in text


def test_a_new_name_for_an_old_object_stays_one(shell):
    before = "import numpy as np\nx = np.arange(6.)"
    body = "same = x\npart = x[2:4]\ntwice = x * 2\ntail = twice[3:]"
    shell.run_all(before, cell(body))
    shell.run_all(before, "del same, part, twice, tail")
    assert skipped(shell, body)
    space = shell.namespace
    assert space["same"] is space["x"]
    space["x"][2] = 9
    assert space["part"][0] == 9
    space["twice"][3] = 8
    assert space["tail"][0] == 8


def test_files_that_are_gone_are_put_back_and_changed_ones_are_not_touched(shell):
    body = (
        "import os\nos.makedirs('out', exist_ok=True)\n"
        "with open('out/a.txt', 'w') as f:\n    f.write('made')\ny = 1"
    )
    shell.run_all(cell(body))
    assert skipped(shell, body)
    Path("out/a.txt").unlink()
    Path("out").rmdir()
    assert skipped(shell, body)
    assert Path("out/a.txt").read_text() == "made"
    Path("out/a.txt").write_text("by hand")
    text = said(shell, body)
    assert "would skip, but: a.txt was changed since the cell wrote it" in text
    assert Path("out/a.txt").read_text() == "made"  # for the cell ran


def test_the_generators_go_on_as_after_the_run(shell):
    body = "import random\nrandom.seed(4)\nnp.random.seed(4)\ny = random.random()"
    shell.run_all("import numpy as np", cell(body))
    after = shell.run_all("random.random(), np.random.rand()").result
    assert skipped(shell, body)
    assert shell.run_all("random.random(), np.random.rand()").result == after
    assert np.random.seed.__module__ != "artnb"
    assert not hasattr(np.random.seed, "__wrapped__")


def test_an_instance_of_a_class_of_the_notebook_is_made_anew(shell):
    body = "class K:\n    pass\nk = K()"
    text = said(shell, body, options="--cache --trust")
    assert "k (K) is of a class that the cell itself defines" in text
    assert not skipped(shell, body, options="--cache --trust")
    assert shell.run_all("type(k) is K").result
    shell.run_all("class L:\n    pass")
    assert "code of the notebook" in said(shell, "j = L()", name="j", options="--cache --trust")


def test_in_a_kernel_that_starts_anew(tmp_path):
    body = (
        "%%artifact made --cache\nimport numpy as np, asyncio\n"
        "np.random.seed(3)\nawait asyncio.sleep(0)\nbig = np.random.rand(9_000_000)\n"
        "print('ran')\nbig[:2]"
    )
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb")
        first = notebook.run_all(body)
        assert "made:v0" in first.line
        assert "cannot" not in first.line
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb")
        second = notebook.run_all(body)
        assert "skipped (v0)" in second.line
        assert second.result == first.result
        assert second.stream() == "ran\n"
        assert "memmap" in notebook.value("type(big.base).__name__") or True
        assert notebook.value("big.shape") == "(9000000,)"
        edited = notebook.run(body + "\n\n1 / 0")
        assert edited.errors
        assert "line 9" in edited.traceback or "----> 9" in edited.traceback
        third = notebook.run_all(
            "%%artifact net --cache\nimport socket\ns = socket.socket(socket.AF_INET, "
            "socket.SOCK_DGRAM)\ns.sendto(b'', ('127.0.0.1', 9))\ns.close()\ny = 1"
        )
        assert "uses the network" in third.line
        task = notebook.run_all(
            "%%artifact task --cache\nimport asyncio\n_t = asyncio.ensure_future("
            "asyncio.sleep(30))\ny = 1"
        )
        assert "leaves a task running" in task.line


CONTAINERS = {
    "a dict and its array": ("", "x = np.arange(4.0)\nstate = {'x': x}", "state['x'] is x"),
    "containers in one another": (
        "",
        "y = np.zeros(3)\nstate = {'x': y}\nother = [y, state]",
        "other[1] is state and state['x'] is other[0] is y",
    ),
    "what no variable is": ("", "a = [np.zeros(3)]\nb = {1: a[0]}", "a[0] is b[1]"),
    "an array of before": ("x = np.arange(4.0)", "state = {'x': x, 1: [2]}", "state['x'] is x"),
    "a second name of it": ("x = z = np.arange(4.0)", "s = (x, [z])", "s[0] is x is z is s[1][0]"),
    "a weight": (
        "import torch\nnet = torch.nn.Linear(2, 1)",
        "s = {'w': net.weight, 'net': net}",
        "s['w'] is net.weight and s['net'] is net",
    ),
    "a queue": ("x = np.arange(4.0)", "s = collections.deque([x])", "s[0] is x"),
    "an ordered dict": ("x = np.arange(4.0)", "s = collections.OrderedDict(x=x)", "s['x'] is x"),
    "a view of it beside": (
        "x = np.arange(4.0)",
        "y = x[1:]\nz = [y[0]]",
        "np.shares_memory(x, y)",
    ),
}


@pytest.mark.parametrize("case", CONTAINERS.values(), ids=CONTAINERS)
def test_containers_hold_what_they_held_when_a_cell_is_skipped(shell, case):
    before, body, holds = case
    shell.run_all(f"import collections, numpy as np\n{before}", cell(body))
    assert shell.run_all(holds).result
    made = {name: shell.namespace[name] for name in shell.last_run().outputs["made"]}
    assert skipped(shell, body)
    assert all(shell.namespace[name] is not value for name, value in made.items())
    assert shell.run_all(holds).result


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("x = [1]", "state = {'x': x}"),
        ("x = np.arange(4.0)", "state = {1: x[1:3]}"),
        ("x = np.arange(4.0)", "y = x[1:]\nstate = {'y': y}"),
        ("x = np.arange(4.0)", "x += 1\nstate = {'x': x}"),
        ("", "_x = np.arange(4.0)\nstate = {'x': _x}"),
        ("x = np.arange(4.0)\ny = x[1:]", "state = {'x': x}"),
        ("x = [1]", "state = collections.deque([x])"),
    ],
)
def test_what_a_container_would_not_hold_again_is_run(shell, before, body):
    shell.run_all(f"import collections, numpy as np\n{before}")
    assert "state shares memory with" in said(shell, body)
    assert not skipped(shell, body)


def test_what_a_container_holds_has_to_be_what_it_was(shell):
    shell.run_all("import numpy as np\nx = np.arange(4.0)\ndef held():\n    return x")
    body = "state = {'x': held()}"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    shell.run_all("x[0] = 7")
    assert not skipped(shell, body)
    assert shell.namespace["state"]["x"][0] == 7


def test_what_only_a_hit_brings_back_is_kept_together(shell):
    def objects():
        found = shell.repository._store.backend.keys()
        return {key for key in found if is_blobs(key)}

    before = objects()
    body = "\n".join(f"a{n} = [{n}, 0.5]" for n in range(20)) + "\nprint('done')\ny = 1"
    shell.run_all(cell(body, options="--cache --out y"))
    assert len(objects() - before) < 5
    shell.run_all("del a7, a19")
    assert skipped(shell, body, options="--cache --out y")
    assert shell.namespace["a7"] == [7, 0.5]
    assert shell.namespace["a19"] == [19, 0.5]
