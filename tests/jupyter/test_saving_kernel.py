"""Saving in the background in real kernels: pages, programs, interrupts and ends."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from kernels import TIMEOUT, execute, open_notebook

from artnb.repository import Repository, close_repositories, open_repository
from artnb.settings import Settings

BIG = "%%artifact {}\nimport numpy as np\nx = np.arange(400_000.)"

# A slow disk: values reach their files only when the file `go` is there.
SLOW = """
import os, threading, time
from artnb import serializers
dump = serializers.dump
def slow(*args):
    while threading.current_thread().name == "artnb-save" and not os.path.exists("go"):
        time.sleep(0.01)
    return dump(*args)
serializers.dump = slow
"""
HOLD = "import artnb.jupyter.cells\nartnb.jupyter.cells.MOST_COPIED = 0"


@pytest.fixture
def kernel(tmp_path):
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb")
        yield notebook


def repository(folder):
    return open_repository(Settings.resolve(environ={"ARTNB_DIR": str(folder)}))


@pytest.fixture(autouse=True)
def _closed():
    yield
    close_repositories()


def test_a_page_s_cell_ends_before_its_save_and_its_line_is_brought_up_to_date(kernel, tmp_path):
    kernel.run_all(SLOW)
    ran = kernel.run(BIG.format("big"), cell_id="c1")
    assert "big · saving 3.2 MB in the background" in ran.line
    (shown,) = (out for out in ran.outputs if out["output_type"] == "display_data")
    (tmp_path / "go").touch()
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["msg_type"] == "update_display_data":
            break
    assert message["content"]["transient"] == shown["transient"]
    assert message["content"]["data"]["text/plain"].startswith("big:v0 · 1 entry · 3.2 MB · run")
    assert kernel.value("get_ipython().ast_transformers") != "[]"
    kernel.run_all("1")
    assert kernel.value("get_ipython().ast_transformers") == "[]"


def test_a_program_s_cell_saves_before_it_ends(kernel):
    assert kernel.run(BIG.format("big")).line.startswith("big:v0")
    assert kernel.run("%%artifact small\nn = 1").line.startswith("small:v0")


# A slow disk for all that is committed in the background: until the file `go` is there.
SLOW_COMMIT = """
import os, threading, time
from artnb.errors import StoreFullError
from artnb.repository import Repository
commit = Repository.commit
def slow(*args, **kwargs):
    while threading.current_thread().name == "artnb-save" and not os.path.exists("go"):
        time.sleep(0.01)
    if os.path.exists("full"):
        raise StoreFullError("no room left.")
    return commit(*args, **kwargs)
Repository.commit = slow
"""


def test_a_page_s_cell_ends_before_what_is_small_is_saved_and_who_reads_it_waits(kernel, tmp_path):
    kernel.run_all(SLOW_COMMIT)
    ran = kernel.run("%%artifact small\nn = [1, 2]", cell_id="c1")
    assert ran.ok
    assert "small · saving" in ran.line
    assert "being recorded" in kernel.run("%artnb status", cell_id="c2").result
    message = kernel.start("%%artifact use\nm = n[0]", cell_id="c3")
    (tmp_path / "go").touch()
    assert kernel.finish(message).ok
    kernel.run_all("%artnb save")
    found = repository(tmp_path)
    (used,) = found.used(found.runs("uncategorized")[0].id)
    assert used.ref == "small:v0"


def test_what_is_small_does_not_wait_behind_what_is_large(kernel):
    kernel.run_all(SLOW_COMMIT)
    assert "saving 3.2 MB" in kernel.run(BIG.format("big"), cell_id="c1").line
    assert kernel.run("%%artifact small\nn = 1", cell_id="c2").line.startswith("small:v0")
    kernel.run_all("open('go', 'w').close()")


def update(kernel):
    """The next display that is brought up to date."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=TIMEOUT)
        if message["msg_type"] == "update_display_data":
            return message["content"]


