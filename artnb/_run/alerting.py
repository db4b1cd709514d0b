"""What a run wants to be noticed: said at once, and kept with it."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from enum import Enum

from artnb._run.base import RunBase
from artnb.errors import InvalidValueError, nearest

__all__ = ["AlertLevel", "RunAlerts"]

_WAIT = 60.0
_now = time.monotonic


class AlertLevel(Enum):
    """How much an alert matters."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


_LEVELS = tuple(level.value for level in AlertLevel)


class RunAlerts(RunBase):
    """The part of a run that knows alerts."""

    _alerted: dict[str, float]  # title -> when it was said last
    _step: int

    def alert(
        self,
        title: str,
        text: str,
        level: AlertLevel | str | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Say something that should be noticed, and keep it with the run.

        It is written to stderr, shown with the run's output in the graph, and counted where
        the run says that it is finished. Nothing is sent anywhere.

        Parameters
        ----------
        title, text : str
        level : AlertLevel or {'INFO', 'WARN', 'ERROR'}, optional
            Default: ``INFO``.
        wait_duration : float or timedelta, optional
            For how long, in seconds, further alerts with this title are left out; default:
            one minute.

        Raises
        ------
        RunFinishedError, InvalidValueError, TypeError
        """
        self._require_open("alert")
        name = level.value if isinstance(level, AlertLevel) else level or "INFO"
        if name not in _LEVELS:
            raise InvalidValueError(f"alert: level {name!r}; {nearest(str(name), _LEVELS)}")
        now = _now()
        with self._lock:
            last = self._alerted.get(title)
            if last is not None and now - last < _seconds(wait_duration):
                return
            self._alerted[title] = now
        alert = {
            "title": str(title), "text": str(text), "level": name, "at": time.time(),
            "step": self._step,
        }  # fmt: skip
        self._record = self._repository.add_output(self.id, "alerts", [alert], extend=True)
        if not self._repository.settings.quiet:
            print(f"artnb: {name} in run {self.name}: {title}: {text}", file=sys.stderr)  # noqa: T201 - said to a person


def _seconds(given: float | timedelta | None) -> float:
    if given is None:
        return _WAIT
    if isinstance(given, timedelta):
        return given.total_seconds()
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return float(given)
    raise TypeError(f"alert: wait_duration is seconds or a timedelta, not {given!r}.")
