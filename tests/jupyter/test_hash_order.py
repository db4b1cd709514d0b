"""No order of a set decides: processes that hash otherwise save the same, and restore the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hash_cells import NOTEBOOKS

from artnb.jupyter.scanning import Leaves, scan

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """What the program says in processes of several hash seeds, by seed."""
    top, old, found = tmp_path_factory.mktemp("hashes"), [], {}
    for seed in ("0", "1", str(random.SystemRandom().randrange(2, 2**32))):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
            "ARTNB_DURABILITY": "none",
            "IPYTHONDIR": str(top / "ipython"),
        }
        environment.pop("ARTNB_PROJECT", None)
        new = str(top / f"of-{seed}")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(TESTS / "hash_cells.py"), new, *old],
            capture_output=True,
            text=True,
            env=environment,
            cwd=top,
        )
        assert done.returncode == 0, done.stderr
        found[seed] = json.loads(done.stdout.splitlines()[-1])
        old = [new]
    return found


def differences(one, other, path=""):
    """Yield where two parts of what the processes say differ."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        for key in one:
            yield from differences(one[key], other[key], f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}/{number}")
    elif one != other:
        yield f"{path}:\n{one}\n{other}"


@pytest.mark.parametrize("part", ["saved", "restored"])
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_all_processes_do_the_same(processes, part, name):
    """Bytes, manifests, records, texts and code; and values that share as they did."""
    (first, one), *others = [(s, each[part]) for s, each in processes.items() if part in each]
    for seed, other in others:
        found = list(differences(one[name], other[name]))
        assert not found, f"PYTHONHASHSEED={first} and {seed}: " + "\n".join(found[:5])


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_run_again_in_another_process_is_no_new_version(processes, name):
    for seed, each in processes.items():
        if "restored" in each:
            assert each["restored"][name]["new versions"] == [], f"PYTHONHASHSEED={seed}"


class Thing:
    def __init__(self, n, held):
        self.n, self.held = n, held


def test_what_a_set_holds_is_met_in_one_order():
    """That of a set of objects is by their addresses: another in each process, and for each set."""
    shared, arrays = [1], [np.arange(n) for n in range(9)]
    met = set()
    for seed in range(20):
        things = [Thing(n, shared if n < 3 else arrays[n]) for n in range(9)]
        np.random.default_rng(seed).shuffle(things)
        value = {"set": set(things), "twice": [frozenset(things)] * 2, "list": shared}
        found = scan(value, Leaves({}), ())
        met.add((found.mark, tuple(map(len, found.leaves.values()))))
    assert len(met) == 1
    assert next(iter(met))[0] is not None
