"""The journal's last entry, of which the next takes the place as long as it is small.

Each run that ends writes an entry. One object each would soon be most of a store, so an
entry says again, as they are now, the rows of the one that this machine wrote last, which
can then go. Whoever is killed in between leaves both, and the later one holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artnb.digest import digest_bytes
from artnb.errors import ArtnbError
from artnb.keys import is_journal, journal_key
from artnb.store import Backend

__all__ = ["JournalTail", "LastEntry"]

_AT_MOST = 64 * 1024
"""Bytes of an entry that is still written again."""


@dataclass(frozen=True, slots=True)
class LastEntry:
    """An entry: the key of its object, and what it says."""

    key: str
    content: Mapping[str, Any]


class JournalTail:
    """Remembers in a file which entry was written last.

    Parameters
    ----------
    path : Path or None
        The file, which may be lost; None: each entry stays.
    """

    def __init__(self, path: Path | None, backend: Backend) -> None:
        self._path = path
        self._backend = backend

    def last(self, catalog: str) -> LastEntry | None:
        """Return the last entry if it is this catalogue's, sound, and small enough."""
        if self._path is None:
            return None
        try:
            key = self._path.read_text("ascii")
            if not is_journal(key):
                return None
            with self._backend.open(key) as stream:
                body = stream.read(_AT_MOST + 1)
            if len(body) > _AT_MOST or journal_key(digest_bytes(body)) != key:
                return None
        except (ArtnbError, OSError, ValueError):
            return None  # it went, or the store is another one now
        content = json.loads(body)
        return LastEntry(key, content) if content["catalog"] == catalog else None

    def follow(self, key: str, replaced: LastEntry | None) -> None:
        """Remember an entry that is durable, and remove the one whose place it takes."""
        if self._path is None:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(key, "ascii")
        if replaced is not None and replaced.key != key:
            with suppress(ArtnbError):  # what stays does no harm
                self._backend.delete(replaced.key)
