"""What a version costs while many processes log versions of one name: the wait of each.

    python tests/benchmarks/writers.py [--processes 8] [--versions 200] [--kill]

On SQLite, and on PostgreSQL where it is installed. With ``--kill`` one of them is killed
every 50 ms, as in the test.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pytest
from many_writers import race
from services.postgres import started

GOAL_MS = 100


def measure(name: str, options: argparse.Namespace) -> None:
    """Let them write in a folder of their own, and print a line."""
    with (
        tempfile.TemporaryDirectory(prefix="artnb-writers-") as folder,
        contextlib.chdir(folder),
    ):
        latencies, kills = race(options.processes, options.versions, killing=options.kill)
    cuts = [cut * 1e3 for cut in statistics.quantiles(latencies, n=100)]
    met = "met" if cuts[98] < GOAL_MS else "not met"
    print(
        f"{name:12} {len(latencies):5} versions by {options.processes} processes, {kills} killed: "
        f"median {cuts[49]:.1f} ms, 90th percentile {cuts[89]:.1f}, 99th {cuts[98]:.1f} "
        f"(goal {GOAL_MS}: {met})",
        flush=True,
    )


def main() -> None:
    """Measure on both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--versions", type=int, default=200, help="of each process")
    parser.add_argument("--kill", action="store_true", help="one every 50 ms")
    options = parser.parse_args()
    measure("SQLite", options)
    try:
        with started() as server:
            os.environ["ARTNB_CATALOG"] = server.new_schema()
            measure("PostgreSQL", options)
    except pytest.skip.Exception as error:
        print(f"PostgreSQL   not measured: {error}")


if __name__ == "__main__":
    main()
