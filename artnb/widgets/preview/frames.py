"""Parquet, by whichever reader is installed: its first rows, and nothing more is read."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from artnb.texts import Message
from artnb.widgets.preview.base import (
    MOST_COLUMNS,
    MOST_ROWS,
    Shown,
    Unreadable,
    first_rows,
    nothing,
    rows,
)

__all__ = ["parquet"]


def parquet(path: Path) -> Shown:
    """Return the first 100 rows; where no reader is installed, which to install."""
    if find_spec("pyarrow"):
        read = _by_pyarrow
    elif find_spec("polars"):
        read = _by_polars
    else:
        return nothing(
            Message(
                "To look into Parquet, pyarrow or polars is needed: pip install 'artnb[frames]'"
            )
        )
    try:
        names, types, body, total = read(path)
    except Exception as error:  # both have many kinds for what they cannot read
        raise Unreadable(Message("This is no Parquet that can be read: {0}", error)) from error
    columns = [f"{name} ({kind})" for name, kind in zip(names, types, strict=True)]
    wide = len(names) > MOST_COLUMNS
    note = first_rows(len(body), wide=wide) if wide or total > len(body) else ""
    facts = Message("{0} rows, {1} columns", f"{total:,}", f"{len(names):,}")
    return rows(columns, body, facts, note)


Read = tuple[list[str], list[str], list[list[Any]], int]


def _by_pyarrow(path: Path) -> Read:
    from pyarrow import parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        schema = file.schema_arrow
        chosen = schema.names[:MOST_COLUMNS]
        batch = next(file.iter_batches(batch_size=MOST_ROWS, columns=chosen), None)
        # By place, for two columns may have one name.
        columns = [] if batch is None else [column.to_pylist() for column in batch.columns]
        total = file.metadata.num_rows
    body = [list(row) for row in zip(*columns, strict=True)]
    return list(schema.names), [str(kind) for kind in schema.types], body, total


def _by_polars(path: Path) -> Read:
    import polars as pl

    frame = pl.scan_parquet(path)
    schema = frame.collect_schema()
    names = list(schema.names())
    body = frame.select(names[:MOST_COLUMNS]).head(MOST_ROWS).collect().rows()
    total = int(frame.select(pl.len()).collect().item())
    return names, [str(kind) for kind in schema.dtypes()], [list(row) for row in body], total
