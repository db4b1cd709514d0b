"""The files below a folder, each looked at once, in batches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from operator import attrgetter
from pathlib import Path

from artnb.store.statcache import Files, as_seen

__all__ = ["joined", "walk"]

_BATCH = 1000  # files of a folder that are looked at before they are given out

_name = attrgetter("name")
_BY_HANDLE = os.scandir in os.supports_fd


def walk(top: str, without: Path) -> Iterator[Files]:
    """Yield the files below a folder, hidden ones too, as they are now.

    Links to files are followed, links to folders are not.

    Parameters
    ----------
    top : str
        The folder, with a separator at its end.
    without : Path
        A folder that is left out, with all below.
    """
    try:
        left_out = _place(without.stat())
    except OSError:
        left_out = None  # there is none yet
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        with _opened(folder) as (place, stat):
            if _place(stat) != left_out or folder == top:
                yield from _scan(place, folder, waiting)


@contextmanager
def _opened(folder: str) -> Iterator[tuple[int | str, os.stat_result]]:
    if not _BY_HANDLE:
        yield folder, Path(folder).stat()
        return
    # Else the system would follow the path from the root again for each file.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle, os.fstat(handle)
    finally:
        os.close(handle)


def joined(batches: Iterable[Files]) -> Files:
    """Return all batches as one, sorted by path."""
    paths: list[str] = []
    sizes: list[int] = []
    mtimes: list[int] = []
    inodes: list[int] = []
    for batch in batches:
        paths += batch.paths
        sizes += batch.sizes
        mtimes += batch.mtimes
        inodes += batch.inodes
    if (order := sorted(paths)) == paths:
        return Files(paths, sizes, mtimes, inodes)
    places = dict(zip(paths, range(len(paths)), strict=True))
    at = [places[path] for path in order]
    sizes, mtimes, inodes = ([column[n] for n in at] for column in (sizes, mtimes, inodes))
    return Files(order, sizes, mtimes, inodes)


def _scan(place: int | str, folder: str, waiting: list[str]) -> Iterator[Files]:
    with closing(os.scandir(place)) as found:
        entries = sorted(found, key=_name)
        folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        waiting += [os.path.join(folder, name, "") for name in reversed(folders)]  # noqa: PTH118
        files = [entry for entry in entries if entry.is_file()]
        for start in range(0, len(files), _BATCH):
            yield _look(files[start : start + _BATCH], folder)


def _look(files: list[os.DirEntry[str]], folder: str) -> Files:
    paths = [folder + entry.name for entry in files]
    try:
        if _BY_HANDLE:
            return as_seen(paths, [entry.stat() for entry in files])
    except OSError:  # one has gone: the error below names it
        pass
    return as_seen(paths, list(map(os.stat, paths)))  # on Windows an entry knows no inode


def _place(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
