"""Values that share over cells: each cell's version restored by itself, they share again."""

from __future__ import annotations

import numpy as np
import pytest

from artnb import serializers


def forget(shell, *names):
    for name in names:
        shell.namespace.pop(name, None)


def restored(shell, *refs, names, trust=""):
    """Forget the names as a new kernel would, and restore one version after the other."""
    session = shell.shell._artnb_extension.session
    session.held.clear()
    forget(shell, *names)
    for ref in refs:
        shell.run_all(f"%artnb restore {ref} {trust}")
    return dict(shell.namespace)


def formats(shell, name):
    entries = shell.repository.manifest(shell.newest(name)).entries.values()
    return {entry.variable: entry.format for entry in entries}


MADE = {
    "an array": ("x = np.arange(9.0)", "np.shares_memory(s['v'], x)", "{'v': x[2:]}"),
    "turned": ("x = np.arange(9.0)", "s['v'][0] is s['v'][1] and s['v'][0].base is not None "
               "and np.shares_memory(s['v'][0], x)", "{'v': [x[::-2]] * 2}"),
    "two dimensions": ("x = np.ones((4, 4))", "np.shares_memory(s[0].a, x)",
                       "[types.SimpleNamespace(a=x.T[1:, ::2])]"),
    "a tensor": ("x = torch.ones(4, 4)", "s['v'].untyped_storage().data_ptr() == "
                 "x.untyped_storage().data_ptr()", "{'v': x[1:, 2], 'n': 1}"),
    "weights": ("x = torch.nn.Linear(3, 2)", "s['w'].data_ptr() == x.weight.data_ptr()",
                "{'w': x.weight.data, 'b': x.bias}"),
    "a state dict": ("x = torch.nn.Linear(3, 2)",
                     "s['w']['weight'].data_ptr() == x.weight.data_ptr()",
                     "{'w': x.state_dict(), 'n': 1}"),
    "a part": ("x = torch.nn.Sequential(torch.nn.Linear(3, 2))", "s[0] is x[0]", "[x[0]]"),
    "a dict": ("x = {'lr': 0.1}", "s['x'] is x", "{'x': x}"),
    "a list, twice": ("x = [1, [2]]", "s[0] is x and s[1]['x'] is x and s[2] is x[1]",
                      "[x, {'x': x}, x[1]]"),
    "arrays in it": ("x = {'a': np.arange(3), 'b': np.zeros(50_000)}",
                     "s['x'] is x and s['b'] is x['b']", "{'x': x, 'b': x['b']}"),
    "an array and its view in it": (
        "x = {'a': np.arange(9)}; x['v'] = x['a'][2:]; x['net'] = torch.nn.Linear(2, 1); "
        "x['w'] = x['net'].weight", "s['x'] is x and s['v'] is x['v']", "{'x': x, 'v': x['v']}"),
    "a dataclass": ("x = values.Node('a', parent=[1])", "s['x'] is x", "{'x': x}"),
    "a set": ("x = {1, 2}", "s[0] is x", "[x]"),
    "an ordered dict": ("x = torch.nn.Linear(3, 2).state_dict()", "s['x'] is x", "{'x': x}"),
    "a ring": ("x = []; x.append(x)", "s['x'] is x and x[0] is x", "{'x': x}"),
    "a second name": ("x = [1]", "s is x", "x"),
    "a second name of an array": ("x = np.ones(3)", "s is x", "x"),
    "a view of its own": ("x = np.ones(3)", "np.shares_memory(s, x)", "x[1:]"),
    "an optimizer": ("x = torch.nn.Linear(3, 2)", "s.param_groups[0]['params'][0] is x.weight",
                     "torch.optim.Adam(x.parameters())"),
}  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "held"), MADE.values(), ids=MADE)
@pytest.mark.parametrize("order", [("made", "later"), ("later", "made"), ("later",)], ids=" ".join)
def test_what_holds_the_value_of_an_earlier_cell(shell, made, asked, held, order):
    shell.run_all(
        "import numpy as np, torch, types\nfrom serializers import values",
        f"%%artifact made\n{made}",
        f"%%artifact later\ns = {held}",
    )
    assert eval(asked, dict(shell.namespace))
    if len(order) > 1:  # a new kernel
        space = restored(shell, *order, names=("x", "s"), trust="--trust")
    else:
        forget(shell, "s")
        shell.run_all("%artnb restore later --trust")
        space = dict(shell.namespace)
    assert eval(asked, space)


