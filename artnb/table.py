"""Table: rows under named columns, for `Run.log` and `Artifact.add`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from artnb import ownjson as json
from artnb.errors import InvalidValueError, nearest

__all__ = ["Table"]

_FORMAT = 1
_SHOWN = 20

Cell = Callable[[Any, str], Any]


class RowPlace(int):
    """The place of a row in its table."""

    _table: Table

    @classmethod
    def _of(cls, place: int, table: Table) -> RowPlace:
        self = cls(place)
        self._table = table
        return self

    def get_row(self) -> dict[str, Any]:
        """Return the row by its columns."""
        return dict(zip(self._table.columns, self._table.data[self], strict=True))


class Table:
    """Rows of values: predictions, examples, scores.

    Parameters
    ----------
    columns : sequence of str, optional
        Their names; default: those of `dataframe`, else ``Input``, ``Output``, ``Expected``.
    data : sequence of sequences, array or DataFrame, optional
        The rows.
    dataframe : DataFrame, optional
        Of pandas or polars; instead of `data`.
    rows : sequence of sequences, optional
        The same as `data`, as W&B's first versions called it.
    allow_mixed_types : bool
        Whether a column may hold values of several types.
    dtype, optional, log_mode
        Accepted for W&B's sake: types come from the values, None goes anywhere, and each `log`
        keeps all rows that the table has by then.

    Raises
    ------
    InvalidValueError
        A row has another length, a name stands twice, or both `data` and `dataframe` are
        given.
    TypeError
        A value has another type than those above it.

    Examples
    --------
    >>> table = Table(columns=["digit", "read as"], data=[[3, 8]])
    >>> table.add_data(5, 5)
    >>> table.get_column("digit")
    [3, 5]
    """

    MAX_ROWS = sys.maxsize
    MAX_ARTIFACT_ROWS = sys.maxsize
    """Any number of rows is kept; both are there because scripts for W&B read and set them."""

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        data: Iterable[Sequence[Any]] | None = None,
        dataframe: Any = None,
        *,
        rows: Iterable[Sequence[Any]] | None = None,
        dtype: Any = None,
        optional: Any = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = None,
    ) -> None:
        if rows is not None:
            if data is not None:
                raise InvalidValueError("Table: give data or rows, not both.")
            data = rows
        if dataframe is not None:
            if data is not None:
                raise InvalidValueError("Table: give data or dataframe, not both.")
            columns, data = _of_frame(dataframe, columns)
        elif hasattr(data, "columns"):  # W&B's first parameter for rows takes frames, too
            columns, data = _of_frame(data, columns)
        names = ["Input", "Output", "Expected"] if columns is None else list(columns)
        self.columns = [_checked(name) for name in names]
        if doubled := {name for name in self.columns if self.columns.count(name) > 1}:
            raise InvalidValueError(f"Table: the column {min(doubled)!r} is named twice.")
        self.data: list[list[Any]] = []
        self._mixed = allow_mixed_types
        self._kinds: list[str | None] = [None] * len(self.columns)
        for row in () if data is None else data:
            self.add_data(*row)

    def add_data(self, *row: Any) -> None:
        """Add a row: a value for each column."""
        if len(row) != len(self.columns):
            raise InvalidValueError(
                f"Table: a row of {len(row)} values for {len(self.columns)} columns "
                f"({', '.join(self.columns)})."
            )
        kinds = [self._kind(at, value) for at, value in enumerate(row)]
        self._kinds = kinds
        self.data.append(list(row))

    add_row = add_data

    def add_column(self, name: str, data: Sequence[Any]) -> None:
        """Add a column: a value for each row."""
        if _checked(name) in self.columns:
            raise InvalidValueError(f"Table: there is a column {name!r} already.")
        values = list(data)
        if self.columns and len(values) != len(self.data):
            raise InvalidValueError(
                f"Table: the column {name!r} has {len(values)} values for {len(self.data)} rows."
            )
        rows = self.data if self.columns else [[] for _ in values]
        added = Table([name], [[value] for value in values], allow_mixed_types=self._mixed)
        self.columns, self._kinds = [*self.columns, name], [*self._kinds, *added._kinds]
        self.data = [[*row, value] for row, value in zip(rows, values, strict=True)]

    def add_computed_columns(self, fn: Callable[[int, dict[str, Any]], Mapping[str, Any]]) -> None:
        """Add the columns that `fn` returns for each row.

        Parameters
        ----------
        fn : callable
            Takes the place of a row and the row by its columns.
        """
        made = [fn(n, dict(zip(self.columns, row, strict=True))) for n, row in self.iterrows()]
        for name in made[0] if made else ():
            self.add_column(name, [each[name] for each in made])

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """Return a column's values: a list, or an array with ``convert_to="numpy"``."""
        at = self._place(name)
        if convert_to not in (None, "numpy"):
            raise InvalidValueError(f"Table: convert_to={convert_to!r}: use 'numpy'.")
        values = [row[at] for row in self.data]
        if convert_to is None:
            return values
        import numpy as np

        return np.array(values)

    def cast(self, col_name: str, dtype: Any, optional: bool = False) -> None:
        """Do nothing but see that there is the column: types come from the values."""
        self._place(col_name)

    def set_pk(self, col_name: str) -> None:
        """Do nothing but see that there is the column: a table is its rows."""
        self._place(col_name)

    def set_fk(self, col_name: str, table: Table, table_col: str) -> None:
        """Do nothing but see that there are the columns; `JoinedTable` joins two by a key."""
        self._place(col_name)
        table._place(table_col)

    def to_data_array(self) -> list[list[Any]]:
        """Return the rows."""
        return [list(row) for row in self.data]

    def get_index(self) -> list[RowPlace]:
        """Return the place of each row: a number that knows its row, by ``get_row()``."""
        return [RowPlace._of(n, self) for n in range(len(self.data))]

    def get_dataframe(self) -> Any:
        """Return a pandas DataFrame of the rows."""
        try:
            import pandas as pd
        except ImportError as error:
            from artnb.errors import MissingExtraError

            raise MissingExtraError("Table.get_dataframe", "pandas", "frames") from error
        return pd.DataFrame(self.data, columns=self.columns)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield each row's place and its values."""
        yield from enumerate(self.data)

    def to_bytes(self, cell: Cell) -> bytes:
        """Return what is stored: JSON, nan and all.

        Parameters
        ----------
        cell : callable
            Takes a value and where it stands; returns it as JSON has it.
        """
        places = [f"column {name!r}" for name in self.columns]
        rows = [list(map(cell, row, places)) for row in self.data]
        found = {"artnb": _FORMAT, "columns": self.columns, "data": rows}
        text = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "surrogatepass")

    @staticmethod
    def from_bytes(data: bytes, cell: Callable[[Any], Any] = lambda found: found) -> Table:
        """Return the table that `to_bytes` wrote.

        Parameters
        ----------
        cell : callable
            Makes of what JSON has, such as the mapping that names a picture, the value.
        """
        found = json.loads(data.decode("utf-8", "surrogatepass"))
        rows = [[cell(value) for value in row] for row in found["data"]]
        return Table(found["columns"], rows, allow_mixed_types=True)

    def _place(self, name: str) -> int:
        if name not in self.columns:
            raise InvalidValueError(
                f"Table: there is no column {name!r}; {nearest(name, self.columns)}"
            )
        return self.columns.index(name)

    def _kind(self, at: int, value: Any) -> str | None:
        kind, known = _kind_of(value), self._kinds[at]
        if kind is None or known is None or self._mixed or kind == known:
            return known or kind
        raise TypeError(
            f"Table: column {self.columns[at]!r} holds {known}, and {value!r} is {kind}. "
            "Convert it, or make the table with allow_mixed_types=True."
        )

    def __len__(self) -> int:
        return len(self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.columns == other.columns and self.data == other.data

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Table of {len(self.data)} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(str(value))}</td>" for value in row) + "</tr>"
            for row in self.data[:_SHOWN]
        )
        more = len(self.data) - _SHOWN
        rest = f"<p>and {more:,} more rows</p>" if more > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{rest}"


