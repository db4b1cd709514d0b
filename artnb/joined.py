"""JoinedTable: the rows of two tables that have the same key, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from artnb.entry import ArtifactEntry
from artnb.errors import InvalidValueError
from artnb.serializers import to_plain
from artnb.table import Table

__all__ = ["JoinedTable"]


class JoinedTable(Table):
    """Two tables as one: each row of the one beside those of the other with its key.

    Rows that have no counterpart stay, with None in the other's columns, as W&B shows them. A
    name that both tables have is ``0.name`` and ``1.name``. It is kept as a table of its own.

    Parameters
    ----------
    table1, table2 : Table, ArtifactEntry or str
        Tables, files of versions (`Artifact.get_entry`), or paths in the artifact that it is
        added to, where its rows are there from then on.
    join_key : str, or two of them
        The column that both have, or that of the first and that of the second.

    Raises
    ------
    InvalidValueError
        One is no table, or has no such column.

    Examples
    --------
    >>> names = Table(["id", "name"], [[1, "cat"], [2, "dog"]])
    >>> JoinedTable(names, Table(["id", "score"], [[2, 0.5]]), "id").data
    [[1, 'cat', None], [2, 'dog', 0.5]]
    """

    def __init__(
        self,
        table1: Table | ArtifactEntry | str,
        table2: Table | ArtifactEntry | str,
        join_key: str | Sequence[str],
    ) -> None:
        two = isinstance(join_key, (list, tuple))
        keys = list(join_key) if two else [join_key, join_key]
        if len(keys) != 2 or not all(isinstance(key, str) for key in keys):
            raise InvalidValueError(
                f"JoinedTable: join_key={join_key!r}: use a column's name, or a list of two."
            )
        self.join_key = join_key
        self._keys: list[Any] = keys
        self._sides = [_table_of(table1), _table_of(table2)]
        super().__init__([], allow_mixed_types=True)
        if all(isinstance(side, Table) for side in self._sides):
            self.resolve(_nowhere)

    def resolve(self, read: Callable[[str], Table]) -> None:
        """Join the tables, of which `read` gives those that are named by a path."""
        left, right = (read(side) if isinstance(side, str) else side for side in self._sides)
        columns, rows = _joined(left, right, *self._keys)
        super().__init__(columns, rows, allow_mixed_types=True)


def _table_of(given: Any) -> Table | str:
    if isinstance(given, ArtifactEntry):
        given = given.value()
    if not isinstance(given, (Table, str)):
        raise InvalidValueError(
            f"JoinedTable: a {type(given).__name__} is no table. Give a Table, an entry of an "
            "artifact that holds one, or its path in the artifact that this is added to."
        )
    return given


def _nowhere(path: str) -> Table:
    raise InvalidValueError(f"JoinedTable: {path!r} is in no artifact yet.")


def _joined(left: Table, right: Table, key0: str, key1: str) -> tuple[list[str], list[list[Any]]]:
    """Return names and rows of a full outer join, in the first table's order."""
    places: dict[Any, list[int]] = {}
    for n, value in enumerate(right.get_column(key1)):
        places.setdefault(_hashable(value), []).append(n)
    at0, at1 = left.columns.index(key0), right.columns.index(key1)
    others0, others1 = _without(left.columns, at0), _without(right.columns, at1)
    found: set[int] = set()
    rows = []
    for row in left.data:
        matching = places.get(_hashable(row[at0]), [])
        found.update(matching)
        beside = [_without(right.data[n], at1) for n in matching] or [[None] * len(others1)]
        rows += [[row[at0], *_without(row, at0), *each] for each in beside]
    rows += [
        [row[at1], *[None] * len(others0), *_without(row, at1)]
        for n, row in enumerate(right.data)
        if n not in found
    ]
    both = {*others0, key0} & set(others1) | {*others1} & {*others0}
    names0 = [f"0.{name}" if name in both else name for name in others0]
    names1 = [f"1.{name}" if name in both else name for name in others1]
    return [key0, *names0, *names1], rows


def _without(values: Sequence[Any], at: int) -> list[Any]:
    return [*values[:at], *values[at + 1 :]]


def _hashable(value: Any) -> Any:
    value = to_plain(value) if hasattr(value, "item") else value
    return repr(value) if isinstance(value, (list, dict)) else value