def test_what_is_stored_for_it(shell):
    """The bytes of the earlier cell's values, under their names, and no copies of them."""
    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx, y, d = np.arange(9000), {'a': [1]}, 5",
        "%%artifact later\ns = {'v': x[10:5000], 'y': y, 'd': d}",
    )
    assert formats(shell, "later") == {"s": "linked", "held/x": "npy", "held/y": "json"}
    made, later = (
        {entry.variable: entry.digest for entry in shell.repository.manifest(shell.newest(name))}
        for name in ("made", "later")
    )
    assert (later["held/x"], later["held/y"]) == (made["x"], made["y"])


def test_what_no_version_holds_stays_in_the_container(shell):
    make = "import numpy as np\nx, y = np.arange(9), [1]"
    shell.run_all(make, "%%artifact later\ns = [x[1:], y]")
    assert formats(shell, "later") == {"s": "linked"}


def test_a_large_array_is_not_kept_for_a_small_view(shell):
    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx = np.arange(1_000_000)",
        "%%artifact later\ns, v = {'v': x[:10]}, x[:20]",
    )
    assert set(formats(shell, "later")) == {"s", "v"}


CHANGED = {
    "other content": ("x = [[1], [1]]", "x[0].append(2)"),
    "other aliases": ("x = [[1], [1]]", "x[1] = x[0]"),
    "no alias any more": ("x = [[1]] * 2", "x[1] = [1]"),
    "another type": ("x = {1: 2}", "x = collections.Counter(x)"),
    "another number": ("x = [0.0, {1}]", "x[0] = -0.0"),
    "a key's place": ("x = {1: 2, 3: [4]}", "x[1] = x.pop(1)"),
    "an attribute": ("x = collections.OrderedDict(); x.a = 1", "x.a = 2"),
    "an array": ("x = {'a': np.arange(3)}", "x['a'][0] = 7"),
    "a large array": ("x = {'a': np.zeros(50_000)}", "x['a'][0] = 7"),
    "the size of a view": ("x = np.arange(9)", "x = x[1:]"),
}


@pytest.mark.parametrize(("made", "change"), CHANGED.values(), ids=CHANGED)
def test_what_was_changed_since_stands_for_nothing(shell, made, change):
    shell.run_all("import numpy as np, collections", f"%%artifact made\n{made}")
    shell.run_all("%%artifact later\ns = {'x': x[1:] if type(x) is np.ndarray else x}")
    then = repr(shell.namespace["s"])
    shell.run_all(change)
    now = repr(shell.namespace["x"])
    forget(shell, "s")
    shell.run_all("%artnb restore later")
    s, x = shell.namespace["s"]["x"], shell.namespace["x"]
    assert (repr(shell.namespace["s"]), repr(x)) == (then, now)
    assert s is not x
    assert not (isinstance(x, np.ndarray) and np.shares_memory(s, x))


def test_two_that_held_one_thing_hold_one_though_only_one_of_them_is_left(shell):
    shell.run_all(
        "%%artifact made\n_l = [1]\nx, y = {'l': _l}, {'l': _l, 'n': 1}",
        "%%artifact later\ns = [x, y]",
    )
    space = restored(shell, "made", "later", names=("x", "y", "s"))
    assert space["s"][0] is space["x"]
    assert space["s"][1] is space["y"]
    shell.run_all("y['n'] = 2", "%artnb restore later --force")
    s, x, y = (shell.namespace[name] for name in "sxy")
    assert s[0] is x
    assert s[1]["n"] == 1
    assert y["n"] == 2
    assert s[1]["l"] is s[0]["l"]


