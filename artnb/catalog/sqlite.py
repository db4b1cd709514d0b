"""SQLite connections that do not lose what they acknowledged.

WAL with ``synchronous=FULL`` (NORMAL loses the last commits at a power cut), every
write in ``BEGIN IMMEDIATE`` (a deferred one gets BUSY at once when it turns into a
writer), one connection a thread, and our own jittered retry. On a network filesystem,
where the processes of two machines do not share a WAL's memory, a rollback journal.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from artnb.catalog.base import Migrated
from artnb.catalog.dialect import to_sqlite
from artnb.catalog.locks import PATIENCE, Notice, locked_file
from artnb.catalog.migrating import (
    apply_migrations,
    last_of,
    missing,
    refuse_foreign,
    refuse_newer,
)
from artnb.catalog.mounts import network_filesystem
from artnb.errors import CatalogError, CatalogLockedError, StoreFullError, StoreReadOnlyError
from artnb.osfaults import translated
from artnb.texts import Message
from artnb.warning import warn

__all__ = ["SqliteConnections", "SqliteSession"]

T = TypeVar("T")

_BUSY_SECONDS = 1.0
_CACHE_KIB = 16 * 1024  # the edges of 100,000 runs; SQLite's own are 2 MB
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))
_OLDEST = (3, 35, 0)  # the first that knows `returning`


class SqliteSession(sqlite3.Connection):
    """A connection that takes the catalogue's SQL.

    Attributes
    ----------
    file : os.stat_result or None
        The file that it has open, which another one may have taken the place of since.
    """

    file: os.stat_result | None = None

    def execute(self, query: str, values: Any = (), /) -> sqlite3.Cursor:
        """Run a statement."""
        return super().execute(to_sqlite(query), values)

    def executemany(self, query: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
        """Run a statement once for each of the rows."""
        return super().executemany(to_sqlite(query), rows)

    def settle_ids(self, table: str, /) -> None:
        """Do nothing: the next id is one more than the greatest that is there."""


class SqliteConnections:
    """The connections of one catalogue file, one a thread.

    SQLite 3.7.0 to 3.51.2 can corrupt a WAL file when two processes write while it is
    reset; with those, a lock file lets one writer in at a time.

    Parameters
    ----------
    journal : {'wal', 'delete'}, optional
        Default: WAL, and on a network filesystem DELETE, with a warning.
    patience : float
        How many seconds a transaction waits for other processes before it is given up.
    """

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = True,
        journal: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.path = path
        self.location = str(path)
        self._journal = journal or _journal_for(path)
        self._patience = patience
        self._synchronous = "full" if durable else "normal"
        self._local = threading.local()
        self._all: list[tuple[threading.Thread | None, SqliteSession]] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._what = f"the catalogue {path}"
        self._lock_file = path.with_name(path.name + ".lock")
        low, high = _WAL_RESET_BUG
        self._serialise = low <= sqlite3.sqlite_version_info <= high
        _refuse_too_old()
        self.read_only = False
        self._is_own = False
        self.migrated: Migrated | None = None
        self._prepare()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        # Not by `_translated`, which takes longer than most queries.
        try:
            return self._connection().execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._explained("read", error) from error

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query."""
        try:
            found: sqlite3.Row | None = self._connection().execute(query, values).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._explained("read", error) from error
        return found

    def ask(self, question: Callable[[SqliteSession], T]) -> T:
        """Return what a function that only reads finds out, by several questions."""
        try:
            return question(self._connection())
        except sqlite3.DatabaseError as error:
            raise self._explained("read", error) from error

    @contextlib.contextmanager
    def revisions(self) -> Iterator[Callable[[], object]]:
        """Yield what returns a value that another connection's commit changes."""
        # A connection of its own: a commit on the same one is not counted.
        with self._translated("read"):
            connection = self._connect()
        entry = None, connection  # no thread's, so that none takes it over
        with self._lock:
            self._all.append(entry)

        def revision() -> object:
            try:
                with self._translated("read"):
                    return connection.execute("pragma data_version").fetchone()[0]
            except sqlite3.ProgrammingError as error:  # closed with the others
                raise CatalogError(f"The catalogue {self.path} was closed.") from error

        try:
            yield revision
        finally:
            with self._lock, contextlib.suppress(ValueError):
                self._all.remove(entry)
            connection.close()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True, alone: bool = False) -> Iterator[SqliteSession]:
        """Yield a session inside a write transaction; each is alone."""
        if getattr(self._local, "depth", 0):
            yield self._connection()
            return
        with self._translated("write"), self._writer_lock():
            connection = self._connection()
            if not durable:
                connection.execute("pragma synchronous=normal")
            self._retry(lambda: connection.execute("begin immediate"))
            self._local.depth = 1
            try:
                self._refuse_replaced(connection)
                yield connection
                self._retry(lambda: connection.execute("commit"))
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("rollback")
                raise
            finally:
                self._local.depth = 0
                if not durable:
                    connection.execute(f"pragma synchronous={self._synchronous}")

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for _, connection in self._all:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
            self._all.clear()
            self._local = threading.local()

    def _connection(self) -> SqliteSession:
        if self._pid != os.getpid():  # a fork must not share the parent's connections
            self._all, self._local, self._pid = [], threading.local(), os.getpid()
        found: SqliteSession | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._left() or self._connect()
            self._local.connection = found
            with self._lock:
                self._all.append((threading.current_thread(), found))
        return found

    def _left(self) -> SqliteSession | None:
        """Return the connection of a thread that has ended: each save is a thread of its own."""
        with self._lock:
            for entry in self._all:
                if entry[0] is not None and not entry[0].is_alive():
                    self._all.remove(entry)
                    return entry[1]
        return None

    def _connect(self) -> SqliteSession:
        file = _stat(self.path)  # before: if it is replaced just now, that is seen
        if self.read_only:
            # A WAL database wants to write beside itself even to be read; where the folder
            # forbids that, nobody else can be writing either, and immutable is true.
            writable = os.access(self.path.parent, os.W_OK)
            address = f"{self.path.resolve().as_uri()}?{'mode=ro' if writable else 'immutable=1'}"
            connection = sqlite3.connect(
                address, uri=True, check_same_thread=False, factory=SqliteSession
            )
        else:
            connection = sqlite3.connect(
                self.path,
                check_same_thread=False,
                timeout=min(_BUSY_SECONDS, self._patience),
                factory=SqliteSession,
            )
        connection.isolation_level = None
        connection.row_factory = sqlite3.Row
        connection.execute("pragma foreign_keys=on")
        for pragma in (f"synchronous={self._synchronous}", f"cache_size=-{_CACHE_KIB}"):
            # They read the file, which a writer without WAL locks while it commits.
            self._retry(partial(connection.execute, f"pragma {pragma}"))
        if not self._is_own:
            try:
                self._refuse_foreign(connection)
            except BaseException:
                connection.close()
                raise
        if not self.read_only:
            self._retry(lambda: connection.execute(f"pragma journal_mode={self._journal}"))
        connection.file = file or _stat(self.path)
        return connection

    def _refuse_replaced(self, connection: SqliteSession) -> None:
        """Raise CatalogError if what is written would go with a file that was moved away."""
        now = _stat(self.path)
        if now is None or connection.file is None or not os.path.samestat(now, connection.file):
            there = "is gone" if now is None else "is another file now"
            raise CatalogError(
                f"The catalogue {self.path} {there}: since this process opened it, it was made "
                "again by `artnb rebuild`, or moved or deleted. Nothing was recorded. Start the "
                "process anew (in a notebook: restart the kernel)."
            )

    def _refuse_foreign(self, connection: SqliteSession) -> None:
        """Look whose tables there are before anything is changed, the journal's mode too."""
        names: set[str] = set()
        query = "select name from sqlite_master where type = 'table'"
        self._retry(lambda: names.update(row[0] for row in connection.execute(query)))
        refuse_foreign(names, self.location, "a file of its own, or leave it out")
        self._is_own = True

    def _prepare(self) -> None:
        with self._translated("open"):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
                    raise
                raise StoreReadOnlyError(
                    f"{self.path.parent} cannot be made: {error.strerror}. Work in a folder that "
                    "you may write, or set ARTNB_DIR to one."
                ) from error
            self.read_only = self.path.exists() and not (
                os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
            )
            self._migrate()

    def _migrate(self) -> None:
        applied = self._applied()
        refuse_newer(applied, self.location)
        if not missing(applied):
            return
        with self.transaction() as session:
            applied = self._applied()  # another process may have been quicker
            if applied and missing(applied):
                self.migrated = Migrated(last_of(applied), self._keep_copy(last_of(applied)))
            apply_migrations(session)

    def _keep_copy(self, before: str) -> str:
        """Copy the file as it is committed now, and return the copy."""
        copy = self.path.with_name(f"{self.path.name}.at-{before}")
        if not copy.exists():
            part = copy.with_name(f"{copy.name}.{os.getpid()}")
            with (
                contextlib.closing(sqlite3.connect(self.path)) as source,
                contextlib.closing(sqlite3.connect(part)) as target,
            ):
                source.backup(target)
            part.replace(copy)
        return str(copy)

    def _applied(self) -> set[str]:
        query = "select name from sqlite_master where name = 'migrations'"
        if self._connection().execute(query).fetchone() is None:
            return set()
        return {row["name"] for row in self._connection().execute("select name from migrations")}

    @contextlib.contextmanager
    def _writer_lock(self) -> Iterator[None]:
        if not self._serialise or self.read_only:
            yield
            return
        with contextlib.ExitStack() as stack:
            with translated(f"lock {self._what}"):
                stack.enter_context(locked_file(self._lock_file, self._what, self._patience))
            yield

    def _retry(self, action: Callable[[], object]) -> None:
        notice = Notice(self._what, self._patience)
        pause = 0.001
        while True:
            try:
                action()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise
                if notice.left <= 0:
                    raise notice.given_up() from error
                notice.tell()
                time.sleep(pause * (0.5 + random.random()))
                pause = min(pause * 2, 0.1)
            else:
                return

    @contextlib.contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._explained(doing, error) from error

    def _explained(self, doing: str, error: sqlite3.DatabaseError) -> Exception:
        if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
            raise error
        if not isinstance(error, sqlite3.OperationalError):
            return CatalogError(
                f"The catalogue {self.path} cannot be read as one ({error}). `artnb rebuild` makes "
                "it again from its store, whose objects are untouched, and keeps this file beside."
            )
        text = str(error)
        if "full" in text:
            return StoreFullError(
                f"The catalogue {self.path} could not be written: the disk is full. Nothing was "
                "recorded; make room, then try again."
            )
        if "readonly" in text or "unable to open" in text:
            return StoreReadOnlyError(
                f"The catalogue {self.path} may not be written ({text}). Change the permissions of "
                "the folder, or set ARTNB_DIR to a folder that you may write."
            )
        if "locked" in text or "busy" in text:
            return CatalogLockedError(
                Message(
                    "The catalogue {0} is locked by another process. Nothing was recorded; wait "
                    "for that process or end it, then try again.",
                    self.path,
                )
            )
        return CatalogError(f"Could not {doing} the catalogue {self.path}: {text}.")


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _refuse_too_old() -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise CatalogError(
            f"This Python has SQLite {sqlite3.sqlite_version}; a catalogue in a file needs "
            f"{'.'.join(map(str, _OLDEST[:2]))} or newer. Use a Python that brings its own (of uv, "
            "conda or python.org), or a catalogue on a server: ARTNB_CATALOG="
            "postgresql://USER@HOST/DATABASE. Nothing was changed."
        )


def _journal_for(path: Path) -> str:
    kind = network_filesystem(path.absolute().parent)
    if kind is None:
        return "wal"
    warn(
        f"The catalogue {path} is on a network filesystem ({kind}): it is kept with a rollback "
        "journal, which is slower and trusts that filesystem's locks. For several machines, set "
        "ARTNB_CATALOG to postgresql://USER@HOST/DATABASE."
    )
    return "delete"
