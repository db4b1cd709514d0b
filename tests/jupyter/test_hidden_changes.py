"""What a cell hangs on and does not name: a change of it keeps the cell from being skipped."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from artnb.capture import surroundings
from artnb.capture.purity import Ledger

HELPER = """
rates = [1]
class Config:
    rate = 1
    def scaled(self):
        return self.rate
def listed(values=[1]):
    return list(values)
def both():
    return Config.rate, listed(), list(rates)
"""

CHANGES = {
    "a function of numpy": (
        "import numpy as np", "y = float(np.mean([1, 2]))",
        "mean = np.mean\nnp.mean = lambda values: 99", "np.mean = mean",
    ),
    "a method of a library's class": (
        "import pandas as pd\ns = pd.Series([1.0])", "y = float(s.mean())",
        "mean = pd.Series.mean\npd.Series.mean = lambda self: 99", "pd.Series.mean = mean",
    ),
    "a value of a library, by setattr": (
        "import string", "y = string.digits",
        "setattr(string, 'digits', 'x')", "string.digits = '0123456789'",
    ),
    "a flag of torch's backends": (
        "import torch", "y = torch.backends.cudnn.benchmark",
        "torch.backends.cudnn.benchmark = True", "torch.backends.cudnn.benchmark = False",
    ),
    "scikit-learn's settings": (
        "import sklearn, pandas as pd\nfrom sklearn.preprocessing import StandardScaler\n"
        "d = pd.DataFrame({'a': [1.0, 2.0]})",
        "y = type(StandardScaler().fit_transform(d)).__name__",
        "sklearn.set_config(transform_output='pandas')",
        "sklearn.set_config(transform_output='default')",
    ),
    "torch's precision of products": (
        "import torch", "y = torch.get_float32_matmul_precision()",
        "torch.set_float32_matmul_precision('medium')",
        "torch.set_float32_matmul_precision('highest')",
    ),
    "torch's autocast": (
        "import torch\na = torch.ones(2, 2)", "y = str((a @ a).dtype)",
        "cast = torch.autocast('cpu')\ncast.__enter__()", "cast.__exit__(None, None, None)",
    ),
    "how torch prints": (
        "import torch", "y = repr(torch.ones(1) / 3)",
        "torch.set_printoptions(precision=2)", "torch.set_printoptions(profile='default')",
    ),
    "how polars prints": (
        "import polars as pl\nd = pl.DataFrame({'a': list(range(50))})", "y = str(d)",
        "pl.Config.set_tbl_rows(3);", "pl.Config.restore_defaults();",
    ),
    "warnings that are errors": (
        "import warnings",
        "try:\n    warnings.warn('w')\n    y = 0\nexcept UserWarning:\n    y = 1",
        "kept = warnings.filters[:]\nwarnings.simplefilter('error')", "warnings.filters[:] = kept",
    ),
    "traps of decimal numbers": (
        "import decimal",
        "try:\n    y = str(decimal.Decimal(1) / 0)\nexcept decimal.DivisionByZero:\n    y = ''",
        "decimal.getcontext().traps[decimal.DivisionByZero] = False",
        "decimal.getcontext().traps[decimal.DivisionByZero] = True",
    ),
    "the limit of recursion": (
        "import sys", "y = sys.getrecursionlimit()",
        "limit = sys.getrecursionlimit()\nsys.setrecursionlimit(limit + 9)",
        "sys.setrecursionlimit(limit)",
    ),
    "a model is asked, not trained": (
        "import torch\nmodel = torch.nn.Dropout(0.5)", "y = model.training", "model.eval();",
    ),
    "a layer is frozen": (
        "import torch\nmodel = torch.nn.Linear(1, 1)", "y = model.weight.requires_grad",
        "model.weight.requires_grad_(False);",
    ),
    "gradients": (
        "import torch\nw = torch.ones(2, requires_grad=True)\nw.sum().backward()",
        "y = w.grad.tolist()", "w.grad.mul_(5);",
    ),
    "an array may not be written": (
        "import numpy as np\nx = np.ones(2)", "y = x.flags.writeable", "x.flags.writeable = False",
    ),
    "how an array lies": (
        "import numpy as np\nx = np.ones((2, 2))", "y = x.strides", "x = np.asfortranarray(x)",
    ),
    "an object that a model holds": (
        "import torch\nfrom types import SimpleNamespace\nclass Net(torch.nn.Module):\n    pass\n"
        "net = Net()\nnet.settings = SimpleNamespace(k=1)",
        "y = net.settings.k", "net.settings.k = 2",
    ),
    "a hook of a model": (
        "import torch\nm = torch.nn.Linear(1, 1)\nx = torch.ones(1)",
        "y = m(x).item()", "h = m.register_forward_hook(lambda *_: torch.full((1,), 99.0))",
    ),
    "one list twice": (
        "inner = [1]\nx = [inner, inner]\ndel inner", "y = x[0] is x[1]", "x = [[1], [1]]",
    ),
    "an attribute of a function": ("def f():\n    return f.n\nf.n = 1", "y = f()", "f.n = 2"),
    "a class of a class": (
        "class M(type):\n    k = 1\nclass A(metaclass=M):\n    pass", "y = A.k", "M.k = 2",
    ),
    "a class's value in a module": ("import helper", "y = helper.both()", "helper.Config.rate = 2"),
    "a default in a module": (
        "import helper", "y = helper.both()", "helper.listed.__defaults__[0].append(2)",
    ),
    "a list in a module": ("import helper", "y = helper.both()", "helper.rates.append(2)"),
    "a function of a module": (
        "import helper", "y = helper.both()", "helper.listed = lambda: [9]",
    ),
    "a method of a module's class": (
        "import helper\nc = helper.Config()", "y = c.scaled()",
        "helper.Config.scaled = lambda self: 9",
    ),
    "a file that is asked for": (
        "from pathlib import Path\np = Path('new.txt')", "y = p.exists()",
        "open('new.txt', 'w').close()",
    ),
    "a folder that is asked for": (
        "import os\nos.mkdir('there')", "y = os.path.isdir('there')", "os.rmdir('there')",
    ),
    "a hidden file in a folder": (
        "import os", "y = '.x' in os.listdir('.')", "open('.x', 'w').close()",
    ),
    "a module that comes": (
        "", "try:\n    import late_module\n    y = 1\nexcept ImportError:\n    y = 0",
        "open('late_module.py', 'w').close()\nimport importlib\nimportlib.invalidate_caches()",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def helper(shell, tmp_path, monkeypatch):
    Path("helper.py").write_text(HELPER)
    os.utime("helper.py", (5, 5))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in ("helper", "late_module"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES)
def test_a_hidden_change_makes_the_cell_run(shell, case):
    before, body, change, *undo = case
    cell = f"%%artifact made --cache\n{body}"
    shell.run_all(before, cell)
    first = shell.namespace["y"]
    assert "skipped (v0)" in shell.run_all(cell).text
    shell.run_all(change)
    try:
        assert "skipped" not in shell.run_all(cell).text
        assert shell.namespace["y"] != first
    finally:
        shell.run_all("pass", *undo)


@pytest.mark.parametrize(
    ("variable", "value", "body"),
    [
        ("HOME", "/nowhere", "y = os.path.expanduser('~')"),
        ("TZ", "Asia/Seoul", "y = str(datetime.datetime.fromtimestamp(0))"),
    ],
)
def test_where_and_when_one_is(shell, monkeypatch, variable, value, body):
    cell = f"%%artifact made --cache\n{body}"
    shell.run_all("import os, datetime", cell)
    assert "skipped (v0)" in shell.run_all(cell).text
    with monkeypatch.context() as change:
        change.setenv(variable, value)
        time.tzset()
        assert "skipped" not in shell.run_all(cell).text
    time.tzset()


def test_what_was_set_and_set_back_is_as_before(shell):
    cell = "%%artifact made --cache\ny = float(np.mean([1, 2]))"
    shell.run_all("import numpy as np", cell)
    shell.run_all("mean = np.mean\nnp.mean = lambda values: 99", "np.mean = mean")
    assert "skipped (v0)" in shell.run_all(cell).text


def test_a_skipped_cell_that_trains_leaves_the_model_as_it_was_set(shell):
    before = "import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(1, 1)"
    body = (
        "with torch.no_grad():\n    model.weight.add_(1)\n"
        "model.eval()\nmodel.bias.requires_grad_(False)\ny = 1"
    )
    shell.run_all(before, f"%%artifact made --cache\n{body}", before)
    assert "skipped (v0)" in shell.run_all(f"%%artifact made --cache\n{body}").text
    model = shell.namespace["model"]
    assert (model.training, model.weight.requires_grad, model.bias.requires_grad) == (
        False,
        True,
        False,
    )


def test_a_skipped_cell_that_only_sets_a_model_sets_it(shell):
    before = "import torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(1, 1)"
    cell = "%%artifact made --cache\nmodel.eval()\nmodel.bias.requires_grad_(False)\ny = 1"
    shell.run_all(before, cell, before)
    model = shell.namespace["model"]
    assert "skipped (v0)" in shell.run_all(cell).text
    assert shell.namespace["model"] is model
    assert (model.training, model.weight.requires_grad, model.bias.requires_grad) == (
        False,
        True,
        False,
    )


@pytest.mark.parametrize(("thread", "seen"), [("artnb-save", False), ("Thread-9", True)])
def test_what_artnb_saves_meanwhile_is_no_effect_of_the_cell(tmp_path, thread, seen):
    def save():
        path = tmp_path / "object"
        path.write_bytes(b"x")
        with path.open("rb") as stream:
            os.fchmod(stream.fileno(), 0o444)
        path.rename(tmp_path / "other")
        threading.Thread(target=hold.wait, name=f"{thread}-2", daemon=True).start()

    hold = threading.Event()
    (tmp_path / "object").touch()
    ledger = Ledger({})
    ledger.start(ast.parse("y = 1"), ())
    saving = threading.Thread(target=save, name=thread)
    saving.start()
    saving.join()
    found = [finding.what for finding in ledger.stop().findings]
    hold.set()
    assert bool(found) is seen, found


def test_a_package_that_is_not_loaded_is_compared_by_its_public_version(monkeypatch):
    monkeypatch.setattr(surroundings, "_installed_version", lambda name: "2.1")
    assert surroundings.changed_packages({"nowhere_lib": "2.1+cu130"}) == {}
    assert surroundings.changed_packages({"nowhere_lib": "2.0+cu130"}) == {
        "nowhere_lib": ("2.0+cu130", "2.1")
    }


def test_a_package_that_says_another_version_is_compared_by_what_is_installed(
    monkeypatch,
):
    there = {"nowhere_lib": "2.1.post1", "nowhere_cv": None}
    monkeypatch.setattr(surroundings, "_installed_version", there.get)
    then = {"nowhere_lib": "2.1", "nowhere_cv": "5.0"}
    installed = surroundings.installed_otherwise(then)
    assert installed == {"nowhere_lib": "2.1.post1", "nowhere_cv": ""}
    assert surroundings.changed_packages(then, installed) == {}
    there |= {"nowhere_lib": "2.2", "nowhere_cv": "5.1"}
    assert surroundings.changed_packages(then, installed) == {
        "nowhere_lib": ("2.1", "2.2"),
        "nowhere_cv": ("5.0", "5.1"),
    }


@pytest.mark.parametrize(
    ("then", "text"), [(surroundings.AS_IT_COMES, "skipped"), ("9", "not known")]
)
def test_of_a_library_that_is_not_loaded_only_what_was_set_in_it_counts(
    shell, monkeypatch, then, text
):
    monkeypatch.setattr(surroundings, "settings_of_libraries", lambda: {"lib's settings": then})
    shell.run_all("%%artifact x --cache\ny = 1")
    monkeypatch.setattr(surroundings, "settings_of_libraries", dict)  # as in a new kernel
    assert text in shell.run_all("%%artifact x --cache\ny = 1").text


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("import pandas as pd\npd.set_option('display.max_rows', 7)", "pandas's options"),
        ("import numpy as np\nnp.set_printoptions(precision=3)", "numpy's print options"),
        ("import sklearn\nsklearn.set_config(display='text')", "scikit-learn's settings"),
        ("import matplotlib as mpl\nmpl.rcParams['font.size'] = 3", "matplotlib's options"),
    ],
)
def test_what_was_set_in_a_library_is_not_what_it_comes_with(change, what):
    code = (
        "from artnb.capture.surroundings import AS_IT_COMES, global_state\n"
        f"import {change.split()[1]}\n"
        f"assert global_state()[{what!r}] == AS_IT_COMES, global_state()\n{change}\n"
        f"assert global_state()[{what!r}] != AS_IT_COMES\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