def _checked(name: Any) -> str:
    if isinstance(name, (str, int)) and not isinstance(name, bool):
        return str(name)
    raise InvalidValueError(f"Table: a column's name must be text, got {name!r}.")


def _kind_of(value: Any) -> str | None:
    """Return the name of a value's type as columns tell them apart; None goes anywhere."""
    if value is None:
        return None
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "bool"
    if hasattr(value, "ndim") and hasattr(value, "item"):
        if value.ndim:
            return "array"
        value = value.item()
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def _of_frame(frame: Any, columns: Sequence[str] | None) -> tuple[list[str], list[list[Any]]]:
    if not hasattr(frame, "columns"):
        raise InvalidValueError(f"Table: dataframe is a {type(frame).__name__}, no DataFrame.")
    chosen = list(columns or frame.columns)
    # Column by column: faster than by rows, and each keeps its own type.
    values = [_values(frame[name]) for name in chosen]
    return [str(name) for name in chosen], [list(row) for row in zip(*values, strict=True)]


def _values(column: Any) -> list[Any]:
    """Return a column's values; what is missing is None, but for the nan of numbers."""
    values = column.to_list()
    if hasattr(column, "isna"):  # pandas, where text that is missing is nan
        numbers = str(column.dtype).startswith("float")
        return [
            None if gone and not numbers else v
            for v, gone in zip(values, column.isna(), strict=True)
        ]
    return list(values)
