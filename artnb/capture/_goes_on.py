"""What goes on in a process: tasks of its loop, child processes, and what this thread is at."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

from artnb.capture.places import is_installed_file, is_package

__all__ = [
    "a_display_by_plotly",
    "a_library",
    "a_start_by_forkserver",
    "an_import",
    "children",
    "is_idle",
    "tasks",
]

_WAITS_FOR_WORK = ("concurrent.futures.thread", "_worker")
_KEEP_WATCH = frozenset(("IPython", "ipykernel", "tqdm", "zmq"))
"""Packages whose threads are the kernel's or a progress bar's."""

_SHELL = "/IPython/core/interactiveshell.py"
_OURS = f"{Path(__file__).parents[1]}/"


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


def an_import() -> bool:
    """Return whether this thread imports, or looks for what is installed: it reads code."""
    return any(
        frame.f_code.co_filename.startswith("<frozen importlib")
        or frame.f_globals.get("__name__") == "importlib.metadata"
        for frame in _frames()
    )


def is_idle(thread: threading.Thread) -> bool:
    """Return whether a thread waits for work (a pool's, a loop's), or watches progress bars."""
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return True
    if type(thread).__module__.partition(".")[0] in _KEEP_WATCH:
        return True
    if (frame.f_globals.get("__name__"), frame.f_code.co_name) == _WAITS_FOR_WORK:
        return True
    return frame.f_globals.get("__name__") == "selectors" and not _tasks_of(frame)


def _tasks_of(frame: types.FrameType) -> bool:
    """Return whether the loop that waits in a frame has tasks; also where there is no loop."""
    while (outer := frame.f_back) is not None:
        frame = outer
        if frame.f_globals.get("__name__") == "asyncio.base_events":
            loop = frame.f_locals.get("self")
            try:
                return loop is None or bool(sys.modules["asyncio"].all_tasks(loop))
            except RuntimeError:  # it goes on meanwhile
                return True
    return True


def a_library() -> bool:
    """Return whether this thread does what an installed package asks of it.

    Python's own modules do what others ask of them, and so does the `open` of IPython.
    """
    names = (frame.f_code.co_filename for frame in _frames())
    asking = (
        name
        for name in names
        if not name.startswith(_OURS)
        and not name.endswith(_SHELL)
        and (is_package(name) or not is_installed_file(name))
    )
    return is_package(next(asking, ""))


def a_start_by_forkserver() -> bool:
    """Return whether this thread has multiprocessing start a process, the way of Python 3.14."""
    server = "multiprocessing.forkserver"
    return any(frame.f_globals.get("__name__") == server for frame in _frames())


def a_display_by_plotly() -> bool:
    """Return whether this thread has Plotly find out which program shows its figures.

    For that it asks the system about its own process's parent.
    """
    return any(frame.f_globals.get("__name__") == "plotly.io._renderers" for frame in _frames())


def _frames() -> Iterator[types.FrameType]:
    frame = sys._getframe().f_back
    while frame is not None:
        yield frame
        frame = frame.f_back
