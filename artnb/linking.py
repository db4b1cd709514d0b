"""Links: a version of a registry's collection that holds just what a version elsewhere holds.

A link is a version like any other, with a number and aliases of its own; it shares the
manifest and so every byte with its **source**, whose name stands in its record. Only the
record is written. What one deletes of the two leaves the other whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from artnb.errors import ArtnbError, CommError, ObjectMissingError, UsageError
from artnb.model import Entry, VersionRecord
from artnb.refs import parse_ref
from artnb.repository import Commit, Content, Repository
from artnb.store import Staged

__all__ = [
    "content_of",
    "held_contents",
    "is_own",
    "link_version",
    "links_to",
    "source_name",
    "source_of",
]


def link_version(
    repository: Repository,
    version: VersionRecord,
    target_path: str,
    *,
    run_id: str | None,
    aliases: Sequence[str] = (),
) -> Commit:
    """Make a version of another collection with the content of `version`.

    Parameters
    ----------
    target_path : str
        ``registry/collection``, or ``collection`` of the version's own project.

    Raises
    ------
    UsageError
        It is the version's own collection.
    InvalidNameError, TypeMismatchError, ObjectMissingError
    """
    target = parse_ref(target_path)
    if ":" in target_path.removeprefix("artnb://"):
        raise UsageError(
            f"link: {target_path!r} names a version; write the collection alone, and aliases=[...]."
        )
    project = target.project or version.project
    if is_own(version, target_path):
        raise UsageError(
            f"link: {version.ref} is in the collection {target.name!r} of project {project!r} "
            "already. Name another, such as 'registry/collection', or add aliases to it."
        )
    return repository.commit(
        project,
        target.name,
        version.type,
        held_contents(repository, version),
        run_id=run_id,
        aliases=aliases,
        description=version.description,
        metadata=version.metadata,
        tags=version.tags,
        source=f"{version.project}/{version.ref}",
    )


def is_own(version: VersionRecord, target_path: str) -> bool:
    """Return whether a path names the collection that a version is in."""
    target = parse_ref(target_path)
    return (target.project or version.project, target.name) == (version.project, version.name)


def source_name(repository: Repository, version: VersionRecord) -> str | None:
    """Return ``project/name:vN`` of what a version is a link to, or None if it is no link."""
    try:
        source = json.loads(repository.read_blob(version.record)).get("source")
    except (ArtnbError, ValueError):
        return None  # its record is damaged: the version stands for itself
    return None if source is None else str(source)


def source_of(repository: Repository, version: VersionRecord) -> VersionRecord | None:
    """Return what a version is a link to; None if it is no link, or its source is gone."""
    name = source_name(repository, version)
    if name is None:
        return None
    try:
        found = repository.resolve(name, version.project)
    except CommError:
        return None
    # Where projects were merged another version may bear the number by now.
    return found if found.digest == version.digest else None


def links_to(repository: Repository, version: VersionRecord) -> list[VersionRecord]:
    """Return the versions that are links to one, oldest first."""
    name = f"{version.project}/{version.ref}"
    return [
        each
        for each in repository.alike(version)
        if each.id != version.id and source_name(repository, each) == name
    ]


def held_contents(repository: Repository, version: VersionRecord) -> list[Content]:
    """Return what a version holds, to be logged again without a look at the bytes.

    Raises
    ------
    ObjectMissingError
        The store has lost some of it.
    """
    entries = list(repository.manifest(version))
    held = {entry.digest for entry in entries if entry.ref is None}
    if gone := repository.parts.catalog.missing(held):
        raise ObjectMissingError(
            f"{version.ref} of project {version.project!r} cannot be taken whole: {len(gone)} of "
            "its files are missing from the store. `artnb verify` says which versions are whole."
        )
    return list(map(content_of, entries))


def content_of(entry: Entry) -> Content:
    """Return an entry of a version to be logged again: its bytes, which the store has, stay there.

    They are never read, for the version keeps them.
    """
    return Content(
        entry.path,
        None if entry.ref else Staged(entry.digest, entry.size, f".artnb-link/{entry.digest}"),
        entry.format, entry.variable, entry.meta, entry.ref,
        entry.digest, size=entry.size if entry.ref else 0,
    )  # fmt: skip
