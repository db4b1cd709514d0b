"""What recorders tell each other: which files their cells open.

Each has a file of its own in one folder, locked for as long as it is there, and writes into
it only while there are others. A line is ``["r", path]`` or ``["w", path]``, or ``["end", time]``
when the cell has ended that the lines before it are of.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["Claims", "claims_in"]

_MOST_BYTES = 4 << 20
"""A file that is longer is begun anew with the next cell."""

_GRAIN_NS = 12_000_000

_known: dict[str, Claims] = {}
_lock = threading.Lock()


def claims_in(folder: str) -> Claims:
    """Return this process's claims in a folder: the same to each that asks."""
    with _lock:
        if folder not in _known:
            _known[folder] = Claims(folder)
        return _known[folder]


class Claims:
    """What this process says of its files, and what others say of theirs.

    Nothing here fails: where the folder cannot be written, nobody is told anything.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._pid = os.getpid()
        self._file: int | None = None
        self._size = 0
        self._looked = -1
        self._others = False
        self._untold: list[tuple[str, str]] = []
        self._told = False

    def begin(self) -> None:
        """Be there for others, and see whether some are. Before a cell: it opens files."""
        try:
            if self._file is None:
                self._enter()
            if os.stat(self._folder).st_mtime_ns != self._looked:  # noqa: PTH116 - at each cell
                self._look()
            if self._file is not None and self._size > _MOST_BYTES:
                os.ftruncate(self._file, 0)
                self._size = 0
        except (OSError, ImportError):
            self.close()

    def claim(self, path: str, wrote: bool) -> None:
        """Say that the running cell opens a file. It raises no audit event."""
        self._untold.append(("w" if wrote else "r", path))
        if self._file is None:
            return
        if not self._others:
            try:
                # One has come or gone, perhaps: who that is, is seen before the next cell.
                if os.stat(self._folder).st_mtime_ns == self._looked:  # noqa: PTH116 - as above
                    return
            except OSError:
                return
        untold, self._untold = self._untold, []
        self._told = True
        self._write("".join(f"{json.dumps(each)}\n" for each in untold))

    def end(self) -> None:
        """Say that the cell has ended whose files were claimed."""
        self._untold = []
        if self._told:
            self._told = False
            self._write(f"{json.dumps(('end', time.time_ns()))}\n")

    def of_others(self, since: int) -> dict[str, bool]:
        """Return what cells of others opened that ran at `since` or later, and whether to write."""
        found: dict[str, bool] = {}
        with suppress(OSError, ImportError):
            for name in os.listdir(self._folder):  # noqa: PTH208 - names are wanted
                if name != self._name:
                    for path, wrote in _claimed(Path(self._folder, name), since).items():
                        found[path] = found.get(path, False) or wrote
        return found

    def close(self) -> None:
        """Be there no longer, until the next cell."""
        self._others = False
        if self._file is not None and self._pid == os.getpid():  # not in a fork
            with suppress(OSError):
                Path(self._folder, self._name).unlink()
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def _enter(self) -> None:
        import fcntl

        Path(self._folder).mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        path = Path(self._folder, self._name)
        while self._file is None:
            file = os.open(path, flags, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError:
                os.close(file)
                raise
            if os.fstat(file).st_nlink:
                self._file = file
            else:  # unlocked yet, it was taken for that of one who has died
                os.close(file)

    def _look(self) -> None:
        looked = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - as above
        self._others = False
        for name in os.listdir(self._folder):  # noqa: PTH208 - as above
            if name != self._name:
                self._others |= _is_alive(Path(self._folder, name))
        settled = time.time_ns() - looked > _GRAIN_NS
        self._looked = looked if settled else -1

    def _write(self, lines: str) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._size += os.write(self._file, lines.encode())


@atexit.register
def _close_all() -> None:
    for claims in _known.values():
        claims.close()


def _is_alive(path: Path) -> bool:
    """Return whether a recorder has its file still; that of a dead one is removed."""
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink()
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


def _claimed(path: Path, since: int) -> dict[str, bool]:
    found: dict[str, bool] = {}
    ended: dict[str, bool] = {}
    try:
        if path.stat().st_mtime_ns < since and not _is_alive(path):
            return {}  # killed in a cell, and that before
        lines = path.read_bytes().splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            what, value = json.loads(line)
        except ValueError:
            continue  # being written
        if what == "end":
            if int(value) >= since:
                ended |= found
            found = {}
        else:
            found[str(value)] = found.get(str(value), False) or what == "w"
    return ended | found
