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
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import eq
from pathlib import Path
from typing import NamedTuple, TypeVar

__all__ = ["Files", "StatCache", "as_seen", "look_at", "unchanged"]

P = TypeVar("P", Path, str)
T = TypeVar("T")


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
_AT_MOST = 150_000
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
        now = look_at(wanted)
        digests = unchanged(self.known(list(wanted)), now)
        same = zip(now.paths, digests, strict=True)
        return {wanted[path]: digest for path, digest in same if digest is not None}

    def known(self, paths: Sequence[str]) -> Files:
        """Return what was recorded of files, and perhaps of some that lie between.

        In few calls, whatever their number: other threads go on meanwhile.
        """
        return self._ask(lambda connection: _known(connection, paths)) or _NONE

    def below(self, folder: str) -> Files | None:
        """Return what was recorded of all files below a folder; None if that is very much.

        Parameters
        ----------
        folder : str
            With a separator at its end.
        """
        last = folder[:-1] + chr(ord(folder[-1]) + 1)
        return self._ask(lambda connection: _between(connection, folder, last, _AT_MOST))

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

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        with self._lock:
            connection = self._open()
            if connection is None:
                return None
            try:
                return question(connection)
            except sqlite3.Error:
                return None

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
    stats: list[os.stat_result] = []
    stat = os.stat  # and no call of our own for each of ten thousand files
    for path in paths:
        try:
            stats.append(stat(path))
        except OSError:
            continue
        found.append(path)
    return as_seen(found, stats)


def as_seen(paths: Sequence[str], stats: Sequence[os.stat_result]) -> Files:
    """Return files as they were when these were had of them."""
    return Files(
        paths,
        [stat.st_size for stat in stats],
        [stat.st_mtime_ns for stat in stats],
        [stat.st_ino for stat in stats],
    )


def unchanged(known: Files, now: Files) -> list[str | None]:
    """Return, for each of the files, its digest if it is as it was, else None."""
    # No statement of our own runs for each of ten thousand files, but for the last.
    if known.paths == now.paths:
        same = map(eq, zip(*known[1:4], strict=True), zip(*now[1:4], strict=True))
        return [d if is_same else None for d, is_same in zip(known.digests, same, strict=True)]
    none = len(known.paths)
    places = dict(zip(known.paths, range(none), strict=True))
    at = list(map(places.get, now.paths, repeat(none)))
    was = zip(*(map([*column, -1].__getitem__, at) for column in known[1:4]), strict=True)
    same = map(eq, was, zip(*now[1:4], strict=True))
    digests = map([*known.digests, ""].__getitem__, at)
    return [digest if is_same else None for digest, is_same in zip(digests, same, strict=True)]


def _known(connection: sqlite3.Connection, names: Sequence[str]) -> Files:
    if len(names) > _SQL_VARIABLES:
        # The files of a folder lie side by side in the table: to read on is cheaper than to
        # look for each, unless much of what lies there was not asked for.
        found = _between(connection, min(names), max(names), 2 * len(names))
        if found is not None:
            return found
    rows: list[tuple[str, int, int, int, str]] = []
    for start in range(0, len(names), _SQL_VARIABLES):
        part = names[start : start + _SQL_VARIABLES]
        marks = ",".join("?" * len(part))
        query = f"select {', '.join(_COLUMNS)} from files where path in ({marks})"
        rows += connection.execute(query, part)
    return Files(*zip(*rows, strict=True)) if rows else _NONE


def _between(connection: sqlite3.Connection, first: str, last: str, limit: int) -> Files | None:
    """Return what was recorded of files whose paths are in a range; None if that is much."""
    lists = ", ".join(f"json_group_array({column})" for column in _COLUMNS)
    count, *texts = connection.execute(
        f"select count(*), {lists} from (select * from files where path between ? and ? limit ?)",
        (first, last, limit),
    ).fetchone()
    return Files(*map(json.loads, texts)) if count < limit else None


def _proof(path: Path | str) -> tuple[int, int, int] | None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - Path.stat doubles the cost over many files
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
