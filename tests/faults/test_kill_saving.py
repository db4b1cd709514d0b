"""A kernel killed while a value is saved in the background: its version is whole or absent.

The kernels are real ones, forked from a process that has imported everything, so that each
is there at once. They are killed at steps of artnb's own code, spread over the whole save,
and at random moments, which meet the system calls too.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from kernels import Notebook

from artnb.repository import Repository
from artnb.settings import Settings

NURSERY = """
import os, signal, sys
import numpy, IPython, ipykernel.kernelapp, ipykernel.ipkernel, artnb, artnb.jupyter
import artnb.serializers.arrays, artnb.catalog, artnb.store.local, xxhash
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        ipykernel.kernelapp.launch_new_instance(["-f", line.strip()])
        os._exit(0)
    print(pid, flush=True)
"""

# Kills its own process at the n-th step of artnb's code in a thread: that which saves.
COUNT = """
import artnb, os, signal, sys, threading, types
kill = artnb.kill = types.SimpleNamespace(steps=0, at=None, thread="artnb-save")
del kill  # a value that changes while a cell runs would be one of the cell's
home = os.path.dirname(artnb.__file__)
def trace(frame, event, argument):
    kill = artnb.kill
    if threading.current_thread().name != kill.thread:
        return None
    if not frame.f_code.co_filename.startswith(home):
        return trace if event == "call" else None
    kill.steps += 1
    if kill.steps == kill.at:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace
threading.settrace(trace)
"""

MAKE = """
%%artifact big --alias best
import numpy as np
x = np.random.default_rng({}).random(300_000)
y = x[:9].tolist()
open("beside.bin", "wb").write(bytes(x)[:400_000])
"""

STEPS, MOMENTS = int(os.environ.get("ARTNB_KILL_STEPS", "16")), 5


class Nursery:
    def __init__(self, folder):
        self.folder = folder
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ARTNB_")},
            "IPYTHONDIR": str(folder / ".ipython"),
            "ARTNB_DIR": str(folder),
            "JUPYTER_RUNTIME_DIR": str(folder / ".runtime"),
            "ARTNB_BACKGROUND": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=folder,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout.readline() == "ready\n"
        self._count = 0

    @contextlib.contextmanager
    def kernel(self):
        """A new kernel with the extension, and its process's number."""
        self._count += 1
        path = str(self.folder / f"kernel-{self._count}.json")
        write_connection_file(path)
        self._process.stdin.write(path + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        client = BlockingKernelClient(connection_file=path)
        client.load_connection_file()
        client.hb_channel.time_to_dead = 30.0  # on a busy machine a kernel beats late
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            notebook = Notebook(None, client)
            notebook.run_all("%load_ext artnb")
            yield notebook, pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            client.stop_channels()
            wait_until_gone(pid)

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)


def wait_until_gone(pid):
    deadline = time.monotonic() + 60
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def nursery(tmp_path):
    nursery = Nursery(tmp_path)
    yield nursery
    nursery.close()


def check(folder, seeds):
    """Everything that is there is whole; return the seeds whose value some version holds."""
    repository = Repository(Settings.resolve(folder, {"ARTNB_DIR": str(folder)}))
    try:
        found = repository.maintenance.verify()
        assert found.damage == ()
        versions = repository.versions("uncategorized", "big")[::-1]
        assert [version.number for version in versions] == list(range(len(versions)))
        values = {}
        for version in versions:
            assert set(repository.manifest(version).entries) == {"x.npy", "y.json", "beside.bin"}
            values[repository.load_value(version, "x.npy")[0]] = version
            for path in ("x.npy", "y.json"):
                repository.load_value(version, path)
        if versions:
            assert repository.resolve("big:best", "uncategorized") == versions[-1]
        runs = repository.runs("uncategorized")
        assert {run.state for run in runs} <= {"finished", "crashed"}
        assert [run.number for run in runs] == list(range(len(runs), 0, -1))
        # A version and the run that made it are there together.
        made = {run.id for version in versions for run in repository.logged_by(version.id)}
        finished = {run.id for run in runs if (run.job_type, run.state) == ("big", "finished")}
        assert finished <= made
        assert all(repository.code(run.id) for run in runs)
        folders = {path.name for path in repository.staging._root.glob("*/")}
        assert {name for name in folders if not name.startswith(f"{os.getpid()}-")} == set()
        return {seed for seed, first in seeds.items() if first in values}
    finally:
        repository.close()


