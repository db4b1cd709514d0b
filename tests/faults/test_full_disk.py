"""A disk that gets full: whatever meets it says so, nothing is half there, and it goes on.

The disk is a small one in memory, mounted where nobody else sees it. Where the system
lets nobody do that, a limit on the size of files stands in: then the errors are others,
and what is left behind is proved all the same.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from disks import can_mount, own_disk

PROGRAM = """
import json, os, pathlib, resource, sys
import numpy as np, pandas as pd, polars as pl, torch
import artnb
from artnb.errors import ArtnbError

real, outside = sys.argv[1] == "disk", pathlib.Path(sys.argv[2])
LEFT = 200_000
noise = np.random.default_rng(0)
big = noise.bytes(2_000_000)
floats = noise.random(250_000)
(outside / "big").write_bytes(big)
results = {}
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

def fill(left):
    if not real:
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
        return
    with open("fill", "ab", buffering=0) as stream:
        state = os.statvfs(".")
        free = state.f_bavail * state.f_frsize - left
        while free > 0:
            free -= stream.write(bytes(min(free, 65536)))

def empty():
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    pathlib.Path("fill").unlink(missing_ok=True)

def attempt(name, call):
    try:
        call()
        results[name] = ["nothing", True, ""]
    except BaseException as error:
        results[name] = [type(error).__name__, isinstance(error, ArtnbError), str(error)]

def draft(name="thing"):
    return artnb.Artifact(name, "dataset")

def logged(name, data):
    made = draft(name)
    with made.new_file("a", "wb") as file:
        file.write(data)
    return run.log_artifact(made)

def file(**kwargs):
    made = draft("other")
    made.add_file(outside / "big", **kwargs)
    run.log_artifact(made)

def value(given):
    made = draft("other")
    made.add(given, "v")
    run.log_artifact(made)

run = artnb.init(project="demo")
logged("thing", b"before")
values = {
    "array": floats, "tensor": torch.tensor(floats), "frame": pd.DataFrame({"a": floats}),
    "polars": pl.DataFrame({"a": floats}), "text": "x" * 2_000_000, "json": ["x" * 2_000_000],
    "bytes": big, "pickle": (big,), "module": torch.nn.Linear(700, 700),
}
waiting = draft("kept")
with waiting.new_file("a", "wb") as stream:
    stream.write(b"w" * 10_000)

fill(LEFT)
attempt("add_file", file)
attempt("add_file in place", lambda: file(policy="immutable"))
attempt("new_file", lambda: logged("other", big))
for name, given in values.items():
    attempt(f"add {name}", lambda given=given: value(given))
attempt("save", lambda: run.save(str(outside / "big")))
attempt("log a picture", lambda: run.log({"p": artnb.Image(noise.random((800, 800, 3)))}))
rows = 0
def log_rows():
    global rows
    for rows in range(4_500):
        run.log({"n": rows, "pad": "x" * 500})
attempt("log rows", log_rows)
fill(0)
attempt("log_artifact", lambda: run.log_artifact(waiting))
attempt("init", lambda: artnb.init(project="demo", job_type="x", reinit="create_new"))
attempt("log_artifact of a path", lambda: run.log_artifact(str(outside / "big"), "other"))

empty()
again = logged("thing", b"after")
run.log({"n": rows + 1})
artnb.finish()
api = artnb.Api()
places = [pathlib.Path(".artnb/tmp"), pathlib.Path(".artnb/objects/tmp")]
print(json.dumps({
    "results": results,
    "versions": [a.name for a in api.artifacts(project="demo")],
    "before": open(api.artifact("demo/thing:v0").file()).read(),
    "after": open(again.file()).read(),
    "runs": [r.state for r in api.runs("demo")],
    "rows": [row["n"] for row in api.run(run.id).history(pandas=False) if "n" in row],
    "accepted": rows,
    "left": [str(p) for place in places for p in place.rglob("*") if p.is_file()],
}))
"""
DOING = [
    "add_file",
    "add_file in place",
    "new_file",
    *(f"add {kind}" for kind in ("array", "tensor", "frame", "polars", "text", "json", "bytes",
                                 "pickle", "module")),
    "save",
    "log a picture",
    "log rows",
    "log_artifact",
    "init",
    "log_artifact of a path",
]  # fmt: skip


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """What the program says: errors while the disk was full, and what there was then."""
    folder, outside = tmp_path_factory.mktemp("disk"), tmp_path_factory.mktemp("outside")
    (outside / "program.py").write_text(PROGRAM)
    real = can_mount(folder)
    command = [sys.executable, str(outside / "program.py"), "disk" if real else "limit"]
    command.append(str(outside))
    if real:
        command = [*own_disk(folder, 'exec "$@"'), *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout.splitlines()[-1]), "real": real}


@pytest.mark.parametrize("doing", DOING)
def test_what_does_not_fit_is_refused_in_words(after, doing):
    name, ours, message = after["results"][doing]
    assert name != "nothing", "it was said to be done"
    if after["real"]:
        assert (name, ours) == ("StoreFullError", True), message
        assert "full" in message


def test_everything_that_was_tried_is_tested(after):
    assert list(after["results"]) == DOING


def test_only_what_was_acknowledged_is_there(after):
    assert after["versions"] == ["thing:v1", "thing:v0"]
    assert (after["before"], after["after"]) == ("before", "after")
    assert after["runs"] == ["finished"]


def test_rows_that_were_taken_are_there_once_and_whole(after):
    assert after["rows"] == list(range(after["accepted"] + 2))


def test_nothing_half_written_is_left(after):
    assert after["left"] == []
