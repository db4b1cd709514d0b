"""A catalogue's journal in few objects: one entry of all rows in place of many small ones.

Safe beside writers. What is deleted was listed before all rows were marked as changed, and
each row that was marked is in an entry that came later: in the whole one, or in that of
another process, which takes the mark off only when its entry is durable. A reader that had
listed the old ones finds one missing, and lists again.
"""

from __future__ import annotations

import json
from contextlib import suppress

from artnb.catalog import Catalog
from artnb.catalog.journal import JournalEntry
from artnb.digest import digest_bytes
from artnb.errors import ObjectMissingError
from artnb.keys import journal_key
from artnb.store import Backend

__all__ = ["COMPACT_ABOVE", "compact_journal", "write_whole"]

COMPACT_ABOVE = 50
"""Entries that a journal may have before it is worth it."""


def compact_journal(backend: Backend, catalog: Catalog, *, above: int = COMPACT_ABOVE) -> int:
    """Write a journal of over `above` entries anew as one; return how many objects went."""
    old = _own_entries(backend, catalog.identity)
    if len(old) <= above:
        return 0
    entry = write_whole(backend, catalog)
    if entry is None:
        return 0  # another process has just written all of it
    key, number = journal_key(digest_bytes(entry.body)), json.loads(entry.body)["entry"]
    gone = [each for each, of in old.items() if of < number and each != key]
    for each in gone:
        backend.delete(each)
    return len(gone)


def write_whole(backend: Backend, catalog: Catalog) -> JournalEntry | None:
    """Write one entry of all rows; None if another process has just done so."""
    catalog.journal.mark_all()
    entry = catalog.journal.next_entry(whole=True)
    if entry is not None:
        backend.put_bytes(journal_key(digest_bytes(entry.body)), entry.body)
        backend.flush()
        catalog.journal.written(entry)
    return entry


def _own_entries(backend: Backend, name: str) -> dict[str, int]:
    """Return key -> number of the sound entries of a catalogue."""
    found = {}
    for key, _ in list(backend.listing("journal/")):
        with suppress(ObjectMissingError, ValueError, KeyError, TypeError):
            with backend.open(key) as stream:
                body = stream.read()
            entry = json.loads(body)
            if entry["catalog"] == name and journal_key(digest_bytes(body)) == key:
                found[key] = int(entry["entry"])
    return found
