"""Private copies: a file as it is now, hashed while it is copied."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import threading
import uuid
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from artnb.digest import digest_bytes, digest_file
from artnb.errors import InvalidValueError
from artnb.osfaults import reading, translated
from artnb.progress import Progress
from artnb.store.base import Role, Slice, Staged
from artnb.store.splitting import split
from artnb.store.spool import Spool
from artnb.streams import read_all, write_all

__all__ = [
    "SMALL",
    "StagingArea",
    "copy_and_hash",
    "is_abandoned",
    "process_alive",
    "reflink",
    "spare_name",
]

SMALL = 256 * 1024
"""Files below this many bytes are kept in memory and go into packs."""

_BUFFER = 4 << 20
_IN_FLIGHT = 3
_PIECE = 1 << 20
_FICLONE = 0x40049409
_IN_MEMORY_AT_MOST = 64 << 20


class StagingArea:
    """A temporary folder in the store's filesystem.

    A draft stages what it is given at once, so that a later change of the person's file
    does not change the artifact; publishing is then a rename. Folders left by a process
    that was killed are removed when the next one opens.

    Parameters
    ----------
    chunked : collection of str
        Suffixes, without the dot, of files that are cut where their content says so;
        safetensors are always cut at their tensors.
    """

    def __init__(self, root: Path, chunked: Collection[str] = ()) -> None:
        self._root = root
        self._chunked = frozenset(chunked)
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._in_memory = 0
        self._spool = Spool(self.new_path)

    @property
    def folder(self) -> Path:
        """The process's own folder, made at first use."""
        with self._lock:
            if self._folder is None or not self._folder.is_dir():
                with translated(f"make a temporary folder in {self._root}"):
                    self._folder = self._root / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
                    self._folder.mkdir(parents=True, exist_ok=True)
            return self._folder

    def new_path(self, suffix: str = "") -> Path:
        """Return a path that nothing has yet."""
        return self.folder / f"{uuid.uuid4().hex}{suffix}"

    def stage_bytes(self, data: bytes, role: Role = "") -> Staged:
        """Return `data`, digested."""
        self._in_memory += len(data)
        return Staged(digest_bytes(data), len(data), data, role=role)

    def stage_file(self, path: Path | str, progress: Progress | None = None) -> Staged:
        """Return a private copy of the file at `path` and its digest.

        Raises
        ------
        InvalidValueError
            The file changed while it was read.
        """
        return self.stage_and_stat(path, progress)[0]

    def stage_and_stat(
        self, path: Path | str, progress: Progress | None = None
    ) -> tuple[Staged, os.stat_result]:
        """Do as `stage_file`, and return what the file was when it had been read."""
        with reading(str(path)):
            # Not `open`: of thousands of small files it takes a fifth of the time.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                before = os.fstat(handle)
                if before.st_size < SMALL:
                    staged = self._stage_small(handle, before.st_size, path)
                    if progress is not None:
                        progress.advance(staged.size)
                else:
                    name = os.path.basename(path)  # noqa: PTH119 - the path may be text
                    with open(handle, "rb", buffering=0, closefd=False) as stream:
                        staged = self._cut(self._copy(stream, path, progress), name)
            finally:
                os.close(handle)
        after = os.stat(path)  # noqa: PTH116 - by name: it may be another file by now
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            self.discard(staged)
            raise InvalidValueError(
                f"{path} changed while it was read ({before.st_size} bytes before, "
                f"{after.st_size} after). Wait until its writer is done, then add it again."
            )
        return staged, after

    def _stage_small(self, handle: int, size: int, path: Path | str) -> Staged:
        """Return what is in a file, in memory; once there is much, a copy on disk."""
        data = read_all(handle, size, size + 1)  # a byte more would show that it grows
        if self._in_memory < _IN_MEMORY_AT_MOST:
            return self.stage_bytes(data)
        with translated(f"copy {path} into {self._root}"):
            return Staged(digest_bytes(data), len(data), self._spool.add(data))

    def adopt(self, path: Path) -> Staged:
        """Return the digest of a file in this area, which now belongs to the stage."""
        size = path.stat().st_size
        if size < SMALL and self._in_memory < _IN_MEMORY_AT_MOST:
            staged = self.stage_bytes(path.read_bytes())
            path.unlink()
            return staged
        digest, size = digest_file(path)
        return self._cut(Staged(digest, size, path, owned=True), path.name)

    def discard(self, staged: Staged) -> None:
        """Release what a stage holds: it is published, or not wanted."""
        if isinstance(staged.source, bytes):
            self._in_memory -= len(staged.source)
        elif isinstance(staged.source, Slice):
            self._spool.release(staged.source)
        elif staged.owned and isinstance(staged.source, Path):
            for path in (staged.source, spare_name(staged.source)):
                with suppress(OSError):  # what stays is removed with the folder
                    path.unlink(missing_ok=True)

    def remove_abandoned(self) -> None:
        """Remove the folders of processes that are gone."""
        with suppress(OSError):
            for folder in self._root.iterdir():
                if is_abandoned(folder.name):
                    shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove this process's folder."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _cut(self, staged: Staged, name: str) -> Staged:
        """Return a private copy with its parts, if it is a file that is stored in parts."""
        assert isinstance(staged.source, Path)
        if staged.size < SMALL:
            return staged
        try:
            return replace(staged, parts=split(staged.source, name, self._chunked))
        except BaseException:
            self.discard(staged)
            raise

    def _copy(self, src: BinaryIO, path: Path | str, progress: Progress | None) -> Staged:
        target = self.new_path()
        try:
            with (
                translated(f"copy {path} into {self._root}"),
                open(target, "xb", buffering=0) as dst,
            ):
                if reflink(src.fileno(), dst.fileno()):
                    digest, size = digest_file(target)
                    if progress is not None:
                        progress.advance(size)
                else:
                    digest, size = copy_and_hash(src, dst, progress)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return Staged(digest, size, target, owned=True)


