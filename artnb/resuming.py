"""Whether a run may be gone on with, and what its record is then."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from artnb.environment import HOST, describe_environment
from artnb.model import RunRecord
from artnb.store.staging import process_alive

__all__ = ["begun_again", "why_still_open"]

_SILENT_SECONDS = 300.0
"""After which a run of another machine, whose processes cannot be asked, is taken for ended."""

_OF_THE_END = ("error", "preempting")


def why_still_open(run: RunRecord, here: bool) -> str | None:
    """Return where a running run is open, or None if its process has ended.

    Parameters
    ----------
    here : bool
        Whether this process opened it. Its id alone does not tell: a container that starts
        anew has the same.
    """
    if run.host != HOST:
        silent = time.time() - (run.heartbeat_at or 0.0)
        if silent > _SILENT_SECONDS or run.outputs.get("preempting"):
            return None
        return (
            f"on {run.host}, which wrote {silent:.0f} s ago. Without another word it may be "
            f"resumed in {_SILENT_SECONDS - silent:.0f} s"
        )
    if run.pid == os.getpid():
        return "in this process" if here else None
    if run.pid is not None and process_alive(run.pid):
        return f"in process {run.pid}"
    return None


def begun_again(run: RunRecord, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes of a run's record when it goes on in this process."""
    now = time.time()
    part = {
        "at": now, "after": run.finished_at, "state": run.state, "host": run.host,
        "git_commit": run.git_commit,
    }  # fmt: skip
    if changes.get("code") not in (None, run.code):
        part["code"] = run.code  # what it ran until then
    outputs = {key: value for key, value in run.outputs.items() if key not in _OF_THE_END}
    return {
        **changes,
        "state": "running",
        "finished_at": None,
        "heartbeat_at": now,
        "host": HOST,
        "pid": os.getpid(),
        "environment": {**run.environment, **describe_environment()},
        "outputs": {**outputs, "resumed": [*run.outputs.get("resumed", ()), part]},
    }
