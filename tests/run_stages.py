"""``make test``: run each stage, time it, and sum up. Needs only the standard library.

A stage is a make target. What prepares must succeed; of the rest all run, so that one
look shows everything that is wrong. Those that keep one core busy run two at a time; what
they print is shown when they end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

# js beside env: npm waits for the network while pip unpacks.
PREPARE = (
    ("install", ("-j2", "env", "js")),
    ("chromium", ("chromium",)),
    ("services", ("services",)),
)
# A surrounding make's job server is not ours to use; and where compiled modules are not kept,
# each of some hundred processes compiles artnb anew.
NOT_PASSED_ON = ("MAKEFLAGS", "MFLAGS", "PYTHONDONTWRITEBYTECODE")
# The longest first, so that the other ends with it.
BESIDE = ("nbval", "remote", "vitest", "types", "layers", "lint")
ALONE = ("unit", "browser")


def run(name: str, targets: tuple[str, ...], beside: bool = False) -> tuple[str, bool, float]:
    """Make `targets`; return the stage's name, whether it succeeded, and its seconds."""
    title = f"\n=== {name}"
    if not beside:
        print(title, flush=True)
    env = {key: value for key, value in os.environ.items() if key not in NOT_PASSED_ON}
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--no-print-directory", *targets],
        env=env,
        stdout=subprocess.PIPE if beside else None,
        stderr=subprocess.STDOUT if beside else None,
    )
    seconds = time.monotonic() - start
    said = f"{title}\n{done.stdout.decode(errors='replace')}" if beside else ""
    good = done.returncode == 0
    # In one piece: another stage may end at the same moment.
    print(
        f"{said}=== {name}: {'ok' if good else 'FAILED'} in {seconds:.1f} s\n", end="", flush=True
    )
    return name, good, seconds


def check() -> list[tuple[str, bool, float]]:
    """Run all stages that check something."""
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name: run(name, (name,), beside=True), BESIDE))
    return results + [run(name, (name,)) for name in ALONE]


def main() -> int:
    start = time.monotonic()
    results = []
    for name, targets in PREPARE:
        results.append(run(name, targets))
        if not results[-1][1]:
            break
    else:
        results += check()
    print("\n=== summary")
    for name, good, seconds in results:
        print(f"{name:10} {'ok' if good else 'FAILED':6} {seconds:7.1f} s")
    print(f"{'total':10} {'':6} {time.monotonic() - start:7.1f} s", flush=True)
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
