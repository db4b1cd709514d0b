"""What all previews share: their limits, and how a value is written in a cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from artnb.texts import Message

__all__ = [
    "MOST_BYTES",
    "MOST_COLUMNS",
    "MOST_ROWS",
    "Shown",
    "Unreadable",
    "first_rows",
    "nothing",
    "rows",
]

MOST_BYTES = 64 << 10
MOST_ROWS = 100
MOST_COLUMNS = 50
_LONGEST_CELL = 200

Shown = dict[str, Any]


class Unreadable(Exception):
    """The bytes are not what the file's name says."""

    @property
    def message(self) -> Message:
        """What is wrong with them."""
        said: Message = self.args[0]
        return said


def nothing(message: str) -> Shown:
    """Return what says that there is nothing to see, and why."""
    return {"kind": "nothing", "message": message}


def rows(
    columns: Sequence[object], data: Iterable[Sequence[object]], facts: str, note: str = ""
) -> Shown:
    """Return a table: every cell as text, at most 50 columns.

    Parameters
    ----------
    facts : str
        What is known of the whole: rows and columns, shape and dtype.
    note : str
        What of it is shown, where that is not all.
    """
    return {
        "kind": "rows",
        "columns": [_cell(name) for name in columns[:MOST_COLUMNS]],
        "rows": [[_cell(value) for value in row[:MOST_COLUMNS]] for row in data],
        "facts": facts,
        "note": note,
    }


def first_rows(count: int, *, wide: bool) -> Message:
    """Return what of a table is shown: its first rows and, of a wide one, columns."""
    if wide:
        return Message("The first {0} rows and {1} columns.", count, MOST_COLUMNS)
    return Message("The first {0} rows.", count)


def _cell(value: object) -> str:
    if isinstance(value, Message):
        return value  # ours, not the file's
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.7g}"
    try:
        text = "" if value is None else str(value)
    except ValueError:  # an integer of more digits than Python writes
        return Message("a very large number")
    return text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"
