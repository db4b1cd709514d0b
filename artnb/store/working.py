"""Several files at once, given up as one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from artnb.progress import Progress

__all__ = ["each"]

T = TypeVar("T")
R = TypeVar("R")

_WORKERS = 4


def each(
    function: Callable[[T], R],
    items: Sequence[T],
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> list[R]:
    """Return what `function` gives for each item, in order; several run at once.

    If one fails, or the person interrupts, those that wait do not begin, and those that run
    have ended when the error is raised.

    Parameters
    ----------
    workers : int
        How many at once; 0: as many as suits a local disk.
    progress : Progress, optional
        What the workers advance: by it they learn that they are to stop.
    """
    count = min(workers or min(_WORKERS, os.cpu_count() or 1), len(items))
    if count <= 1:
        return [function(item) for item in items]
    pool = ThreadPoolExecutor(count, thread_name_prefix="artnb-work")
    try:
        futures = [pool.submit(function, item) for item in items]
        results = [future.result() for future in futures]
    except BaseException:
        if progress is not None:
            progress.stop()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results
