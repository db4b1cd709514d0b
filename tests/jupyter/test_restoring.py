"""``%artnb restore``: what the cell left is there again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from artnb.serializers.aliasing import shares, tie

CELL = """%%artifact state
import numpy as np, pandas as pd, torch
x = np.arange(12.0).reshape(3, 4)
column, every, back, same = x[:, 1], x[::2], x[::-1], x
frame = pd.DataFrame({'a': [1, None]})
lr = 0.1
t = torch.arange(6.0)
part = t.view(2, 3)[1]
items = [1, 2]
also = items
def helper():
    return 1
for i in range(2):
    pass
"""


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def refused(shell, line):
    result = shell.run(f"%artnb {line}")
    assert result.error_in_exec is not None
    return str(result.error_in_exec)


def forget(shell, *names):
    for name in names:
        del shell.namespace[name]


ALL = ("x", "column", "every", "back", "same", "frame", "lr", "t", "part", "items", "also")


def test_all_variables_come_back_as_they_were(shell):
    shell.run_all(CELL)
    before = {name: shell.namespace[name] for name in ALL}
    forget(shell, *ALL)
    text = shown(shell, "restore state")
    for name, value in before.items():
        now = shell.namespace[name]
        assert type(now) is type(value)
        if name == "frame":
            assert now.equals(value)
        else:
            assert np.array_equal(now, value)
    assert "restored state:v0" in text
    assert "DataFrame 2x1" in text


def test_what_shared_memory_shares_it_again(shell):
    shell.run_all(CELL)
    forget(shell, *ALL)
    text = shown(shell, "restore state")
    space = shell.namespace
    space["x"][:] = 7
    for name in ("column", "every", "back", "same"):
        assert (space[name] == 7).all()
    space["column"][0] = 8
    assert space["x"][0, 1] == 8
    space["part"][:] = 9
    assert space["t"].tolist() == [0, 1, 2, 9, 9, 9]
    space["items"].append(3)
    assert space["also"] is space["items"]
    assert "a view of same" in text
    assert "the same object as also" in text


def test_what_was_not_saved_is_said(shell):
    shell.run_all(CELL + "import threading\nlock = threading.Lock()\n_own = 3")
    assert "helper" not in shown(shell, "restore state")  # it is there
    forget(shell, *ALL, "helper")
    text = shown(shell, "restore state")
    assert "helper    a function or class: run the cell that defines it" in text
    assert "i         left over by a loop, with or except: run the cell again" in text
    assert "_own      begins with _, and so was not kept: name it with --out" in text
    assert "could not be saved" in text
    assert "Run the code that made it again." in text


def test_a_value_over_the_budget_says_how_it_is_kept(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_HASH_BUDGET", "1000")
    shell.run_all("%reload_ext artnb", "%%artifact x\na = 1\nbig = list(range(9000))", "del a, big")
    assert "run the cell again, with --out big to keep it" in shown(shell, "restore x")


def test_a_class_that_is_not_the_notebooks_is_said(shell):
    shell.run_all(DEFINED, "%%artifact x\nmodel = Model()\nb = 1")
    kind = shell.namespace.pop("Model")
    text = shown(shell, "restore x --trust --force")
    assert "Model is not defined: run its cell and restore again" in text
    shell.run_all(DEFINED.replace("[1, 2]", "[2, 1]"))
    assert "of Model as it was" in shown(shell, "restore x --trust --force")
    shell.namespace["Model"] = kind
    assert "of Model" not in shown(shell, "restore x --trust --force")


def test_pickles_ask_for_trust_and_the_rest_comes_back(shell):
    shell.run_all("%%artifact x\na = 1\nimport ast\nodd = ast.Load()", "del a, odd")
    assert "add --trust" in shown(shell, "restore x")
    assert shell.namespace["a"] == 1
    assert "odd" not in shell.namespace
    shell.run_all("%artnb restore x --trust")
    assert type(shell.namespace["odd"]).__name__ == "Load"


def test_a_value_that_no_version_holds_is_not_lost(shell):
    shell.run_all("%%artifact x\nv = [1]\nw = 2", "v.append(2)")
    message = refused(shell, "restore x")
    assert "would replace v," in message
    assert "--force" in message
    assert shell.namespace["v"] == [1, 2]
    shell.run_all("%artnb restore x --force")
    assert shell.namespace["v"] == [1]


def test_a_value_that_some_version_holds_may_be_replaced(shell):
    shell.run_all("%%artifact x\nv = [1]", "%%artifact x\nv = [1, 2]", "%artnb restore x:v0")
    assert shell.namespace["v"] == [1]


def test_what_is_restored_is_found_as_an_input(shell):
    shell.run_all("%%artifact x\nv = list(range(200))", "del v", "%artnb restore x")
    shell.run_all("%%artifact y\nn = sum(v)")
    assert shell.used() == {"x:v0"}


def test_a_number_of_numpys_comes_back(shell):
    shell.run_all("%%artifact score\nimport numpy as np\nscore = np.float32(0.5)")
    forget(shell, "score")
    assert "float32" in shown(shell, "restore score")
    assert shell.namespace["score"] == 0.5
    assert type(shell.namespace["score"]) is np.float32


DEFINED = """
import functools
class Model:
    def __init__(self): self.weights = [1, 2]
    def predict(self, x): return x * self.weights[0]
    @functools.cached_property
    def size(self): return len(self.weights)
