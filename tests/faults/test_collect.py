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
import os, random, sys, time
from pathlib import Path
import checkpoints
from artnb import ingest
from artnb.repository import *
if int(sys.argv[1]) % 2:
    ingest._MANY = 1  # as with very many files: two leases, and a thread that asks
r = Repository()
run = r.start_run("demo")
rng = random.Random(int(sys.argv[1]))
pool = [random.Random(n).randbytes(300_000 if n % 3 == 0 else 900) for n in range(12)]
print("ready", flush=True)
while True:
    # The same few contents again and again, so that what one deletes another needs.
    parts = rng.sample(pool, 5)
    contents = [Content(f"{n}.bin", data) for n, data in enumerate(parts)]
    # Files in parts that share most of them, large ones and some in packs.
    tensors = checkpoints.tensors(layers=3, size=300_000, changed=[rng.randrange(3)])
    tensors |= {f"{n}.bias": rng.randbytes(2_000) for n in range(9)}
    path = checkpoints.write(f"{os.getpid()}.safetensors", tensors)
    contents.append(Content("model.safetensors", Path(path)))
    name = rng.choice("abc")
    version = r.commit("demo", name, "dataset", contents, run_id=run.id).version
    print("committed", flush=True)
    time.sleep(0.03)
    old = r.versions("demo", name)
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
    freed = [int(line.split()[1]) for line in said.splitlines() if line.startswith("freed ")]
    assert sum(freed) > 0

    repository = Repository()
    try:
        assert repository.maintenance.verify().damage == ()
        for version in repository.versions("demo"):
            out = repository.download(version, tmp_path / version.ref)
            assert len(list(out.iterdir())) == 6
        repository.maintenance.collect(grace=0)
        assert repository.maintenance.verify().damage == ()
    finally:
        repository.close()
