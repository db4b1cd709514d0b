"""Objects as files of a local folder, durable before they are visible.

Own code rather than fsspec's local filesystem, which writes in place and never calls
fsync: after a power cut a name could stand without its bytes.
"""

from __future__ import annotations

import io
import os
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from artnb.errors import ObjectMissingError, StoreError
from artnb.keys import FOLDERS
from artnb.osfaults import reading, translated
from artnb.store.base import ObjectStat
from artnb.store.staging import is_abandoned
from artnb.store.syncing import Syncing
from artnb.streams import write_all
from artnb.texts import Message

__all__ = ["LocalBackend"]

_TEMP = "tmp"
_QUARANTINE = "quarantine"


class LocalBackend:
    """A `Backend` over the folder `root`.

    Order of a write: temporary name in the same filesystem, fsync, rename, fsync of the
    folder, and of its parent where the folder is new. Files are read-only (0444), so that
    a program that opens one for writing by mistake is refused. How much of that syncs at
    once is a matter of `durability`: see `Syncing`.
    """

    def __init__(self, root: Path, durability: str = "full") -> None:
        self.root = root
        self._sync = Syncing(root, durability)
        self.location = str(root)
        self._known_folders: set[str] = set()
        self._was_there = False
        self._lock = threading.Lock()

    @property
    def read_only(self) -> bool:
        """Whether the folder may not be written."""
        if os.access(self.location, os.W_OK):  # mostly; each cell asks
            return False
        place = self.root
        while not place.exists():
            place = place.parent
        return not os.access(place, os.W_OK)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write an object, durably, before returning."""
        target = self._text_path(key)
        with translated(f"write {target}"):
            if os.path.exists(target):
                self._sync.folder(os.path.dirname(target))  # its writer may not be so far yet
                return
            temp = self._temp_path()
            try:
                with open(temp, "xb", buffering=0) as stream:
                    write_all(stream, data)
                    os.fchmod(stream.fileno(), 0o444)
                    self._sync.file(stream.fileno())
                self._publish(temp, target)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temp)
                raise

    def put_file(self, key: str, path: Path, *, move: bool = False) -> None:
        """Write an object from a file, durably; `move` gives the file away."""
        target = self._text_path(key)
        with translated(f"write {target}"):
            if os.path.exists(target):
                self._sync.folder(os.path.dirname(target))
                if move:
                    path.unlink(missing_ok=True)
                return
            temp = str(path)
            if not move or path.stat().st_dev != self._device():
                temp = self._temp_path()
                shutil.copyfile(path, temp)
            try:
                with open(temp, "rb") as stream:
                    os.fchmod(stream.fileno(), 0o444)
                    self._sync.file(stream.fileno())
                self._publish(temp, target)
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temp)
                raise
            if move and temp != str(path):
                path.unlink(missing_ok=True)

    def refuse_foreign(self) -> None:
        """Raise StoreError if the folder is another program's, or holds a person's files."""
        try:
            names = {path.name for path in self.root.iterdir() if not _is_nobodys(path.name)}
        except OSError:
            return  # not there yet, or what is wrong is said when it is used
        if names and names.isdisjoint(FOLDERS):
            some = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
            raise StoreError(
                f"{self.root} is no store of artnb's: other files are in it ({some}). Nothing was "
                f"written. Name a new or empty folder in ARTNB_STORE, such as "
                f"{self.root / 'artnb'}."
            )

    def flush(self) -> None:
        """Make durable what was put, where that was not done object by object."""
        with translated(f"sync {self.root}"):
            self._sync.flush()

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        """Return a reader of a span."""
        path = self._path(key)
        try:
            with reading(str(path)):
                stream = open(path, "rb", buffering=0)  # noqa: SIM115 - handed to the caller
        except FileNotFoundError:
            raise _missing(path) from None
        if offset == 0 and length is None:
            return stream
        with stream:
            wanted = os.fstat(stream.fileno()).st_size - offset if length is None else length
            with reading(str(path)):
                return io.BytesIO(os.pread(stream.fileno(), max(wanted, 0), offset))

    def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        return self._path(key).exists()

    def stat(self, key: str) -> ObjectStat:
        """Return an object's size and age."""
        try:
            found = self._path(key).stat()
        except FileNotFoundError:
            raise _missing(self._path(key)) from None
        return ObjectStat(found.st_size, found.st_mtime)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        with translated(f"delete {self._path(key)}"):
            self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """Yield every object's key, sorted."""
        with reading(str(self.root)):
            found = sorted(self.root.glob("*/*/*"))
        for path in found:
            if path.parent.parent.name not in (_TEMP, _QUARANTINE):
                yield path.relative_to(self.root).as_posix()

    def listing(self, prefix: str = "") -> Iterator[tuple[str, ObjectStat]]:
        """Yield keys with sizes and ages, sorted."""
        for key in self.keys():
            if key.startswith(prefix):
                with suppress(ObjectMissingError):  # deleted since
                    yield key, self.stat(key)

    def local_path(self, key: str) -> Path:
        """Return the object's file."""
        return self._path(key)

    def tidy(self) -> None:
        """Remove temporary files of processes that are gone."""
        with suppress(OSError):
            for path in (self.root / _TEMP).iterdir():
                if is_abandoned(path.name):
                    path.unlink(missing_ok=True)

    def quarantine(self, key: str) -> str:
        """Move an object into ``quarantine/`` and return its new path."""
        target = self.root / _QUARANTINE / f"{key.replace('/', '-')}.{uuid.uuid4().hex[:6]}"
        with translated(f"move the damaged {self._path(key)} away"):
            target.parent.mkdir(parents=True, exist_ok=True)
            self._path(key).rename(target)
        return str(target)

    def _path(self, key: str) -> Path:
        return self.root / key

    # Text in the place of paths, for each object that is written goes through these.

    def _text_path(self, key: str) -> str:
        return os.path.join(self.root, *key.split("/"))

    def _temp_path(self) -> str:
        folder = os.path.join(self.root, _TEMP)
        name = os.path.join(folder, f"{os.getpid()}-{os.urandom(16).hex()}")
        if os.path.isdir(folder):
            self._was_there = True
            return name
        if os.path.isdir(self.root):
            self._was_there = True
        elif self._was_there:
            # To make it anew would put the bytes below the place where a disk was mounted.
            raise StoreError(
                f"The store {self.root} is gone: its disk was unmounted, or the folder was moved "
                "or deleted. Mount it, or bring it back, then try again. Nothing was recorded."
            )
        os.makedirs(folder, exist_ok=True)
        return name

    def _device(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return self.root.stat().st_dev

    def _publish(self, temp: str, target: str) -> None:
        folder = os.path.dirname(target)
        self._make_folder(folder)
        os.rename(temp, target)
        self._sync.folder(folder)

    def _make_folder(self, folder: str) -> None:
        with self._lock:
            if folder in self._known_folders:
                return
        missing = []
        place = folder
        while not os.path.exists(place):
            missing.append(place)
            place = os.path.dirname(place)
        os.makedirs(folder, exist_ok=True)
        for made in reversed(missing):
            self._sync.folder(os.path.dirname(made))
        with self._lock:
            self._known_folders.add(folder)


def _is_nobodys(name: str) -> bool:
    """Return whether a name is what systems leave in any folder."""
    return name in ("lost+found", ".DS_Store", "Thumbs.db", "desktop.ini", ".directory")


def _missing(path: Path) -> ObjectMissingError:
    return ObjectMissingError(
        Message("{0} is missing from the store. Restore the folder from a backup.", path)
    )
