"""What the catalogue's SQL is run on: the contract that each database keeps.

`Connections` hands out a `Session` for a transaction. Two kinds of transactions there
are. Most may run beside each other, for they only add, or change a row that they have
locked; those that take away what others may rely on (a collector's, above all) run
**alone**. SQLite runs each alone anyway.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from artnb import ownjson as json
from artnb.catalog.base import Migrated
from artnb.errors import CatalogError

__all__ = ["Connections", "Cursor", "Many", "Row", "Session", "TransactionLostError", "restarts"]

Row = Any
"""A row: ``row[0]``, ``row["name"]``, ``dict(row)``, and iteration over its values."""

_ATTEMPTS = 5

P = ParamSpec("P")
T = TypeVar("T")


class Cursor(Protocol):
    """The rows of a statement."""

    @property
    def description(self) -> Any:
        """One sequence a column, its name first."""

    def fetchone(self) -> Row:
        """Return the next row, or None."""

    def fetchall(self) -> list[Row]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Row]: ...


class Session(Protocol):
    """Runs statements in the SQL that `artnb.catalog.dialect` describes.

    In a transaction a statement may wait to be sent until rows are fetched, of it or of a
    later one, or until the commit: only then is said what is wrong with it. Who wants to
    know whether it changed a row lets it return one.
    """

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement."""

    def executemany(self, query: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run a statement once for each of the rows; no two of them insert the same row."""

    def settle_ids(self, table: str, /) -> None:
        """Let new rows of a table have ids after those that were given."""


class Connections(Protocol):
    """The connections to one catalogue. Safe to use from many threads, and after a fork.

    Attributes
    ----------
    location : str
        Where it is, without what is secret.
    migrated : Migrated or None
        That it was brought up to date when it was opened here.
    """

    location: str
    read_only: bool
    migrated: Migrated | None

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query."""

    def ask(self, question: Callable[[Session], T]) -> T:
        """Return what a function that only reads finds out, by several questions.

        It is called again where a connection broke before.
        """

    def revisions(self) -> AbstractContextManager[Callable[[], object]]:
        """Yield what returns a value that another commit changes, this process's among them.

        Values are compared within one such block only.
        """

    def transaction(
        self, *, durable: bool = True, alone: bool = False
    ) -> AbstractContextManager[Session]:
        """Yield a session inside a write transaction, committed at the end.

        Nested transactions of one thread join the outer one.

        Parameters
        ----------
        durable : bool
            False spares the sync: for what a power cut may take, because whoever it is
            for goes with it.
        alone : bool
            Whether no other transaction may run beside it.
        """

    def close(self) -> None:
        """Close every connection."""


class Many(tuple[Any, ...]):
    """Values for ``in many(?)``."""

    def __conform__(self, _: object) -> str:  # what sqlite3 asks for when it binds
        try:
            are_digests = bool(self) and 2 * len(bytes.fromhex(text := "".join(self))) == len(text)
        except (TypeError, ValueError):
            are_digests = False
        # Ten thousand of them, in which there is nothing to escape: a fifth of the time.
        return '["' + '","'.join(self) + '"]' if are_digests else json.dumps(self)


class TransactionLostError(CatalogError):
    """The database gave a transaction up before its end; nothing of it was recorded."""


class _HasConnections(Protocol):
    _db: Connections


S = TypeVar("S", bound=_HasConnections)


def restarts(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Let a method that is one transaction begin again where the database gave it up."""

    def restarted(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return method(self, *args, **kwargs)
            except TransactionLostError:
                continue
        return method(self, *args, **kwargs)

    functools.update_wrapper(restarted, method)
    return restarted
