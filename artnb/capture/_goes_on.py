"""What goes on in a process beside its threads: tasks of its loop, and child processes."""

from __future__ import annotations

import sys

__all__ = ["children", "tasks"]


def tasks() -> set[int]:
    """Return what stands for the tasks of the loop that is running."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return set()
    try:
        return {id(task) for task in asyncio.all_tasks()}
    except RuntimeError:  # no loop is running
        return set()


def children() -> tuple[float, ...]:
    """Return what ended children have used: it differs once there was another."""
    try:
        import resource
    except ImportError:  # Windows
        return ()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime, used.ru_stime, used.ru_minflt)
