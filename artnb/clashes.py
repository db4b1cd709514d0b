"""Paths that are right one by one, and cannot stand together, or not on this system."""

from __future__ import annotations

import os
import re
import unicodedata
import uuid
from collections.abc import Iterable
from pathlib import Path

from artnb.errors import InvalidPathError

__all__ = ["find_folder_clash", "refuse_unplaceable", "windows_problem"]

_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"|?*]')


def find_folder_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return an entry and another that would lie in it as if it were a folder, or None.

    Examples
    --------
    >>> find_folder_clash(["data", "data/train.pt"])
    ('data', 'data/train.pt')
    """
    known = set(paths)
    taken = known & _folders(known)
    if not taken:
        return None
    return next((top, path) for top in sorted(taken) for path in sorted(known)
                if path.startswith(f"{top}/"))  # fmt: skip


def windows_problem(path: str) -> str | None:
    """Return why Windows cannot hold an entry, or would write something else; None if it can.

    Examples
    --------
    >>> windows_problem("logs/nul.txt")
    "'nul.txt' names a device"
    """
    for part in path.split("/"):
        if _DEVICES.fullmatch(part):
            return f"{part!r} names a device"
        if found := _FORBIDDEN.search(part):
            return f"{part!r} has the character {found[0]!r}"
        if part.endswith((".", " ")):
            return f"{part!r} ends with {part[-1]!r}, which Windows drops"
    return None


def refuse_unplaceable(paths: Iterable[str], root: Path, *, system: str = os.name) -> None:
    """Raise InvalidPathError if the entries cannot all be put under `root` as what they are.

    Parameters
    ----------
    system : {'posix', 'nt'}
        Whose rules for names hold.
    """
    wanted = list(paths)
    if clash := find_folder_clash(wanted):
        raise InvalidPathError(
            f"The entry {clash[0]!r} is a file, and {clash[1]!r} would lie in it. Download one of "
            "them alone: path_prefix."
        )
    for path in wanted if system == "nt" else ():
        if problem := windows_problem(path):
            raise InvalidPathError(
                f"The entry {path!r} cannot be written here: {problem}. Download the others by "
                "path_prefix, or download on another system."
            )
    if (pair := _find_case_clash(wanted)) and _folds_case(root):
        raise InvalidPathError(
            f"The entries {pair[0]!r} and {pair[1]!r} differ in case alone, and {root} lies on a "
            "filesystem that takes them for one: the second would replace the first. Download one "
            "of them alone (path_prefix), or to another filesystem."
        )


def _find_case_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return two paths that differ in case alone, folders included, or None."""
    known = set(paths)
    every = known | _folders(known)
    if len({_folded(path) for path in every}) == len(every):
        return None
    seen: dict[str, str] = {}
    for path in sorted(known):
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            part = "/".join(parts[:count])
            other = seen.setdefault(_folded(part), part)
            if other != part:
                return other, path
    return None


def _folders(paths: Iterable[str]) -> set[str]:
    """Return every folder that paths lie in."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _folds_case(root: Path) -> bool:
    """Return whether the filesystem of a folder takes ``A`` and ``a`` for one name: by a try."""
    place = next((each for each in (root, *root.parents) if each.is_dir()), None)
    if place is None:
        return False
    probe = place / f".artnb-probe-{uuid.uuid4().hex[:8]}"
    try:
        probe.touch(exist_ok=False)
    except OSError:
        return False  # what comes next says that it may not be written
    try:
        return probe.with_name(probe.name.upper()).exists()
    finally:
        probe.unlink(missing_ok=True)
