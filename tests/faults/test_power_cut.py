"""The power is cut while versions are logged: nothing that was acknowledged is lost.

Needs root and loop devices; elsewhere these tests are skipped. The mutants prove the test:
each leaves out one step of artnb's care, and must be caught.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("power.py")
CYCLES = 1_000 if os.environ.get("ARTNB_STRESS") else 100
MUTANT_CYCLES = 400
MEMORY = Path("/dev/shm")
MUTANTS = [
    "no_file_fsync",
    "no_fsync",
    "no_folder_fsync",
    "normal",
    "catalogue_before_bytes",
    "unchecked_syncfs",
]


@pytest.fixture(params=["ext4", "xfs"])
def filesystem(request):
    if problem := why_not(request.param):
        pytest.skip(problem)
    return request.param


def why_not(kind: str) -> str | None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "only root may mount an image"
    if shutil.which(f"mkfs.{kind}") is None:
        return f"mkfs.{kind} is not installed: make services"
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image")
        with open(image, "wb") as stream:
            stream.truncate(8 << 20)
        script = f"mkfs.ext4 -q {image} && mount -o loop {image} {folder}"
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True)
    return f"images cannot be mounted here: {done.stderr.strip()}" if done.returncode else None


def cut(filesystem: str, mutant: str, cycles: int, seed: int = 1) -> dict:
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 1 << 30
    base = MEMORY if roomy else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        command = [str(PROGRAM), folder, filesystem, mutant, str(cycles), str(seed)]
        done = subprocess.run(
            ["unshare", "-m", sys.executable, *command], capture_output=True, text=True, timeout=500
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_was_acknowledged_outlives_the_power(filesystem):
    result = cut(filesystem, "none", CYCLES)
    assert result == {"cycles": CYCLES, "failures": []}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_less_care_is_caught(filesystem, mutant):
    result = cut(filesystem, mutant, MUTANT_CYCLES)
    assert result["failures"], f"{mutant} went through {result['cycles']} cuts unnoticed"
