"""Which files the watched code touched, of those that were touched while it ran.

Inotify and a difference of times see what anybody does. What this process did is known by the
audit hook, by fanotify and by what it holds open; what it did not, its child processes may have
done. Where it had none, and fanotify works, others did it. Where that is not sure, a file is
left to the recorder that claims it, or to the program that holds it open.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from artnb.capture._fanotify import Sides
from artnb.capture._held import held_by, held_by_strangers
from artnb.capture._traces import Trace

if sys.platform == "linux":
    import resource

    children_so_far: Callable[[], object] = partial(resource.getrusage, resource.RUSAGE_CHILDREN)
    """Returns what is another once a child process has ended, whatever code started it."""
else:
    children_so_far = object

__all__ = ["Whose", "children_so_far", "may_have_had_children"]


def may_have_had_children(since: object) -> bool:
    """Return whether this process has child processes, or one has ended since then."""
    if sys.platform != "linux" or signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:
        return True  # such children leave no trace
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return children_so_far() != since
    return True


@dataclass
class Whose:
    """Whose the files are.

    Attributes
    ----------
    opened : mapping
        What Python opened here.
    sides : mapping
        What fanotify says.
    childless : bool
        Whether no other process can have done it for the code that is watched.
    complete : bool
        Whether inotify told of all that was opened.
    ask : callable
        Returns what others claim, and whether to write it; called only where it matters.
    others : set of str
        What others wrote.
    """

    opened: Mapping[str, Trace]
    sides: Mapping[str, Sides]
    childless: bool
    complete: bool
    ask: Callable[[], Mapping[str, bool]]
    others: set[str] = field(default_factory=set)
    _changed: frozenset[str] = field(default=frozenset(), init=False)

    def keep_ours(self, events: dict[str, Trace], changed: dict[str, Trace]) -> None:
        """Take out what is others' of what inotify and the difference of times found."""
        self._changed = frozenset(changed)
        for path in [*events, *(self._changed - events.keys())]:
            trace, sides = events.get(path), self.sides.get(path)
            if trace is not None and sides is not None and sides.own:
                trace.by.add("fanotify")
                if not sides.other and path not in changed:
                    continue
            opened_to_write = trace is not None and (trace.written or trace.maybe)
            wrote = self._others_wrote(path, sides, opened_to_write, path in changed)
            theirs = self._only_others_touched(path, sides)
            if not (wrote or theirs) or self._wrote(path):
                continue
            if wrote:
                self.others.add(path)
                changed.pop(path, None)
            elif opened_to_write or path in changed:
                continue  # they only read what a child process wrote
            events.pop(path, None)
            if trace is not None and not theirs:
                events[path] = Trace(read=True, by=trace.by)

    def _others_wrote(
        self, path: str, sides: Sides | None, opened_to_write: bool, changed: bool
    ) -> bool:
        """Return whether others wrote a path, if this process did not."""
        if changed and self.complete and not opened_to_write:
            # Who wrote it had it open, or mapped, before.
            if self.childless or path in self._held_by_strangers:
                return True
        elif sides is not None and self._is_certain(sides):
            return sides.others_wrote
        return (opened_to_write or changed) and bool(self._claims.get(path))

    def _only_others_touched(self, path: str, sides: Sides | None) -> bool:
        if path in self.opened or (sides is not None and sides.own):
            return False
        return self._is_certain(sides) or path in self._claims

    def _is_certain(self, sides: Sides | None) -> bool:
        return self.childless and self.complete and sides is not None

    def _wrote(self, path: str) -> bool:
        """Return whether this process wrote a path, or may be about to."""
        opened, sides = self.opened.get(path), self.sides.get(path)
        if opened is not None and (opened.written or opened.maybe):
            return True
        return bool(sides and sides.wrote) or path in self._held

    @cached_property
    def _claims(self) -> Mapping[str, bool]:
        return self.ask()

    @cached_property
    def _held_by_strangers(self) -> frozenset[str]:
        return held_by_strangers(self._changed)

    @cached_property
    def _held(self) -> frozenset[str]:
        return held_by(os.getpid())
