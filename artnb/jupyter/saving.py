"""Saves that go on after their cell has ended: one after another, in a thread of their own.

A **job** is what one cell has still to write. It first **writes** its values to files, and
from then on does not need the notebook's own objects any more; then it **commits** them.
While a job still needs them, no cell may run (`Saver.release`). Who asks for what a job
will commit waits for it (`Saver.settle`), so that versions are numbered and found as if
each cell had waited for its save itself. What is small does not stand behind what is
large: where something is being saved, such a cell saves at once. A job that fails is kept,
with its values, and is told of at the next cell.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from artnb.display import Table, ago, size_text
from artnb.jupyter.children import Children
from artnb.jupyter.refusal import explain
from artnb.latch import Latch
from artnb.repository import Repository

__all__ = ["MOST_COPIED", "SMALL", "Job", "Saver", "save_table"]

SMALL = 1_000_000
"""Bytes below which a cell saves at once where another is still being saved."""

MOST_COPIED = 256 << 20
"""Bytes that all values on their way may take beside the notebook's own objects."""


@dataclass(eq=False)
class Job:
    """What one cell has still to save.

    Attributes
    ----------
    title : str
        The artifact's name, or the variables'.
    project : str
    collections : frozenset of str
        The artifacts that get a version.
    names, marks : frozenset of str
        Of the variables, and the fingerprints of their values.
    files : bool
        Whether files that the cell wrote are among it.
    size, copied : int
        Bytes to write, about, and bytes held beside the notebook's own objects.
    held : bool
        The notebook's own objects are read: they must not change before `written`.
    write : callable
        Writes the values to files; again after a failure, what is not there yet.
    commit : callable
        Records them, and returns what is shown below the cell.
    fail : callable
        Records the error with the run; it is called at each failure.
    discard : callable
        Frees the values and files.
    tell : callable or None
        Called once it is over, in the thread that saved.
    shown : object
        What `commit` returned.
    """

    title: str
    repository: Repository
    project: str
    collections: frozenset[str]
    names: frozenset[str]
    marks: frozenset[str]
    files: bool
    size: int
    copied: int
    held: bool
    write: Callable[[], object]
    commit: Callable[[], Any]
    fail: Callable[[BaseException], None]
    discard: Callable[[], None]
    tell: Callable[[], None] | None = None
    started: float = field(default_factory=time.time)
    shown: Any = None
    error: BaseException | None = None
    written: Latch = field(default_factory=Latch)
    ended: Latch = field(default_factory=Latch)

    def run(self) -> None:
        """Save, in this thread; what it raises has been recorded with the run."""
        try:
            self.write()
            self.written.open()
            self.shown = self.commit()
        except BaseException as error:
            self.error = error
            with suppress(Exception):  # the catalogue may lie on the disk that is full
                self.fail(error)
            raise

    @property
    def state(self) -> str:
        """What `%artnb status` says."""
        if self.error is not None:
            return f"NOT SAVED: {explain(self.error)}"
        return "being recorded" if self.written.is_open else "being written"


