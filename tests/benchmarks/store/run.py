"""``make bench-store``: artnb's store beside its peers' and plain copies, in one run.

Every step is a fresh process; the tools take turns. Prints a table of medians and the goals
with what was reached, and writes both with all the figures to build/. Lines of remote stores
come from `remote.py` beside this, where there is one: its `measure(place) -> {row: (text,
goal or None)}` is called at the end.
"""

from __future__ import annotations

import argparse
import importlib.util
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
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build"
sys.path[:0] = [str(HERE), str(HERE.parent), str(ROOT / "tests")]

import checkpoints  # noqa: E402
from tools import TOOLS  # noqa: E402

MIB = 1 << 20
STEP_SECONDS = 900
SERIES = 20


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.1f} ms"


def mebibytes(value: float) -> str:
    return f"{value / MIB:.1f} MiB"


def count(value: float) -> str:
    return f"{value:,.0f}"


# key -> (what the row says, how it is written, artnb's goal: at most this)
ROWS: dict[str, tuple[str, Callable[[float], str], float | None]] = {
    "many": ("10,000 files of 4 KiB", seconds, 0.6),
    "many disk": ("extra disk", mebibytes, None),
    "many memory": ("peak memory", mebibytes, None),
    "changed": ("again, 1 file changed", seconds, 0.12),
    "changed disk": ("extra disk", mebibytes, None),
    "changed files": ("files more in the store", count, 1),
    "many out": ("the 10,000 out again", seconds, None),
    "hundred": ("100,000 files of 1 KiB", seconds, None),
    "hundred again": ("again, unchanged", seconds, None),
    "hundred memory": ("peak memory", mebibytes, None),
    "large": ("one file of 1 GiB", seconds, 1.2),
    "large disk": ("extra disk", mebibytes, None),
    "large memory": ("peak memory", mebibytes, None),
    "large again": ("the same again", seconds, 0.005),
    "large out": ("out again", seconds, None),
    "series": (f"{SERIES} checkpoints, frozen backbone: disk", mebibytes, None),
    "series part": ("that, as times the changed tensors", lambda v: f"{v:.2f}", 1.2),
    "typical": ("ancestors of a version, 100,000 runs, 300,000 edges", seconds, 0.001),
    "worst": ("of the one with the most", seconds, 0.25),
    "forward": ("descendants of the one with the most", seconds, None),
}


