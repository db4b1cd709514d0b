"""The language that a browser asks for, of those that are spoken (RFC 9110, 12.5.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from artnb.texts import LANGUAGES

__all__ = ["preferred"]

_RANGE = re.compile(r"\s*([a-z]+)(?:-[a-z0-9]+)*\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.I)


def preferred(headers: Sequence[str]) -> str:
    """Return the language with the greatest weight, the earlier of two alike; English if none.

    A part that is not as the standard has it is passed over.

    Examples
    --------
    >>> preferred(["en;q=0.5, ko-KR;q=0.9, ko;q=0.8"])
    'ko'
    """
    best, weight = LANGUAGES[0], 0.0
    for part in ",".join(headers).split(","):
        asked = _RANGE.fullmatch(part)
        if asked is None:
            continue
        quality = float(asked[2] or 1)
        if asked[1].lower() in LANGUAGES and quality > weight:
            best, weight = asked[1].lower(), quality
    return best
