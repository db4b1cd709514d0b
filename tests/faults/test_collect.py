"""Writers and collectors as real processes, some of them killed: no version lacks a byte."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from artnb.repository import Repository

WRITER = """
import contextlib, os, random, sys, time
from pathlib import Path
import checkpoints
from artnb import ingest, intake
from artnb.errors import RunDeletedError
from artnb.draft import Draft
from artnb.repository import *
odd = int(sys.argv[1]) % 2
if odd:  # as with very many files: a lease when they are added, else two, and a thread that asks
    ingest._MANY = intake._SEVERAL = 1
r = Repository()
run = r.start_run("demo")
rng = random.Random(int(sys.argv[1]))
pool = [random.Random(n).randbytes(300_000 if n % 3 == 0 else 900) for n in range(12)]
print("ready", flush=True)
while True:
    # The same few contents again and again, so that what one deletes another needs.
    parts = rng.sample(pool, 5)
    contents = [Content(f"{n}.bin", data) for n, data in enumerate(parts)]
    if odd and rng.random() < 0.5:
        folder = Path(f"folder-{os.getpid()}")
        folder.mkdir(exist_ok=True)
        for n in rng.sample(range(5), 2):  # the others are as they were, and known
            (folder / "new").write_bytes(parts[n])
            os.utime(folder / "new", (0, rng.randrange(10**9)))
            (folder / "new").replace(folder / f"{n}.bin")
        draft = Draft("folder", "dataset", r)
        draft.add_dir(folder, None, policy="mutable", overwrite=False)
        time.sleep(0.01)
        if rng.random() < 0.8:
            r.commit("demo", "folder", "dataset", draft.take(), run_id=run.id)
    # Files in parts that share most of them, large ones and some in packs.
    tensors = checkpoints.tensors(layers=3, size=300_000, changed=[rng.randrange(3)])
    tensors |= {f"{n}.bias": rng.randbytes(2_000) for n in range(9)}
    path = checkpoints.write(f"{os.getpid()}.safetensors", tensors)
    contents.append(Content("model.safetensors", Path(path)))
    name = rng.choice("abc")
    version = r.commit("demo", name, "dataset", contents, run_id=run.id).version
    print("committed", flush=True)
    # Runs that keep the same few blobs, of which each deletes any.
    other = r.start_run("demo", job_type="short", code=rng.choice(["x = 1", "y = 2"]))
    r.log_row(other.id, {"_step": 0, "picture": r.put_blob(rng.choice(pool)[:800], other.id)})
    r.finish_run(other.id)
    over = [each for each in r.runs("demo") if each.state == "finished"]
    if len(over) > 2:
        with contextlib.suppress(RunDeletedError):  # the other writer was quicker
            r.delete_run(rng.choice(over).id)
            print("deleted", flush=True)
    time.sleep(0.03)
    for old in (r.versions("demo", name), r.versions("demo", "folder")):
        if len(old) > 2:
            r.delete(rng.choice(old).id, delete_aliases=True)
"""
COLLECTOR = """
from artnb.repository import *
r = Repository()
print("ready", flush=True)
while True:
    print("freed", r.maintenance.collect(grace=0).objects, flush=True)
"""


def start(program, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def end(process, how=signal.SIGKILL):
    """Kill a process and return what it said; an error of its own fails the test."""
    alive = process.poll() is None
    process.send_signal(how)
    out, errors = process.communicate(timeout=60)
    assert alive, errors
    return out


@pytest.mark.parametrize("seed", range(2))
def test_no_version_lacks_a_byte_whoever_is_killed(seed, tmp_path):
    rng = random.Random(seed)
    writers = [start(WRITER, str(seed * 10 + n)) for n in range(2)]
    collectors = [start(COLLECTOR)]
    said = ""
    for round_ in range(4):
        said += collectors[0].stdout.readline()  # a whole pass
        time.sleep(rng.uniform(0, 0.3))
        group, program = rng.choice([(writers, WRITER), (collectors, COLLECTOR)])
        said += end(group.pop(rng.randrange(len(group))))
        group.append(start(program, str(100 + round_)))
    said += "".join(end(process) for process in (*writers, *collectors))
    assert said.count("committed") > 5
    assert "deleted" in said
    freed = [int(line.split()[1]) for line in said.splitlines() if line.startswith("freed ")]
    assert sum(freed) > 0

    repository = Repository()
    try:
        assert repository.maintenance.verify().damage == ()
        for version in repository.versions("demo"):
            out = repository.download(version, tmp_path / version.ref)
            assert len(list(out.iterdir())) == version.entries
        short = [run for run in repository.runs("demo") if run.state == "finished"]
        assert short
        for run in short:
            assert repository.code(run.id) in ("x = 1", "y = 2")
            (row,) = repository.history(run.id)
            assert len(repository.read_blob(row["picture"])) == 800
        repository.maintenance.collect(grace=0)
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()
