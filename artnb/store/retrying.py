"""Asking a service again when it was busy, slow or cut off, later each time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Retry"]

T = TypeVar("T")


@dataclass(slots=True)
class Retry:
    """How long a service is asked again, and how often.

    Every operation of a `Backend` can be repeated: its puts are idempotent. The waits grow
    twofold, with full jitter, so that many clients of a busy service do not come back at
    once. An address that never answered is given up early: it is likely a wrong one.

    Attributes
    ----------
    seconds : float
        After which an operation is given up.
    first, longest : float
        Seconds of the first wait, at most, and of any wait.
    attempts_unreached : int
        How often to try what never answered.
    """

    seconds: float = 60.0
    first: float = 0.2
    longest: float = 8.0
    attempts_unreached: int = 4
    reached: bool = False
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def run(self, action: Callable[[], T], is_transient: Callable[[BaseException], bool]) -> T:
        """Return what `action` returns; raise its last error if it does not come to that."""
        end = time.monotonic() + self.seconds
        attempt = 0
        while True:
            attempt += 1
            try:
                result = action()
            except Exception as error:
                if not is_transient(error):
                    self.reached = True  # an answer, though a refusal
                    raise
                wait = random.uniform(0, min(self.longest, self.first * 2 ** (attempt - 1)))
                hopeless = not self.reached and attempt >= self.attempts_unreached
                if hopeless or time.monotonic() + wait > end:
                    raise
                self.sleep(wait)
            else:
                self.reached = True
                return result
