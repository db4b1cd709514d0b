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
from typing import TypeVar

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
        with self._lock:
            connection = self._open()
            if connection is None:
                return {}
            rows: dict[str, tuple[int, int, int, str]] = {}
            names = list(map(str, paths))
            for start in range(0, len(names), _SQL_VARIABLES):
                part = names[start : start + _SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                query = (
                    f"select path, size, mtime, inode, digest from files where path in ({marks})"
                )
                try:
                    rows.update((row[0], row[1:]) for row in connection.execute(query, part))
                except sqlite3.Error:
                    return {}
        found: dict[P, str] = {}
        if not rows:
            return found
        for path, name in zip(paths, names, strict=True):
            row = rows.get(name)
            if row and _proof(name) == row[:3]:
                found[path] = row[3]
        return found

    def record(self, files: Iterable[tuple[Path | str, str]], *, trusted: bool = False) -> None:
        """Remember digests just computed.

        Parameters
        ----------
        trusted : bool
            The files are the store's own or bear an old time on purpose: nobody else
            writes them within the clock's grain.
        """
        now = time.time_ns()
        rows = []
        for path, digest in files:
            proof = _proof(path)
            if proof and (trusted or now - proof[1] > _SETTLED_NS):
                rows.append((str(path), *proof, digest))
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

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

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


def _proof(path: Path | str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - Path.stat doubles the cost over many files
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
