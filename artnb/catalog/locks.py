"""A file's lock, which is gone when its holder is, however that ended.

A holder that is suspended (Ctrl-Z, a debugger, a batch system) keeps the lock, so whoever
waits says after a while for whom, and gives up in the end. The name of the holder stands in
the file, for a lock on a shared disk may be another machine's.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from artnb.environment import HOST
from artnb.errors import CatalogLockedError

__all__ = ["NOTICE_SECONDS", "PATIENCE", "Holder", "Notice", "locked_file"]

PATIENCE = 60.0
"""Seconds that are waited where nothing else is set."""

NOTICE_SECONDS = 5.0
"""After how many seconds of waiting it is said for whom."""

_LINE = 128


class HasLock(Protocol):
    """Who has a lock, as its text says."""

    @property
    def advice(self) -> str:
        """What to do about it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that has a lock.

    Attributes
    ----------
    pid : int
        0: unknown.
    """

    pid: int = 0
    host: str = ""

    def __str__(self) -> str:
        if not self.pid:
            return "another process"
        if self.host != HOST:
            return f"the process {self.pid} on {self.host}"
        return f"the process {self.pid}" + (", which is suspended" if self.suspended else "")

    @property
    def suspended(self) -> bool:
        """Whether it is one of this machine that was stopped by a signal."""
        if self.host != HOST:
            return False
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[:1] in (["T"], ["t"])

    @property
    def advice(self) -> str:
        """What to do about it."""
        if self.suspended:
            return f"Let it go on (kill -CONT {self.pid}) or end it (kill -9 {self.pid})"
        if self.pid and self.host == HOST:
            return f"Wait for it, or end it (kill {self.pid})"
        return "Wait for it, or end it"


class Notice:
    """Says once, after some seconds, that somebody waits and for whom."""

    def __init__(self, what: str, patience: float, holder: Callable[[], HasLock] = Holder) -> None:
        self._what, self._patience, self._holder = what, patience, holder
        self._start = time.monotonic()
        self._said = False

    @property
    def left(self) -> float:
        """The seconds that there still are."""
        return self._start + self._patience - time.monotonic()

    @property
    def next(self) -> float:
        """The seconds until there is something to say, or the end."""
        until = self._start + NOTICE_SECONDS - time.monotonic()
        return self.left if self._said else max(0.0, min(until, self.left))

    @property
    def is_due(self) -> bool:
        """Whether it is time to say it, and not said yet."""
        return not self._said and time.monotonic() - self._start >= NOTICE_SECONDS

    def tell(self) -> None:
        """Say it, if it is due."""
        if not self.is_due:
            return
        self._said = True
        holder = self._holder()
        # Not a warning: where those are errors, to be slow would be to fail.
        sys.stderr.write(
            f"artnb waits for {self._what}, which {holder} has locked. {holder.advice}; after "
            f"{self._patience:.0f} s it is given up, and nothing recorded.\n"
        )
        sys.stderr.flush()

    def given_up(self) -> CatalogLockedError:
        """Return the error of a wait that is over."""
        holder = self._holder()
        return CatalogLockedError(
            f"{self._what[0].upper()}{self._what[1:]} stayed locked for {self._patience:.0f} s by "
            f"{holder}. Nothing was recorded. {holder.advice}, then try again; lock_timeout "
            "(ARTNB_LOCK_TIMEOUT) says how long is waited."
        )


@contextlib.contextmanager
def locked_file(path: Path, what: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a file's lock, made if it is not there; wait for it `patience` seconds at most.

    Raises
    ------
    CatalogLockedError
        Another process kept it.
    OSError
        The file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        if not _try(handle):
            _wait(handle, Notice(what, patience, lambda: _holder(path)))
        with contextlib.suppress(OSError):  # a full disk: only the name is not known
            line = f"{os.getpid()} {HOST}\n".encode()[:_LINE].ljust(_LINE)
            if os.read(handle, _LINE) != line:  # it had it last: mostly
                os.lseek(handle, 0, os.SEEK_SET)
                os.write(handle, line)
        try:
            yield
        finally:
            # To close is not enough: a child that was forked meanwhile has the file, too.
            _unlock(handle)
    finally:
        os.close(handle)


def _holder(path: Path) -> Holder:
    try:
        pid, _, host = path.read_bytes()[:_LINE].decode("utf-8", "replace").strip().partition(" ")
    except OSError:
        return Holder()
    return Holder(int(pid), host) if pid.isdigit() else Holder()


if os.name == "nt":
    import msvcrt

    _FAR = 1 << 30  # what is locked cannot be read there, and the name is to be
    _PAUSE = 0.005

    def _try(handle: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

    def _unlock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

    def _wait(handle: int, notice: Notice) -> None:
        while not _try(handle):
            if notice.left <= 0:
                raise notice.given_up()
            notice.tell()
            time.sleep(_PAUSE)

else:
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)

    def _wait(handle: int, notice: Notice) -> None:
        # The system's own queue is quicker and fairer than asking again and again, but knows
        # no end: so a thread stands in it.
        waiter = _Waiter(handle)
        try:
            while not waiter.done.wait(notice.next):
                if notice.left <= 0:
                    raise notice.given_up()
                notice.tell()
        except BaseException:
            waiter.leave()
            _unlock(handle)  # it may have come this very moment
            raise
        if waiter.error is not None:
            raise waiter.error

    class _Waiter:
        """Takes a lock in a thread; if nobody wants it any more, gives it back at once."""

        def __init__(self, handle: int) -> None:
            self.done = threading.Event()
            self.error: OSError | None = None
            self._own = os.dup(handle)  # the same lock, and open as long as it is waited for
            self._state = threading.Lock()
            self._left = False
            threading.Thread(target=self._take, name="artnb-lock", daemon=True).start()

        def leave(self) -> None:
            with self._state:
                self._left = True

        def _take(self) -> None:
            try:
                fcntl.flock(self._own, fcntl.LOCK_EX)
            except OSError as error:
                self.error = error
            with self._state:
                if self._left and self.error is None:
                    fcntl.flock(self._own, fcntl.LOCK_UN)
            os.close(self._own)
            self.done.set()