class Saver:
    """The saves of one session. All methods are for any thread.

    Its thread sleeps between the cells, for to begin one takes its time. It is a daemon: the end of
    a process waits for what is not saved yet, and not for the thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._waiting: deque[Job] = deque()
        self._failed: list[Job] = []
        self._untold: list[Job] = []
        self._thread: threading.Thread | None = None
        self._queue: _Queue | None = None
        self._children = Children(self)
        self._unhook: dict[Repository, Callable[[], None]] = {}
        _savers.add(self)

    @property
    def waiting(self) -> list[Job]:
        """What is not saved yet, the one at work first."""
        if not self._waiting:  # mostly
            return []
        with self._lock:
            return list(self._waiting)

    @property
    def failed(self) -> list[Job]:
        """What could not be saved, and was neither saved later nor given up."""
        if not self._failed:  # mostly
            return []
        with self._lock:
            return list(self._failed)

    @property
    def copied(self) -> int:
        """Bytes that values take beside the notebook's own."""
        if not (self._waiting or self._failed):  # mostly
            return 0
        with self._lock:
            return sum(job.copied for job in (*self._waiting, *self._failed))

    @property
    def is_own_thread(self) -> bool:
        """Whether this is the thread that saves."""
        return threading.current_thread() is self._thread

    @property
    def is_busy(self) -> bool:
        """Whether something is being saved, or a failure is to be told."""
        return bool(self._waiting or self._untold)

    def start(self, job: Job) -> None:
        """Save in the background, after all that waits already."""
        with self._lock:
            if job.repository not in self._unhook:
                self._unhook[job.repository] = job.repository.before_use(
                    lambda project, name: self.settle(job.repository, project, name)
                )
            if not self._waiting:
                self._children.watch()
            self._waiting.append(job)
            queue = self._queue or self._begin_thread()
            queue.put((self, job))

    def was_told(self, job: Job) -> None:
        """Note that somebody has been told how a save ended."""
        with self._lock:
            if job in self._untold:
                self._untold.remove(job)

    def release(self) -> None:
        """Wait until no object of the notebook is needed any more."""
        if not self.is_own_thread:
            for job in self.waiting:
                if _holds(job):
                    job.written.wait()

    def settle(
        self,
        repository: Repository | None = None,
        project: str | None = None,
        name: str | None = None,
    ) -> None:
        """Wait until what is given is saved, or has failed; without a name, everything."""
        if not self._waiting or self.is_own_thread:
            return
        for job in self.waiting:
            if repository in (None, job.repository) and (
                name is None or (job.project == project and name in job.collections)
            ):
                job.ended.wait()

    def settle_values(self, names: Collection[str], marks: Collection[str | None]) -> None:
        """Wait for the variables of these names, and for values of these fingerprints."""
        for job in self.waiting:
            if not job.names.isdisjoint(names) or not job.marks.isdisjoint(marks):
                job.ended.wait()

    def settle_files(self) -> None:
        """Wait for the files that cells wrote."""
        for job in self.waiting:
            if job.files:
                job.ended.wait()

    def news(self) -> list[Job]:
        """Return the failures that nobody has been told of."""
        with self._lock:
            told, self._untold = self._untold, []
            return told

    def retry(self) -> list[Job]:
        """Save again what failed, and return it when that is done: `error` says how it went."""
        with self._lock:
            again, self._failed, self._untold = self._failed, [], []
        for job in again:
            job.error = None
            job.written, job.ended = Latch(), Latch()
            self.start(job)
        for job in again:
            job.ended.wait()
        self.news()
        return again

    def give_up(self) -> list[Job]:
        """Forget what failed, and return it."""
        with self._lock:
            gone, self._failed, self._untold = self._failed, [], []
        for job in gone:
            job.discard()
        return gone

    def close(self) -> None:
        """Wait for everything, and leave the repositories as they were."""
        self.settle()
        with self._lock:
            while self._unhook:
                self._unhook.popitem()[1]()
        self._end_thread()

    # -- the thread

    def _begin_thread(self) -> _Queue:
        queue: _Queue = SimpleQueue()
        thread = threading.Thread(target=_save_all, args=(queue,), name="artnb-save", daemon=True)
        thread.start()
        weakref.finalize(self, queue.put, None).atexit = False
        self._queue, self._thread = queue, thread
        return queue

    def _end_thread(self) -> threading.Thread | None:
        """Let the thread end once all is saved, and return it."""
        with self._lock:
            queue, self._queue = self._queue, None
        if queue is not None:
            queue.put(None)
        return self._thread

    def _save(self, job: Job) -> None:
        """Save, in the thread, and note how it went."""
        self._children.watch_all()
        try:
            job.run()
        except BaseException:
            pass  # the job has it
        with self._lock:
            if job.error is None:
                self._superseded(job)
            else:
                self._failed.append(job)
                self._untold.append(job)
            self._waiting.remove(job)  # last: `is_busy` and `copied` look without the lock
            if not self._waiting:
                self._children.ignore()
        if job.error is None:
            job.discard()
        elif not threading.main_thread().is_alive():  # no next cell will tell
            print(f"artnb: {job.title} was not saved: {explain(job.error)}", file=sys.__stderr__)
        # Those who wait go on only when the lists say how it went.
        job.written.open()
        job.ended.open()
        if job.tell is not None:
            with suppress(Exception):  # the page may be gone
                job.tell()

    def _superseded(self, job: Job) -> None:
        """Forget failures of what has now been saved by a later cell."""
        gone = [
            old
            for old in self._failed
            if old.repository is job.repository
            and old.project == job.project
            and old.collections <= job.collections
        ]
        for old in gone:
            self._failed.remove(old)
            if old in self._untold:
                self._untold.remove(old)
            old.discard()


def save_table(saver: Saver) -> Table:
    """Return what is being saved and what could not be, as `%artnb status` shows it."""
    rows = [
        (job.title, size_text(job.size), ago(job.started), job.state)
        for job in (*saver.failed, *saver.waiting)
    ]
    foot = "%artnb save tries again what was not saved." if saver.failed else ""
    return Table("being saved", ("artifact", "size", "since", ""), rows, foot=foot)


def _holds(job: Job) -> bool:
    return job.held and not job.written.is_open


_Queue = SimpleQueue[tuple[Saver, Job] | None]


def _save_all(queue: _Queue) -> None:
    while (item := queue.get()) is not None:
        saver, job = item
        saver._save(job)
        del item, saver, job  # it sleeps without what it saved, and ends with its saver


_savers: weakref.WeakSet[Saver] = weakref.WeakSet()


@atexit.register
def _save_what_waits() -> None:
    for saver in list(_savers):
        thread = saver._end_thread()
        if thread is not None:
            thread.join()


def _settle_before_fork() -> None:
    # A child would have the locks of a thread that it does not have.
    for saver in list(_savers):
        saver.settle()


def _begin_anew() -> None:
    for saver in list(_savers):
        saver._queue = saver._thread = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_settle_before_fork, after_in_child=_begin_anew)
