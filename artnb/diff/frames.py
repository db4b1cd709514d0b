"""Frames of pandas and polars: columns that came, went or changed, and rows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from artnb.diff.base import Change, ValueDiff
from artnb.texts import Message

__all__ = ["compare_frames", "is_frame"]


def is_frame(value: Any) -> bool:
    """Return whether `value` is a frame or a series of pandas or polars, or of a kind of these."""
    return any(
        kind.__name__ in ("DataFrame", "Series")
        and kind.__module__.partition(".")[0] in ("pandas", "polars")
        for kind in type(value).__mro__
    )


def compare_frames(old: Any, new: Any) -> ValueDiff:
    """Return how two frames differ; rows are compared in the columns that both have."""
    old, new = _as_frame(old), _as_frame(new)
    types = [{str(name): str(kind) for name, kind in _schema(frame)} for frame in (old, new)]
    changes = [Change(_named(name), kind, "", Message("removed"))
               for name, kind in types[0].items() if name not in types[1]]  # fmt: skip
    changes += [Change(_named(name), "", kind, Message("added"))
                for name, kind in types[1].items() if name not in types[0]]  # fmt: skip
    common = [name for name in types[0] if name in types[1]]
    rows, by_column = _rows(old, new, common)
    for name in common:
        note = by_column.get(name, "")
        if types[0][name] != types[1][name]:
            note = Message("another type; {0}", note) if note else Message("another type")
        if note:
            changes.append(Change(_named(name), types[0][name], types[1][name], note))
    if list(types[0]) != list(types[1]) and set(types[0]) == set(types[1]):
        orders = ", ".join(types[0]), ", ".join(types[1])
        changes.append(Change(Message("columns"), *orders, Message("reordered")))
    if not changes:
        return ValueDiff(rows)
    all_ = len({**types[0], **types[1]})
    columns = Message("{0} of {1} columns differ", len(changes), all_)
    return ValueDiff(Message("{0}; {1}", rows, columns) if rows else columns, tuple(changes))


def _named(column: str) -> Message:
    return Message("column {0}", column)


def _rows(old: Any, new: Any, common: list[str]) -> tuple[str, dict[str, str]]:
    """Return what became of the rows and, where they can be paired, of each column."""
    if not common:
        return ("" if len(old) == len(new) else _lengths(old, new)), {}
    alike = all(str(old[name].dtype) == str(new[name].dtype) for name in common)
    one, other = (_row_marks(frame, common, alike) for frame in (old, new))
    if one == other:
        return "", _index_change(old, new)
    if Counter(one) == Counter(other):
        return Message("the same rows in another order"), {}
    if len(one) == len(other):
        columns = {name: _column_change(old[name], new[name]) for name in common}
        differ = sum(a != b for a, b in zip(one, other, strict=True))
        return Message("{0} of {1} rows differ", f"{differ:,}", f"{len(one):,}"), columns
    rows = _lengths(one, other)
    if other[: len(one)] == one:
        return Message("{0} ({1} appended)", rows, f"{len(other) - len(one):,}"), {}
    came = (Counter(other) - Counter(one)).total()
    went = (Counter(one) - Counter(other)).total()
    return Message("{0} ({1} added, {2} removed)", rows, f"{came:,}", f"{went:,}"), {}


def _lengths(old: Any, new: Any) -> Message:
    return Message("rows {0} → {1}", f"{len(old):,}", f"{len(new):,}")


def _index_change(old: Any, new: Any) -> dict[str, str]:
    same = not hasattr(old, "index") or old.index.equals(new.index)
    return {} if same else {str(old.columns[0]): Message("the index differs")}


def _column_change(old: Any, new: Any) -> str:
    one, other = _as_list(old), _as_list(new)
    differ = sum(not _equal(a, b) for a, b in zip(one, other, strict=True))
    if not differ:
        return ""
    note = Message("{0} of {1} rows", f"{differ:,}", f"{len(one):,}")
    try:
        means = _told_apart(float(old.mean()), float(new.mean()))
        return Message("{0}, mean {1}", note, means)
    except (TypeError, ValueError, AttributeError):
        return note  # no numbers


def _told_apart(one: float, other: float) -> str:
    """Return both numbers with as few digits, from four, as tell them apart."""
    for digits in range(4, 18):
        texts = f"{one:.{digits}g}", f"{other:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return " → ".join(texts)


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    try:
        return bool(a == b or (a != a and b != b))
    except (TypeError, ValueError):
        return repr(a) == repr(b)


def _row_marks(frame: Any, columns: list[str], alike: bool) -> list[Any]:
    """Return for each row what is equal where the row is.

    Parameters
    ----------
    alike : bool
        The columns have the same types in both frames: the libraries' own hashes serve.
    """
    part = frame.select(columns) if _is_polars(frame) else frame[columns]
    try:
        if not _is_polars(frame):
            import pandas as pd

            return list(pd.util.hash_pandas_object(part if alike else part.astype(object), False))
        if alike:
            return list(part.hash_rows().to_list())
    except Exception:
        pass  # a column of lists or objects; each library has its own error for it
    rows = part.rows() if _is_polars(frame) else part.itertuples(index=False, name=None)
    return [repr(tuple(row)) for row in rows]


def _as_frame(value: Any) -> Any:
    if len(value.shape) == 2:
        if not _is_polars(value):
            value = value.set_axis([str(name) for name in value.columns], axis=1)
        return value
    return value.to_frame(str(value.name or "values"))


def _schema(frame: Any) -> list[tuple[Any, Any]]:
    return list(frame.schema.items()) if _is_polars(frame) else list(frame.dtypes.items())


def _as_list(column: Any) -> list[Any]:
    return list(column.to_list())


def _is_polars(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "polars"
