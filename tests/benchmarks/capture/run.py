"""What a cell costs with artnb: CPU time added to it, beside other tools that do alike.

Each tool runs in a real kernel of its own (`kernel.py`); a cell's cost is the median of its
CPU time with the tool less the median without, in the same environment, for CPU time hardly
depends on what else the machine does. `make bench-capture` makes an environment for each
peer, for they bring an IPython of theirs; what cannot be installed is named.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from kernel import CASES, SETTLED

REPEATS = int(os.environ.get("ARTNB_BENCH_REPEATS", "15"))
PEER_REPEATS = min(REPEATS, 5)
"""Of tools that write a tensor of 1 GB anew each time."""

PEERS = ("ipyflow", "kishu")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HIT = ("import numpy as np\nx = np.ones(12_500_000)", "y = float(x.sum())", 10)


def main() -> None:
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores; ms of CPU time added, "
          f"median of {REPEATS} ({PEER_REPEATS} of the peers)\n")  # fmt: skip
    cells()
    hits()


def cells() -> None:
    """Print what each tool adds to each cell."""
    alone, after_another = (in_process(what, "artnb") for what in ("watching", "recorded"))
    columns = {f"artnb {version('artnb')}, a page's cell": added(sys.executable, "artnb"),
               "artnb, a program's cell": added(sys.executable, "artnb as a program")}  # fmt: skip
    for peer in PEERS:
        python = ROOT / f".venv-bench-{peer}/bin/python"
        name = installed(python, peer)
        if name is None:
            print(f"{peer} is left out, for it could not be installed: {reason(peer)}\n")
        else:
            columns[name] = added(str(python), peer)
    print("In a kernel: the main thread until the prompt / all threads until all is saved.\n")
    print("| | goal | artnb, watching alone | artnb, cell after cell in one shell | "
          + " | ".join(columns) + " |")  # fmt: skip
    print("|---" * (len(columns) + 4) + "|")
    for case, (*_, goal) in CASES.items():
        told = [f"{cost[case]['main']:.1f} / {cost[case]['all']:.1f}" if cost else "failed"
                for cost in columns.values()]  # fmt: skip
        here = f"{alone[case]:.2f} | {after_another[case]:.2f}"
        print(f"| {case} | {goal} | {here} | {' | '.join(told)} |")


def added(python: str, tool: str) -> dict[str, dict[str, float]]:
    """Return what a tool adds to each case; empty if it failed."""
    repeats = PEER_REPEATS if tool in PEERS else REPEATS
    plain, found = in_kernel(python, "nothing", repeats), in_kernel(python, tool, repeats)
    if not (plain and found):
        return {}
    return {
        case: {what: found[case][what] - plain[case][what] for what in found[case]}
        for case in found
    }


def in_kernel(python: str, tool: str, repeats: int) -> dict[str, dict[str, float]]:
    """Return the figures of one tool in a kernel of a Python."""
    ran = subprocess.run([python, str(HERE / "kernel.py"), tool, str(repeats)],
                         capture_output=True, text=True)  # fmt: skip
    return figures(tool, ran)


def figures(tool: str, ran: subprocess.CompletedProcess[str]) -> dict:
    if ran.returncode:
        print(f"{tool} failed: {ran.stderr.strip().splitlines()[-1:]}\n")
        return {}
    return json.loads(ran.stdout.strip().splitlines()[-1])


def installed(python: Path, peer: str) -> str | None:
    """Return the name and version of a peer that an environment can import, or None."""
    code = f"import {peer}; from importlib.metadata import version; print(version('{peer}'))"
    try:
        ran = subprocess.run([python, "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return f"{peer} {ran.stdout.split()[-1]}" if ran.returncode == 0 else None


def reason(peer: str) -> str:
    """Return what pip said."""
    log = ROOT / f".venv-bench-{peer}/pip.log"
    if not log.exists():
        return "`make bench-capture` installs it."
    lines = log.read_text("utf-8").splitlines()
    errors = [line for line in lines if "error" in line.lower()]
    return f"{' '.join((errors or lines)[-1:])} (all of it: {log.relative_to(ROOT)})"


def hits() -> None:
    """Print what a hit costs with an input of 100 MB."""
    found = {tool: in_process("hit", tool) for tool in ("artnb", "joblib", "marimo")
             if importlib.util.find_spec(tool)}  # fmt: skip
    print("\n| a hit with an input of 100 MB | goal | " + " | ".join(
        f"{tool} {version(tool)}" for tool in found) + " |")  # fmt: skip
    print("|---" * (len(found) + 2) + "|")
    print("| whole, with reading the input | " + str(HIT[2]) + " + reading | " + " | ".join(
        f"{each.get('hit', float('nan')):.1f}" for each in found.values()) + " |")  # fmt: skip
    print(f"\nReading the input (its fingerprint): {found['artnb']['reading']:.1f} ms.")


def version(tool: str) -> str:
    try:
        return metadata.version(tool)
    except metadata.PackageNotFoundError:
        return ""


def in_process(what: str, tool: str) -> dict[str, float]:
    """Return the figures of one tool, from a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ARTNB_DIR": folder, "IPYTHONDIR": f"{folder}/.ipython"}
        ran = subprocess.run([sys.executable, str(Path(__file__).resolve()), what, tool],
                             cwd=folder, env=env, capture_output=True, text=True)  # fmt: skip
    return figures(tool, ran)


