"""Values that an artifact holds already, so that they need not be written again."""

from __future__ import annotations

from artnb import serializers
from artnb.errors import ArtnbError, StoreError
from artnb.linking import content_of
from artnb.model import Entry, VersionRecord
from artnb.repository import Content, Repository

__all__ = ["find_saved", "kept_content"]


def find_saved(
    repository: Repository, project: str, collection: str, key: str, print_: str
) -> tuple[Entry, bytes] | None:
    """Return the entry and the bytes in which a collection holds a value already.

    Only of formats that write equal values in other bytes: pickles hold addresses and
    hash orders, and would make a version each time.

    Parameters
    ----------
    key : str
        Of the entry: the variable's name.
    print_ : str
        The value's fingerprint.
    """
    repository.settle(project, collection)
    for version, path in repository.find_fingerprint(project, print_, collection):
        entry = repository.manifest(version).entries[path]
        if entry.variable != key or serializers.is_safe(entry.format):
            return None
        try:
            return entry, repository.read_blob(entry.digest)
        except StoreError:
            return None  # damaged: written anew
    return None


def kept_content(repository: Repository, version: VersionRecord, path: str) -> Content | None:
    """Return an entry of a version to be taken over without a look at its bytes, or None."""
    try:
        entry = repository.manifest(version).entries.get(path)
        if entry is None or repository.parts.catalog.missing({entry.digest}):
            return None
    except ArtnbError:
        return None  # deleted or damaged: written anew
    return content_of(entry)
