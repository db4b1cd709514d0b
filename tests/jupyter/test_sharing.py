"""What was one object when its cell ended is one after `%artnb restore`, and trains on."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from kernels import open_notebook

from artnb import Api
from artnb.errors import SerializationError, UntrustedError
from artnb.exchange import push
from artnb.jupyter.holding import Holding
from artnb.repository import Content, Repository
from artnb.serializers.aliasing import Span
from artnb.settings import Settings

MAKE = """%%artifact training
import torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
X = torch.randn(8, 3)
def step():
    optimizer.zero_grad()
    loss = (model(X) ** 2).mean()
    loss.backward()
    optimizer.step()
    scheduler.step()
    return float(loss.detach())
for _turn in range(3):
    step()
"""
TRAIN_ON = "[step() for _ in range(4)], scheduler.get_last_lr()"


def forget(shell, *names):
    for name in names:
        del shell.namespace[name]


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def test_training_goes_on_alike_in_a_new_kernel(tmp_path):
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", MAKE)
        expected = notebook.value(TRAIN_ON)
    source = MAKE[MAKE.index("def step") : MAKE.index("for _turn")]
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", "%artnb restore training:v0", source)
        assert notebook.value("type(optimizer).__name__") == "'Adam'"
        assert notebook.value(
            "all(a is b for a, b in zip(optimizer.param_groups[0]['params'], model.parameters()))"
        ) == "True"  # fmt: skip
        assert notebook.value("scheduler.optimizer is optimizer") == "True"
        assert notebook.value(TRAIN_ON) == expected


def test_what_moves_what_is_said(shell):
    shell.run_all(MAKE)
    forget(shell, "model", "optimizer", "scheduler")
    text = shown(shell, "restore training")
    assert "moves the parameters of model" in text
    assert "steps optimizer" in text


def test_modules_with_tied_weights_and_parts(shell):
    shell.run_all(
        "%%artifact tied\nimport torch\nencoder = torch.nn.Linear(3, 3)\n"
        "decoder = torch.nn.Linear(3, 3)\ndecoder.weight = encoder.weight\n"
        "whole = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 2))\n"
        "part = whole[1]\nbias = part.bias\n"
        "both = torch.optim.SGD([*encoder.parameters(), *whole.parameters()], lr=0.1)"
    )
    forget(shell, "encoder", "decoder", "whole", "part", "bias", "both")
    shown(shell, "restore tied")
    space = shell.namespace
    assert space["decoder"].weight is space["encoder"].weight
    assert space["decoder"].bias is not space["encoder"].bias
    assert space["part"] is space["whole"][1]
    assert space["bias"] is space["part"].bias
    moved = space["both"].param_groups[0]["params"]
    assert moved[0] is space["encoder"].weight
    assert moved[-1] is space["bias"]


def test_an_optimizer_alone_has_parameters_of_its_own(shell):
    shell.run_all(MAKE.replace("%%artifact training", "%%artifact training --out optimizer"))
    before = shell.namespace["optimizer"].state_dict()
    forget(shell, "optimizer")
    shown(shell, "restore training")
    after = shell.namespace["optimizer"].state_dict()
    assert torch.equal(before["state"][0]["exp_avg"], after["state"][0]["exp_avg"])


def test_a_scheduler_alone_is_not_restored(shell):
    shell.run_all(MAKE.replace("%%artifact training", "%%artifact training --out scheduler,X"))
    text = shown(shell, "restore training --force")
    assert "a scheduler whose optimizer is not in this version" in text


def test_a_strangers_note_ties_nothing():
    from artnb.serializers.torch_sharing import tie_torch

    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(5))], lr=1)
    for note in (
        {"with": "model", "moves": [["model", "weight"]]},
        {"with": "model", "moves": [["model", "__class__"]]},
        {"with": "gone", "moves": [["gone", "weight"]]},
        {"with": "model", "moves": []},
    ):
        values = {"model": model, "optimizer": optimizer}
        tie_torch(values, {"optimizer": note})
        assert optimizer.param_groups[0]["params"][0].shape == (5,)


def test_training_in_place_is_skipped_and_has_its_effect(shell):
    make = MAKE.replace("%%artifact training\n", "").replace(
        "for _turn in range(3):\n    step()", ""
    )
    body = "%%artifact trained --cache\nlosses = [step() for _ in range(3)]\noptimizer.zero_grad()"
    shell.run_all(make, body)
    expected = shell.run_all(TRAIN_ON).result
    shell.run_all(make)
    model, optimizer = shell.namespace["model"], shell.namespace["optimizer"]
    assert "skipped (v0)" in shell.run_all(body).text
    assert shell.namespace["model"] is model
    assert shell.namespace["optimizer"] is optimizer
    assert shell.run_all(TRAIN_ON).result == expected


HOLD = """%%artifact held
import torch, numpy as np, pandas as pd, functools
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
optimizer = torch.optim.Adam(model.parameters())
array, frame, settings = np.arange(6.0), pd.DataFrame({"x": [1, 2]}), {"lr": 0.1}
weights = model.state_dict()
state = {"model": model, "optimizer": optimizer, "epoch": 3, "settings": settings,
         "view": array[2:], "part": model[0], "weights": weights, 7: (frame, {"a", "b"})}