def test_an_optimizer_of_before_is_not_torn_from_its_model(shell):
    """Plain SGD has no state: it looks the same when its model was trained on."""
    shell.run_all(
        "import torch",
        "%%artifact net\nmodel = torch.nn.Linear(2, 1)",
        "%%artifact moved\noptimizer = torch.optim.SGD(model.parameters(), lr=1)",
        "%%artifact stepped\nplan = torch.optim.lr_scheduler.StepLR(optimizer, 2)",
        "%%artifact later\ns = {'model': model, 'optimizer': optimizer, 'plan': plan}",
        "with torch.no_grad():\n    model.weight += 1",
    )
    model, optimizer = shell.namespace["model"], shell.namespace["optimizer"]
    forget(shell, "s")
    shell.run_all("%artnb restore later")
    s = shell.namespace["s"]
    assert optimizer.param_groups[0]["params"][0] is model.weight
    assert s["optimizer"] is not optimizer
    assert s["optimizer"].param_groups[0]["params"][0] is s["model"].weight
    assert s["plan"].optimizer is s["optimizer"]
    names = ("model", "optimizer", "plan", "s")
    space = restored(shell, "net", "moved", "stepped", "later", names=names)
    assert space["optimizer"].param_groups[0]["params"][0] is space["model"].weight
    assert space["plan"].optimizer is space["optimizer"]
    assert [space["s"][name] is space[name] for name in names[:3]] == [True] * 3


def test_an_optimizer_whose_model_is_no_variable_goes_with_it(shell):
    """Apart from it, it would move other weights; and a scheduler is nothing without it."""
    shell.run_all(
        "import torch, functools",
        "%%artifact made\nbox = [torch.nn.Linear(2, 1)]\n"
        "optimizer = torch.optim.SGD(box[0].parameters(), lr=1)\n"
        "plan = torch.optim.lr_scheduler.StepLR(optimizer, 2)",
        "%%artifact later\n"
        "s = {'box': box, 'optimizer': optimizer, 'plan': plan, 'f': functools.partial(int)}",
    )
    s = restored(shell, "later", names=("s",), trust="--trust")["s"]
    assert s["plan"].optimizer is s["optimizer"]
    assert s["optimizer"].param_groups[0]["params"][0] is s["box"][0].weight


def test_what_needs_a_pickle_is_copied(shell):
    """It could not be compared without its own code."""
    shell.run_all(
        "%%artifact made\nclass Box:\n    pass\nx = Box()\nx.n = [1]",
        "%%artifact later\ns = {'x': x, 'n': x.n}",
    )
    space = restored(shell, "made", "later", names=("x", "s"), trust="--trust")
    assert space["s"]["x"] is not space["x"]
    assert space["s"]["n"] is space["s"]["x"].n


def test_a_skipped_cell_holds_what_is_there(shell):
    cell = "%%artifact later --cache\ns = {'x': x, 'v': a[1:]}"
    make = "import numpy as np", "%%artifact made --out x,a\nx, a = [[1], [1]], np.arange(9)"
    shell.run_all(*make, cell)
    forget(shell, "s")
    assert "skipped (v0)" in shell.run_all(cell).text
    space = shell.namespace
    assert space["s"]["x"] is space["x"]
    assert np.shares_memory(space["s"]["v"], space["a"])
    shell.run_all("x[1] = x[0]")
    said = shell.run_all(cell).text
    assert "x has the same content, but is set or put together otherwise" in said


def test_automatic_cells_share_too(shell):
    shell.run_all("%artnb auto on", "import numpy as np\nx, l = np.arange(9), [1]")
    shell.run_all("s = {'v': x[1:], 'l': l}", "%artnb auto off")
    space = restored(shell, "x", "l", "s", names=("x", "l", "s"))
    assert np.shares_memory(space["s"]["v"], space["x"])
    assert space["s"]["l"] is space["l"]


def test_resume_ties_them_again(shell):
    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx, l = np.arange(9), [1]",
        "%%artifact later\ns = {'v': x[1:], 'l': l}",
        "%%artifact last\nn = len(s), len(x), len(l)",
    )
    names = ("x", "l", "s", "n")
    forget(shell, *names)
    shell.run_all("%artnb resume last")
    space = shell.namespace
    assert np.shares_memory(space["s"]["v"], space["x"])
    assert space["s"]["l"] is space["l"]


def test_what_is_loaded_holds_what_is_there(shell):
    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx, l = np.arange(9), [1]",
        "%%artifact later\ns = {'v': x[1:], 'l': l}",
        "%artnb load later as t",
    )
    space = shell.namespace
    assert space["t"] is not space["s"]
    assert space["t"]["l"] is space["l"]
    assert np.shares_memory(space["t"]["v"], space["x"])


