"""What proving a repository came to: damage, the versions it hits, what was repaired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from artnb.model import VersionRecord

__all__ = ["Damage", "Hit", "VerifyReport", "hits"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A version that damage hits, and the path of the entry, or what else it hits."""

    version: VersionRecord
    part: str


@dataclass(frozen=True, slots=True)
class Damage:
    """One blob, pack or list of files that is not as it should be.

    Attributes
    ----------
    digest : str
        Of the blob; of a pack, its key.
    reason : str
        What is wrong.
    hits : tuple of Hit
        The versions that hold it.
    moved_to : str or None
        Where the damaged object lies now.
    repaired_from : str or None
        Where sound bytes were found; None where damage remains.
    """

    digest: str
    reason: str
    hits: tuple[Hit, ...] = ()
    moved_to: str | None = None
    repaired_from: str | None = None


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was read and what was found.

    Attributes
    ----------
    objects, blobs, bytes, versions : int
        How many were proved.
    damage : tuple of Damage
        All that was found, what was repaired too.
    healed : tuple of VersionRecord
        Versions that were marked damaged and are whole.
    """

    objects: int
    blobs: int
    bytes: int
    versions: int
    damage: tuple[Damage, ...]
    healed: tuple[VersionRecord, ...]

    @property
    def remaining(self) -> tuple[Damage, ...]:
        """The damage that was not repaired."""
        return tuple(damage for damage in self.damage if damage.repaired_from is None)


def hits(
    digest: str, versions: Iterable[VersionRecord], parts: Mapping[int, Mapping[str, str]]
) -> tuple[Hit, ...]:
    """Return the versions that hold a blob.

    Parameters
    ----------
    parts : mapping
        Version's id -> what it is made of: digest -> path.
    """
    return tuple(
        Hit(version, parts[version.id][digest])
        for version in versions
        if digest in parts[version.id]
    )
