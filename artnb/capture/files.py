"""Which files a piece of code reads and writes, itself or by native code and child processes.

No one source sees all: the **audit** hook sees what Python opens, anywhere, and in order;
**inotify** sees what anybody opens below the working folder; a **stat** difference sees
what changed there without being opened, such as a file that was mapped before, and stands
in where there is no inotify. Each finding says which of them saw it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from artnb.capture import _audit, _inotify
from artnb.capture._inotify import Inotify
from artnb.capture._leave_out import CODE, LeaveOut
from artnb.capture._tree import FileState, Listing, Walk, stat_of, stats_of, unchanged, walk
from artnb.process import working_folder
from artnb.texts import Message

__all__ = ["FileUse", "FileWatcher", "Touched", "partial_reasons"]

_MOST_FOLDERS = 1_000
_MOST_FILES = 20_000
_MOST_TOUCHED = 50_000
_FEW_FILES = 100
"""Up to so many files are stated before and after even where inotify works."""

_GRAIN_NS = 12_000_000
"""A file's times come from a clock that stands still for up to 10 ms."""

_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that was read or written.

    Attributes
    ----------
    path : str
        Absolute, links resolved.
    by : tuple of str
        Who saw it: ``audit``, ``inotify``, ``stat``.
    state : FileState
        How the file is now.
    before : FileState or None
        How it was before, as far as that is known.
    rewritten : bool
        Of a file that was read: it was written, too, so that what was read is gone.
    """

    path: str
    by: tuple[str, ...]
    state: FileState
    before: FileState | None = None
    rewritten: bool = False


@dataclass(frozen=True, slots=True)
class FileUse:
    """What was read and written, by path.

    Attributes
    ----------
    partial : str or None
        Why something may be missing.
    """

    root: str = ""
    started: int = 0
    reads: tuple[Touched, ...] = ()
    writes: tuple[Touched, ...] = ()
    partial: str | None = None


@dataclass(slots=True)
class _Trace:
    """What one source saw of one path."""

    read: bool = False
    written: bool = False
    maybe: bool = False  # opened so that it could be written
    fresh: bool = False  # written before it was read: no input
    open: int = 0
    before: FileState | None = None
    by: set[str] = field(default_factory=set)

    def write(self) -> None:
        self.fresh = self.fresh or not (self.read or self.maybe)
        self.written = True

    def joined(self, other: _Trace) -> _Trace:
        """Return what two sources say together."""
        return _Trace(
            read=self.read or other.read,
            written=self.written or other.written,
            maybe=self.maybe or other.maybe,
            fresh=self.fresh or other.fresh,
            before=self.before or other.before,
            by=self.by | other.by,
        )


class FileWatcher:
    """Watches files from `start` to `stop`, again and again.

    Between two watches it costs nothing: the audit hook is inert, no folder is watched.
    """

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._opened = _Opened()
        self._listings: dict[str, Listing] = {}
        self._listed: tuple[str, tuple[str, ...]] | None = None
        self.is_watching = False

    def start(self, root: str | None = None, ours: Collection[str] = ()) -> None:
        """Watch what is opened, and all that happens below `root`.

        Parameters
        ----------
        root : str, optional
            Default: the working folder.
        ours : collection of str
            Folders of which nothing is reported.
        """
        self.is_watching = True
        self._root = working_folder() if root is None else os.path.realpath(root)
        if self._listed != (self._root, tuple(ours)):
            self._listed, self._listings = (self._root, tuple(ours)), {}
            self._leave_out = LeaveOut(self._root, map(os.path.realpath, ours))
        if self._root == "/":
            self._tree = Walk(whole=False)
        elif not unchanged(self._listings):
            self._tree = self._walk(self._root, self._listings)
        self._has_inotify = self._watch_folders()
        few = _FEW_FILES if self._has_inotify else _MOST_FILES
        self._compared = self._tree.whole and len(self._tree.files) <= few
        self._before = stats_of(self._tree.files) if self._compared else {}
        self._started = time.time_ns()
        self._opened = _Opened()
        _audit.listen(self._opened)

    def stop(self) -> FileUse:
        """Return what was read and written since `start`."""
        if not self.is_watching:
            return FileUse()
        _audit.unlisten(self._opened)
        traces = dict(self._opened.traces)
        lost = False
        if self._has_inotify and self._inotify is not None:
            events, lost = self._inotify.unwatch()
            if events:
                _join(traces, self._from_events(events))
        if self._root != "/" and (self._compared or lost or not self._has_inotify):
            _join(traces, self._from_difference(lost))
        self.is_watching = False
        if not traces:
            return FileUse(self._root, self._started, partial=self._partial(lost))
        return self._use(traces, lost)

    def close(self) -> None:
        """Give back what is kept between watches."""
        self.stop()
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None

    # -- the sources

    def _walk(self, root: str, known: dict[str, Listing] | None = None) -> Walk:
        return walk(
            root,
            self._leave_out,
            most_folders=_MOST_FOLDERS,
            most_files=_MOST_FILES,
            known=known,
        )

    def _watch_folders(self) -> bool:
        try:
            if self._inotify is None:
                self._inotify = Inotify()
            self._inotify.watch(self._tree.folders)
        except OSError:  # another system, or its limit of watches is met
            if self._inotify is not None:
                self._inotify.unwatch()
            return False
        return True

    def _from_events(self, events: Iterable[_inotify.Event]) -> dict[str, _Trace]:
        traces: dict[str, _Trace] = {}
        for path, mask in events:
            if mask & _inotify.FOLDER:
                if mask & (_inotify.CREATED | _inotify.HERE):
                    # What happened inside was not watched: all that is there was put there.
                    for inside in self._walk(path).files:
                        traces[inside] = _Trace(written=True, fresh=True, by={"inotify"})
                continue
            if mask & _inotify.GONE:
                traces.pop(path, None)
                continue
            trace = traces.setdefault(path, _Trace(by={"inotify"}))
            if mask & (_inotify.CREATED | _inotify.HERE):
                trace.write()
            elif mask & _inotify.OPENED:
                trace.open += 1
            else:
                trace.open -= 1
                if mask & _inotify.CLOSED_WRITE:
                    trace.maybe = True
                elif not (trace.maybe or trace.written):
                    trace.read = True
        for trace in traces.values():
            trace.maybe = trace.maybe or (trace.open > 0 and not trace.written)
        return traces

    def _from_difference(self, lost: bool) -> dict[str, _Trace]:
        """Return what is new or other now; without a state before, by the time of change."""
        if not self._compared:
            now = stats_of(self._walk(self._root).files)
            since = self._started - _GRAIN_NS
            changed = [path for path, state in now.items() if state.modified >= since]
        elif self._has_inotify and not lost:
            before, now = self._before, stats_of(self._before)
            if now == before:  # mostly, and quicker than a loop
                return {}
            changed = [path for path in now if not now[path].same_content(before[path])]
        else:
            now = stats_of(self._walk(self._root).files)
            changed = [path for path, state in now.items() if not self._was(path, state)]
        return {path: _Trace(written=True, by={"stat"}) for path in changed}

    def _was(self, path: str, state: FileState) -> bool:
        before = self._before.get(path)
        return before is not None and state.same_content(before)

    # -- what they say together

    def _use(self, traces: dict[str, _Trace], lost: bool) -> FileUse:
        reads, writes = {}, {}
        for path, trace in self._settled(traces):
            state = stat_of(path)
            before = trace.before or self._before.get(path)
            if state is None:
                if trace.read and not trace.fresh and before is not None:  # read, and then gone
                    by = tuple(sorted(trace.by))
                    reads[path] = Touched(path, by, before, before, rewritten=True)
                continue  # else a temporary file, or no file
            written = trace.written or (trace.maybe and self._changed(state, before))
            read = not trace.fresh and (trace.read or (trace.maybe and not written))
            found = Touched(path, tuple(sorted(trace.by)), state, before, written)
            if read:
                reads[path] = found
            if written:
                writes[path] = replace(found, rewritten=False)
        return FileUse(
            root=self._root,
            started=self._started,
            reads=tuple(reads[path] for path in sorted(reads)),
            writes=tuple(writes[path] for path in sorted(writes)),
            partial=self._partial(lost),
        )

    def _settled(self, traces: dict[str, _Trace]) -> Iterator[tuple[str, _Trace]]:
        """Yield each path that counts, links resolved, with what is known of it."""
        real: dict[str, _Trace] = {}
        for path, trace in traces.items():
            if self._leave_out(path):
                continue
            target = os.path.realpath(path)
            if trace.written and os.path.isdir(target):  # noqa: PTH112 - a folder was renamed
                inside = {file: _Trace(written=True, fresh=True, by=trace.by)
                          for file in self._walk(target).files}  # fmt: skip
                _join(real, inside)
            elif target == path or not self._leave_out(target):
                _join(real, {target: trace})
        yield from real.items()

    def _changed(self, state: FileState, before: FileState | None) -> bool:
        if before is not None:
            return state != before
        return state.changed >= self._started - _GRAIN_NS

    def _partial(self, lost: bool) -> str | None:
        if not lost and self._tree.whole and self._has_inotify:
            return None
        lost_some, too_many, unseen = partial_reasons(self._root)
        if lost:
            return str(lost_some)
        return str(unseen if self._tree.whole else too_many)


def partial_reasons(root: str) -> tuple[Message, Message, Message]:
    """Return what `FileUse.partial` may say of a folder, for whoever tells it on."""
    return (
        Message("so many files were opened that some readings were lost"),
        Message("only the nearest folders of {0} were watched: there are too many", root),
        Message("inotify cannot be used: readings by native code or child processes are unseen"),
    )


class _Opened:
    """Listens to the audit hook."""

    def __init__(self) -> None:
        self.traces: dict[str, _Trace] = {}

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if len(self.traces) >= _MOST_TOUCHED:
            return
        if event == "open":
            self._open(args[0], args[2])
        elif event == "os.rename":
            self._rename(_absolute(args[0]), _absolute(args[1]))
        elif event == "os.link":
            self._trace(_absolute(args[0])).read = True
            self._trace(_absolute(args[1])).write()
        elif event == "os.truncate":
            if not isinstance(args[0], int):
                self._write(_absolute(args[0]), anew=False)
        elif event == "sqlite3.connect":
            self._database(args[0])

    def _open(self, path: Any, flags: int) -> None:
        if isinstance(path, int):
            return  # a descriptor: it was seen when it was opened
        name = os.fsdecode(path)
        if name.endswith(CODE):
            return
        if flags & _WRITES:
            self._write(_absolute(name), anew=bool(flags & os.O_TRUNC))
        else:
            trace = self._trace(_absolute(name))
            if not (trace.read or trace.written or trace.maybe):
                trace.read = True
                trace.before = stat_of(_absolute(name))  # it may be gone by the end

    def _write(self, path: str, *, anew: bool) -> None:
        trace = self._trace(path)
        before = stat_of(path)
        trace.before = trace.before or before
        if anew or before is None:
            trace.write()
            return
        # What stands there stays, and so is part of what comes out of it.
        trace.read = trace.read or not trace.written
        trace.maybe = True

    def _rename(self, source: str, target: str) -> None:
        self.traces.pop(source, None)
        self._trace(target).write()

    def _database(self, database: Any) -> None:
        name = os.fsdecode(database)
        if name.startswith("file:"):
            name = name.removeprefix("file:").partition("?")[0]
        if name and not name.startswith(":memory:"):
            self._write(_absolute(name), anew=False)

    def _trace(self, path: str) -> _Trace:
        trace = self.traces.get(path)
        if trace is None:
            trace = self.traces[path] = _Trace(by={"audit"})
        return trace


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib keeps `..`


def _join(into: dict[str, _Trace], more: dict[str, _Trace]) -> None:
    for path, trace in more.items():
        into[path] = into[path].joined(trace) if path in into else trace