def test_a_small_value_that_could_not_be_saved_is_told_at_its_own_cell_and_the_next(
    kernel, tmp_path
):
    kernel.run_all(SLOW_COMMIT)
    (tmp_path / "full").touch()
    ran = kernel.run("%%artifact small\nn = 1", cell_id="c1")
    assert ran.ok
    (shown,) = (out for out in ran.outputs if out["output_type"] == "display_data")
    (tmp_path / "go").touch()
    told = update(kernel)
    assert told["transient"] == shown["transient"]
    assert told["data"]["text/plain"].startswith("small · NOT SAVED: no room left.")
    assert "'%artnb save' tries again" in told["data"]["text/plain"]
    assert 'role="alert"' in told["data"]["text/html"]
    kernel.value("get_ipython()._artnb_extension.session.saver.settle()")
    ran = kernel.run("n", cell_id="c2")
    assert ran.result == "1"
    assert "small WAS NOT SAVED: no room left." in ran.stream("stderr")
    assert "NOT SAVED" in kernel.run("%artnb status", cell_id="c3").result
    (tmp_path / "full").unlink()
    kernel.run_all("%artnb save")
    assert repository(tmp_path).resolve("small", "uncategorized").number == 0


@pytest.fixture
def patient(kernel):
    """A kernel in which a cell waits as long as it takes for what is small."""
    kernel.run_all("import artnb.jupyter.telling\nartnb.jupyter.telling._MOMENT = 60")
    return kernel


def test_a_small_value_that_cannot_be_saved_fails_its_own_cell(patient, tmp_path):
    (tmp_path / "go").touch()
    patient.run_all(SLOW_COMMIT)
    (tmp_path / "full").touch()
    ran = patient.run("%%artifact small\nn = 1", cell_id="c1")
    assert ran.error == (
        "CellNotSaved: no room left. The variables are as the cell left them. '%artnb save' tries "
        "again."
    )
    assert ran.line is None
    ran = patient.run("n", cell_id="c2")
    assert (ran.result, ran.stream("stderr")) == ("1", "")  # it is said once
    (tmp_path / "full").unlink()
    patient.run_all("%artnb save")
    found = repository(tmp_path)
    assert found.resolve("small", "uncategorized").number == 0
    assert [run.state for run in found.runs("uncategorized")] == ["finished"]


# A catalogue that takes no new run while the file `full` is there.
NO_RUNS = """
import os
from artnb.catalog import commit, runs, versions
from artnb.errors import StoreFullError
add = commit.add_run
def refuse(*args):
    if os.path.exists("full"):
        raise StoreFullError("no room left.")
    return add(*args)
runs.add_run = versions.add_run = refuse
"""


def test_a_cell_runs_beside_its_beginning_but_not_where_nothing_can_be_recorded(patient, tmp_path):
    patient.run_all(NO_RUNS)
    (tmp_path / "full").touch()
    ran = patient.run("%%artifact a\nn = 1", cell_id="c1")
    assert ran.error.startswith("CellNotSaved: no room left.")
    ran = patient.run("%%artifact b\nm = 1", cell_id="c2")
    assert ran.error.startswith("CellNotRun: no room left.")
    assert patient.run("n, 'm' in globals()", cell_id="c3").result == "(1, False)"
    (tmp_path / "full").unlink()
    patient.run_all("%artnb save")
    assert patient.run("%%artifact b\nm = 1", cell_id="c2").line.startswith("b:v0")
    runs = repository(tmp_path).runs("uncategorized")
    assert [(run.job_type, run.state) for run in runs] == [("b", "finished"), ("a", "finished")]


def test_the_run_of_a_cell_that_takes_its_time_is_there_while_it_runs(kernel, tmp_path):
    kernel.run_all("import os, time")
    wait = "while not os.path.exists('go'): time.sleep(0.01)\nn = 1"
    message = kernel.start(f"%%artifact long\n{wait}", cell_id="c1")
    deadline = time.monotonic() + TIMEOUT
    while not (runs := repository(tmp_path).runs("uncategorized")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert [(run.job_type, run.state, run.number) for run in runs] == [("long", "running", 1)]
    (tmp_path / "go").touch()
    assert kernel.finish(message).ok


def test_a_cell_s_own_code_finds_its_run(patient, tmp_path):
    cell = "import artnb\nartnb.log({'loss': 1})\nseen = [run.state for run in artnb.Api().runs()]"
    ran = patient.run(f"%%artifact thing\n{cell}", cell_id="c1")
    assert ran.ok, ran.traceback
    assert patient.run("seen").result == "['running']"
    found = repository(tmp_path)
    (run,) = found.runs("uncategorized")
    assert (run.state, run.number, run.summary["loss"]) == ("finished", 1, 1)
    assert [row["loss"] for row in found.history(run.id)] == [1]


ASK = """
import subprocess, sys
ask = "import artnb; print(artnb.Api().artifact('uncategorized/small:latest').version)"
print(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True).stdout)
"""


# What is said to who waits to start a process makes the disk quick again.
GO_ON = """
import sys, types
from artnb.jupyter import children
children._SOON = 0
go_on = types.SimpleNamespace(write=lambda text: open("go", "w").close())
children.sys = types.SimpleNamespace(stderr=go_on, modules=sys.modules)
"""


def test_a_process_that_the_next_cell_starts_finds_the_version(kernel, tmp_path):
    kernel.run_all(SLOW_COMMIT, GO_ON)
    assert "saving" in kernel.run("%%artifact small\nn = [1, 2]", cell_id="c1").line
    try:
        assert kernel.run(ASK, cell_id="c2").stream().strip() == "v0"
    finally:
        (tmp_path / "go").touch()


def test_nbclient_ends_with_everything_saved(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path))
    notebook = execute(tmp_path, "%load_ext artnb", BIG.format("big"))
    assert "big:v0" in str(notebook.cells[1].outputs)
    assert len(repository(tmp_path).versions("uncategorized", "big")) == 1


