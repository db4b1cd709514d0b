"""A process that is killed while it logs leaves a store that opens and lacks no bytes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from artnb.repository import Repository

PROGRAM = """
import os, random, sys
from pathlib import Path
import checkpoints
from artnb.repository import *
r = Repository()
run = r.start_run("demo", job_type="write")
print("ready", flush=True)
rng = random.Random(int(sys.argv[1]))
n = 0
while True:
    sizes = [rng.choice([10, 5000, 400_000]) for _ in range(6)]
    contents = [Content(f"{i}.bin", rng.randbytes(size)) for i, size in enumerate(sizes)]
    # Of eight tensors one changes: a file in parts, most of them there.
    tensors = checkpoints.tensors(layers=8, size=300_000 if n % 2 else 40_000, changed=[n % 8])
    path = checkpoints.write(f"{os.getpid()}.safetensors", tensors)
    contents.append(Content("model.safetensors", Path(path)))
    r.commit("demo", "thing", "dataset", contents, run_id=run.id, aliases=["best"])
    r.log_row(run.id, {"_step": n})
    n += 1
    print("committed", flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_leaves_every_version_whole(seed, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "committed\n"
    time.sleep(random.Random(seed).uniform(0, 0.15))
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = 1 + process.stdout.read().count("committed")
    process.wait()

    repository = Repository()
    try:
        versions = repository.versions("demo", "thing")
        assert len(versions) >= acknowledged
        assert sorted(v.number for v in versions) == list(range(len(versions)))
        for version in versions:
            out = repository.download(version, tmp_path / "out" / version.version)
            assert len(list(out.iterdir())) == 7
        assert repository.resolve("thing:best", "demo").number == len(versions) - 1
        assert [run.state for run in repository.runs("demo")] == ["crashed"]
        assert list(repository.root.rglob(f"{process.pid}-*")) == []
    finally:
        repository.close()