def scale(x): return x * 3
"""
HOLDING = """%%artifact holding
model = Model()
predict = model.predict
table = {scale: predict, "size": model.size}
part = functools.partial(scale, 2)
hooks = [scale, len, model]
items = [1]
add = items.append
"""


def test_methods_and_functions_are_those_of_what_was_restored(shell):
    shell.run_all(DEFINED, HOLDING)
    names = ("model", "predict", "table", "part", "hooks", "items", "add")
    forget(shell, *names)
    assert "not restored" not in shown(shell, "restore holding --trust")
    model, predict, table, part, hooks, items, add = map(shell.namespace.get, names)
    scale, kind = shell.namespace["scale"], shell.namespace["Model"]
    assert type(model) is kind
    assert predict.__self__ is model is hooks[2] is table[scale].__self__
    assert part.func is scale is hooks[0]
    add(2)
    assert (items, predict(4), part(), table["size"]) == ([1, 2], 4, 6, 2)


def test_what_may_not_be_written_and_a_pictures_notes_come_back(shell):
    shell.run_all(
        "import numpy as np\nfrom PIL import Image",
        "%%artifact x\nfixed = np.arange(3)\nfixed.flags.writeable = False\n"
        "picture = Image.new('L', (2, 2))\npicture.info['dpi'] = (72, 72)\n"
        "view = memoryview(b'abc')",
        "del fixed, picture, view",
        "%artnb restore x",
    )
    assert not shell.namespace["fixed"].flags.writeable
    assert shell.namespace["picture"].info == {"dpi": (72, 72)}
    assert shell.namespace["view"] == memoryview(b"abc")


def test_a_large_array_is_mapped(shell):
    shell.run_all("%%artifact big\nimport numpy as np\nbig = np.zeros(9 << 20)", "del big")
    assert "mapped" in shown(shell, "restore big")
    shell.namespace["big"][0] = 1
    shell.run_all("del big", "%artnb restore big")
    assert shell.namespace["big"][0] == 0


def test_a_module_comes_back_as_its_state(shell):
    shell.run_all(
        "import torch\nclass Net(torch.nn.Linear):\n    pass",
        "%%artifact m\nmodel = Net(2, 1)",
        "del model",
    )
    text = shown(shell, "restore m")
    assert "the state of Net: give it to load_state_dict, or add --trust for the module" in text
    torch.nn.Linear(2, 1).load_state_dict(shell.namespace["model"])


def test_a_state_makes_room_for_its_module(shell):
    net = "import torch\nclass Net(torch.nn.Linear):\n    pass"
    shell.run_all(net, "%%artifact m\nmodel = Net(2, 1)", "%%artifact x\nn = len(model.weight)")
    shell.run_all("del model, Net")
    advice = "or run the cell of Net and bring it back with --trust"
    assert advice in shown(shell, "restore m")
    shell.run_all(net)
    assert advice not in shown(shell, "resume x")
    shell.run_all("%artnb restore m --trust")  # a version holds the state that was there
    assert type(shell.namespace["model"]) is shell.namespace["Net"]
    shell.run_all("model = dict(model.state_dict(), more=1)")
    assert "would replace model" in refused(shell, "restore m --trust")


_HOLDER = """
import torch, threading
from types import SimpleNamespace
class Net(torch.nn.Linear):
    def __init__(self):
        super().__init__(1, 1)
        self.seen, self.nested = [1], {"a": [1]}