# -- in the process of one tool


def shell(tool: str):
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell.instance(config=config)
    if tool == "artnb":
        made.run_cell("%load_ext artnb")
    return made


def quietly(made, cell: str, clock: Callable[[], float] = time.process_time) -> float:
    """Return the milliseconds of CPU time that a cell takes."""
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        begin = clock()
        result = made.run_cell(cell, store_history=True)
        spent = clock() - begin
    finally:
        sys.stdout = out
    result.raise_error()
    return spent * 1e3


def watching(tool: str) -> dict[str, float]:
    """Return what watching costs by itself: nothing is recorded."""
    import ast

    from artnb.capture import FileWatcher, Recorder, Roster

    made, watcher, found = shell("nothing"), FileWatcher(), {}
    roster = Roster(made.user_ns, made.user_ns_hidden)
    for case, (before, _, cell, _) in CASES.items():
        quietly(made, before)
        spent = []
        for _ in range(REPEATS):
            begin = time.process_time()
            recorder = Recorder(made.user_ns, roster=roster)
            recorder.open(ast.parse(cell))
            watcher.start(os.getcwd())
            opened = time.process_time()
            exec(cell, made.user_ns)
            ran = time.process_time()
            watcher.stop()
            recorder.close()
            spent.append((opened - begin + time.process_time() - ran) * 1e3)
        found[case] = statistics.median(spent)
    watcher.close()
    return found


def recorded(tool: str) -> dict[str, float]:
    """Return what a recorded cell adds to the main thread, where cells follow each other.

    As in a page's kernel what is small is saved in the background; but the processor does not
    rest between the cells, after which all of them, bare ones too, take several times as long.
    """
    made, found = shell(tool), {}
    type(made).kernel = None  # what a page's shell has
    os.environ["ARTNB_BACKGROUND"] = "1"
    settle = made._artnb_extension.session.saver.settle
    for case, (once, before, cell, _) in CASES.items():
        head = "%%artifact " + "".join(filter(str.isalnum, case)) + "\n"
        quietly(made, once)
        quietly(made, head + cell)
        time.sleep(SETTLED)
        bare, whole = [], []
        for n in range(REPEATS):
            quietly(made, before.format(n=2 * n))
            bare.append(quietly(made, cell, time.thread_time))
            quietly(made, before.format(n=2 * n + 1))
            whole.append(quietly(made, head + cell, time.thread_time))
            settle()
        found[case] = statistics.median(whole) - statistics.median(bare)
    return found


def hit(tool: str) -> dict[str, float]:
    before, cell, _ = HIT
    if tool == "artnb":
        from artnb.capture import fingerprint

        made = shell(tool)
        quietly(made, before)
        quietly(made, f"%%artifact hit --cache\n{cell}")
        spent = [quietly(made, f"%%artifact hit --cache\n{cell}") for _ in range(REPEATS)]
        run = made.run_cell("import artnb; artnb.Api()").success
        assert run
        reading = []
        for _ in range(REPEATS):
            begin = time.process_time()
            fingerprint(made.user_ns["x"])
            reading.append((time.process_time() - begin) * 1e3)
        return {"hit": statistics.median(spent), "reading": statistics.median(reading)}
    import numpy as np

    x = np.ones(12_500_000)
    if tool == "joblib":
        import joblib

        call = joblib.Memory("joblib", verbose=0).cache(lambda_of_x)
    else:
        import marimo

        call = marimo.persistent_cache(lambda_of_x, save_path="marimo")
    call(x)
    spent = []
    for _ in range(REPEATS):
        begin = time.process_time()
        call(x)
        spent.append((time.process_time() - begin) * 1e3)
    return {"hit": statistics.median(spent)}


def lambda_of_x(x):
    return float(x.sum())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure = {"hit": hit, "recorded": recorded, "watching": watching}[sys.argv[1]]
        print(json.dumps(measure(sys.argv[2])))
    else:
        main()
