"""SQLite connections that do not lose what they acknowledged.

WAL with ``synchronous=FULL`` (NORMAL loses the last commits at a power cut), every
write in ``BEGIN IMMEDIATE`` (a deferred one gets BUSY at once when it turns into a
writer), one connection a thread, and our own jittered retry.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from artnb.catalog.schema import MIGRATIONS
from artnb.errors import CatalogError, StoreFullError, StoreReadOnlyError

__all__ = ["Connections", "lock_file"]

_PATIENCE = 60.0
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 2))


class Connections:
    """The connections of one catalogue file, one a thread.

    SQLite 3.7.0 to 3.51.2 can corrupt a WAL file when two processes write while it is
    reset; with those, a lock file lets one writer in at a time.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._synchronous = "full" if durable else "normal"
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._pid = os.getpid()
        low, high = _WAL_RESET_BUG
        self._serialise = low <= sqlite3.sqlite_version_info <= high
        self.read_only = False
        self._prepare()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._translated("read"):
            return self._connection().execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query."""
        with self._translated("read"):
            found: sqlite3.Row | None = self._connection().execute(query, values).fetchone()
            return found

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for several questions."""
        with self._translated("read"):
            yield self._connection()

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside a write transaction, committed at the end.

        Nested transactions of one thread join the outer one.

        Parameters
        ----------
        durable : bool
            False spares the sync: for what a power cut may take, because whoever it is
            for goes with it.
        """
        if getattr(self._local, "depth", 0):
            yield self._connection()
            return
        with self._translated("write"), self._writer_lock():
            connection = self._connection()
            if not durable:
                connection.execute("pragma synchronous=normal")
            _retry(lambda: connection.execute("begin immediate"))
            self._local.depth = 1
            try:
                yield connection
                _retry(lambda: connection.execute("commit"))
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
            for connection in self._all:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
            self._all.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        if self._pid != os.getpid():  # a fork must not share the parent's connections
            self._all, self._local, self._pid = [], threading.local(), os.getpid()
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._connect()
            self._local.connection = found
            with self._lock:
                self._all.append(found)
        return found

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            # A WAL database wants to write beside itself even to be read; where the folder
            # forbids that, nobody else can be writing either, and immutable is true.
            writable = os.access(self.path.parent, os.W_OK)
            address = f"{self.path.resolve().as_uri()}?{'mode=ro' if writable else 'immutable=1'}"
            connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        else:
            connection = sqlite3.connect(self.path, check_same_thread=False, timeout=5)
        connection.isolation_level = None
        connection.row_factory = sqlite3.Row
        connection.execute("pragma foreign_keys=on")
        connection.execute(f"pragma synchronous={self._synchronous}")
        if not self.read_only:
            _retry(lambda: connection.execute("pragma journal_mode=wal"))
        return connection

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
        known = {name for name, _ in MIGRATIONS}
        applied = self._applied()
        if newer := sorted(applied - known):
            raise CatalogError(
                f"The catalogue {self.path} was written by a newer artnb (it has {newer[-1]}). "
                "Upgrade: pip install -U artnb. Nothing was changed."
            )
        if applied == known:
            return
        with self.transaction() as connection:
            connection.execute(
                "create table if not exists migrations (name text primary key, applied_at real)"
            )
            applied = {row["name"] for row in connection.execute("select name from migrations")}
            for name, statements in MIGRATIONS:
                if name in applied:
                    continue
                for statement in filter(str.strip, statements.split(";")):
                    connection.execute(statement)
                connection.execute("insert into migrations values (?, ?)", (name, time.time()))

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
        with open(self.path.with_name(self.path.name + ".lock"), "a") as handle:
            lock_file(handle)
            yield  # closing the file releases the lock

    @contextlib.contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._explained(doing, error) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise
            raise CatalogError(
                f"The catalogue {self.path} cannot be read as one ({error}). Restore it from a "
                "backup, or move it away to start a new one; the objects beside it are untouched."
            ) from error

    def _explained(self, doing: str, error: sqlite3.OperationalError) -> Exception:
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
            return CatalogError(
                f"The catalogue {self.path} stayed locked for {_PATIENCE:.0f} s by another "
                "process. Nothing was recorded; end that process, then try again."
            )
        return CatalogError(f"Could not {doing} the catalogue {self.path}: {text}.")


def _retry(action: Any) -> None:
    deadline = time.monotonic() + _PATIENCE
    pause = 0.001
    while True:
        try:
            action()
        except sqlite3.OperationalError as error:
            busy = "locked" in str(error) or "busy" in str(error)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, 0.1)
        else:
            return


def lock_file(handle: IO[str]) -> None:
    """Wait until no other process has the file locked, and lock it until it is closed."""
    if os.name == "nt":
        import msvcrt

        msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
