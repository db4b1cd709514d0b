"""A span of time as a person asks for it: a moment, a day, or how long ago."""

from __future__ import annotations

import math
import time
from datetime import date, datetime, timedelta
from datetime import time as clock

from artnb.errors import InvalidValueError

__all__ = ["Moment", "checked_span"]

Moment = datetime | date | timedelta | str


def checked_span(since: Moment | None, until: Moment | None) -> tuple[float | None, float | None]:
    """Return both ends in s since the epoch, None for an open one.

    Times without a zone are local. A day begins a span with its first moment and ends one
    with its last.

    Raises
    ------
    InvalidValueError
        An end is no time, or the span ends before it begins.
    """
    first, last = _seconds("since", since), _seconds("until", until)
    if first is not None and last is not None and first > last:
        raise InvalidValueError(
            f"since={since!r} is after until={until!r}, so nothing is between them."
        )
    return first, last


def _seconds(end: str, given: Moment | None) -> float | None:
    if given is None:
        return None
    moment = _parsed(end, given) if isinstance(given, str) else given
    if isinstance(moment, timedelta):
        if not moment >= timedelta(0):
            raise InvalidValueError(
                f"{end}={given!r}: a timedelta says how long ago, so it cannot be below 0."
            )
        return time.time() - moment.total_seconds()
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, clock.max if end == "until" else clock.min)
    if not isinstance(moment, datetime):
        raise InvalidValueError(
            f"{end}={given!r} is a {type(given).__name__}; give a datetime, a date, ISO text such "
            "as '2026-03-04 12:00', or a timedelta for how long ago."
        )
    try:
        seconds = moment.timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidValueError(f"{end}={given!r} is no time: {error}") from error
    if not math.isfinite(seconds):  # pandas' NaT is a datetime
        raise InvalidValueError(f"{end}={given!r} is no time.")
    return seconds


def _parsed(end: str, text: str) -> datetime | date:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text.strip())
        except ValueError:
            continue
    raise InvalidValueError(
        f"{end}={text!r} is no ISO time; write '2026-03-04' or '2026-03-04 12:00', or give a "
        "timedelta for how long ago."
    )
