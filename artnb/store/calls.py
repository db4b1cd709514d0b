"""A request to an address that is a key: what comes back, or is refused, never names it."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

__all__ = ["Answer", "RefusedError", "call"]

_TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said."""

    status: int
    headers: Message
    body: bytes


class RefusedError(OSError):
    """A status that says no.

    Attributes
    ----------
    status : int
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def call(
    method: str,
    address: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    accept: tuple[int, ...] = (),
) -> Answer:
    """Return the answer to a request.

    Parameters
    ----------
    accept : tuple of int
        Statuses above 299 that are answers, too.

    Raises
    ------
    RefusedError
        Any other status.
    OSError
        No answer.
    """
    request = urllib.request.Request(address, body, dict(headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code in accept:
                return Answer(error.code, error.headers, error.read())
            said = error.read(2000).decode("utf-8", "replace")
        refused = RefusedError(error.code, f"status code: {error.code} {error.reason}: {said}")
    except urllib.error.URLError as error:
        if isinstance(error.reason, OSError):
            raise error.reason from None
        raise
    raise refused
