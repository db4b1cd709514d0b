"""Values that an artifact holds already, so that they need not be written again."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from artnb import serializers
from artnb.capture import fingerprint, size_of
from artnb.errors import ArtnbError, StoreError
from artnb.jupyter.saving import SMALL
from artnb.jupyter.session import Held
from artnb.linking import content_of
from artnb.model import Entry
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
        if "lacks" in entry.meta and find_spec(entry.meta["lacks"][0]) is not None:
            return None  # a pickle for want of a package that is there by now
        try:
            return entry, repository.read_blob(entry.digest)
        except StoreError:
            return None  # damaged: written anew
    return None


def kept_content(repository: Repository, held: Held | None, value: Any) -> Content | None:
    """Return what a version has of a large variable, to be taken over without a look at its bytes.

    None where it is small, or the value is not what was saved any more.
    """
    if held is None or size_of(value) < SMALL or not held.object.is_same(value):
        return None
    if held.fingerprint is None or fingerprint(value) != held.fingerprint:
        return None
    try:
        entry = repository.manifest(held.version).entries.get(held.path)
        if entry is None or repository.parts.catalog.missing({entry.digest}):
            return None
    except ArtnbError:
        return None  # deleted or damaged: written anew
    return content_of(entry)
