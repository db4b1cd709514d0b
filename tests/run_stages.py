"""``make test``: run each stage, time it, and sum up. Needs only the standard library.

A stage is a make target. What prepares must succeed; of the rest all run, so that one
look shows everything that is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

# js beside env: npm waits for the network while pip unpacks.
PREPARE = (
    ("install", ("-j2", "env", "js")),
    ("chromium", ("chromium",)),
    ("services", ("services",)),
)
CHECK = ("lint", "types", "layers", "unit", "remote", "vitest", "nbval", "browser")


def run(name: str, targets: tuple[str, ...]) -> tuple[str, bool, float]:
    """Make `targets`; return the stage's name, whether it succeeded, and its seconds."""
    print(f"\n=== {name}", flush=True)
    # A surrounding make's job server is not ours to use.
    env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS")}
    start = time.monotonic()
    code = subprocess.run(["make", "--no-print-directory", *targets], env=env).returncode
    seconds = time.monotonic() - start
    print(f"=== {name}: {'ok' if code == 0 else 'FAILED'} in {seconds:.1f} s", flush=True)
    return name, code == 0, seconds


def main() -> int:
    results = []
    for name, targets in PREPARE:
        results.append(run(name, targets))
        if not results[-1][1]:
            break
    else:
        results += [run(name, (name,)) for name in CHECK]
    print("\n=== summary")
    for name, good, seconds in results:
        print(f"{name:10} {'ok' if good else 'FAILED':6} {seconds:7.1f} s")
    print(f"{'total':10} {'':6} {sum(seconds for *_, seconds in results):7.1f} s", flush=True)
    return 0 if all(good for _, good, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
