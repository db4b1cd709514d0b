"""Which files a piece of code reads and writes, itself or by native code and child processes.

No one source sees all: the **audit** hook sees what Python opens, anywhere, and in order;
**inotify** sees what anybody opens below the working folder; a **stat** difference sees
what changed there without being opened, such as a file that was mapped before, and stands
in where there is no inotify. Each finding says which of them saw it; of those that see what
anybody does, what others did is taken out (`artnb.capture._whose`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from artnb.capture import _audit, _inotify
from artnb.capture._claims import Claims, claims_in
from artnb.capture._fanotify import Fanotify, Sides
from artnb.capture._inotify import Inotify
from artnb.capture._leave_out import LeaveOut
from artnb.capture._traces import Opened, Trace, join
from artnb.capture._tree import FileState, Listing, Walk, stat_of, stats_of, unchanged, walk
from artnb.capture._whose import Whose, children_so_far, may_have_had_children
from artnb.process import working_folder
from artnb.texts import Message

__all__ = ["FileUse", "FileWatcher", "Touched", "partial_reasons"]

_MOST_FOLDERS = 1_000
_MOST_FILES = 20_000
_FEW_FILES = 100
"""Up to so many files are stated before and after even where inotify works."""

_GRAIN_NS = 12_000_000
"""A file's times come from a clock that stands still for up to 10 ms."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A file that was read or written.

    Attributes
    ----------
    path : str
        Absolute, links resolved.
    by : tuple of str
        Who saw it: ``audit``, ``inotify``, ``stat``; ``fanotify``: it was this process.
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
    others : tuple of str
        What other programs wrote meanwhile: none of `reads` and `writes` because of that.
    """

    root: str = ""
    started: int = 0
    reads: tuple[Touched, ...] = ()
    writes: tuple[Touched, ...] = ()
    partial: str | None = None
    others: tuple[str, ...] = ()


class FileWatcher:
    """Watches files from `start` to `stop`, again and again.

    Between two watches it costs nothing: the audit hook is inert, no folder is watched by inotify.
    """

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._fanotify: Fanotify | None = None
        self._claims: Claims | None = None
        self._beside: str | None = None
        self._opened = Opened()
        self._listings: dict[str, Listing] = {}
        self._listed: tuple[str, tuple[str, ...]] | None = None
        self.is_watching = False

    def start(
        self, root: str | None = None, ours: Collection[str] = (), beside: str | None = None
    ) -> None:
        """Watch what is opened, and all that happens below `root`.

        Parameters
        ----------
        root : str, optional
            Default: the working folder.
        ours : collection of str
            Folders of which nothing is reported.
        beside : str, optional
            A folder in which recorders tell each other what they open.
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
        if beside != self._beside:
            self._beside, self._claims = beside, _claims_if_there_can_be(beside)
        if self._claims is not None:
            self._claims.begin()
        self._has_inotify = self._watch_folders()
        few = _FEW_FILES if self._has_inotify else _MOST_FILES
        self._compared = self._tree.whole and len(self._tree.files) <= few
        self._before = stats_of(self._tree.files) if self._compared else {}
        self._started = time.time_ns()
        self._children = children_so_far()
        self._opened = Opened(self._claims)
        _audit.listen(self._opened)

    def stop(self) -> FileUse:
        """Return what was read and written since `start`."""
        if not self.is_watching:
            return FileUse()
        _audit.unlisten(self._opened)
        traces = dict(self._opened.traces)
        events: list[_inotify.Event] = []
        sides: dict[str, Sides] = {}
        lost = False
        if self._has_inotify and self._inotify is not None:
            events, lost = self._inotify.unwatch()
            if events and self._fanotify is not None:
                sides = self._fanotify.told(events)
        changed = {}
        if self._root != "/" and (self._compared or lost or not self._has_inotify):
            changed = self._from_difference(lost)
        others: Collection[str] = ()
        if events or changed:
            others = self._add(traces, self._from_events(events, sides), changed, sides, lost)
        if traces and self._claims is not None:
            self._claims.end()
        self.is_watching = False
        whole = self._tree.whole and self._has_inotify and not lost
        partial = None if whole else self._partial(lost)
        if not traces and not others:
            return FileUse(self._root, self._started, partial=partial)
        return self._use(traces, partial, others)

    def close(self) -> None:
        """Give back what is kept between watches."""
        self.stop()
        if self._inotify is not None:
            self._inotify.close()
            self._inotify = None
        if self._fanotify is not None:
            self._fanotify.close()
            self._fanotify = None
        if self._claims is not None:
            self._claims.close()

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
                self._fanotify = _fanotify_if_there_is()
            if self._fanotify is not None:
                # First, so that it sees all of what inotify sees.
                self._fanotify.watch(self._tree.folders)
            self._inotify.watch(self._tree.folders)
        except OSError:  # another system, or its limit of watches is met
            if self._inotify is not None:
                self._inotify.unwatch()
            return False
        return True

    def _from_events(
        self, events: Iterable[_inotify.Event], sides: dict[str, Sides]
    ) -> dict[str, Trace]:
        traces: dict[str, Trace] = {}
        for path, mask in events:
            if mask & _inotify.FOLDER:
                if mask & (_inotify.CREATED | _inotify.HERE):
                    # What happened inside was not watched: all that is there was put there.
                    for inside in self._walk(path).files:
                        traces[inside] = Trace(written=True, fresh=True, by={"inotify"})
                        if path in sides:
                            sides[inside] = sides[path]
                continue
            if mask & _inotify.GONE:
                traces.pop(path, None)
                continue
            trace = traces.setdefault(path, Trace(by={"inotify"}))
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

    def _from_difference(self, lost: bool) -> dict[str, Trace]:
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
        return {path: Trace(written=True, by={"stat"}) for path in changed}

    def _was(self, path: str, state: FileState) -> bool:
        before = self._before.get(path)
        return before is not None and state.same_content(before)

    # -- what they say together

    def _add(
        self,
        traces: dict[str, Trace],
        seen: dict[str, Trace],
        changed: dict[str, Trace],
        sides: dict[str, Sides],
        lost: bool,
    ) -> set[str]:
        """Add what anybody did to what Python opened, without what others did.

        Returns what others wrote.
        """
        complete = self._has_inotify and not lost
        childless = not may_have_had_children(self._children)
        whose = Whose(traces, sides, childless, complete, self._claimed_by_others)
        whose.keep_ours(seen, changed)
        if self._claims is not None:
            for path, side in sides.items():
                if side.own:
                    self._claims.claim(path, side.wrote)
        join(traces, seen)
        join(traces, changed)
        return whose.others

    def _claimed_by_others(self) -> dict[str, bool]:
        return self._claims.of_others(self._started) if self._claims is not None else {}

    def _use(
        self, traces: dict[str, Trace], partial: str | None, others: Collection[str]
    ) -> FileUse:
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
            gone = written or (path in others and not (before and before.same_content(state)))
            found = Touched(path, tuple(sorted(trace.by)), state, before, gone)
            if read:
                reads[path] = found
            if written:
                writes[path] = replace(found, rewritten=False)
        return FileUse(
            root=self._root,
            started=self._started,
            reads=tuple(reads[path] for path in sorted(reads)),
            writes=tuple(writes[path] for path in sorted(writes)),
            partial=partial,
            others=tuple(sorted(filter(self._is_new, others))),
        )

    def _is_new(self, path: str) -> bool:
        """Return whether a file is there, counts, and was written."""
        state = None if self._leave_out(path) else stat_of(path)
        return state is not None and self._changed(state, self._before.get(path))

    def _settled(self, traces: dict[str, Trace]) -> Iterator[tuple[str, Trace]]:
        """Yield each path that counts, links resolved, with what is known of it."""
        real: dict[str, Trace] = {}
        for path, trace in traces.items():
            if self._leave_out(path):
                continue
            target = os.path.realpath(path)
            if trace.written and os.path.isdir(target):  # noqa: PTH112 - a folder was renamed
                inside = {file: Trace(written=True, fresh=True, by=trace.by)
                          for file in self._walk(target).files}  # fmt: skip
                join(real, inside)
            elif target == path or not self._leave_out(target):
                join(real, {target: trace})
        yield from real.items()

    def _changed(self, state: FileState, before: FileState | None) -> bool:
        if before is not None:
            return state != before
        return state.changed >= self._started - _GRAIN_NS

    def _partial(self, lost: bool) -> str:
        lost_some, too_many, unseen = partial_reasons(self._root)
        if lost:
            return str(lost_some)
        return str(unseen if self._tree.whole else too_many)


def _claims_if_there_can_be(folder: str | None) -> Claims | None:
    return claims_in(folder) if folder and os.name == "posix" else None


def _fanotify_if_there_is() -> Fanotify | None:
    try:
        return Fanotify()
    except OSError:
        return None


def partial_reasons(root: str) -> tuple[Message, Message, Message]:
    """Return what `FileUse.partial` may say of a folder, for whoever tells it on."""
    return (
        Message("so many files were opened that some readings were lost"),
        Message("only the nearest folders of {0} were watched: there are too many", root),
        Message("inotify cannot be used: readings by native code or child processes are unseen"),
    )
