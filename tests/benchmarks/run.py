"""``make bench``: artnb beside wandb, MLflow and trackio, in one run.

Every measure is a fresh process in a folder where the library was used once before; the
libraries take turns, so that a machine that slows down slows all of them. Prints a table of
medians, and writes it with all the figures to build/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from peers import PEERS

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
MIB = 1 << 20
WORKER_SECONDS = 600

Samples = dict[tuple[str, str], list[float]]


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.1f} ms"


def microseconds(value: float) -> str:
    return f"{value * 1e6:.0f} µs"


def mebibytes(value: float) -> str:
    return f"{value / MIB:.1f} MiB"


# key of the samples -> (what the row says, how it is written)
ROWS: dict[str, tuple[str, Callable[[float], str]]] = {
    "import": ("import", seconds),
    "small": ("init, log one small file, finish", seconds),
    "process": ("the same as a whole process, with Python and import", seconds),
    "folder": ("10,000 files of 4 KiB", seconds),
    "folder disk": ("extra disk for them", mebibytes),
    "changed": ("the same again, 1 file changed", seconds),
    "changed disk": ("extra disk for that", mebibytes),
    "large": ("one file of 1 GiB", seconds),
    "large disk": ("extra disk for it", mebibytes),
    "large again": ("the same file again", seconds),
    "large again disk": ("extra disk for that", mebibytes),
    "call": ("one of 10,000 `log` calls", microseconds),
    "pictures": ("1,000 arrays of 64 x 64 logged as pictures, in one call", seconds),
}


class Bench:
    """Runs workers and collects what they took."""

    def __init__(self, place: Path, libraries: list[str]) -> None:
        self.place = place
        self.libraries = libraries
        self.inputs = place / "inputs"
        self.samples: Samples = defaultdict(list)

    def note(self, row: str, library: str, value: float) -> None:
        self.samples[row, library].append(value)
        print(f"  {library:8} {ROWS[row][0]:52} {ROWS[row][1](value)}", flush=True)

    def turns(self, count: int) -> Iterator[str]:
        """The libraries `count` times over, each time another one first."""
        for turn in range(count):
            shift = turn % len(self.libraries)
            yield from (*self.libraries[shift:], *self.libraries[:shift])

    @contextmanager
    def used_once(self, library: str) -> Iterator[Path]:
        """A folder in which `library` was used once."""
        folder = self.place / f"work-{library}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "artnb.toml").touch()
        try:
            self.work(library, "prime", folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def work(self, library: str, measure: str, folder: Path) -> tuple[float, float]:
        """Seconds that the worker tells, and those of its whole process."""
        os.sync()  # what went before is not this one's to write
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, library, measure, str(self.inputs)],
            cwd=folder,
            env=environment(library, folder),
            capture_output=True,
            text=True,
            timeout=WORKER_SECONDS,
        )
        whole = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{library}, {measure}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        # Libraries print too, and some still after their last line.
        line = next(line for line in done.stdout.splitlines() if line.startswith('{"seconds"'))
        return json.loads(line)["seconds"], whole

    def log_twice(self, library: str, measure: str, rows: tuple[str, str], change=None) -> None:
        """Time `measure` and its repetition after `change`, with the disk that each takes."""
        with self.used_once(library) as folder:
            for row in rows:
                before = disk(folder)
                self.note(row, library, self.work(library, measure, folder)[0])
                self.note(f"{row} disk", library, disk(folder) - before)
                if change is not None:
                    change()

    def quick(self, repeats: int) -> None:
        for library in self.libraries:
            with self.used_once(library) as folder:
                for _ in range(repeats):
                    self.note("import", library, self.work(library, "imported", folder)[0])
                    inside, whole = self.work(library, "small", folder)
                    self.note("small", library, inside)
                    self.note("process", library, whole)

    def floor(self, repeats: int) -> None:
        """What the machine needs to copy the large file and have it on the disk."""
        target = self.place / "copy.bin"
        for _ in range(repeats):
            os.sync()
            start = time.perf_counter()
            shutil.copyfile(self.inputs / "large.bin", target)
            with target.open("rb+") as stream:
                os.fsync(stream)
            self.samples["copy", "cp"].append(time.perf_counter() - start)
            target.unlink()

    def calls(self, repeats: int) -> None:
        for library in self.turns(repeats):
            with self.used_once(library) as folder:
                self.note("call", library, self.work(library, "calls", folder)[0] / 10_000)

    def pictures(self, repeats: int) -> None:
        for library in self.turns(repeats):
            with self.used_once(library) as folder:
                self.note("pictures", library, self.work(library, "pictures", folder)[0])

    def change_one(self) -> None:
        (self.inputs / "many" / "050" / "05000.bin").write_bytes(os.urandom(4096))

    def all(self, quick: int, slow: int) -> None:
        make_inputs(self.inputs)
        self.quick(quick)
        for library in self.turns(slow):
            self.log_twice(library, "folder", ("folder", "changed"), self.change_one)
        self.floor(slow)
        for library in self.turns(slow):
            self.log_twice(library, "large", ("large", "large again"))
        self.calls(slow)
        self.pictures(slow)


def make_inputs(inputs: Path) -> None:
    """Write the files that are logged: random, so that nothing can be pressed."""
    inputs.mkdir(parents=True)
    (inputs / "small.bin").write_bytes(os.urandom(4096))
    for number in range(10_000):
        path = inputs / "many" / f"{number // 100:03}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(4096))
    with (inputs / "large.bin").open("wb") as stream:
        for _ in range(64):
            stream.write(os.urandom(16 * MIB))
    os.sync()


def environment(library: str, folder: Path) -> dict[str, str]:
    """Everything that the library writes lies below `folder`, so that its disk can be counted."""
    # PYTHON: whoever forbids bytecode would have artnb, the only one in a checkout, compiled anew.
    prefixes = ("ARTNB_", "WANDB_", "MLFLOW_", "TRACKIO_", "HF_", "XDG_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    home = {"HOME": str(folder), "TMPDIR": str(folder / "tmp"), "TRACKIO_DIR": str(folder / "io")}
    (folder / "tmp").mkdir(exist_ok=True)
    return {**kept, **home, **PEERS[library].environ}


def disk(folder: Path) -> int:
    """Bytes that the files below `folder` occupy, each inode once."""
    seen: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*"):
        if not path.is_symlink() and path.is_file():
            stat = path.stat()
            seen[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return sum(seen.values())


def table(samples: Samples, libraries: list[str]) -> str:
    """Medians as markdown; in brackets how many times artnb's figure."""
    heads = [f"{PEERS[name].title} {version(PEERS[name].module)}" for name in libraries]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for row, (title, write) in ROWS.items():
        own = median(samples, row, "artnb")
        cells = []
        for name in libraries:
            value = median(samples, row, name)
            if value is None:
                cells.append("")
                continue
            # Disk is counted in pages: below one there is no factor to speak of.
            factor = ratio(value, own, least=8192 if write is mebibytes else 0)
            cells.append(write(value) + (f" ({factor})" if name != "artnb" else ""))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def median(samples: Samples, row: str, library: str) -> float | None:
    values = samples.get((row, library))
    return statistics.median(values) if values else None


def ratio(value: float, own: float | None, *, least: float = 0) -> str:
    if not own or own <= least:
        return "–"
    factor = value / own
    return f"{factor:,.0f}x" if factor >= 10 else f"{factor:.1f}x"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", type=int, default=7, help="repeats of what takes under 10 s")
    parser.add_argument("--slow", type=int, default=3, help="repeats of the rest")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    given = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    place = BUILD / "bench"
    shutil.rmtree(place, ignore_errors=True)
    bench = Bench(place, given.only)
    try:
        bench.all(given.quick, given.slow)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    text = table(bench.samples, given.only)
    figures = {f"{row}, {name}": values for (row, name), values in bench.samples.items()}
    about = (
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"
    )
    (BUILD / "benchmarks.json").write_text(json.dumps({"machine": about, **figures}, indent=1))
    copy = statistics.median(bench.samples["copy", "cp"])
    text = (
        f"{about}; medians; in brackets: times artnb's figure. To copy the file of 1 GiB and "
        f"have it on the disk (fsync) takes {seconds(copy)} here.\n\n{text}\n"
    )
    (BUILD / "benchmarks.md").write_text(text)
    print(f"\n{text}")


if __name__ == "__main__":
    main()
