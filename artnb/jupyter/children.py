"""Child processes wait for what is being saved: they may ask for it, and cannot know that it comes.

What `fork` starts waits by itself (see `artnb.jupyter.saving`). Not seen are the processes of
multiprocessing's `spawn` and `forkserver`, which Python starts without a word.
"""

from __future__ import annotations

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
    """Holds back the start of child processes, from `watch` to `ignore`, while there are saves."""

    def __init__(self, saver: Saver) -> None:
        self._saver = saver

    def watch(self) -> None:
        """Begin."""
        listen(self._heard)

    def ignore(self) -> None:
        """End."""
        unlisten(self._heard)

    def _heard(self, event: str, _: tuple[Any, ...]) -> None:
        if event in _STARTS and not self._saver.is_own_thread:
            self._wait(self._saver.waiting)

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
