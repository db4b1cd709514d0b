"""What is printed elsewhere than by this process's own Python, and told to it late or not at all.

Text that C code or a child process writes to the descriptors comes by a thread of ipykernel's,
which may still be at it when the cell ends. A process that was **forked** prints by streams of its
own, copies of those that are watched: it leaves what it prints in a file that it has in common with
this one.
"""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from artnb import ownjson as json

__all__ = ["Forked", "settle_streams"]

_PAUSE = 0.001
_MOST_PAUSES = 200


def settle_streams(streams: list[Any]) -> None:
    """Wait until ipykernel has passed on what stands in the pipes behind the descriptors."""
    global _behind
    behind = _behind
    # To ask for the clock of a thread that has ended may crash.
    if behind is None or behind.streams != streams or not all(map(_is_alive, behind.readers)):
        behind = _behind = _Behind(streams)
    if not behind.readers:
        return
    # The pipes are looked at first: a reader that has what was there has worked since it was last
    # asked, and has passed that on once it waits for more.
    if not behind.pipes.poll(0) and not behind.have_worked():
        return  # mostly
    for _ in range(_MOST_PAUSES):
        if not behind.pipes.poll(0) and all(
            map(_waits_for_more, behind.readers, behind.descriptors)
        ):
            behind.have_worked()
            return
        time.sleep(_PAUSE)


_is_alive = threading.Thread.is_alive


class _Behind:
    """The pipes behind some streams, and the threads that read these; found once, not at each cell.

    Attributes
    ----------
    streams : list
    pipes : poll object
    readers, descriptors : list
        The threads, and what each of them reads; empty if there is none.
    """

    def __init__(self, streams: list[Any]) -> None:
        self.streams = streams
        self.readers: list[threading.Thread] = []
        self.descriptors: list[int] = []
        for stream in streams:
            reader = getattr(stream, "watch_fd_thread", None)
            if reader is not None and reader.is_alive() and stream._fid is not None:
                self.readers.append(reader)
                self.descriptors.append(stream._fid)
        if self.readers:  # on Windows there is none, and no `poll`
            self.pipes = select.poll()
            for descriptor in self.descriptors:
                self.pipes.register(descriptor, select.POLLIN)
        # macOS has no clocks of other threads.
        clock_of: Any = getattr(time, "pthread_getcpuclockid", None)
        self._clocks = (
            [clock_of(each.ident) for each in self.readers] if self.readers and clock_of else ()
        )
        self._worked: list[int] = []

    def have_worked(self) -> bool:
        """Return whether any of the threads has done anything since this was last asked."""
        before, self._worked = self._worked, list(map(time.clock_gettime_ns, self._clocks))
        return self._worked != before


_behind: _Behind | None = None


def _waits_for_more(reader: threading.Thread, descriptor: int) -> bool:
    """Return whether a thread stands in the system's call that reads from a descriptor."""
    try:
        with open(f"/proc/self/task/{reader.native_id}/syscall") as file:
            call = file.read().split()
    except OSError:  # a system that does not tell
        return True
    return len(call) > 1 and call[1].startswith("0x") and int(call[1], 16) == descriptor


class Forked:
    """Keeps what forked child processes print, from now to `stop`."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self.is_child = False
        if not _hooked:
            _hook()
        _listening.append(self)

    def stop(self) -> Iterator[tuple[str, str]]:
        """End, and return what was printed by then, by stream."""
        if self in _listening:
            _listening.remove(self)
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None or self.is_child:
            return iter(())
        with open(descriptor, "rb") as file:
            file.seek(0)
            lines = file.read().splitlines()
        return (tuple(json.loads(line)) for line in lines)

    def put(self, stream: str, text: str) -> None:
        """Leave what a child prints, in the child."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, json.dumps([stream, text]).encode() + b"\n")

    def expect(self) -> None:
        """Make the file, just before the first child is made."""
        if self._descriptor is None:
            with contextlib.suppress(OSError), tempfile.TemporaryFile(buffering=0) as file:
                self._descriptor = os.dup(file.fileno())


_listening: list[Forked] = []
_hooked = False


def _hook() -> None:
    global _hooked
    _hooked = True
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before, after_in_child=_in_child)


def _before() -> None:
    for each in _listening:
        each.expect()


def _in_child() -> None:
    for each in _listening:
        each.is_child = True
