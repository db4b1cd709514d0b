"""``make test``: run each stage, time it, and sum up. Needs only the standard library.

A stage is a make target. It begins when those that it needs have succeeded; where one of
them fails it is not run. All others run, so that one look shows everything that is wrong.
Two run at a time, for most wait half of theirs, and show what they print when they end;
pages and their kernels want the machine for themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

LANES = 2
# A surrounding make's job server is not ours to use; and where compiled modules are not kept,
# each of some hundred processes compiles artnb anew.
NOT_PASSED_ON = ("MAKEFLAGS", "MFLAGS", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Stage:
    """A make target, the stages that it needs, and whether nothing else runs meanwhile."""

    name: str
    needs: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True)
class Result:
    """How a stage ended: ``ok``, ``FAILED``, or ``not run``; and after how many seconds."""

    name: str
    state: str
    seconds: float = 0.0


# In the order in which they begin where more than one can: what prepares, then the longest.
STAGES = (
    Stage("env"),
    Stage("services"),
    Stage("js"),
    Stage("vitest", ("js",)),
    Stage("chromium", ("env", "services")),  # apt-get serves one at a time
    Stage("remote", ("env", "services")),
    Stage("nbval", ("env", "js")),
    Stage("types", ("env", "js")),
    Stage("layers", ("env",)),
    Stage("lint", ("env",)),
    Stage("unit", ("env", "js")),
    Stage("browser", ("env", "js", "chromium"), alone=True),
)


def run(stage: Stage) -> Result:
    """Make the stage's target."""
    title = f"\n=== {stage.name}\n"
    # In one piece: another stage may begin or end at the same moment.
    print(title if stage.alone else f"... {stage.name} begins\n", end="", flush=True)
    env = {key: value for key, value in os.environ.items() if key not in NOT_PASSED_ON}
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--no-print-directory", stage.name],
        env=env,
        stdout=None if stage.alone else subprocess.PIPE,
        stderr=None if stage.alone else subprocess.STDOUT,
    )
    seconds = time.monotonic() - start
    said = "" if stage.alone else f"{title}{done.stdout.decode(errors='replace')}"
    state = "FAILED" if done.returncode else "ok"
    print(f"{said}=== {stage.name}: {state} in {seconds:.1f} s\n", end="", flush=True)
    return Result(stage.name, state, seconds)


def run_all() -> list[Result]:
    """Run the stages, each as soon as it may."""
    waiting = list(STAGES)
    running: dict[Future[Result], Stage] = {}
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(LANES) as pool:
        while waiting or running:
            for stage in list(waiting):
                states = {results[name].state for name in stage.needs if name in results}
                if states - {"ok"}:
                    results[stage.name] = Result(stage.name, "not run")
                elif fits(stage, list(running.values())) and results.keys() >= set(stage.needs):
                    running[pool.submit(run, stage)] = stage
                else:
                    continue
                waiting.remove(stage)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                results[result.name] = result
                del running[future]
    return [results[stage.name] for stage in STAGES]


def fits(stage: Stage, running: list[Stage]) -> bool:
    """Return whether a stage may run beside those that do."""
    if not running:
        return True
    return len(running) < LANES and not stage.alone and not any(other.alone for other in running)


def main() -> int:
    start = time.monotonic()
    results = run_all()
    print("\n=== summary")
    for result in results:
        print(f"{result.name:10} {result.state:7} {result.seconds:7.1f} s")
    print(f"{'total':10} {'':7} {time.monotonic() - start:7.1f} s", flush=True)
    return 0 if all(result.state == "ok" for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
