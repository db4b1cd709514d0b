"""No order of a set decides: processes that hash otherwise save the same, and restore the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
from hash_cells import NOTEBOOKS

from artnb.jupyter.scanning import Leaves, scan

TESTS = Path(__file__).parents[1]


def processes(top):
    """Return what the program says in processes of several hash seeds, by seed."""
    old, found = [], {}
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


def test_processes_that_hash_otherwise_do_the_same(tmp_path):
    """Bytes, manifests, records, texts and code; values that share again; and no new version.

    One test, for the processes take seconds.
    """
    found = processes(tmp_path)
    for part in ("saved", "restored"):
        (first, one), *others = [(s, each[part]) for s, each in found.items() if part in each]
        for seed, other in others:
            unlike = list(differences(one, other))
            assert not unlike, f"PYTHONHASHSEED={first} and {seed}: " + "\n".join(unlike[:5])
        assert list(one) == list(NOTEBOOKS)
    assert not any(each["new versions"] for each in one.values())


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
