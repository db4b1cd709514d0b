"""What a file's bytes were when it was last hashed, so that the unchanged is free.

Keyed by path, proved by size, modification time and inode. A file that was modified in
the two seconds before it was hashed is not remembered: a second write could leave the
same time. It is a cache: losing it costs time only, so it is not synced to disk.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

__all__ = ["Files", "StatCache", "look_at", "unchanged"]

P = TypeVar("P", Path, str)


class Files(NamedTuple):
    """Files as they were at a time: a list for each thing that is known of them.

    Not a tuple for each file, for Python's collector counts those, and sets to work.
    """

    paths: Sequence[str]
    sizes: Sequence[int]
    mtimes: Sequence[int]
    inodes: Sequence[int]
    digests: Sequence[str] = ()


_SETTLED_NS = 2_000_000_000
_SQL_VARIABLES = 500
_COLUMNS = ("path", "size", "mtime", "inode", "digest")
_NONE = Files((), (), (), ())


class StatCache:
    """(path, size, mtime, inode) -> SHA-256, shared by the processes of a repository."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def lookup(self, paths: Sequence[P]) -> dict[P, str]:
        """Return the digest of each path whose file is as it was when it was recorded."""
        wanted = dict(zip(map(str, paths), paths, strict=True))
        same = unchanged(self.known(list(wanted)), look_at(wanted))
        return {wanted[path]: digest for path, _, digest in same}

    def known(self, paths: Sequence[str]) -> Files:
        """Return what was recorded of files, and perhaps of some that lie between.

        In few calls, whatever their number: other threads go on meanwhile.
        """
        with self._lock:
            connection = self._open()
            if connection is None:
                return _NONE
            try:
                return _known(connection, paths)
            except sqlite3.Error:
                return _NONE

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


def look_at(paths: Iterable[str]) -> Files:
    """Return how files are now; those that cannot be looked at are left out."""
    found: list[str] = []
    sizes: list[int] = []
    mtimes: list[int] = []
    inodes: list[int] = []
    stat = os.stat  # and no call of our own for each of ten thousand files
    for path in paths:
        try:
            now = stat(path)
        except OSError:
            continue
        found.append(path)
        sizes.append(now.st_size)
        mtimes.append(now.st_mtime_ns)
        inodes.append(now.st_ino)
    return Files(found, sizes, mtimes, inodes)


def unchanged(known: Files, now: Files) -> Iterator[tuple[str, int, str]]:
    """Yield the path, the size and the digest of files that are as they were."""
    places = dict(zip(known.paths, range(len(known.paths)), strict=True))
    _, sizes, mtimes, inodes, digests = known
    for path, size, mtime, inode in zip(*now[:4], strict=True):
        n = places.get(path)
        if n is not None and (sizes[n], mtimes[n], inodes[n]) == (size, mtime, inode):
            yield path, size, digests[n]


def _known(connection: sqlite3.Connection, names: Sequence[str]) -> Files:
    if len(names) > _SQL_VARIABLES:
        # The files of a folder lie side by side in the table: to read on is cheaper than to
        # look for each, unless much of what lies there was not asked for.
        limit = 2 * len(names)
        lists = ", ".join(f"json_group_array({column})" for column in _COLUMNS)
        texts = connection.execute(
            f"select {lists} from (select * from files where path between ? and ? limit ?)",
            (min(names), max(names), limit),
        ).fetchone()
        found = Files(*map(json.loads, texts))
        if len(found.paths) < limit:
            return found
    rows: list[tuple[str, int, int, int, str]] = []
    for start in range(0, len(names), _SQL_VARIABLES):
        part = names[start : start + _SQL_VARIABLES]
        marks = ",".join("?" * len(part))
        query = f"select {', '.join(_COLUMNS)} from files where path in ({marks})"
        rows += connection.execute(query, part)
    return Files(*zip(*rows, strict=True)) if rows else _NONE


def _proof(path: Path | str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - Path.stat doubles the cost over many files
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
