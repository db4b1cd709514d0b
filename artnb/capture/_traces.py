"""What the sources saw of each path, and the source that sees what Python opens."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._claims import Claims
from artnb.capture._leave_out import CODE
from artnb.capture._tree import FileState, stat_of

__all__ = ["Opened", "Trace", "join"]

_MOST_TOUCHED = 50_000
_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(slots=True)
class Trace:
    """What one source saw of one path."""

    read: bool = False
    written: bool = False
    maybe: bool = False  # opened so that it could be written
    fresh: bool = False  # written before it was read: no input
    open: int = 0
    before: FileState | None = None
    by: set[str] = field(default_factory=set)

    def write(self) -> None:
        """Note that it was written as a whole."""
        self.fresh = self.fresh or not (self.read or self.maybe)
        self.written = True

    def joined(self, other: Trace) -> Trace:
        """Return what two sources say together."""
        return Trace(
            read=self.read or other.read,
            written=self.written or other.written,
            maybe=self.maybe or other.maybe,
            fresh=self.fresh or other.fresh,
            before=self.before or other.before,
            by=self.by | other.by,
        )


def join(into: dict[str, Trace], more: dict[str, Trace]) -> None:
    """Add what another source saw."""
    for path, trace in more.items():
        into[path] = into[path].joined(trace) if path in into else trace


class Opened:
    """Listens to the audit hook.

    Parameters
    ----------
    claims : Claims, optional
        Where each path is said at once, for other recorders.
    """

    def __init__(self, claims: Claims | None = None) -> None:
        self._claims = claims
        self.traces: dict[str, Trace] = {}

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Note an event."""
        if len(self.traces) >= _MOST_TOUCHED:
            return
        if event == "open":
            self._open(args[0], args[2])
        elif event == "os.rename":
            self._rename(_absolute(args[0]), _absolute(args[1]))
        elif event == "os.link":
            self._trace(_absolute(args[0])).read = True
            self._write(_absolute(args[1]), anew=True)
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
            return
        path = _absolute(name)
        trace = self._trace(path)
        if not (trace.read or trace.written or trace.maybe):
            trace.read = True
            trace.before = stat_of(path)  # it may be gone by the end
            self._claim(path, False)

    def _write(self, path: str, *, anew: bool) -> None:
        trace = self._trace(path)
        if not (trace.written or trace.maybe):
            self._claim(path, True)
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
        trace = self._trace(target)
        if not trace.written:
            self._claim(target, True)
        trace.write()

    def _database(self, database: Any) -> None:
        name = os.fsdecode(database)
        if name.startswith("file:"):
            name = name.removeprefix("file:").partition("?")[0]
        if name and not name.startswith(":memory:"):
            self._write(_absolute(name), anew=False)

    def _claim(self, path: str, wrote: bool) -> None:
        if self._claims is not None:
            self._claims.claim(path, wrote)

    def _trace(self, path: str) -> Trace:
        trace = self.traces.get(path)
        if trace is None:
            trace = self.traces[path] = Trace(by={"audit"})
        return trace


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib keeps `..`
