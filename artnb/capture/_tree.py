"""The files below a folder: where they are, how they were, which differ."""

from __future__ import annotations

import os
import stat
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

__all__ = ["FileState", "Listing", "Walk", "stat_of", "stats_of", "unchanged", "walk"]

_SETTLED_NS = 2_000_000_000
"""A folder that changed so lately may change again without its time telling."""


class FileState(NamedTuple):
    """What tells one state of a file from another."""

    size: int
    modified: int
    inode: int
    changed: int

    def same_content(self, other: FileState) -> bool:
        """Return whether nothing was written in between; links and modes may have changed."""
        return self[:3] == other[:3]


_file_state: Callable[[tuple[int, int, int, int]], FileState]
_file_state = partial(tuple.__new__, FileState)  # as itself does, but without a call of Python's


@dataclass(slots=True)
class Walk:
    """Folders and files.

    Attributes
    ----------
    whole : bool
        Whether no limit was met.
    """

    folders: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class Listing:
    """What lies in one folder; `modified` is -1 where it may not be relied on later."""

    modified: int
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    is_environment: bool = False
    whole: bool = True


def walk(
    root: str,
    leave_out: Callable[[str], bool],
    *,
    most_folders: int,
    most_files: int,
    known: dict[str, Listing] | None = None,
) -> Walk:
    """Return what lies below `root`, nearest first; links to folders are not followed.

    Parameters
    ----------
    leave_out : callable
        Says of a path, file or folder, whether it is passed over.
    known : dict, optional
        Listings of an earlier walk; those of folders that did not change since are taken
        over, and the dict is brought up to date.
    """
    found = Walk()
    known = {} if known is None else known
    seen: dict[str, Listing] = {}
    waiting = deque([root])
    while waiting:
        if len(found.folders) >= most_folders:
            found.whole = False
            break
        folder = waiting.popleft()
        try:
            listing = _listing(folder, leave_out, most_files - len(found.files), known)
        except OSError:
            seen[folder] = Listing(-1)
            continue  # it has just gone, or may not be read
        seen[folder] = listing
        found.whole = found.whole and listing.whole
        if folder != root and listing.is_environment:
            continue
        found.folders.append(folder)
        found.files += listing.files
        waiting.extend(listing.folders)
    known.clear()
    known.update(seen)
    return found


def unchanged(known: dict[str, Listing]) -> bool:
    """Return whether a walk would find what these listings say, without making it."""
    try:
        for folder, listing in known.items():
            if listing.modified != os.stat(folder).st_mtime_ns:  # noqa: PTH116 - as below
                return False
    except OSError:
        return False
    return bool(known)


def _listing(
    folder: str, leave_out: Callable[[str], bool], most: int, known: dict[str, Listing]
) -> Listing:
    modified = os.stat(folder).st_mtime_ns  # noqa: PTH116 - as below
    before = known.get(folder)
    if before is not None and before.modified == modified and len(before.files) <= most:
        return before
    settled = time.time_ns() - modified > _SETTLED_NS
    listing = Listing(modified if settled else -1)
    with os.scandir(folder) as entries:
        for entry in entries:
            if len(listing.files) >= most:
                listing.whole, listing.modified = False, -1
                break
            path = f"{folder}/{entry.name}"
            listing.is_environment = listing.is_environment or entry.name == "pyvenv.cfg"
            if not leave_out(path):
                is_folder = entry.is_dir(follow_symlinks=False)
                (listing.folders if is_folder else listing.files).append(path)
    return listing


def stat_of(path: str) -> FileState | None:
    """Return how the regular file at `path` is, or None."""
    return stats_of((path,)).get(path)


def stats_of(paths: Iterable[str]) -> dict[str, FileState]:
    """Return how each of the regular files is that are there."""
    found = {}
    for path in paths:
        try:
            now = os.stat(path)  # noqa: PTH116 - Path.stat doubles the cost over many files
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(now.st_mode):
            state = now.st_size, now.st_mtime_ns, now.st_ino, now.st_ctime_ns
            found[path] = _file_state(state)
    return found
