"""What takes the room: bytes by project and artifact, each blob counted once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from artnb.keys import is_blobs, is_recipe
from artnb.model import Location

__all__ = ["ArtifactUsage", "Usage", "measure"]


@dataclass(frozen=True, slots=True)
class ArtifactUsage:
    """Of one artifact, or of a whole project.

    Attributes
    ----------
    bytes : int
        Of all its versions together, each blob once.
    own : int
        Of those, the bytes that no other artifact holds: what deleting it would free.
    """

    project: str
    name: str
    bytes: int
    own: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What takes the room in a store.

    Attributes
    ----------
    artifacts, projects : tuple of ArtifactUsage
        A project's `name` is empty; what its artifacts share counts once.
    runs : int
        Bytes of code, rows and pictures that runs keep and no version holds.
    unreferenced : int
        Bytes that nothing refers to: of deleted versions and of crashed writers.
    total : int
        Bytes of all objects in the store.
    """

    artifacts: tuple[ArtifactUsage, ...]
    projects: tuple[ArtifactUsage, ...]
    runs: int
    unreferenced: int
    total: int


def measure(
    places: Mapping[str, Location],
    held: Mapping[tuple[str, str], Iterable[str]],
    kept: Iterable[str],
    objects: Mapping[str, int],
) -> Usage:
    """Return who takes the room.

    Parameters
    ----------
    places : mapping
        Blob -> where it lies.
    held : mapping
        (project, artifact) -> its blobs; those without a place are references.
    kept : iterable of str
        The blobs that runs keep.
    objects : mapping
        Key of each object in the store -> bytes.
    """
    # A blob in a recipe takes the recipe's own bytes; those of its parts are the parts'.
    sizes = {
        digest: objects.get(at.object, 0) if is_recipe(at.object) else at.length
        for digest, at in places.items()
    }
    blobs = {holder: {d for d in digests if d in sizes} for holder, digests in held.items()}
    by_project: dict[tuple[str, str], set[str]] = {}
    for (project, _), digests in blobs.items():
        by_project.setdefault((project, ""), set()).update(digests)
    versions = set().union(*blobs.values())
    runs = {d for d in kept if d in sizes} - versions
    used = {at.object for at in places.values()}
    return Usage(
        artifacts=_shares(blobs, sizes),
        projects=_shares(by_project, sizes),
        runs=sum(sizes[d] for d in runs),
        unreferenced=sum(sizes[d] for d in sizes.keys() - versions - runs)
        + sum(size for key, size in objects.items() if is_blobs(key) and key not in used),
        total=sum(objects.values()),
    )


def _shares(
    blobs: Mapping[tuple[str, str], set[str]], sizes: Mapping[str, int]
) -> tuple[ArtifactUsage, ...]:
    holders: dict[str, int] = {}
    for digests in blobs.values():
        for digest in digests:
            holders[digest] = holders.get(digest, 0) + 1
    return tuple(
        ArtifactUsage(
            project,
            name,
            sum(sizes[d] for d in digests),
            sum(sizes[d] for d in digests if holders[d] == 1),
        )
        for (project, name), digests in sorted(blobs.items())
    )
