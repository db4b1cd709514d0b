"""Several files at once, given up as one; and one thing beside another."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from artnb.progress import Progress, Stopped

__all__ = ["beside", "each"]

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
    running = _Running()
    try:
        try:
            first = pool.submit(running.call, function, items[0])
        except RuntimeError:
            # The interpreter is ending and starts no thread any more; a save that waited until
            # now goes on in its own.
            return [function(item) for item in items]
        futures = [first, *(pool.submit(running.call, function, item) for item in items[1:])]
        results = [future.result() for future in futures]
    except BaseException:
        if progress is not None:
            progress.stop()
        # An interrupt may come while the pool starts a thread, which it then does not wait for.
        running.end()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()
    return results


@contextmanager
def beside(function: Callable[[], R]) -> Iterator[Callable[[], R]]:
    """Call a function in another thread while the block runs; yield what returns its result.

    For what leaves the interpreter to others while it works: a database's long answer. It has
    ended when the block has, whatever happened there.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="artnb-beside")
    try:
        try:
            future = pool.submit(function)
        except RuntimeError:  # the interpreter is ending, as above
            yield function
        else:
            yield future.result
    finally:
        pool.shutdown()


class _Running:
    """Knows how many calls are at work, and can let no other begin."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._ended = False

    def call(self, function: Callable[[T], R], item: T) -> R:
        """Return what `function` gives; Stopped if none is to begin any more."""
        with self._changed:
            if self._ended:
                raise Stopped
            self._count += 1
        try:
            return function(item)
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def end(self) -> None:
        """Let no call begin, and return when those at work have ended."""
        with self._changed:
            self._ended = True
            self._changed.wait_for(lambda: self._count == 0)
