"""The rows of a running run: an append-only file, so that a log call costs microseconds.

Rows wait in memory for at most half a second, then go to the file; a process that is
killed loses at most those. When the run is over the file becomes an object of the store.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.osfaults import translated
from artnb.streams import write_all

__all__ = ["Histories", "HistoryWriter", "merged_rows", "parse_rows", "worker_summary"]

_FLUSH_SECONDS = 0.5
_FLUSH_ROWS = 2_000


class HistoryWriter:
    """Appends rows to the file of one run. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[str] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def append(self, row: Mapping[str, Any]) -> None:
        """Take a row; it is in the file within half a second."""
        line = json.dumps(row, separators=(",", ":"))
        with self._lock:
            self._rows.append(line)
            if len(self._rows) >= _FLUSH_ROWS:
                self._write()
            elif self._timer is None:
                self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what waits to the file."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._write()

    def _write(self) -> None:
        if not self._rows:
            return
        with translated(f"append to {self.path}"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.path, "ab", buffering=0) as stream:
                _append(stream, ("\n".join(self._rows) + "\n").encode())
        self._rows.clear()


class Histories:
    """The rows of all runs that this process writes, a file each. Safe to use from many threads.

    Parameters
    ----------
    folder : Path
        Where the files lie, ``RUN.jsonl``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, HistoryWriter] = {}
        self._lock = threading.Lock()

    def append(self, run_id: str, row: Mapping[str, Any]) -> None:
        """Append a row to a run's file."""
        with self._lock:
            writer = self._writers.get(run_id)
            if writer is None:
                writer = self._writers[run_id] = HistoryWriter(self._path(run_id))
        writer.append(row)

    def flush(self) -> None:
        """Write what waits to the files."""
        for writer in list(self._writers.values()):
            writer.flush()

    def flushed(self, run_id: str) -> Path | None:
        """Return a run's file with every row in it, or None if it has none."""
        if writer := self._writers.get(run_id):
            writer.flush()
        path = self._path(run_id)
        return path if path.exists() else None

    def drop(self, run_id: str) -> None:
        """Remove a run's file: its rows lie elsewhere now."""
        self._writers.pop(run_id, None)
        path = f"{self.folder}/{run_id}.jsonl"  # text, for each cell ends one
        if os.access(path, os.F_OK):
            with suppress(OSError):  # the run says where its rows are: what stays is not read
                os.unlink(path)  # noqa: PTH108

    def clear(self, run_id: str) -> None:
        """Remove what an ended run left behind, before rows of it are written again.

        Raises
        ------
        StoreError
            It cannot be removed: its rows would stand there twice.
        """
        self._writers.pop(run_id, None)
        path = self._path(run_id)
        with translated(f"remove {path}"):
            path.unlink(missing_ok=True)

    def _path(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.jsonl"


def merged_rows(
    own: Sequence[dict[str, Any]], workers: Iterable[tuple[int, str]]
) -> list[dict[str, Any]]:
    """Return a run's own rows and those of its workers, in the order of time.

    A worker's row without a step has its number as step; what is no row but the summary of
    a worker is left out.
    """
    workers = list(workers)
    if not workers:
        return list(own)
    theirs = [{"_step": number, **json.loads(body)} for number, body in workers]
    rows = [*own, *(row for row in theirs if "_summary" not in row)]
    return sorted(rows, key=lambda row: row.get("_timestamp", 0.0))


def worker_summary(
    workers: Iterable[tuple[int, str]], sum_up: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what the rows of workers come to.

    Parameters
    ----------
    sum_up : callable
        Returns what the summary has of a row's values.
    """
    found: dict[str, Any] = {}
    for _, body in workers:
        row = json.loads(body)
        values = {key: value for key, value in row.items() if not key.startswith("_")}
        found.update(row["_summary"] if "_summary" in row else sum_up(values))
    return found


def _append(stream: io.FileIO, data: bytes) -> None:
    start = stream.seek(0, io.SEEK_END)
    try:
        write_all(stream, data)  # a disk that gets full takes a part, and says so only then
    except BaseException:
        stream.truncate(start)  # the rows are written again: half of one would spoil the next
        raise


def parse_rows(data: bytes) -> list[dict[str, Any]]:
    """Return the rows of a file; a last line that a crash cut short is left out."""
    whole = data[: data.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines() if line]
