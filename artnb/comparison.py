"""Two versions beside each other, with their contents read from the store."""

from __future__ import annotations

from typing import Any

from artnb.diff import VersionDiff, compare_versions, value_of_file
from artnb.errors import UsageError
from artnb.model import Entry, Manifest, VersionRecord
from artnb.repository import Repository
from artnb.texts import Message

__all__ = ["compare", "content_of"]

_LARGEST_FILE = 256 << 20


def compare(
    repository: Repository, old: VersionRecord, new: VersionRecord, *, trust: bool = False
) -> VersionDiff:
    """Return what differs between two versions, content included."""
    manifests = repository.manifest(old), repository.manifest(new)

    def load(version: VersionRecord, entry: Entry) -> Any:
        manifest = manifests[0] if version is old else manifests[1]
        return content_of(repository, version, entry, trust=trust, manifest=manifest)

    return compare_versions(old, new, manifests, load)


def content_of(
    repository: Repository,
    version: VersionRecord,
    entry: Entry,
    *,
    trust: bool = False,
    manifest: Manifest | None = None,
) -> Any:
    """Return what an entry holds, as far as its format can be read.

    Parameters
    ----------
    manifest : Manifest, optional
        The version's, where it is at hand.

    Raises
    ------
    UsageError
        A file of more than 256 MiB, or a reference.
    UntrustedError
        A pickle, without `trust`.
    StoreError
        The bytes are missing or damaged.
    """
    if entry.format != "file":
        return repository.load_value(version, entry.path, trust=trust, manifest=manifest)
    if entry.ref is not None:
        raise UsageError(Message("its bytes are at {0}, not in the store.", entry.ref))
    if entry.size > _LARGEST_FILE:
        raise UsageError(Message("{0} MiB are too much to compare.", f"{entry.size / 2**20:,.0f}"))
    return value_of_file(entry.path, repository.read_blob(entry.digest))
