"""Values that an artifact holds already, so that they need not be written again."""

from __future__ import annotations

from importlib.util import find_spec

from artnb import serializers
from artnb.errors import StoreError
from artnb.model import Entry
from artnb.repository import Repository

__all__ = ["find_saved"]


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
        if "lacks" in entry.meta and find_spec(entry.meta["lacks"][0]) is not None:
            return None  # a pickle for want of a package that is there by now
        try:
            return entry, repository.read_blob(entry.digest)
        except StoreError:
            return None  # damaged: written anew
    return None