"""


@pytest.mark.parametrize("more", ["", "; net.settings = SimpleNamespace(k=1); cfg = net.settings"])
def test_what_a_module_holds_is_one_with_the_variable_of_it_again(shell, more):
    cell = "net = Net(); seen, inner = net.seen, net.nested['a']; around = [net]"
    shell.run_all(_HOLDER, f"%%artifact m\n{cell}{more}", "%artnb restore m --trust --force")
    found = shell.namespace
    assert found["net"].seen is found["seen"]
    assert found["net"].nested["a"] is found["inner"]
    assert found["around"][0] is found["net"]
    assert not more or found["net"].settings is found["cfg"]
    shell.run_all("%%artifact n\nseen.append(2)", "%artnb restore n --trust --force")
    assert found["net"].seen is found["seen"]
    assert found["seen"] == [1, 2]
    shell.run_all("%artnb restore m --trust --force")
    assert found["net"].seen is found["seen"]
    assert found["seen"] == [1]


def test_of_a_module_that_no_pickle_holds_it_is_said_that_only_its_tensors_are_kept(shell):
    made = "%%artifact m\nnet = Net(); net.seen = {2}"
    shell.run_all(_HOLDER, f"{made}; net.lock = threading.Lock()")
    text = shell.run_all(f"{made}; net.lock = threading.Lock()").text
    assert "of net only the tensors: TypeError: cannot pickle '_thread.lock' object" in text
    text = shown(shell, "restore m --trust --force")
    assert "net       Net   of the version are only its tensors" in text
    assert shell.namespace["net"].seen == [1]
    assert "only the tensors" not in shell.run_all(made).text
    assert "only its tensors" not in shown(shell, "restore m --trust --force")
    assert shell.namespace["net"].seen == {2}


def test_a_figure_comes_back_as_its_picture(shell):
    shell.run_all(
        "%%artifact f\nfrom matplotlib.figure import Figure\nfig = Figure((6.6, 5), dpi=100)",
        "del fig",
    )
    assert "Image  a picture of it: run the cell again for the figure" in shown(shell, "restore f")
    assert type(shell.namespace["fig"]).__module__ == "PIL.Image"


def test_a_version_of_files_says_how_to_get_them(shell):
    shell.run_all("%%artifact f\nopen('a.txt', 'w').write('x');")
    assert "download()" in refused(shell, "restore f")


def test_a_version_of_stubs_only_is_refused(shell):
    shell.run_all("%%artifact f\nimport threading\nlock = threading.Lock()")
    assert "Nothing of f:v0 can be restored: lock" in refused(shell, "restore f")


def test_the_same_aliases_make_no_new_version(shell):
    assert "unchanged (v0)" in [shell.run_all(CELL), shell.run_all(CELL)][1].text


NOTES = [
    {"with": "x", "offset": 5, "strides": [1]},  # leaves the owner
    {"with": "x", "offset": 0, "strides": [-1]},
    {"with": "x", "offset": 0, "strides": [1 << 40]},
    {"with": "x", "offset": 0, "strides": [1, 1]},
    {"with": "gone", "offset": 0, "strides": [1]},
]


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("kind", [np.arange, torch.arange])
def test_a_note_that_does_not_fit_is_passed_over(note, kind):
    values = {"x": kind(6), "y": kind(3)}
    own = values["y"]
    tie(values, {"y": note})
    assert values["y"] is own


ACROSS = {
    "a tensor over an array": "a = np.arange(6.0).reshape(2, 3)\nt = torch.from_numpy(a).T",
    "part of one": "a = np.arange(12, dtype='u1')\nt = torch.from_numpy(a[4:10])",
    "an array over a tensor": "t = torch.arange(6)\na = t.numpy()[::-1]",
    "two arrays over one": "t = torch.zeros(2, 2)\na = t.numpy()\nb = t[1].numpy()",
}


@pytest.mark.parametrize("made", ACROSS.values(), ids=ACROSS)
def test_arrays_and_tensors_share_their_memory_again(shell, made):
    shell.run_all("import numpy as np, torch", f"%%artifact both\n{made}")
    namespace = shell.namespace
    names = [name for name in ("a", "b", "t") if name in namespace]
    before = {name: namespace[name] for name in names}
    shell.run_all(f"del {', '.join(names)}", "%artnb restore both", "a[:] = 7")
    for name, old in before.items():
        assert type(namespace[name]) is type(old)
        assert namespace[name].shape == old.shape
    before["a"][:] = 7
    assert {name: each.tolist() for name, each in before.items()} == {
        name: namespace[name].tolist() for name in names
    }


def test_a_tensor_over_an_array_that_is_read_only_stands_by_itself(recwarn):
    array = np.arange(3)
    values = {"a": array, "t": torch.arange(3)}
    array.setflags(write=False)
    own = values["t"]
    tie(values, {"t": {"with": "a", "offset": 0, "strides": [1]}})
    assert values["t"] is own
    assert not recwarn.list


def test_what_only_looks_alike_is_not_tied():
    x = np.arange(6)
    assert shares({"a": x, "b": x.copy(), "n": 1, "m": 1, "s": "t", "u": "t"}) == {}
    assert shares({"a": x, "b": x.view("f8")}) == {}