def first_of(seed):
    import numpy as np

    return np.random.default_rng(seed).random(1)[0]


def runs_in(folder):
    repository = Repository(Settings.resolve(folder, {"ARTNB_DIR": str(folder)}))
    try:
        return repository.runs("uncategorized")
    finally:
        repository.close()


@pytest.mark.parametrize("count", ["300_000", "30"], ids=["large", "small"])
def test_a_kernel_killed_while_it_saves_leaves_the_version_whole_or_absent(
    nursery, tmp_path, count
):
    make = MAKE.replace("300_000", count)
    seeds = {0: first_of(0)}
    with nursery.kernel() as (notebook, _):
        notebook.run_all(COUNT, make.format(0), "%artnb save")
        steps = int(notebook.value("artnb.kill.steps"))
        began = time.monotonic()
        notebook.run_all(make.format(0).replace(f"({count})", f"({count}1)"), "%artnb save")
        seconds = time.monotonic() - began
    check(tmp_path, seeds)

    for number in range(1, STEPS + MOMENTS + 1):
        seeds[number] = first_of(number)
        with nursery.kernel() as (notebook, pid):
            if number <= STEPS:
                step = max(1, steps * number // (STEPS + 1))
                notebook.run_all(COUNT, f"artnb.kill.at = {step}")
                notebook.start(make.format(number))
                # On a busy machine another thread may write the run, and the step never comes.
                notebook.start("%artnb save\nimport os; os.kill(os.getpid(), 9)")
                wait_until_gone(pid)
            else:
                notebook.run_all(make.format(number))
                time.sleep(random.Random(number).uniform(0, seconds))
                os.kill(pid, signal.SIGKILL)
                wait_until_gone(pid)
        there = check(tmp_path, seeds)
        assert there >= {0}

    # Killed early it is absent, killed late it is there: both ends were met.
    assert 1 not in there
    assert STEPS in there
    with nursery.kernel() as (notebook, _):
        notebook.run_all(make.format(99), "%artnb save")
    assert 99 in check(tmp_path, {99: first_of(99)})


def test_a_kernel_killed_while_the_run_of_a_long_cell_is_written_leaves_it_whole_or_absent(
    nursery, tmp_path
):
    wait = "%%artifact long\nimport os, time\nwhile not os.path.exists('go'): time.sleep(0.01)"
    for count in (1, 2):  # the first one makes the project, which takes more steps
        with nursery.kernel() as (notebook, _):
            notebook.run_all(COUNT, "artnb.kill.thread = 'artnb-runs'")
            message = notebook.start(wait)
            while len(runs_in(tmp_path)) < count:
                time.sleep(0.01)
            (tmp_path / "go").touch()
            assert notebook.finish(message).ok
            notebook.run_all("%artnb save")
            steps = int(notebook.value("artnb.kill.steps"))
        (tmp_path / "go").unlink()
    for step in (1, steps // 4, steps // 2, steps * 3 // 4):
        with nursery.kernel() as (notebook, pid):
            notebook.run_all(COUNT, f"artnb.kill.thread, artnb.kill.at = 'artnb-runs', {step}")
            notebook.start(wait)
            wait_until_gone(pid)
        check(tmp_path, {})
        assert step > 1 or len(runs_in(tmp_path)) == 2
    there = len(runs_in(tmp_path))
    with nursery.kernel() as (notebook, pid):
        notebook.start(wait)
        while len(runs_in(tmp_path)) == there:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
    check(tmp_path, {})
    assert runs_in(tmp_path)[0].state == "crashed"