def test_a_container_is_loaded_without_what_was_there(shell):
    from artnb import Api

    shell.run_all(
        "import numpy as np",
        "%%artifact made\nx, l = np.arange(9), [1]",
        "%%artifact later\ns = {'v': x[7:], 'l': l}",
    )
    s = Api().artifact("uncategorized/later:v0").get("s")
    assert (s["v"].tolist(), s["l"]) == ([7, 8], [1])


LARGE = "import numpy as np", "%%artifact made\nx = np.arange(400_000)"


def test_a_large_value_is_not_written_again(shell, monkeypatch):
    written, dump = [], serializers.dump

    def noting(value, folder, stem):
        written.append(stem)
        return dump(value, folder, stem)

    monkeypatch.setattr(serializers, "dump", noting)
    shell.run_all(*LARGE, "%%artifact later\ns, v = {'x': x}, x[:300_000]")
    assert written == ["x", "v"]
    space = restored(shell, "made", "later", names=("x", "s", "v"))
    assert space["s"]["x"] is space["x"]
    assert np.shares_memory(space["v"], space["x"])
    shell.run_all("x[0] = 5", "%%artifact changed\nt = {'x': x}")
    assert written == ["x", "v", "held/x"]


def test_a_large_value_is_written_again_where_its_version_is_gone(shell):
    shell.run_all(*LARGE)
    repository = shell.repository
    repository.delete(shell.newest("made").id, delete_aliases=True)
    repository.maintenance.collect(grace=0)
    shell.run_all("%%artifact later\ns = {'x': x}")
    assert repository.maintenance.verify().damage == ()
    space = restored(shell, "later", names=("x", "s"))
    assert np.array_equal(space["s"]["x"], np.arange(400_000))


def test_what_cannot_be_saved_is_held_by_a_later_cell(shell):
    """Of the container a note is kept, too; what else the cell made is saved."""
    shell.run_all(
        "%%artifact made\nimport threading\nlock, lines = threading.Lock(), (n for n in [1])",
        "%%artifact later\nboth, box, n = [lock, lines], {'lock': lock}, 1",
    )
    assert formats(shell, "later") == {"both": "stub", "box": "stub", "n": "json"}


def test_of_many_earlier_arrays_only_those_nearby_are_looked_at(shell, monkeypatch):
    """Beside hundreds of them a cell would pay for each that it has nothing to do with."""
    from artnb.jupyter import spans

    asked, span_of = [], spans.span_of
    monkeypatch.setattr(spans, "span_of", lambda value: asked.append(value) or span_of(value))
    shell.run_all(
        "import numpy as np, torch",
        "%%artifact made\nfor i in range(40):\n    globals()[f'x{i}'] = np.arange(50.) + i\n"
        "    globals()[f't{i}'] = torch.arange(50.) + i",
    )
    shell.run_all("%%artifact nets\nnet, other = torch.nn.Linear(9, 9), torch.nn.Linear(9, 9)")
    asked.clear()
    shell.run_all("%%artifact none\na, b, c = np.ones(9), torch.ones(9), np.ones((4, 4))[1:, ::2]")
    shell.run_all("%%artifact views\nv, r, w = x7[2:], x9[::-2], t7[3:]\nd = net.weight.data[1:]")
    assert set(formats(shell, "none")) == {"a", "b", "c"}
    held = {"held/x7", "held/x9", "held/t7"}
    assert set(formats(shell, "views")) == held | {"v", "r", "w", "d", "held/net"}
    assert len(asked) < 100


def test_what_lies_in_the_same_memory_and_is_as_it_was_saved_has_not_changed(shell):
    shell.run_all(
        "import numpy as np\nimport types\ndata = np.arange(9.0)",
        "%%artifact boxes\none = types.SimpleNamespace(data=data, n=0)\n"
        "other = types.SimpleNamespace(data=data)\nboth = [one, other]",
        "%%artifact counted\none.n += 1",
    )
    kept = shell.repository.manifest(shell.newest("counted")).entries.values()
    assert {entry.variable for entry in kept} >= {"one", "both"}
    assert "other" not in {entry.variable for entry in kept}
    shell.run_all("%%artifact filled\none.data[0] = 5")
    assert "other" in formats(shell, "filled")
