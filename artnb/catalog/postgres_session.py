"""One connection to PostgreSQL, which takes the catalogue's SQL.

In a transaction, statements are gathered until somebody wants an answer, and go to the server
together (libpq's pipeline): while a row is locked that all writers of a name wait for, each
trip is time that all of them wait. What was sent is always answered before the caller goes
on, so that the server sees a client that hangs as idle in its transaction, and ends it.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from artnb.catalog.dialect import to_postgres
from artnb.catalog.session import Cursor, Many

__all__ = ["PostgresSession", "named_rows"]

_INSERT = re.compile(r"(insert into .+ values )(\([?, ]+\))(.*)", re.DOTALL)
_ROWS_AT_ONCE = 100
_MOST_UNSENT = 200

_Cursor = psycopg.Cursor[Any]


class _NamedRow:
    """A row by place and by name, as sqlite3's."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: dict[str, int], values: Sequence[Any]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, key: int | str) -> Any:
        return self._values[key if isinstance(key, int) else self._places[key]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> list[str]:
        """Return the columns' names."""
        return list(self._places)


def named_rows(cursor: _Cursor) -> Callable[[Sequence[Any]], _NamedRow]:
    """Return what makes a row of a result's values."""
    places = {column.name: n for n, column in enumerate(cursor.description or ())}
    return lambda values: _NamedRow(places, values)


class _Answer:
    """The rows of a statement, which is sent, with those before it, when they are asked for."""

    __slots__ = ("_cursor", "_session")

    def __init__(self, session: PostgresSession, cursor: _Cursor) -> None:
        self._session = session
        self._cursor = cursor

    def _sent(self) -> _Cursor:
        if self._session.holds(self._cursor):
            self._session.send()
        return self._cursor

    @property
    def description(self) -> Any:
        return self._sent().description

    def fetchone(self) -> Any:
        return self._sent().fetchone()

    def fetchall(self) -> list[Any]:
        return self._sent().fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._sent())


class PostgresSession:
    """Runs statements: at once, or in a transaction when an answer is wanted."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._unsent: list[tuple[_Cursor, str, list[Any] | None]] = []
        self._gathers = False

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement."""
        cursor = self.connection.cursor()
        self._unsent.append((cursor, to_postgres(query), [_own(value) for value in values]))
        if not self._gathers or len(self._unsent) >= _MOST_UNSENT:
            self.send()
        return _Answer(self, cursor)

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run a statement once for each of the rows."""
        # Many rows a statement: each one by itself costs both sides a tenth of a millisecond.
        left = iter(rows)
        insert = _INSERT.fullmatch(query)
        while some := list(itertools.islice(left, _ROWS_AT_ONCE if insert else 1)):
            text = query
            if insert:
                before, marks, after = insert.groups()
                text = f"{before}{', '.join([marks] * len(some))}{after}"
            self.execute(text, [value for row in some for value in row])

    def settle_ids(self, table: str, /) -> None:
        """Let new rows of a table have ids after those that were given."""
        self.command(
            f"select setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, "
            f"false) from {table}"
        )

    def command(self, text: str) -> None:
        """Run what is PostgreSQL's own now: several statements outside a transaction, else one."""
        self._unsent.append((self.connection.cursor(), text, None))
        self.send()

    def gather(self, whether: bool) -> None:
        """Gather statements until an answer is wanted, or no more; forget those not sent."""
        self._gathers = whether
        self._unsent = []

    def holds(self, cursor: _Cursor) -> bool:
        """Return whether a cursor's statement is not sent yet."""
        return any(waiting is cursor for waiting, _, _ in self._unsent)

    def send(self) -> None:
        """Run what was gathered, in one trip."""
        unsent, self._unsent = self._unsent, []
        with contextlib.ExitStack() as stack:
            if len(unsent) > 1 and psycopg.Pipeline.is_supported():
                stack.enter_context(self.connection.pipeline())
            try:
                for cursor, text, values in unsent:
                    statement: Any = text
                    cursor.execute(statement, values)
            except psycopg.Error:
                # Not by `with`: psycopg would log what follows from the first error.
                with contextlib.suppress(psycopg.Error):
                    stack.close()
                raise

    @property
    def lost(self) -> bool:
        """Whether the connection broke."""
        return self.connection.closed or self.connection.broken

    @property
    def idle(self) -> bool:
        """Whether it can be used for something else."""
        return not self.lost and self.connection.info.transaction_status == TransactionStatus.IDLE


def _own(value: Any) -> Any:
    return list(value) if isinstance(value, Many) else value
