"""Child processes wait for what is being saved: they may ask for it, and cannot know that it comes.

What `fork` starts waits by itself (see `artnb.jupyter.saving`), other processes are announced by
Python's audit events. Those of multiprocessing's `spawn` and `forkserver` are not: while there are
saves, its `Process.start` waits.
"""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING, Any

from artnb.capture import listen, unlisten

if TYPE_CHECKING:
    from artnb.jupyter.saving import Job, Saver

__all__ = ["Children"]

_STARTS = frozenset((
    "os.exec", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn",
    "subprocess.Popen",
))  # fmt: skip

_SOON = 1.0
"""Seconds after which is said what is waited for; other threads wait no longer than that."""


class Children:
    """Holds back the start of child processes, from `watch` to `ignore`: while there are saves."""

    def __init__(self, saver: Saver) -> None:
        self._saver = saver

    def watch(self) -> None:
        """Begin."""
        listen(self._heard)
        if "multiprocessing.process" in sys.modules:
            _starts.hold_back(self)

    def watch_all(self) -> None:
        """Load multiprocessing, which the next cell may want; it takes 10 ms."""
        _starts.hold_back(self)

    def ignore(self) -> None:
        """End."""
        unlisten(self._heard)
        _starts.let_go(self)

    def wait(self) -> None:
        """Wait for what is being saved, unless the save itself starts the process."""
        if not self._saver.is_own_thread:
            self._wait(self._saver.waiting)

    def _heard(self, event: str, _: tuple[Any, ...]) -> None:
        if event in _STARTS:
            self.wait()

    def _wait(self, jobs: list[Job]) -> None:
        # A save may itself need a process that another thread starts, so only the notebook's waits
        # as long as it takes.
        is_main = threading.current_thread() is threading.main_thread()
        said = False
        for job in jobs:
            if job.ended.wait(_SOON):
                continue
            if not is_main:
                return
            if not said:
                said = True
                sys.stderr.write(
                    f"artnb: the process that starts here may ask for {job.title}, which is still "
                    "being saved, and so waits for it.\n"
                )
            job.ended.wait()


class _Starts:
    """Multiprocessing's ``Process.start``: as it is, or waiting for those who hold it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holding: tuple[Children, ...] = ()
        self._own: Any = None
        self._waiting: Any = None

    def hold_back(self, children: Children) -> None:
        from multiprocessing.process import BaseProcess

        with self._lock:
            if children in self._holding:
                return
            self._holding = (*self._holding, children)
            if len(self._holding) == 1:
                if self._own is not BaseProcess.start:
                    self._own = BaseProcess.start
                    self._waiting = self._wrapped(self._own)
                BaseProcess.start = self._waiting  # type: ignore[method-assign]

    def let_go(self, children: Children) -> None:
        with self._lock:
            held = bool(self._holding)
            self._holding = tuple(each for each in self._holding if each is not children)
            if held and not self._holding:
                from multiprocessing.process import BaseProcess

                if BaseProcess.start is self._waiting:  # else somebody has wrapped it meanwhile
                    BaseProcess.start = self._own  # type: ignore[method-assign]

    def _wrapped(self, own: Any) -> Any:
        @functools.wraps(own)
        def start(process: Any) -> None:
            for each in self._holding:
                each.wait()
            own(process)

        return start


_starts = _Starts()
