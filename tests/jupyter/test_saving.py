"""A cell's large values are saved after it has ended, and are what they were at its end."""

from __future__ import annotations

import gc
import multiprocessing
import os
import subprocess
import threading
import time
import weakref

import cloudpickle
import pytest

from artnb import serializers
from artnb.capture import fingerprint
from artnb.errors import StoreFullError
from artnb.jupyter import cells, children
from artnb.jupyter.saving import Saver


@pytest.fixture
def background(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_BACKGROUND", "1")
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    shell.run_all("import numpy as np")
    shell.saver = shell.shell._artnb_extension.session.saver
    return shell


class Gate:
    """Stands before a backend; nothing is written while it is shut."""

    def __init__(self, backend):
        self._backend = backend
        self._open = threading.Event()
        self.error = None
        self.arrived = threading.Event()

    def __getattr__(self, name):
        found = getattr(self._backend, name)
        return self._passing(found) if name.startswith("put") else found

    def _passing(self, method):
        def put(*args, **kwargs):
            if threading.current_thread().name == "artnb-save":
                self.arrived.set()
                assert self._open.wait(60)
                if self.error is not None:
                    raise self.error
            return method(*args, **kwargs)

        return put

    def lift(self):
        self._open.set()

    def lift_soon(self):
        threading.Timer(0.1, self.lift).start()


@pytest.fixture
def gate(background):
    """A shut gate before the store."""
    store = background.repository._store
    gate = store.backend = Gate(store.backend)
    yield gate
    gate.lift()
    background.saver.settle()


@pytest.fixture
def slow_writing(monkeypatch):
    """Values reach their files a while after their save has begun."""
    dump = serializers.dump

    def slow(*args):
        if threading.current_thread().name == "artnb-save":
            time.sleep(0.05)
        return dump(*args)

    monkeypatch.setattr(serializers, "dump", slow)


# What a cell makes -> cells that follow at once. `x` is what is saved.
CHANGES = {
    "an element": ("x = np.arange(400_000.)", "x[0] = -1"),
    "in place": ("x = np.arange(400_000.)", "x *= 2"),
    "out": ("x = np.arange(400_000.)", "np.add(x, 1, out=x)"),
    "a view": ("x = np.arange(400_000.)\nview = x[10:20]", "view[:] = 0"),
    "a view made later": ("x = np.arange(400_000.)", "x.reshape(2, -1)[1] = 0"),
    "an alias": ("x = np.arange(400_000.)\nother = x", "other.sort()\nother[::-1] = other"),
    "a function": ("x = np.arange(400_000.)\ndef spoil():\n    x[:] = 0", "spoil()"),
    "a method": (
        "class Holder:\n    def spoil(self):\n        self.it[:] = 0\n"
        "x = np.arange(400_000.)\nh = Holder()\nh.it = x",
        "h.spoil()",
    ),
    "a silent cell": ("x = np.arange(400_000.)", "get_ipython().run_cell('x[0] = 5', silent=True)"),
    "exec": ("x = np.arange(400_000.)", "exec('x[1] = 5')"),
    "a magic": ("x = np.arange(400_000.)", "%time x[1] = 5"),
    "the order of axes": ("x = np.asfortranarray(np.ones((900, 900)))", "x[0] = 5"),
    "an array of two": ("x = np.ones(200_000)\ny = np.ones(200_000)", "x[0] = y[0] = 5"),
    "a list": ("x = list(range(300_000))", "x.append(1)"),
    "a list in a dict": ("x = {'a': list(range(300_000))}", "x['a'][0] = 7"),
    "bytes that change": ("x = bytearray(2_000_000)", "x[5] = 5"),
    "an object": (
        "class Box:\n    def __eq__(self, other):\n        return np.array_equal(self.a, other.a)\n"
        "x = Box()\nx.a = np.ones(400_000)",
        "x.a[0] = 5",
    ),
    "a cell of a frame": (
        "import pandas as pd\nx = pd.DataFrame({'a': np.ones(200_000), 'b': 1})",
        "x.loc[3, 'a'] = 9",
    ),
    "a column": (
        "import pandas as pd\nx = pd.DataFrame({'a': np.ones(200_000), 'b': 'text'})",
        "x['c'] = 1\nx.drop(columns='a', inplace=True)\nx.index = x.index[::-1]",
    ),
    "a frame's own array": (
        "import pandas as pd\na = np.ones((200_000, 2))\n"
        "x = pd.DataFrame(a, columns=['p', 'q'], copy=False)",
        "a[:] = 3",
    ),
    "a tensor of a frame's memory": (
        "import pandas as pd, torch\nx = pd.DataFrame({'a': np.ones(200_000), 'b': 2.0})\n"
        "t = torch.from_numpy(x.values)",
        "t.mul_(7)",
    ),
    "a frame's lists": (
        "import pandas as pd\nx = pd.DataFrame({'a': [[1]] * 1 + [[2]] * 90_000})",
        "x['a'][0].append(5)",
    ),
    "a series": (
        "import pandas as pd\nx = pd.Series(np.ones(200_000), name='s')",
        "x.iloc[0] = 4\nx.name = 'other'",
    ),
    "categories": (
        "import pandas as pd\nx = pd.DataFrame({'a': pd.Categorical(['u', 'v'] * 100_000)})",
        "x['a'] = x['a'].cat.rename_categories({'u': 'w'})\nx.loc[0, 'a'] = 'v'",
    ),
    "polars": (
        "import polars as pl\nx = pl.DataFrame({'a': np.ones(200_000)})",
        "x[3, 'a'] = 8\nx.extend(x)\nx.insert_column(0, x['a'].alias('z'))",
    ),
    "a tensor": ("import torch\nx = torch.ones(400_000)", "x.mul_(3)"),
    "tensor.data": ("import torch\nx = torch.ones(9, 50_000).requires_grad_()", "x.data[0] = 3"),
    "a tensor's array": ("import torch\nx = torch.ones(400_000)\nn = x.numpy()", "n[:] = 3"),
    "a module": (
        "import torch\nx = torch.nn.Linear(700, 700)\n"
        "opt = torch.optim.SGD(x.parameters(), lr=1.0)\nx(torch.ones(1, 700)).sum().backward()",
        "opt.step()",
    ),
    "a state dict": (
        "import torch\nnet = torch.nn.Linear(700, 700)\nx = net.state_dict()",
        "with torch.no_grad():\n    net.weight.zero_()",
    ),
    "a data set": (
        "import torch\nx = torch.utils.data.TensorDataset(torch.ones(400_000))",
        "x.tensors[0][5] = 0",
    ),
    "a new value": ("x = np.ones(400_000)", "x = np.zeros(400_000)"),
    "no value any more": ("x = np.ones(400_000)", "del x"),
}  # fmt: skip


def content(value):
    value = value.state_dict() if hasattr(value, "state_dict") else value
    if isinstance(value, dict):  # torch's have an attribute
        return {key: fingerprint(part) for key, part in value.items()}
    return fingerprint(value)


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("room", [cells.MOST_COPIED, 0], ids=["copied", "held"])
def test_what_is_saved_is_what_the_cell_left(background, slow_writing, monkeypatch, case, room):
    monkeypatch.setattr(cells, "MOST_COPIED", room)
    make, change = case
    background.run_all(f"%%artifact thing --out x\n{make}")
    assert background.saver.waiting
    left = cloudpickle.loads(cloudpickle.dumps(background.namespace["x"]))
    background.run_all(change)
    background.saver.settle()
    assert background.saver.failed == []
    version = background.newest("thing")
    (entry,) = background.repository.manifest(version)
    found = background.repository.load_value(version, entry.path, trust=True)
    assert content(found) == content(left)
    if "x" in background.namespace:
        assert content(background.namespace["x"]) != content(left)


BIG = "x = np.arange(400_000.)"


def test_a_cell_does_not_wait_for_its_save_and_what_is_small_is_saved_at_once(background, gate):
    result = background.run_all(f"%%artifact big\n{BIG}")
    assert "big · saving 3.2 MB in the background · run" in result.text
    assert background.last_run().state == "running"
    background.run_all("%%artifact small\nn = 1")
    assert background.newest("small").number == 0
    gate.lift()
    assert background.newest("big").number == 0
    run = background.repository.logged_by(background.newest("big").id)[0]
    assert run.state == "finished"
    assert run.outputs["made"] == {"x": "x.npy"}


def test_it_is_not_in_the_background_unless_a_page_runs_the_cell(shell):
    shell.run_all("import numpy as np")
    result = shell.run_all(f"%%artifact big\n{BIG}")
    assert "big:v0" in result.text


@pytest.mark.parametrize("wanted", ["0", "off"])
def test_it_can_be_switched_off(background, monkeypatch, wanted):
    monkeypatch.setenv("ARTNB_BACKGROUND", wanted)
    assert "big:v0" in background.run_all(f"%%artifact big\n{BIG}").text


def test_a_second_run_of_a_cell_comes_after_the_first(background, slow_writing):
    for n in (0, 1, 1, 0, 2):
        background.run_all(f"%%artifact big --alias best --alias n{n}\n{BIG} + {n}")
    versions = background.repository.versions("uncategorized", "big")
    assert [version.number for version in versions] == [2, 1, 0]
    assert background.newest("big:n1").number == 1
    assert background.newest("big:best").number == background.newest("big").number == 2


def test_a_cell_that_reads_the_value_uses_its_version(background, gate):
    background.run_all(f"%%artifact big\n{BIG}", "y = x")
    gate.lift_soon()
    background.run_all("%%artifact mean\nm = y.mean()")
    assert background.used() == {"big:v0"}


def test_a_cell_that_reads_the_file_uses_its_version(background, gate):
    background.run_all(f"%%artifact big\n{BIG}\nnp.save('saved.npy', x)")
    gate.lift_soon()
    background.run_all("%%artifact mean\nm = float(np.load('saved.npy').mean())")
    assert background.used() == {"big:v0"}


def test_a_file_is_saved_as_the_cell_left_it(background, gate):
    background.run_all(
        f"%%artifact big --out x\n{BIG}\nopen('x.npy', 'wb').write(b'1' * 2_000_000)"
    )
    background.run_all("open('x.npy', 'wb').write(b'2')")
    gate.lift()
    entries = background.repository.manifest(background.newest("big")).entries
    assert set(entries) == {"x.npy", "files/x.npy"}
    assert background.repository.read_blob(entries["files/x.npy"].digest) == b"1" * 2_000_000


ASKING = {
    "use_artifact": "with artnb.init() as run:\n    v = run.use_artifact('big:latest').version",
    "Api": "v = artnb.Api().artifact('uncategorized/big:latest').version",
    "a list": "v = artnb.Api().artifacts(project='uncategorized')[0].version",
    "load": "%artnb load big\nv = 'v0'",
    "show": "shown = get_ipython().run_line_magic('artnb', 'show big')\nv = shown.title[-2:]",
    "finish": "artnb.init()\nartnb.finish()\nv = artnb.Api().artifact('big').version",
    "save": "%artnb save\nv = artnb.Api().artifact('big').version",
}


@pytest.mark.parametrize("cell", ASKING.values(), ids=ASKING)
def test_who_asks_for_the_version_waits_for_it(background, gate, cell):
    background.run_all("import artnb", f"%%artifact big\n{BIG}")
    assert gate.arrived.wait(60)
    gate.lift_soon()
    background.run_all(cell)
    assert background.namespace["v"] == "v0"


def test_logging_the_same_artifact_comes_after(background, gate):
    background.run_all("import artnb", f"%%artifact big\n{BIG}")
    gate.lift_soon()
    background.run_all(
        "with artnb.init() as run:\n"
        "    a = artnb.Artifact('big', 'dataset')\n"
        "    a.add(np.zeros(3), 'z')\n"
        "    v = run.log_artifact(a).version"
    )
    assert background.namespace["v"] == "v1"


def test_unloading_waits(background, gate):
    background.run_all(f"%%artifact big\n{BIG}")
    gate.lift_soon()
    before = len(background.shell.ast_transformers)
    background.run_all("%unload_ext artnb")
    assert background.newest("big").number == 0
    assert len(background.shell.ast_transformers) == before - 1
    background.run_all("%load_ext artnb")


def test_no_trace_is_left_when_all_is_saved(background):
    background.run_all(f"%%artifact big\n{BIG}")
    background.saver.settle()
    background.run_all("1")
    assert background.shell.ast_transformers == []
    ended(background.saver)
    assert list(background.repository.staging.folder.iterdir()) == []


def test_a_later_cell_s_value_is_not_taken_for_the_earlier_one_s(background, gate):
    background.run_all(f"%%artifact big\n{BIG}", "%%artifact small\nx = [1, 2, 3]")
    gate.lift()
    background.saver.settle()
    background.run_all("%%artifact use\ny = len(x)")
    assert background.used() == {"small:v0"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_waits(background, gate):
    background.run_all(f"%%artifact big\n{BIG}")
    gate.lift_soon()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert background.saver.waiting == []


STARTS = {
    "subprocess": lambda: subprocess.run(["true"], check=True),
    "system": lambda: os.system("true"),
    "spawn": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0),
    "a shell's line": "!true",
    "multiprocessing's spawn": lambda: started("spawn"),
    "multiprocessing's forkserver": lambda: started("forkserver"),
}


def started(method):
    multiprocessing.get_context(method).Process(target=os.getpid).start()


@pytest.mark.skipif(os.name != "posix", reason="starts what is not there")
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_child_process_starts_when_all_is_saved(background, gate, start):
    background.run_all(f"%%artifact big\n{BIG}")
    gate.lift_soon()
    if isinstance(start, str):
        background.run_all(start)
    else:
        start()
    assert background.saver.waiting == []
    for child in multiprocessing.active_children():
        child.join(60)
        assert child.exitcode == 0


def test_multiprocessing_is_left_as_it_was(background, gate):
    own = multiprocessing.Process.start
    background.run_all(f"%%artifact big\n{BIG}")
    assert multiprocessing.Process.start is not own
    gate.lift()
    background.saver.settle()
    assert multiprocessing.Process.start is own


def test_the_thread_that_saves_ends_with_its_saver(background):
    background.run_all(f"%%artifact big\n{BIG}")
    ended(background.saver)
    background.run_all(f"%%artifact big\n{BIG}")  # and begins again
    background.saver.settle()
    assert background.saver.failed == []


def test_a_saver_that_nobody_has_any_more_ends_its_thread():
    saver = Saver()
    saver._begin_thread()
    thread, there = saver._thread, weakref.ref(saver)
    del saver
    gc.collect()
    thread.join(60)
    assert there() is None
    assert not thread.is_alive()


def ended(saver):
    """Close a saver, and wait for its thread."""
    thread = saver._thread
    saver.close()
    thread.join(60)
    assert not thread.is_alive()


def test_a_child_process_of_another_thread_waits_no_longer_than_a_moment(
    background, gate, monkeypatch
):
    # The save itself may need it.
    monkeypatch.setattr(children, "_SOON", 0)
    background.run_all(f"%%artifact big\n{BIG}")
    thread = threading.Thread(target=lambda: os.system("exit"))
    thread.start()
    thread.join()
    assert len(background.saver.waiting) == 1


def test_who_waits_long_to_start_a_process_is_told(background, gate, monkeypatch, capsys):
    monkeypatch.setattr(children, "_SOON", 0)
    background.run_all(f"%%artifact big\n{BIG}")
    gate.lift_soon()
    os.system("exit")
    assert "may ask for big, which is still being saved, and so waits" in capsys.readouterr().err
    background.saver.settle()
    os.system("exit")
    assert capsys.readouterr().err == ""


# -- what goes wrong


def test_a_change_that_no_cell_made_is_said_and_nothing_is_written(
    background, slow_writing, monkeypatch
):
    monkeypatch.setattr(cells, "MOST_COPIED", 0)
    background.run_all(f"%%artifact big\n{BIG}")
    background.namespace["x"][0] = 5  # a thread, or a widget's callback
    background.saver.settle()
    (job,) = background.saver.failed
    assert "x is not what it was when its cell ended" in str(job.error)
    assert background.repository.versions("uncategorized", "big") == []
    assert background.last_run().state == "failed"


FULL = StoreFullError("The disk is full.")


@pytest.fixture
def failed(background, gate):
    """A save that met a full disk."""
    background.run_all(f"%%artifact big\n{BIG}\nopen('f.bin', 'wb').write(b'1' * 2_000_000)")
    gate.error = FULL
    gate.lift()
    background.saver.settle()
    gate.error = None
    return background


def test_a_failed_save_is_said_at_the_next_cell_and_in_the_status(failed):
    result = failed.run_all("n = 1")
    assert "artnb: big WAS NOT SAVED: The disk is full." in result.text
    assert "'%artnb save' tries again" in result.text
    assert "NOT SAVED" not in failed.run_all("n = 2").text
    status = repr(failed.run_all("%artnb status").result)
    assert "NOT SAVED: The disk is full." in status
    (run,) = (run for run in failed.repository.runs("uncategorized"))
    assert (run.state, run.outputs["error"]["message"]) == ("failed", "The disk is full.")


def test_it_is_saved_again_on_demand(failed):
    failed.run_all("x[:] = 0")  # a copy is saved, not this
    assert "big  saved" in repr(failed.run_all("%artnb save").result)
    version = failed.newest("big")
    assert failed.repository.load_value(version, "x.npy")[7] == 7
    assert failed.repository.manifest(version).entries["f.bin"].size == 2_000_000
    assert failed.last_run().state == "finished"
    assert failed.saver.failed == []
    assert "Everything is saved." in repr(failed.run_all("%artnb save").result)


def test_a_file_that_changed_meanwhile_is_not_saved_as_the_old_one(failed):
    failed.run_all("open('f.bin', 'wb').write(b'other')")
    assert "f.bin has changed since" in repr(failed.run_all("%artnb save").result)
    assert failed.repository.versions("uncategorized", "big") == []


def test_a_held_value_that_changed_meanwhile_is_not_saved_as_the_old_one(
    background, gate, monkeypatch
):
    monkeypatch.setattr(cells, "MOST_COPIED", 0)
    background.run_all(f"%%artifact big\n{BIG}")
    gate.error = FULL
    gate.lift()
    background.saver.settle()
    gate.error = None
    background.run_all("x[0] = 9")
    assert "x is not what it was" in repr(background.run_all("%artnb save").result)
    background.run_all("x[0] = 0")
    assert "big  saved" in repr(background.run_all("%artnb save").result)


def test_running_the_cell_again_settles_it(failed):
    failed.run_all(f"%%artifact big\n{BIG}")
    failed.saver.settle()
    assert failed.saver.failed == []
    assert failed.newest("big").number == 0


def test_it_can_be_given_up(failed):
    assert "given up" in repr(failed.run_all("%artnb save --forget").result)
    assert failed.saver.failed == []
    assert list(failed.repository.staging.folder.iterdir()) == []


def test_a_failure_does_not_keep_the_next_from_being_saved(failed):
    failed.run_all("%%artifact two\nz = np.ones(400_000)")
    failed.saver.settle()
    assert [job.title for job in failed.saver.failed] == ["big"]
    assert failed.newest("two").number == 0


def test_the_status_shows_what_is_being_saved(background, gate):
    background.run_all(f"%%artifact big\n{BIG}")
    assert gate.arrived.wait(60)
    status = repr(background.run_all("%artnb status").result)
    assert "being saved" in status
    assert "big" in status
    assert "being recorded" in status


# -- automatic runs


def test_automatic_runs_save_in_the_background(background, gate):
    background.run_all("%artnb auto on", f"{BIG}\ny = 1")
    assert background.saver.waiting
    gate.lift()
    assert background.newest("x").number == background.newest("y").number == 0
    assert background.repository.manifest(background.newest("x")).entries["x.npy"]
    background.run_all("m = x.mean()")
    assert background.used() == {"x:v0"}


# -- the budget


def test_what_is_over_the_budget_is_kept_only_if_it_is_named(background, monkeypatch):
    monkeypatch.setenv("ARTNB_HASH_BUDGET", "1MB")
    monkeypatch.setenv("ARTNB_BACKGROUND", "0")
    result = background.run_all(f"%%artifact big\n{BIG}\nn = 1")
    why = "x is over the budget of 1.0 MB (3.2 MB): --out x keeps it"
    assert why in result.text
    assert background.last_run().outputs["left_out"] == {"x": "over the budget of 1.0 MB (3.2 MB)"}
    assert "over the budget" in repr(background.run_all("%artnb status").result)
    background.run_all("%%artifact big --out x\nx = x + 1")
    (entry,) = background.repository.manifest(background.newest("big"))
    assert entry.variable == "x"
    assert "over the budget" not in repr(background.run_all("%artnb status").result)
    background.run_all("%%artifact mean\nm = x.mean()")
    assert background.used() == {"big:v1"}