both = [state, settings, array]
"""
NAMES = ("model", "optimizer", "array", "frame", "settings", "weights", "state", "both")


def test_a_container_holds_the_variables_that_it_held(shell):
    shell.run_all(HOLD)
    forget(shell, *NAMES)
    shown(shell, "restore held")  # no pickle: without --trust
    space = shell.namespace
    state = space["state"]
    assert list(state) == ["model", "optimizer", "epoch", "settings", "view", "part", "weights", 7]
    for name in ("model", "optimizer", "settings", "weights"):
        assert state[name] is space[name]
    assert state[7][0] is space["frame"]
    assert state[7][1] == {"a", "b"}
    assert state["part"] is space["model"][0]
    assert space["both"][0] is state
    assert space["both"][1] is space["settings"]
    assert space["both"][2] is space["array"]
    moved = space["optimizer"].param_groups[0]["params"]
    assert moved[0] is state["model"][0].weight


def test_a_change_through_one_name_is_seen_through_the_others(shell):
    shell.run_all(HOLD)
    forget(shell, *NAMES)
    shown(shell, "restore held")
    space = shell.namespace
    space["array"][3] = 77
    assert space["state"]["view"][1] == 77
    space["weights"]["0.weight"][0, 0] = 5
    assert space["model"][0].weight[0, 0] == 5
    space["settings"]["lr"] = 9
    assert space["state"]["settings"]["lr"] == 9


def test_a_container_is_loaded_without_its_version(shell):
    shell.run_all(HOLD)
    artifact = Api().artifact("uncategorized/held:v0")
    state = artifact.get("state")
    assert state["optimizer"].param_groups[0]["params"][0] is state["model"][0].weight
    assert np.array_equal(state["view"], [2, 3, 4, 5])


@pytest.mark.parametrize(
    ("made", "held"),
    [
        ("box = functools.partial(sorted, x)", "box.args[0]"),
        ("box = lambda: x", "box()"),
        ("box = np.array([x, len], dtype=object)", "box[0]"),
    ],
)
def test_what_needs_a_pickle_holds_them_too(shell, made, held):
    make = "import functools, types, collections, numpy as np\nx = np.arange(4.0)\n"
    shell.run_all(f"%%artifact boxed --out x,box\n{make}{made}")
    forget(shell, "x", "box")
    shown(shell, "restore boxed --trust")
    space = dict(shell.namespace)
    if "lambda" in made:
        assert space["box"].__globals__["x"] is space["x"]
    else:
        assert eval(held, space) is space["x"]


@pytest.mark.parametrize(
    ("made", "held"),
    [
        ("types.SimpleNamespace(x=x, n=1)", "box.x"),
        ("collections.deque([x])", "box[0]"),
        ("collections.defaultdict(list, {(1, 'a'): x})", "box[1, 'a']"),
        ("(x, datetime.date(2020, 1, 1))", "box[0]"),
        ("np.array([x, None], dtype=object)", "box[0]"),
        ("values.Row('a', [x])", "box.values[0]"),
        ("values.Slotted(x, y=2)", "box.x"),
        ("values.Node('a', parent=x)", "box.parent"),
        ("[{1: x}, {2}, 1j]", "box[0][1]"),
    ],
)
def test_what_is_plain_holds_them_without_trust(shell, made, held):
    make = "import collections, datetime, types, numpy as np\nfrom serializers import values\n"
    shell.run_all(f"%%artifact boxed --out x,box\n{make}x = np.arange(4.0)\nbox = {made}")
    forget(shell, "x", "box")
    assert "not restored" not in shown(shell, "restore boxed")
    assert eval(held, dict(shell.namespace)) is shell.namespace["x"]


def test_what_no_variable_is_needs_no_trust_either(shell):
    shell.run_all(
        "%%artifact boxed\nimport numpy as np, torch\nfrom datetime import date\n"
        "box = {'small': np.arange(3), 'large': np.zeros(50_000), 'when': [date(2020, 1, 1)],\n"
        "       'net': torch.nn.Linear(2, 1), 7: {torch.float32}}\n"
        "weight = box['net'].weight"
    )
    formats = {
        entry.path: entry.format for entry in shell.repository.manifest(shell.newest("boxed"))
    }
    assert set(formats.values()) == {"linked", "npy", "module", "tensor"}
    assert sum(path.startswith("held/") for path in formats) == 2, "what is small stands inside"
    before = shell.namespace["box"]
    forget(shell, "box", "weight")
    assert "not restored" not in shown(shell, "restore boxed")
    box = shell.namespace["box"]
    assert list(box) == list(before)
    assert np.array_equal(box["small"], [0, 1, 2])
    assert box["large"].shape == (50_000,)
    assert (box["when"], box[7]) == (before["when"], before[7])
    assert box["net"].weight is shell.namespace["weight"]


def test_data_loaders_read_the_variables(shell):
    shell.run_all(
        "%%artifact loaders\nimport torch\nX = torch.arange(6.0)\n"
        "data = torch.utils.data.TensorDataset(X, X[:])\n"
        "batches = torch.utils.data.DataLoader(data, batch_size=2)"
    )
    forget(shell, "X", "data", "batches")
    shown(shell, "restore loaders --trust")
    space = shell.namespace
    assert space["data"].tensors[0] is space["X"]
    assert space["batches"].dataset is space["data"]
    space["X"][0] = 50
    assert space["data"][0] == (50, 50)


def test_containers_share_what_no_variable_is(shell):
    shell.run_all(
        "%%artifact inner\nimport numpy as np, types\n_x, _l = np.arange(3), [1]\n"
        "a, b = [_x, _l], {'x': _x[1:], 'l': _l, 7: types.SimpleNamespace(l=_l)}"
    )
    forget(shell, "a", "b")
    shown(shell, "restore inner --trust")
    a, b = shell.namespace["a"], shell.namespace["b"]
    assert np.shares_memory(a[0], b["x"])
    assert b["l"] is a[1]
    assert b[7].l is a[1]


def test_views_whose_array_is_gone_share_it_again(shell):
    shell.run_all(
        "%%artifact slices\nimport numpy as np, torch\n_x, _t = np.arange(9), torch.arange(9)\n"
        "low, high = _x[:6], _x[3:]\nend = {'t': _t[4:]}\nstart = _t[:5]"
    )
    forget(shell, "low", "high", "end", "start")
    shown(shell, "restore slices")
    space = shell.namespace
    space["low"][3] = space["start"][4] = 70
    assert space["high"][0] == 70
    assert space["end"]["t"][0] == 70


def test_to_find_what_is_a_view_looks_only_at_what_is_near(monkeypatch):
    asked, holds = [], Span.holds

    def counting(self, other):
        asked.append(1)
        return holds(self, other)

    monkeypatch.setattr(Span, "holds", counting)
    count = 200
    owned = {f"x{number}": np.arange(8.0) for number in range(count)}
    loose = [np.arange(8.0) for _ in range(count)]
    big = np.arange(1000.0)
    values = {
        "big": big,
        "views": [*(each[2:5] for each in owned.values()), *(big[n : n + 4] for n in range(count))],
        "both": [loose, [each[1:] for each in loose]],
    }
    holding = Holding({**owned, **values}, {})
    assert {"views", "both"} <= holding.linked
    assert len(holding.held) == count, "each of the loose arrays, and no view"
    assert len(asked) < 20 * count


def test_what_holds_itself(shell):
    shell.run_all(
        "%%artifact rings\nimport types\none = [1]\none.append(one)\ntwo = {}\nthree = [two]\n"
        "two['three'] = three\nfour = types.SimpleNamespace()\nfour.four, four.two = four, two"
    )
    forget(shell, "one", "two", "three", "four")
    shown(shell, "restore rings --trust")
    space = shell.namespace
    assert space["one"][1] is space["one"]
    assert space["two"]["three"] is space["three"]
    assert space["three"][0] is space["two"]
    assert space["four"].four is space["four"]
    assert space["four"].two is space["two"]


def test_what_is_equal_stays_two(shell):
    shell.run_all(
        "%%artifact twins\nimport numpy as np\nx, y = np.ones(3), np.ones(3)\nn, m = [1], [1]\n"
        "held = {'x': x, 'y': y, 'z': np.ones(3), 'n': n, 'm': m, 'k': [1]}"
    )
    forget(shell, "x", "y", "n", "m", "held")
    shown(shell, "restore twins --trust")
    space = shell.namespace
    held = space["held"]
    assert held["x"] is space["x"]
    assert held["y"] is space["y"]
    assert len({id(each) for each in held.values()}) == 6
    assert not np.shares_memory(held["z"], space["x"])


def test_the_same_content_with_other_aliases_is_another_version(shell):
    make = "%%artifact shape\nimport numpy as np, types\nx = np.ones(3)\n"
    bodies = "[x, x.copy()]", "[x, x]", "[x.copy(), x.copy()]", "[x.copy(), x]", "[x.copy(), x]"
    for number, body in enumerate(bodies):
        ran = shell.run(f"{make}pair = types.SimpleNamespace(v={body})")
        assert ("unchanged (v3)" if number == 4 else f"shape:v{number}") in ran.text
        forget(shell, "x", "pair")
        shown(shell, "restore shape --trust")
        first, second = shell.namespace["pair"].v
        x = shell.namespace["x"]
        assert (first is x, second is x) == ("[x," in body, ", x]" in body)


LARGE = "import torch\nmodel = torch.nn.Linear(1600, 1600)\n"  # 10 MB


@pytest.mark.parametrize(
    "cells",
    [
        ("%%artifact both\nstate = {'model': model, 'w': model.state_dict()}\nmodel",),
        ("%%artifact both --out model,state\nstate = {'model': model, 'f': print, 'e': [model]}",),
        ("%%artifact made --out model\n1", "%%artifact later\nstate = {'model': model, 'e': 3}"),
    ],
)
def test_a_model_is_stored_once(shell, tmp_path, cells):
    shell.run_all(LARGE, "%%artifact alone --out model\n1")
    before = blobs(tmp_path)
    assert before > 10_000_000
    shell.run_all(*cells)
    assert blobs(tmp_path) - before < before * 0.05


def blobs(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_is_held_outlives_the_version_that_it_was_made_in(shell, tmp_path):
    shell.run_all(
        "%%artifact made\nimport numpy as np\nx = np.arange(5000.0)",
        "%%artifact later\nstate = {'x': x}",
    )
    repository = shell.repository
    repository.delete(shell.newest("made").id, delete_aliases=True)
    repository.maintenance.collect(grace=0)
    assert repository.maintenance.verify().damage == ()
    forget(shell, "x", "state")
    shown(shell, "restore later")
    assert np.array_equal(shell.namespace["state"]["x"], np.arange(5000.0))
    assert "x" not in shell.namespace
    (tmp_path / "there" / ".artnb").mkdir(parents=True)
    list(push(repository, str(tmp_path / "there")))
    there = Repository(Settings.resolve(environ={"ARTNB_DIR": str(tmp_path / "there")}))
    version = there.resolve("later", "uncategorized")
    state = there.load_value(version, "state.linked.json")
    assert np.array_equal(state["x"], np.arange(5000.0))
    there.close()


def test_cells_restored_one_by_one_share_what_they_shared(shell):
    shell.run_all(
        "%%artifact made\nimport numpy as np\nx = np.arange(5.0)",
        "%%artifact later\nstate = {'x': x}",
    )
    forget(shell, "x", "state")
    shown(shell, "restore made")
    shown(shell, "restore later")
    assert shell.namespace["state"]["x"] is shell.namespace["x"]
    shell.run_all("x[0] = 9")
    shown(shell, "restore later --force")
    assert shell.namespace["state"]["x"][0] == 0  # what it was


def test_resume_brings_back_what_several_cells_shared(shell):
    shell.run_all(
        "%%artifact made\nimport torch\nmodel = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=1)",
        "%%artifact later\nstate = {'model': model}\nboth = [state]",
        "%%artifact last\nn = len(list(model.parameters())), state, both, optimizer",
    )
    forget(shell, "model", "optimizer", "state", "both", "n")
    shown(shell, "resume last")
    space = shell.namespace
    assert space["state"]["model"] is space["model"]
    assert space["both"][0] is space["state"]
    assert space["optimizer"].param_groups[0]["params"][0] is space["model"].weight


NET = """class Net(torch.nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layer, self.sizes = torch.nn.Linear(n, 1), [n]
"""


def test_a_module_of_the_notebooks_own_class(tmp_path):
    with open_notebook(tmp_path) as notebook:
        notebook.run_all(
            "%load_ext artnb",
            f"import torch\n{NET}",
            "%%artifact net\nnet = Net(3)\nstate = {'net': net, 'first': net.layer.weight}",
        )
    asked = "state['net'] is net, state['first'] is net.layer.weight, type(net).__name__, net.sizes"
    for define in ("1", NET):  # the class is made from the pickle, or is there
        with open_notebook(tmp_path) as notebook:
            notebook.run_all("%load_ext artnb", f"import torch\n{define}", "%artnb restore net")
            assert notebook.value("type(net).__name__, 'state' in globals()") == "('dict', False)"
            notebook.run_all("%artnb restore net --trust --force")
            assert notebook.value(asked) == "(True, True, 'Net', [3])"


def test_an_unchanged_module_of_the_notebooks_class_makes_no_version(shell):
    shell.run_all(f"import torch\n{NET}\ntorch.manual_seed(0)\nnet = Net(2)")
    cell = "%%artifact kept --out net,state\nstate = {'net': net}"
    assert "kept:v0" in shell.run(cell).text
    assert "unchanged (v0)" in shell.run(cell).text
    shell.run_all(f"{NET}\n    def more(self):\n        return 1\nnet.__class__ = Net")
    assert "kept:v1" in shell.run(cell).text  # what would come back is other


def test_automatic_cells_keep_what_is_held_with_it(shell):
    shell.run_all("%artnb auto on", "import numpy as np\nx = np.arange(4.0)", "state = {'x': x}")
    shell.run_all("%artnb auto off")
    forget(shell, "x", "state")
    shown(shell, "restore x")
    shown(shell, "restore state")
    assert shell.namespace["state"]["x"] is shell.namespace["x"]


STRANGE = (
    {"refs": [["gone", None, None, 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["state", None, None, 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", None, None, "one"]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", None, [0, [1], [1]], [0]]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", 5, None, 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", ["module", "__class__"], None, 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", ["parameter", "__dict__"], None, 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", None, [-1, [1], [2]], 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", None, [0, [1], [1000]], 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [["x", None, [0, [1, 1], [2]], 0]], "nodes": [], "roots": [{"r": 0}]},
    {"refs": [], "nodes": [["tuple", [{"n": 0}]]], "roots": [{"n": 0}]},
    {"refs": [], "nodes": [["os.system", ["true"]]], "roots": [{"n": 0}]},
    {"refs": [], "nodes": [["dict", [[{"n": 0}, 1]]]], "roots": [{"n": 0}]},
    {"refs": [], "nodes": [], "roots": [{"n": 3}]},
    {"refs": 3},
    {"refs": [[3]]},
)


@pytest.mark.parametrize("body", STRANGE)
def test_a_strangers_references_reach_nothing(shell, body):
    shell.run_all("%%artifact strange --out x\nimport numpy as np\nx = np.arange(4)")
    repository, version = shell.repository, shell.newest("strange")
    entry = repository.manifest(version).entries["x.npy"]
    meta = {"links": {"refs": body["refs"]} if "nodes" in body else body["refs"]}
    contents = [
        Content("x.npy", repository.read_blob(entry.digest), "npy", "x", entry.meta),
        Content("state", json.dumps({"artnb": 1, **body}).encode(), "linked", "state", meta),
    ]
    done = repository.commit("uncategorized", "stranger", "result", contents, run_id=None)
    with pytest.raises(SerializationError):
        repository.load_value(done.version, "state")


def test_a_pickle_behind_a_reference_needs_trust(shell):
    shell.run_all(
        "%%artifact trusted\nimport functools\nthing = functools.partial(int, 1)\n"
        "state = {'thing': thing}"
    )
    version = shell.newest("trusted")
    (path,) = (e.path for e in shell.repository.manifest(version) if e.variable == "state")
    with pytest.raises(UntrustedError):
        shell.repository.load_value(version, path)
    assert shell.repository.load_value(version, path, trust=True)["thing"]() == 1


def test_a_mapped_array_comes_back_mapped_and_its_views_with_it(shell):
    shell.run_all(
        "import numpy as np\nnp.save('m.npy', np.arange(10.0))",
        "%%artifact mapped\nm = np.load('m.npy', mmap_mode='r+')\nm[0] = 7\n"
        "tail, box, plain, none = m[5:], {'m': m, 'v': m[2:4]}, np.asarray(m), m[:0]",
    )
    forget(shell, "m", "tail", "box", "plain")
    assert "none" in shown(shell, "restore mapped")  # a pickle
    space = shell.namespace
    m, tail, box = space["m"], space["tail"], space["box"]
    assert {type(each) for each in (m, tail, *box.values())} == {np.memmap}
    assert type(space["plain"]) is np.ndarray
    assert box["m"] is m
    m[5] = m[2] = 50
    assert (tail[0], box["v"][0]) == (50, 50)
    assert np.load("m.npy").tolist() == [7, *range(1, 10)]


def test_networks_of_the_notebook_that_hold_others(shell):
    """Each comes back whole whichever is read first, and so do those of a ring as tensors."""
    shell.run_all(
        "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.layer, self.others = torch.nn.Linear(2, 1), []",
        "%%artifact nets\na, b, c, d, e = (Net() for _ in range(5))\na.others.append(b)\n"
        "b.others.append(c)\nd.others.append(e); e.others.append(d)\nbox, ring = [a, b, c], [d, e]",
    )
    forget(shell, *"abcde", "box", "ring", "Net")
    text = shown(shell, "restore nets --trust")
    space = shell.namespace
    assert space["a"].others[0] is space["b"]
    assert space["b"].others[0] is space["c"]
    assert all(one is space[name] for one, name in zip(space["box"], "abc", strict=True))
    assert [type(space[name]) for name in "de"] == [dict, dict]
    assert "only the tensors can be brought back" in text
