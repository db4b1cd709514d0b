"""Keeps what a cell shows: its streams, rich displays and the result's display.

By wrapping `write` and `publish` on the very objects, as IPython itself does, so
that code which looks at the type of `sys.stdout` sees no difference. What is kept
is bounded; what is shown is never touched.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from artnb.failure import describe_error
from artnb.finished import OWN_MARK
from artnb.jupyter.displays import at_the_end, kept, reduced
from artnb.jupyter.outlying import Forked, settle_streams
from artnb.secrets import known_secrets, scrubbed

__all__ = ["Shown"]

_MOST_TEXT = 64 * 1024
_MOST_DISPLAYS = 50
_CUT = "\n... (cut)"
_NO_ATTRIBUTES: Mapping[str, Any] = {}


class Shown:
    """Records from `start` to `stop`.

    Parameters
    ----------
    shell : InteractiveShell
        Its display publisher and display hook are watched.

    Attributes
    ----------
    swallowed : BaseException or None
        What the cell raised, where `%%time` only showed it: that of IPython 8 does.
    secrets : tuple of str
        Passwords and tokens that the cell's variables hold: kept out of what is recorded.
    replays : bool
        Whether `events` has what is shown: all of it, which may be many large figures.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._streams: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._room = dict.fromkeys(self._streams, _MOST_TEXT)
        self._displays: list[Mapping[str, Any]] = []
        self._more = 0
        self._inside = 0
        self._events: list[dict[str, Any]] = []
        self._replaced: list[tuple[Any, str, Any]] = []
        self._depth = 0
        self._forked: Forked  # from `start` on
        self.swallowed: BaseException | None = None
        self.secrets: tuple[str, ...] = ()
        self.replays = False

    def start(self) -> None:
        """Begin to record."""
        self._forked = Forked()
        self._thread = threading.get_ident()
        for name in self._streams:
            if name == "stdout" or sys.stderr is not sys.stdout:
                self._watch_stream(name)
        self._wrap(self._shell.display_pub, "publish", self._published)
        self._wrap(self._shell.displayhook, "write_format_data", self._result_shown)
        if not hasattr(type(self._shell.displayhook), "is_active"):
            self._watch_shells_own()

    def stop(self) -> None:
        """Put everything back as it was."""
        if self._replaced:
            settle_streams([sys.stdout, sys.stderr])
            for name, text in self._forked.stop():
                self._keep_text(name, text)
        while self._replaced:
            owner, method, had = self._replaced.pop()
            if had is None:
                delattr(owner, method)
            else:
                setattr(owner, method, had)

    def outputs(self, put_blob: Callable[[bytes], str]) -> dict[str, Any]:
        """Return the run's outputs; pictures go to `put_blob`, which returns their digest."""
        secrets = self._all_secrets
        found: dict[str, Any] = {
            name: scrubbed(_final("".join(parts)), secrets)
            for name, parts in self._streams.items()
            if parts
        }
        displays, room = [], _MOST_TEXT
        for data in self._displays:
            if shown := kept(_without(at_the_end(data), secrets), room, put_blob):
                displays.append(shown)
                room -= len(shown.get("text", "")) + len(shown.get("plain", ""))
        if self._more:
            displays.append({"mime": "text/plain", "text": f"and {self._more:,} more"})
        if displays:
            found["displays"] = displays
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that was shown, in order, without what is secret in it.

        ``{"stream", "text"}`` or ``{"display" or "result": data, "metadata"}``; bounded as the
        outputs are.
        """
        secrets = self._all_secrets
        return [_without(event, secrets) for event in self._events]

    def error(self, error: BaseException) -> dict[str, str]:
        """Return what a failed run says of the exception, without what is secret in it."""
        return describe_error(error, self.secrets)

    @property
    def _all_secrets(self) -> tuple[str, ...]:
        return (*self.secrets, *known_secrets())

    # -- watching

    def _watch_stream(self, name: str) -> None:
        stream = getattr(sys, name)
        write = stream.write

        def watched(data: str, *args: Any, **kwargs: Any) -> Any:
            self._keep_text(name, data)
            return write(data, *args, **kwargs)

        self._replace(stream, "write", watched)

    def _watch_shells_own(self) -> None:
        """Count where the shell itself prints: IPython 8 does not say so."""
        hook, show = self._shell.displayhook, self._shell._showtraceback

        def showing(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            self.swallowed = self.swallowed or _caught_by_time(sys.exc_info()[1])
            try:
                return show(*args, **kwargs)
            finally:
                self._depth -= 1

        def begin() -> None:
            self._depth += 1

        def end() -> None:
            self._depth = 0

        self._wrap(hook, "start_displayhook", begin)
        self._wrap(hook, "finish_displayhook", end)
        self._replace(self._shell, "_showtraceback", showing)

    def _wrap(self, owner: Any, method: str, note: Callable[..., None]) -> None:
        original = getattr(owner, method)

        def watched(*args: Any, **kwargs: Any) -> Any:
            note(*args, **kwargs)
            self._inside += 1
            try:
                return original(*args, **kwargs)
            finally:
                self._inside -= 1

        self._replace(owner, method, watched)

    def _replace(self, owner: Any, method: str, watched: Callable[..., Any]) -> None:
        had = getattr(owner, "__dict__", _NO_ATTRIBUTES).get(method)
        try:
            setattr(owner, method, watched)
        except AttributeError:
            return  # an object that cannot be watched: nothing of it is kept
        self._replaced.append((owner, method, had))

    def _keep_text(self, name: str, data: str) -> None:
        room = self._room[name]
        if room <= 0 or not isinstance(data, str) or self._is_shells_own():
            return
        self._room[name] = room - len(data)
        if self._forked.is_child:
            self._forked.put(name, data[:room])
            return
        text = data if len(data) <= room else data[:room] + _CUT
        self._streams[name].append(text)
        if self.replays:
            self._events.append({"stream": name, "text": text})

    def _is_shells_own(self) -> bool:
        # In a terminal results, displays and tracebacks are printed; they are kept as such.
        # What another thread prints or passes on meanwhile is not the shell's.
        if threading.get_ident() != self._thread:
            return False
        shell = self._shell
        showing = getattr(shell.displayhook, "is_active", self._depth > 0)
        traced = getattr(shell, "showing_traceback", False)
        return bool(self._inside or showing or traced)

    def _published(self, data: Any = None, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(data, Mapping) and not kwargs.get("update"):
            self._keep_display("display", data, metadata)

    def _result_shown(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(data, Mapping):
            self._keep_display("result", data, metadata)

    def _keep_display(self, kind: str, data: Mapping[str, Any], metadata: Any) -> None:
        if OWN_MARK in str(data.get("text/html", ""))[:40]:
            return  # a run's own line, which says nothing of what the cell made
        if len(self._displays) >= _MOST_DISPLAYS:
            self._more += 1
            return
        self._displays.append(reduced(data))
        if self.replays:
            self._events.append({kind: dict(data), "metadata": dict(metadata or {})})


def _caught_by_time(error: BaseException | None) -> BaseException | None:
    """Return `error` if it came up to the magic `time`."""
    codes = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__ if error else None)]
    by_time = any(code.co_name == "time" and "IPython" in code.co_filename for code in codes[:1])
    return error if by_time else None


def _without(shown: Any, secrets: Sequence[str]) -> Any:
    """Return what was shown, texts and mappings of them, without secrets."""
    if isinstance(shown, Mapping):
        return {
            key: part if str(key).startswith("image/") else _without(part, secrets)
            for key, part in shown.items()
        }
    return scrubbed(shown, secrets) if isinstance(shown, str) else shown


def _final(text: str) -> str:
    """Return what a terminal shows in the end: a progress bar's last state only."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