def test_a_kernel_that_is_shut_down_saves_first(kernel, tmp_path):
    kernel.run_all(SLOW.replace('not os.path.exists("go")', "time.sleep(0.3) is not None"))
    kernel.run_all("serializers.dump = lambda *args: (time.sleep(0.5), dump(*args))[1]")
    kernel.run(BIG.format("big"), cell_id="c1")
    kernel.manager.shutdown_wait_time = TIMEOUT
    kernel.manager.shutdown_kernel(now=False)
    assert len(repository(tmp_path).versions("uncategorized", "big")) == 1
    assert [run.state for run in repository(tmp_path).runs("uncategorized")] == ["finished"]


def test_an_interrupt_while_a_cell_waits_keeps_the_cell_from_running(kernel, tmp_path):
    kernel.run_all(SLOW, HOLD)
    assert "saving" in kernel.run(BIG.format("big"), cell_id="c1").line
    message = kernel.start("open('ran', 'w')\nx[:] = 0")
    time.sleep(0.5)  # the barrier cannot be seen from outside; too early it would not wait
    kernel.manager.interrupt_kernel()
    ran = kernel.finish(message)
    assert not ran.ok
    assert "interrupted while big was being saved" in str(ran.outputs) + ran.error
    assert not (tmp_path / "ran").exists()
    (tmp_path / "go").touch()
    kernel.run_all("x[:] = 0", "%artnb save")
    version = repository(tmp_path).resolve("big", "uncategorized")
    assert repository(tmp_path).load_value(version, "x.npy")[-1] == 399_999


def test_the_status_does_not_wait(kernel, tmp_path):
    kernel.run_all(SLOW, HOLD)
    kernel.run(BIG.format("big"), cell_id="c1")
    assert "being written" in kernel.run_all("%artnb status").result
    (tmp_path / "go").touch()


PROGRAM = """
import os, sys, threading, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext artnb")
from artnb import serializers
dump = serializers.dump
serializers.dump = lambda *args: (time.sleep(0.5), dump(*args))[1]
shell.run_cell(sys.argv[1], store_history=True)
print("ended", shell._artnb_extension.session.saver.waiting[0].state)
"""


def ended(program, tmp_path):
    settings = {"ARTNB_DIR": str(tmp_path), "IPYTHONDIR": str(tmp_path), "ARTNB_BACKGROUND": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, BIG.format("big")],
        env={**os.environ, **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "ended being written" in done.stdout
    opened = Repository(Settings.resolve(tmp_path, settings))
    versions = opened.versions("uncategorized", "big")
    opened.close()
    return versions, done.stderr


def test_a_process_that_ends_saves_first(tmp_path):
    versions, errors = ended(PROGRAM, tmp_path)
    assert errors == ""
    assert len(versions) == 1


def test_a_process_that_ends_says_what_it_could_not_save(tmp_path):
    failing = PROGRAM.replace("dump(*args))[1]", "open('/dev/full', 'w', 1).write('x\\n'))[1]")
    versions, errors = ended(failing, tmp_path)
    assert versions == []
    # Python 3.13 tells of the file that this program leaves open, too.
    (said,) = [line for line in errors.splitlines() if line.startswith("artnb: ")]
    assert said.startswith("artnb: big was not saved: ")
    assert "No space left" in said or "full" in said
