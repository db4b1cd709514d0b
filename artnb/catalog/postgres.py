"""PostgreSQL connections: a few a process, taken for one transaction or question each.

Transactions that may run beside each other share an advisory lock; one that must be
**alone** takes it for itself, and waits until those are over. Within the shared ones,
rows are locked in one order (project, blobs, sections, collection, the rest), so that they
do not wait for each other in a circle.

A connection that broke while nobody used it is replaced unseen. One that breaks in a
transaction gives that up (`TransactionLostError`, and `restarts` begins it again),
unless the commit was on its way: then nobody knows, and the error says so.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from artnb.catalog import tables
from artnb.catalog.address import ServerAddress
from artnb.catalog.base import Migrated
from artnb.catalog.blocking import LockWatch, Wait
from artnb.catalog.locks import PATIENCE
from artnb.catalog.migrating import (
    apply_migrations,
    last_of,
    missing,
    refuse_foreign,
    refuse_newer,
)
from artnb.catalog.postgres_session import PostgresSession, named_rows
from artnb.catalog.session import Row, TransactionLostError
from artnb.catalog.trouble import could_not_connect, explained, too_old
from artnb.errors import CatalogError

__all__ = ["OLDEST", "PostgresConnections", "PostgresSession"]

OLDEST = 13
"""The oldest PostgreSQL that is known to work: ``gen_random_uuid`` came with it."""

T = TypeVar("T")

_IDLE_SECONDS = 60.0
_RETURN_SECONDS = 20.0
_LOST = (errors.SerializationFailure, errors.DeadlockDetected)


class PostgresConnections:
    """The connections of one process to one catalogue.

    Parameters
    ----------
    url : str
        ``postgresql://USER@HOST:PORT/DATABASE``, with libpq's parameters, and with
        ``schema=NAME`` for tables that are not in the user's first schema.
    durable : bool
        Whether a commit waits for the server's disk.
    upgrade : bool
        Whether tables that an earlier artnb made are brought up to date; else they are
        refused, for a team's other members could not open them any more.
    prepare : bool
        False: whatever is there is left as it is.
    patience : float
        How many seconds a statement waits for others' locks before it is given up.
    """

    def __init__(
        self,
        url: str,
        *,
        durable: bool = True,
        upgrade: bool = False,
        prepare: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self._address = ServerAddress.parse(url)
        self.location = self._address.shown
        self.read_only = False
        self.migrated: Migrated | None = None
        self._synchronous = "on" if durable else "off"
        self._patience = patience
        self._local = threading.local()
        self._idle: list[PostgresSession] = []
        self._inherited: list[PostgresSession] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._advisory = 0
        self._watch = LockWatch(f"the catalogue {self.location}", patience, self._ask_beside)
        self._opened = False
        with self._translated("open"):
            if prepare:
                self._prepare(upgrade)
            else:
                self._advisory = self._ask(
                    lambda session: tables.advisory_lock(session, self._address.schema)
                )
        self._opened = True

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""
        with self._translated("read"):
            return self._ask(lambda session: session.execute(query, values).fetchall())

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query."""
        with self._translated("read"):
            return self._ask(lambda session: session.execute(query, values).fetchone())

    def ask(self, question: Callable[[PostgresSession], T]) -> T:
        """Return what a function that only reads finds out, by several questions."""
        with self._translated("read"):
            return self._ask(question)

    @contextlib.contextmanager
    def revisions(self) -> Iterator[Callable[[], object]]:
        """Yield what returns a value that a commit changes which marks rows for the journal."""
        # Sums alone could come back to where they were: when entries are written, marks go.
        query = (
            "select (select entries from identity), count(*), "
            "coalesce(sum(hashtextextended(source || ' ' || subject || ' ' || change, 0)), 0) "
            "from outbox"
        )
        yield lambda: tuple(self.row(query) or ())

    @contextlib.contextmanager
    def transaction(
        self, *, durable: bool = True, alone: bool = False
    ) -> Iterator[PostgresSession]:
        """Yield a session inside a write transaction, committed at the end."""
        if (own := getattr(self._local, "session", None)) is not None:
            assert self._local.alone or not alone, "cannot be alone within a shared transaction"
            yield own
            return
        with self._watch.over() as wait, self._translated("write", wait):
            sync = "" if durable else "; set local synchronous_commit = off"
            lock = "pg_advisory_xact_lock" + ("" if alone else "_shared")

            def begin(fresh: PostgresSession) -> None:
                wait.process = fresh.connection.info.backend_pid
                fresh.command(f"begin{sync}; select {lock}({self._advisory})")

            session = self._on_a_live_one(begin, keep=True)[0]
            self._local.session, self._local.alone = session, alone
            session.gather(True)
            try:
                yield session
                self._commit(session)
            except BaseException:
                session.gather(False)
                with contextlib.suppress(psycopg.Error):
                    session.command("rollback")
                raise
            finally:
                session.gather(False)
                self._local.session = None
                self._give_back(session)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for session in self._idle:
                session.connection.close()
            self._idle.clear()

    # connections ----------------------------------------------------------------------

    def _ask(self, question: Callable[[PostgresSession], T]) -> T:
        own: PostgresSession | None = getattr(self._local, "session", None)
        if own is not None:
            return question(own)
        return self._on_a_live_one(question, keep=False)[1]

    def _ask_beside(self, query: str, values: Sequence[Any]) -> Row | None:
        """Ask on another connection than the one of this thread's transaction."""
        return self._on_a_live_one(lambda s: s.execute(query, values).fetchone(), keep=False)[1]

    def _on_a_live_one(
        self, first: Callable[[PostgresSession], T], *, keep: bool
    ) -> tuple[PostgresSession, T]:
        """Do the first thing on an idle connection; those that broke meanwhile are left."""
        while True:
            session, fresh = self._take()
            try:
                done = first(session)
            except psycopg.OperationalError:
                lost = session.lost
                self._give_back(session)
                if fresh or not lost:
                    raise
                continue
            except BaseException:
                self._give_back(session)
                raise
            if not keep:
                self._give_back(session)
            return session, done

    def _take(self) -> tuple[PostgresSession, bool]:
        with self._lock:
            if self._pid != os.getpid():  # a fork must not speak on the parent's connections
                self._inherited += self._idle
                self._idle, self._local, self._pid = [], threading.local(), os.getpid()
            if self._idle:
                return self._idle.pop(), False
        return self._connect(), True

    def _give_back(self, session: PostgresSession) -> None:
        if session.idle:
            with self._lock:
                self._idle.append(session)
        else:
            session.connection.close()

    def _connect(self) -> PostgresSession:
        start = time.monotonic()
        while True:
            try:
                connection = psycopg.connect(
                    self._address.conninfo,
                    autocommit=True,
                    row_factory=named_rows,
                    **self._address.defaults,
                )
                break
            except psycopg.OperationalError as error:
                told, passing = could_not_connect(self._address, error)
                # A server that was there is waited for while it starts anew.
                patience = _RETURN_SECONDS if passing or self._opened else 0.0
                if not (passing or self._opened) or time.monotonic() - start > patience:
                    raise told from None  # psycopg repeats what it was given
                time.sleep(0.1 * (0.5 + random.random()))
        session = PostgresSession(connection)
        # A client that hangs inside a transaction must not hold up the others for ever.
        session.command(
            f"set lock_timeout = {max(1, round(self._patience * 1000))}; "
            f"set client_encoding = 'utf8'; "
            f"set idle_in_transaction_session_timeout = '{_IDLE_SECONDS:.0f}s'; "
            f"set synchronous_commit = {self._synchronous}; set client_min_messages = warning"
            + (f"; set search_path = {self._address.schema}" if self._address.schema else "")
        )
        return session

    def _commit(self, session: PostgresSession) -> None:
        try:
            session.command("commit")
        except psycopg.OperationalError as error:
            if isinstance(error, _LOST) or not session.lost:
                raise
            raise CatalogError(
                f"The connection to {self.location} broke while a transaction was committed, so it "
                "is not known whether it was recorded. Do it again: the same content makes no "
                "second version."
            ) from error

    # the tables -----------------------------------------------------------------------

    def _prepare(self, upgrade: bool) -> None:
        session, _ = self._take()
        try:
            version = session.connection.info.server_version
            if version < OLDEST * 10_000:
                raise too_old(self.location, version, OLDEST)
            self._advisory = tables.advisory_lock(session, self._address.schema)
            instead = "a schema of its own: ...?schema=artnb"
            refuse_foreign(tables.present(session), self.location, instead)
            applied = tables.applied(session)
            self.read_only = tables.is_read_only(session)
        finally:
            self._give_back(session)
        refuse_newer(applied, self.location)
        if missing(applied) and not self.read_only:
            self._migrate(applied, upgrade)

    def _migrate(self, applied: set[str], upgrade: bool) -> None:
        if applied and not upgrade:
            raise CatalogError(
                f"The catalogue {self.location} was made by an earlier artnb (its last change is "
                f"{last_of(applied)}). Bring it up to date with `artnb migrate`, which keeps a "
                "copy; the others who use it then need this artnb, too. Nothing was changed."
            )
        with self.transaction(alone=True) as db:
            applied = tables.applied(db)
            if applied and missing(applied):
                self.migrated = Migrated(
                    last_of(applied), f"schema {tables.keep_copy(db, last_of(applied))}"
                )
            apply_migrations(db)

    # errors ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def _translated(self, doing: str, wait: Wait | None = None) -> Iterator[None]:
        try:
            yield
        except _LOST as error:
            raise TransactionLostError(
                f"PostgreSQL gave up a transaction in {self.location} beside others ({error}). "
                "Nothing of it was recorded; try again."
            ) from error
        except psycopg.Error as error:
            locked = isinstance(error, errors.LockNotAvailable)
            if locked and wait is not None and wait.blocker is not None:
                holder = f" It was waited for {wait.blocker}. {wait.blocker.advice}."
            else:
                holder = self._longest_transaction() if locked else ""
            raise explained(doing, self._address, error, holder) from error

    def _longest_transaction(self) -> str:
        with contextlib.suppress(psycopg.Error, CatalogError):
            query = (
                "select pid, usename, coalesce(host(client_addr), 'its machine') as place, "
                "extract(epoch from now() - xact_start)::int as seconds from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() "
                "and xact_start is not null and backend_type = 'client backend' "
                "order by xact_start limit 1"
            )
            if row := self._ask_beside(query, ()):
                return (
                    f" The transaction that has been open longest is {row['usename']}'s from "
                    f"{row['place']}, for {row['seconds']} s (its owner or an administrator ends "
                    f"it by: select pg_terminate_backend({row['pid']}))."
                )
        return ""
