"""Text and plain values: the lines that differ."""

from __future__ import annotations

import difflib
from typing import Any

from artnb import ownjson as json
from artnb.diff.base import Change, ValueDiff, short
from artnb.texts import Message

__all__ = ["compare_bytes", "compare_plain", "compare_text", "unified"]

_MOST_LINES = 20_000
_MOST_SHOWN = 200


def compare_text(old: str, new: str) -> ValueDiff:
    """Return the lines that differ between two texts."""
    if old == new:
        return ValueDiff()
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _MOST_LINES:
        return ValueDiff(
            Message("{0} → {1} lines, too many to compare", f"{len(before):,}", f"{len(after):,}")
        )
    lines = unified(before, after)
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    if not lines:
        return ValueDiff(Message("other line ends"))
    summary = Message(
        "{0} line added, {1} removed" if added == 1 else "{0} lines added, {1} removed",
        f"{added:,}",
        f"{removed:,}",
    )
    if len(lines) > _MOST_SHOWN:
        lines = [*lines[:_MOST_SHOWN], f"@ {len(lines) - _MOST_SHOWN:,} lines more"]
    return ValueDiff(summary, lines=tuple(lines))


def unified(before: list[str], after: list[str]) -> list[str]:
    """Return a unified difference without the two lines that name files."""
    return list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]


def compare_plain(old: Any, new: Any) -> ValueDiff:
    """Return how two values that JSON has differ."""
    if not isinstance(old, (list, dict)) and not isinstance(new, (list, dict)):
        if type(old) is type(new) and (old == new or (old != old and new != new)):
            return ValueDiff()
        return ValueDiff(
            f"{short(old)} → {short(new)}", (Change(Message("value"), short(old), short(new)),)
        )
    return compare_text(*(json.dumps(v, indent=1, ensure_ascii=False) for v in (old, new)))


def compare_bytes(old: bytes, new: bytes) -> ValueDiff:
    """Return where two runs of bytes part."""
    if old == new:
        return ValueDiff()
    at = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    where = min(len(old), len(new)) if at is None else at
    return ValueDiff(
        Message(
            "{0} → {1} bytes, the first difference at byte {2}",
            f"{len(old):,}",
            f"{len(new):,}",
            f"{where:,}",
        )
    )
