"""What stays: rules such as ``last 5, aliased, tagged``, times such as ``30d``, sizes."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from artnb.errors import InvalidValueError, nearest

__all__ = ["ArtifactTTL", "KeepRules", "parse_keep", "parse_time"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_WORDS = ("last N", "aliased", "tagged")


class ArtifactTTL(enum.Enum):
    """``INHERIT``: a version has the ttl of the settings, as W&B's has that of its team."""

    INHERIT = "inherit"


@dataclass(frozen=True, slots=True)
class KeepRules:
    """A version stays if one of the rules holds for it.

    Attributes
    ----------
    last : int
        So many of the newest of each artifact; at least the newest stays always.
    aliased, tagged : bool
        Those that have an alias, or a tag.
    """

    last: int = 1
    aliased: bool = False
    tagged: bool = False


def parse_keep(text: str) -> KeepRules:
    """Return the rules that `text` spells.

    Examples
    --------
    >>> parse_keep("last 5, tagged")
    KeepRules(last=5, aliased=False, tagged=True)
    """
    last, words = 1, set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        if counted := re.fullmatch(r"last\s+([1-9][0-9]*)", part):
            last = int(counted[1])
        elif part in ("aliased", "tagged"):
            words.add(part)
        else:
            raise InvalidValueError(
                f"keep {text!r}: {part!r} is no rule; {nearest(part, _WORDS)} For example: "
                "'last 5, aliased, tagged'."
            )
    return KeepRules(last, "aliased" in words, "tagged" in words)


def parse_time(text: str) -> float:
    """Return the seconds that `text` spells.

    Examples
    --------
    >>> parse_time("12h")
    43200.0
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw]?)", text.strip())
    if found is None:
        raise InvalidValueError(f"{text!r} is no time such as 30m, 12h, 1d, 2w or 0.")
    return float(found[1]) * _UNITS[found[2] or "s"]
