"""What a file's bytes were when it was last hashed, so that the unchanged is free.

Keyed by path, proved by size, modification time and inode. A file that was modified in
the two seconds before it was hashed is not remembered: a second write could leave the
same time. It is a cache: losing it costs time only, so it is not synced to disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from artnb.store.base import Staged

__all__ = ["StatCache"]

P = TypeVar("P", Path, str)

_SETTLED_NS = 2_000_000_000
_SQL_VARIABLES = 500


class StatCache:
    """(path, size, mtime, inode) -> SHA-256, shared by the processes of a repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def lookup(self, paths: Sequence[P]) -> dict[P, str]:
        """Return the digest of each path whose file is as it was when it was recorded."""
        return {path: staged.digest for path, staged in self.lookup_staged(paths).items()}

    def lookup_staged(self, paths: Sequence[P]) -> dict[P, Staged]:
        """Do as `lookup`, and return what stands for the files as they are, unread."""
        wanted = dict(zip(map(str, paths), paths, strict=True))
        with self._lock:
            connection = self._open()
            if connection is None:
                return {}
            try:
                rows = _rows(connection, list(wanted))
            except sqlite3.Error:
                return {}
        found: dict[P, Staged] = {}
        stat = os.stat  # and no call of our own for each of ten thousand files
        for name, size, mtime, inode, digest in rows:
            if name not in wanted:
                continue
            try:
                now = stat(name)
            except OSError:
                continue
            if now.st_mtime_ns == mtime and now.st_size == size and now.st_ino == inode:
                found[wanted[name]] = Staged(digest, size, name)
        return found

    def record(
        self,
        files: Iterable[tuple[Path | str, str]],
        *,
        trusted: bool = False,
        since: int | None = None,
    ) -> None:
        """Remember digests just computed.

        Parameters
        ----------
        trusted : bool
            The files are the store's own or bear an old time on purpose: nobody else
            writes them within the clock's grain.
        since : int, optional
            When the first of them began to be read, if that is not just now, in nanoseconds:
            one that was written to since may have another digest by now.
        """
        before = (time.time_ns() if since is None else since) - _SETTLED_NS
        proofs = ((path, digest, _proof(path)) for path, digest in files)
        self._insert(
            [
                (str(path), *proof, digest)
                for path, digest, proof in proofs
                if proof and (trusted or proof[1] < before)
            ]
        )

    def record_seen(self, files: Iterable[tuple[str, str, os.stat_result]], since: int) -> None:
        """Do as `record` with files of which it is known how they were when they were read."""
        before = since - _SETTLED_NS
        self._insert(
            [
                (path, seen.st_size, seen.st_mtime_ns, seen.st_ino, digest)
                for path, digest, seen in files
                if seen.st_mtime_ns < before
            ]
        )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _insert(self, rows: Sequence[tuple[str, int, int, int, str]]) -> None:
        if not rows:
            return
        with self._lock:
            connection = self._open()
            if connection is None:
                return
            try:
                with connection:
                    connection.executemany("insert or replace into files values (?,?,?,?,?)", rows)
            except sqlite3.Error:
                return  # full or read-only: only time is lost

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self._path, check_same_thread=False, timeout=2)
                connection.execute("pragma journal_mode=wal")
                connection.execute("pragma synchronous=off")
                connection.execute(
                    "create table if not exists files (path text primary key, size integer, "
                    "mtime integer, inode integer, digest text) without rowid"
                )
            except (sqlite3.Error, OSError):
                return None
            self._connection = connection
        return self._connection


def _rows(connection: sqlite3.Connection, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return what was recorded of paths, and perhaps of some that lie between them."""
    query = "select path, size, mtime, inode, digest from files where path"
    if len(names) > _SQL_VARIABLES:
        # The files of a folder lie side by side in the table: to read on is cheaper than to
        # look for each, unless much of what lies there was not asked for.
        limit = 2 * len(names)
        found = connection.execute(
            f"{query} between ? and ? limit ?", (min(names), max(names), limit)
        ).fetchall()
        if len(found) < limit:
            return found
    found = []
    for start in range(0, len(names), _SQL_VARIABLES):
        part = names[start : start + _SQL_VARIABLES]
        found += connection.execute(f"{query} in ({','.join('?' * len(part))})", part)
    return found


def _proof(path: Path | str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - Path.stat doubles the cost over many files
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