def reflink(source: int, target: int) -> bool:
    """Make the open file `target` share the blocks of `source`, where the filesystem can."""
    try:
        import fcntl

        fcntl.ioctl(target, _FICLONE, source)
    except (ImportError, OSError):
        return False
    return True


def spare_name(path: Path) -> Path:
    """Return a second name for a staged file, which a store may take."""
    return path.with_name(f"{path.name}.put")


def copy_and_hash(
    source: BinaryIO, target: BinaryIO, progress: Progress | None = None
) -> tuple[str, int]:
    """Copy what is left of `source`, and return its SHA-256 and size in bytes.

    hashlib releases the GIL, so hashing in a side thread overlaps reading and writing:
    a large file takes about the time of the slower of the two. Memory: 12 MiB. A small one
    is over before a thread and its buffers are there.
    """
    hasher = hashlib.sha256()
    size = 0
    while size < _BUFFER:
        data = source.read(_PIECE)
        if not data:
            return hasher.hexdigest(), size
        hasher.update(data)
        write_all(target, data)
        size += len(data)
        if progress is not None:
            progress.advance(len(data))
    size += _copy_beside(hasher, source, target, progress)
    return hasher.hexdigest(), size


def _copy_beside(
    hasher: hashlib._Hash, source: BinaryIO, target: BinaryIO, progress: Progress | None
) -> int:
    """Copy what is left of `source` while a thread hashes it, and return how many bytes."""
    full: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
    free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
    for _ in range(_IN_FLIGHT):
        free.put(bytearray(_BUFFER))

    def consume() -> None:
        while (filled := full.get()) is not None:
            buffer, count = filled
            hasher.update(memoryview(buffer)[:count])
            free.put(buffer)

    thread = threading.Thread(target=consume, name="artnb-hash", daemon=True)
    thread.start()
    size = 0
    try:
        while True:
            buffer = free.get()
            count = source.readinto(buffer)  # type: ignore[attr-defined]
            if not count:
                break
            full.put((buffer, count))
            write_all(target, memoryview(buffer)[:count])
            size += count
            if progress is not None:
                progress.advance(count)
    finally:
        full.put(None)
        thread.join()
    return size


def is_abandoned(name: str) -> bool:
    """Return whether a temporary name (``PID-...``) belongs to a process that is gone."""
    owner = name.partition("-")[0]
    return owner.isdigit() and not process_alive(int(owner))


def process_alive(pid: int) -> bool:
    """Return whether a process of this machine has the number `pid`."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
