"""Notes of large uploads: what a later process needs to go on with one that was cut off.

A note may hold what lets anyone write to the store (Google's address of a session does), so
only its owner may read it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.digest import digest_bytes

__all__ = ["Note", "abandoned"]

_ABANDONED_SECONDS = 7 * 24 * 3600.0


class Note:
    """What is known of the upload of one object; nothing is kept without a folder.

    Parameters
    ----------
    folder : Path or None
        Where the notes are.
    place : str
        Of the object, bucket included; it holds the digest, so the same place means the same
        bytes.
    """

    def __init__(self, folder: Path | None, place: str) -> None:
        self._path = folder and folder / f"{digest_bytes(place.encode())[:40]}.json"

    def read(self) -> dict[str, Any]:
        """Return what is known; empty if there is no note, or none that can be read."""
        return _read(self._path) if self._path else {}

    def write(self, body: dict[str, Any]) -> None:
        """Keep what is known."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Its file is for its owner alone from the first byte.
        handle, temp = tempfile.mkstemp(".part", dir=self._path.parent)
        with open(handle, "w", encoding="utf-8") as stream:
            json.dump(body, stream)
        Path(temp).replace(self._path)

    def forget(self) -> None:
        """Remove the note."""
        if self._path:
            self._path.unlink(missing_ok=True)


def abandoned(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield what nobody went on with for a week: its note, and what that says."""
    for path in folder.glob("*"):
        if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
            yield path, _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
