"""What watching a cell costs: CPU time added to it, beside other tools that do alike.

Each tool runs in a fresh process; a cell's cost is the median of its CPU time with the tool
less the median without, for CPU time hardly depends on what else the machine does. Tools that
are not installed are left out: ``pip install ipyflow kishu joblib marimo`` adds them.
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
from importlib import metadata
from pathlib import Path

REPEATS = int(os.environ.get("ARTNB_BENCH_REPEATS", "15"))
CASES = {
    # id: (set up, cell, goal in ms)
    "a trivial cell": ("x = 1", "y = x + 1", 0.5),
    "reads 100 MB of numpy": ("import numpy as np\nx = np.ones(12_500_000)", "y = x[0]", 30),
    "reads a tensor of 1 GB": ("import torch\nx = torch.ones(250_000_000)", "y = x[0].item()", 150),
    "reads a frame of 1,000,000 x 3": (
        "import numpy as np, pandas as pd\n"
        "x = pd.DataFrame(np.ones((1_000_000, 3)), columns=list('abc'))",
        "y = len(x)",
        40,
    ),
    "20 assignments": ("x = 1", "\n".join(f"v{n} = x + {n}" for n in range(20)), 1),
}
HIT = ("import numpy as np\nx = np.ones(12_500_000)", "y = float(x.sum())", 10)
TOOLS = ("nothing", "artnb", "ipyflow", "kishu")


def main() -> None:
    tools = [tool for tool in TOOLS if tool == "nothing" or importlib.util.find_spec(tool)]
    found = {tool: measured("cells", tool) for tool in tools}
    alone = measured("watching", "artnb")
    hits = {tool: measured("hit", tool) for tool in ("artnb", "joblib", "marimo")
            if importlib.util.find_spec(tool)}  # fmt: skip
    shown = [tool for tool in tools if tool != "nothing"]
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores; ms of CPU time added, "
          f"median of {REPEATS}\n")  # fmt: skip
    print(
        "| | goal | artnb, watching alone | "
        + " | ".join(f"{tool} {version(tool)}" for tool in shown)
        + " |"
    )
    print("|---" * (len(shown) + 3) + "|")
    for case, (_, _, goal) in CASES.items():
        plain = found["nothing"].get(case, 0.0)
        cells = [
            f"{found[tool][case] - plain:.2f}" if case in found[tool] else "–" for tool in shown
        ]
        print(f"| {case} | {goal} | {alone[case]:.2f} | {' | '.join(cells)} |")
    print("\n| a hit with an input of 100 MB | goal | " + " | ".join(
        f"{tool} {version(tool)}" for tool in hits) + " |")  # fmt: skip
    print("|---" * (len(hits) + 2) + "|")
    print("| whole, with reading the input | " + str(HIT[2]) + " + reading | " + " | ".join(
        f"{each.get('hit', float('nan')):.1f}" for each in hits.values()) + " |")  # fmt: skip
    print(f"\nReading the input (its fingerprint): {hits['artnb']['reading']:.1f} ms.")


def version(tool: str) -> str:
    try:
        return metadata.version(tool)
    except metadata.PackageNotFoundError:
        return ""


def measured(what: str, tool: str) -> dict[str, float]:
    """Return the figures of one tool, from a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ARTNB_DIR": folder, "IPYTHONDIR": f"{folder}/.ipython",
               "ARTNB_BACKGROUND": "1"}  # fmt: skip
        ran = subprocess.run([sys.executable, str(Path(__file__).resolve()), what, tool],
                             cwd=folder, env=env, capture_output=True, text=True)  # fmt: skip
    if ran.returncode:
        print(f"{tool} failed: {ran.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


# -- in the process of one tool


def shell(tool: str):
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    if tool == "ipyflow":
        from ipyflow.shell.interactiveshell import IPyflowInteractiveShell as InteractiveShell
    made = InteractiveShell.instance(config=config)
    if tool == "artnb":
        made.run_cell("%load_ext artnb")
    elif tool == "kishu":
        made.run_cell("%load_ext kishu")
    return made


def quietly(made, cell: str) -> float:
    """Return the milliseconds of CPU time that a cell takes."""
    out, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        begin = time.process_time()
        result = made.run_cell(cell, store_history=True)
        spent = time.process_time() - begin
    finally:
        sys.stdout = out
    result.raise_error()
    return spent * 1e3


def cells(tool: str) -> dict[str, float]:
    made, found = shell(tool), {}
    for number, (case, (before, cell, _)) in enumerate(CASES.items()):
        quietly(made, before)
        head = f"%%artifact c{number}\n" if tool == "artnb" else ""
        spent = [quietly(made, head + cell) for _ in range(REPEATS)]
        found[case] = statistics.median(spent)
        quietly(made, "del x, y" if "y =" in cell else "del x")
    return found


def watching(tool: str) -> dict[str, float]:
    """Return what watching costs by itself: nothing is recorded."""
    import ast

    from artnb.capture import FileWatcher, Recorder

    made, watcher, found = shell("nothing"), FileWatcher(), {}
    for case, (before, cell, _) in CASES.items():
        quietly(made, before)
        spent = []
        for _ in range(REPEATS):
            begin = time.process_time()
            recorder = Recorder(made.user_ns, hidden=made.user_ns_hidden.keys())
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
        print(
            json.dumps({"cells": cells, "hit": hit, "watching": watching}[sys.argv[1]](sys.argv[2]))
        )
    else:
        main()