class Bench:
    """Runs steps and collects what they took."""

    def __init__(self, place: Path, tools: list[str]) -> None:
        self.place = place
        self.tools = tools
        self.samples: dict[tuple[str, str], list[float]] = defaultdict(list)

    def note(self, row: str, tool: str, value: float) -> None:
        self.samples[row, tool].append(value)
        print(f"  {tool:8} {ROWS[row][0]:52} {ROWS[row][1](value)}", flush=True)

    def turns(self, repeats: int) -> Iterator[str]:
        for turn in range(repeats):
            shift = turn % len(self.tools)
            yield from (*self.tools[shift:], *self.tools[:shift])

    def used_once(self, tool: str) -> tuple[Path, Path]:
        """A folder in which the tool was used once, and the folder in it for what is kept."""
        folder = self.place / f"work-{tool}"
        shutil.rmtree(folder, ignore_errors=True)
        inputs = folder / "inputs"
        inputs.mkdir(parents=True)
        (folder / "artnb.toml").touch()
        (inputs / "first").write_bytes(os.urandom(4096))
        self.step(tool, "keep", folder, inputs / "first")
        return folder, inputs

    def step(self, tool: str, step: str, folder: Path, path: Path, *more: Path) -> dict:
        os.sync()  # what went before is not this one's to write
        done = subprocess.run(
            [sys.executable, str(HERE / "worker.py"), tool, step, str(path), *map(str, more)],
            cwd=folder,
            env=environment(tool, folder),
            capture_output=True,
            text=True,
            timeout=STEP_SECONDS,
        )
        if done.returncode:
            raise SystemExit(f"{tool}, {step}:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
        # Libraries print too, and some still after their last line.
        line = next(line for line in done.stdout.splitlines() if line.startswith('{"seconds"'))
        return json.loads(line)

    def keep(self, row: str, tool: str, folder: Path, path: Path) -> None:
        before, files = disk(folder, path)
        took = self.step(tool, "keep", folder, path)
        after, files_after = disk(folder, path)
        self.note(row, tool, took["seconds"])
        for key, value in (
            ("disk", after - before),
            ("files", files_after - files),
            ("memory", took["memory"]),
        ):
            if f"{row} {key}" in ROWS:
                self.note(f"{row} {key}", tool, value)

    def give(self, row: str, tool: str, folder: Path, path: Path) -> None:
        if TOOLS[tool].give is not TOOLS["wandb"].give:  # whoever has no way back offline
            took = self.step(tool, "give", folder, path, folder / "out")
            self.note(row, tool, took["seconds"])

    # the measures -----------------------------------------------------------------------

    def many(self, tool: str) -> None:
        folder, inputs = self.used_once(tool)
        path = spread(inputs / "many", 10_000, 4096)
        self.keep("many", tool, folder, path)
        change(path / "050" / "05000.bin", 4096)
        self.keep("changed", tool, folder, path)
        self.give("many out", tool, folder, path)

    def hundred(self, tool: str) -> None:
        folder, inputs = self.used_once(tool)
        path = spread(inputs / "hundred", 100_000, 1024)
        self.keep("hundred", tool, folder, path)
        self.keep("hundred again", tool, folder, path)

    def large(self, tool: str) -> None:
        folder, inputs = self.used_once(tool)
        path = inputs / "large.bin"
        with path.open("wb") as stream:
            for _ in range(64):
                stream.write(os.urandom(16 * MIB))
        settle()
        self.keep("large", tool, folder, path)
        self.keep("large again", tool, folder, path)
        self.give("large out", tool, folder, path)

    def series(self, tool: str) -> None:
        folder, inputs = self.used_once(tool)
        path = inputs / "model.safetensors"
        frozen = checkpoints.tensors(layers=16, size=MIB, seed=0)
        before, _ = disk(folder, path)
        for _ in range(SERIES):
            content = {**frozen, "head": os.urandom(MIB), "bias": os.urandom(4096)}
            path.unlink(missing_ok=True)  # a link that was kept stays as it is
            checkpoints.write(path, content)
            self.step(tool, "keep", folder, path)
        taken = disk(folder, path)[0] - before
        self.note("series", tool, taken)
        self.note("series part", tool, taken / (16 * MIB + SERIES * (MIB + 4096)))

    def lineage(self) -> None:
        folder = self.place / "lineage"
        folder.mkdir(parents=True)
        done = subprocess.run(
            [sys.executable, str(HERE / "lineage.py"), str(folder)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"  {found['edges']:,} edges; {found['reached']:,} ancestors at most")
        print(f"  {found['descendants']:,} descendants at most")
        for row in ("typical", "worst", "forward"):
            self.note(row, "artnb", found[row])


def spread(folder: Path, number: int, size: int) -> Path:
    """Random files, a hundred in each folder, not touched lately."""
    for n in range(number):
        if n % 100 == 0:
            (folder / f"{n // 100:03}").mkdir(parents=True)
        (folder / f"{n // 100:03}" / f"{n:05}.bin").write_bytes(os.urandom(size))
    settle()
    return folder


def settle() -> None:
    """Wait until a file just written no longer counts as one that may still be written to."""
    os.sync()
    time.sleep(2.5)


def change(path: Path, size: int) -> None:
    # A new file in its place: a tool that linked the old one into its cache is not robbed.
    path.unlink()
    path.write_bytes(os.urandom(size))
    settle()


def environment(tool: str, folder: Path) -> dict[str, str]:
    """Everything that the tool writes lies below `folder`, so that its disk can be counted."""
    prefixes = ("ARTNB_", "WANDB_", "MLFLOW_", "TRACKIO_", "DVC_", "HF_", "XDG_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    # Not the nearest .artnb, for there may be one around a checkout.
    home = {
        "ARTNB_DIR": str(folder),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "TRACKIO_DIR": str(folder / "io"),
    }
    (folder / "tmp").mkdir(exist_ok=True)
    return {**kept, **home, **TOOLS[tool].environ}


def disk(folder: Path, inputs: Path) -> tuple[int, int]:
    """Bytes that the files below `folder` occupy, each inode once, and how many; not the inputs."""
    own = {path.stat().st_ino for path in (inputs, *inputs.rglob("*")) if path.is_file()}
    seen: dict[tuple[int, int], int] = {}
    number = 0
    for path in folder.rglob("*"):
        if not path.is_symlink() and path.is_file() and not path.is_relative_to(inputs):
            stat = path.stat()
            number += 1
            if stat.st_ino not in own:
                seen[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return sum(seen.values()), number


def table(bench: Bench) -> str:
    heads = [TOOLS[name].title for name in bench.tools]
    lines = [f"| | {' | '.join(heads)} | goal |", "|---" * (len(heads) + 2) + "|"]
    for row, (title, write, goal) in ROWS.items():
        found = [bench.samples.get((row, name)) for name in bench.tools]
        if not any(found):
            continue
        cells = [write(statistics.median(values)) if values else "" for values in found]
        lines.append(f"| {title} | {' | '.join(cells)} | {verdict(bench, row, goal, write)} |")
    return "\n".join(lines)


def verdict(bench: Bench, row: str, goal: float | None, write: Callable[[float], str]) -> str:
    values = bench.samples.get((row, "artnb"))
    if goal is None or not values:
        return ""
    reached = statistics.median(values) <= goal
    return f"{'reached' if reached else 'missed'}: {write(goal)}"


def remote(place: Path) -> str:
    """The lines of remote stores, if they are measured here."""
    path = HERE / "remote.py"
    if not path.exists():
        return ""
    spec = importlib.util.spec_from_file_location("remote", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = [
        f"| {row} | {text} | {goal or ''} |" for row, (text, goal) in module.measure(place).items()
    ]
    return "\n".join(["", "| remote | | goal |", "|---|---|---|", *lines, ""])


def main() -> None:
    measures = ("many", "hundred", "large", "series", "lineage")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--only", nargs="+", choices=measures, default=measures)
    given = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    place = BUILD / "bench-store"
    shutil.rmtree(place, ignore_errors=True)
    bench = Bench(place, given.tools)
    try:
        for measure in given.only:
            if measure == "lineage":
                place.mkdir(parents=True, exist_ok=True)
                bench.lineage()
                continue
            once = measure in ("hundred", "series")
            for tool in bench.turns(1 if once else given.repeats):
                getattr(bench, measure)(tool)
                shutil.rmtree(place / f"work-{tool}", ignore_errors=True)
        more = remote(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    about = (
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"
    )
    figures = {f"{row}, {name}": values for (row, name), values in bench.samples.items()}
    (BUILD / "benchmarks-store.json").write_text(
        json.dumps({"machine": about, **figures}, indent=1)
    )
    text = f"{about}; medians.\n\n{table(bench)}\n{more}"
    (BUILD / "benchmarks-store.md").write_text(text)
    print(f"\n{text}")


if __name__ == "__main__":
    main()
