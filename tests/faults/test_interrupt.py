"""Ctrl-C at any moment leaves nothing behind, and the same call works when it is made again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artnb.repository import Repository

# Interrupted, the process lives on as a kernel does: what is left is looked for while it does.
PROGRAM = """
import os, random, sys, time
from pathlib import Path
import checkpoints
from artnb.repository import Repository
from artnb.draft import Draft

doing, seed = sys.argv[1], int(sys.argv[2])
r = Repository()
run = r.start_run("demo")
rng = random.Random(seed)
folder = Path("inputs")
for n in range(300):
    place = folder / str(n % 7) / f"{n}.bin"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(rng.randbytes(30_000_000 if n in (3, 200) else 3_000))
checkpoints.write(folder / "m.safetensors", checkpoints.tensors(layers=40, size=300_000))

def draft():
    made = Draft("data", "dataset", r)
    made.add_dir(folder, None, policy="mutable", overwrite=False)
    return made

def log(made):
    contents = made.take()
    return r.commit("demo", "data", "dataset", contents, run_id=run.id).version

def left():
    tmp = [str(p) for place in ("tmp", "objects/tmp") for p in (r.root / place).rglob("*")
           if p.is_file()]
    leases = r._catalog._db.row("select count(*) from leases")[0]
    out = [str(p) for p in Path(".").glob("out*")]
    return tmp, leases, out

ready = draft() if doing == "log" else None
version = log(draft()) if doing == "download" else None
steps = {
    "add": lambda: draft(),
    "log": lambda: log(ready),
    "download": lambda: r.download(version, Path("out").absolute()),
}
try:
    print("ready", flush=True)
    done = steps[doing]()
    print("finished", flush=True)
except KeyboardInterrupt:
    import gc
    gc.collect()
    print("interrupted", left(), flush=True)
sys.stdin.readline()
if doing == "download":
    r.download(version, Path("out").absolute())
else:
    version = log(draft())
    r.download(version, Path("out").absolute())
same = all(
    (Path("out") / p.relative_to(folder)).read_bytes() == p.read_bytes()
    for p in folder.rglob("*") if p.is_file()
)
print("again", same, [str(p) for p in Path("out").glob(".*")], flush=True)
r.finish_run(run.id)
r.close()
"""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("doing", ["add", "log", "download"])
def test_an_interrupt_leaves_nothing_and_the_second_try_works(doing, seed):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, doing, str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    first = process.stdout.readline()
    assert first == "ready\n", process.stderr.read()
    time.sleep(random.Random(f"{doing} {seed}").uniform(0.001, 0.25))
    process.send_signal(signal.SIGINT)
    said = process.stdout.readline()
    out, errors = process.communicate("go on\n", timeout=120)
    if said.startswith("interrupted"):
        assert said == "interrupted ([], 0, [])\n", said
    else:
        assert said == "finished\n", errors  # it was quicker, and the interrupt came after it
        return
    assert out == "again True []\n", errors
    repository = Repository()
    try:
        assert repository.maintenance.verify().damage == ()
        assert list((repository.root / "tmp").rglob("*")) == []
    finally:
        repository.close()


def test_what_was_in_a_folder_stays_as_it_was(repository, tmp_path, monkeypatch):
    """An error half-way, as an interrupt, replaces nothing and adds nothing."""
    from artnb.repository import Content

    run = repository.start_run("demo")
    files = {f"{n}.bin": os.urandom(300_000) for n in range(4)}
    contents = [Content(path, data) for path, data in files.items()]
    version = repository.commit("demo", "data", "dataset", contents, run_id=run.id).version
    out = tmp_path / "out"
    out.mkdir()
    (out / "0.bin").write_bytes(b"mine")
    (out / "other").write_bytes(b"mine")
    real, calls = type(repository._store).check_out, []

    def failing(self, *args, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(repository._store), "check_out", failing)
        with pytest.raises(KeyboardInterrupt):
            repository.download(version, out)
        with pytest.raises(KeyboardInterrupt):
            calls.clear()
            repository.download(version, tmp_path / "new" / "folder")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {"0.bin": b"mine", "other": b"mine"}
    assert not (tmp_path / "new").exists()
    repository.download(version, out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {**files, "other": b"mine"}


def test_an_interrupt_while_files_are_moved_in_waits_for_the_last(tmp_path, monkeypatch):
    from artnb import checkout

    moves = []
    for n in range(5):
        (tmp_path / f"new{n}").write_text(str(n))
        moves.append((tmp_path / f"new{n}", tmp_path / "out" / str(n)))
    real, calls = os.replace, []

    def interrupted(*move):
        calls.append(move)
        if len(calls) == 2:
            raise KeyboardInterrupt  # before it is moved
        real(*move)
        if len(calls) == 4:
            raise KeyboardInterrupt  # and after

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checkout._move_in(moves)
    assert [p.read_text() for p in sorted((tmp_path / "out").iterdir())] == list("01234")


def test_what_a_killed_download_left_goes_with_the_next(repository, tmp_path):
    from artnb.repository import Content

    run = repository.start_run("demo")
    contents = [Content("a", b"1")]
    version = repository.commit("demo", "data", "dataset", contents, run_id=run.id).version
    out = tmp_path / "out"
    dead = out / ".artnb-incoming-999999999-abc"
    alive = out / f".artnb-incoming-{os.getpid()}-abc"
    for place in (dead, alive):
        place.mkdir(parents=True)
        (place / "0").write_bytes(b"half")
    repository.download(version, out)
    assert sorted(p.name for p in Path(out).iterdir()) == [alive.name, "a"]
