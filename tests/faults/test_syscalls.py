"""Killed, or refused, at each system call that changes a file: nothing is lost, all is said.

See `syscalls.py`. Needs strace, on Linux; elsewhere skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("syscalls.py")
MEMORY = Path("/dev/shm")
LEAST = {"log": 150, "download": 40, "gc": 40}


def why_not() -> str | None:
    if shutil.which("strace") is None:
        return "strace is not installed: make services"
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return f"strace may not trace here: {done.stderr.strip()}" if done.returncode else None


def spoil(operation: str, fault: str) -> dict:
    if problem := why_not():
        pytest.skip(problem)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        done = subprocess.run(
            [sys.executable, str(PROGRAM), folder, operation, fault],
            capture_output=True,
            text=True,
            timeout=580,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("operation", ["log", "download", "gc"])
def test_killed_anywhere_nothing_is_lost(operation):
    result = spoil(operation, "kill")
    assert result["failures"] == []
    assert result["outcomes"] == {"killed": result["points"]}
    assert result["points"] > LEAST[operation]


@pytest.mark.parametrize("fault", ["ENOSPC", "EIO", "EINTR"])
@pytest.mark.parametrize("operation", ["log", "download", "gc"])
def test_refused_anywhere_it_is_said_and_nothing_is_lost(operation, fault):
    result = spoil(operation, fault)
    assert result["failures"] == []
    assert result["outcomes"].get("done", 0) > 0
