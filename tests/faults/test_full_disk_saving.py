"""A disk that gets full while a value is saved in the background: said, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from disks import can_mount, own_disk

PROGRAM = """
import contextlib, io, json, os, pathlib, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

os.environ |= {"ARTNB_DIR": os.getcwd(), "IPYTHONDIR": sys.argv[1], "ARTNB_BACKGROUND": "1"}
config = Config()
config.HistoryManager.enabled = False
config.InteractiveShell.colors = "nocolor"
shell = InteractiveShell.instance(config=config)

def cell(code):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        result = shell.run_cell(code, store_history=True)
    return out.getvalue() + (repr(result.result) if result.result is not None else "")

def fill():
    with open("fill", "ab", buffering=0) as stream:
        state = os.statvfs(".")
        free = state.f_bavail * state.f_frsize - 300_000
        while free > 0:
            free -= stream.write(bytes(min(free, 65536)))

said = {}
cell("%load_ext artnb")
cell("import numpy as np, artnb")
cell("%%artifact before\\nn = 1")
fill()
said["cell"] = cell("%%artifact big\\nx = np.arange(250_000.)")
shell._artnb_extension.session.saver.settle()
said["next"] = cell("x[:] = 0")
said["after"] = cell("1")
said["status"] = cell("%artnb status")
said["again, full"] = cell("%artnb save")
pathlib.Path("fill").unlink()
said["again"] = cell("%artnb save")
said["sum"] = cell("float(artnb.Api().artifact('big').get('x').sum())")
said["runs"] = [(run.job_type, run.state) for run in __import__("artnb").Api().runs()]
said["damage"] = len(shell._artnb_extension.session.repository.maintenance.verify().damage)
said["left"] = [str(path) for path in pathlib.Path(".artnb/tmp").rglob("*") if path.is_file()]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder, outside = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("outside")
    if not can_mount(folder):
        pytest.skip("the system mounts no disk for us")
    (outside / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(outside / "program.py"), str(outside)]
    done = subprocess.run(
        [*own_disk(folder, 'exec "$@"'), *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_cell_itself_is_done_and_the_next_says_that_it_was_not_saved(said):
    assert "big · saving 2.0 MB in the background" in said["cell"]
    assert "artnb: big WAS NOT SAVED" in said["next"]
    assert "full" in said["next"]
    assert "NOT SAVED" not in said["after"]


def test_the_status_says_so_until_it_is_saved(said):
    assert "NOT SAVED" in said["status"]
    assert "NOT SAVED" in said["again, full"]
    assert "big  saved" in said["again"]


def test_what_is_saved_then_is_what_the_cell_left(said):
    assert str(float(sum(range(250_000)))) in said["sum"]


def test_nothing_is_damaged_or_left(said):
    assert sorted(said["runs"]) == [["before", "finished"], ["big", "finished"]]
    assert said["damage"] == 0
    assert said["left"] == []
