"""A large file goes in and out through a fixed window: the process does not grow by its size."""

import os
import subprocess
import sys

import pytest

MIB = 1 << 20
AT_MOST = 150 * MIB

# The peak of the memory is that of the process, so it is one that does nothing else. What it
# has is asked for before and after, and what is mapped from files counts as well.
PROGRAM = """
import sys
from pathlib import Path
import checkpoints
from artnb.repository import Content, Repository
from artnb.settings import Settings

def peak(reset=False):
    if reset:  # else it is the largest since the start, imports and all
        Path("/proc/self/clear_refs").write_text("5")
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024

kind, store, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
settings = Settings.resolve(environ={"ARTNB_STORE": store} if store else {})
if kind == "chunks":
    settings = Settings.resolve(environ={"ARTNB_CHUNKING": "bin"})
r = Repository(settings)
path = Path("large.safetensors" if kind == "tensors" else "large.bin")
if kind == "tensors":
    import json
    step = 16 << 20
    names = {f"t{n}": {"dtype": "U8", "shape": [step], "data_offsets": [n * step, (n + 1) * step]}
             for n in range(size // step)}
    head = checkpoints.framed(json.dumps(names).encode())
else:
    head = b""
with path.open("wb") as out:
    out.write(head)
    for n in range(size >> 20):
        out.write(n.to_bytes(8, "little") * (1 << 17))
small = Path("small.bin")
small.write_bytes(b"1" * 400_000)

def through(path, name):
    run = r.start_run("demo")
    made = r.commit("demo", name, "dataset", [Content(path.name, path)], run_id=run.id)
    r.download(made.version, Path("out", name).absolute())
    r.finish_run(run.id)

through(small, "small")  # what is loaded once is loaded
before = peak(reset=True)
through(path, "large")
after = peak()
out = Path("out", "large", path.name)
assert out.stat().st_size == path.stat().st_size
print(after - before)
r.close()
"""


@pytest.mark.parametrize(
    ("kind", "store"),
    [("tensors", ""), ("chunks", ""), ("whole", "remote")],
)
def test_a_large_file_takes_little_memory(kind, store, tmp_path):
    size = int(os.environ.get("ARTNB_LARGE", 256)) * MIB
    # fsspec's own local filesystem stands for a remote store: it has no copy in this process, as
    # memory:// would have.
    url = f"local://{tmp_path / 'remote'}" if store else ""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, url, str(size)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    if store:
        assert any((tmp_path / "remote").rglob("*"))
    grown = int(done.stdout.split()[-1])
    assert grown < AT_MOST, f"{grown / MIB:.0f} MiB"
    print(f"{kind} {store or 'local'}: {grown / MIB:.0f} MiB for {size / MIB:.0f}")
