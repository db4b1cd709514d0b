"""What the catalogue keeps: projects, runs, collections, versions, aliases, edges, blobs.

Writes are transactions: a version, its aliases, its edges and the places of its blobs
become visible together or not at all. Version numbers come from a counter row, so they
have no gaps however many processes log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from artnb.model import Location, RunRecord, VersionRecord

__all__ = [
    "AliasMove",
    "CollectionRecord",
    "Committed",
    "Migrated",
    "NewRun",
    "NewVersion",
    "RunEnd",
]


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """A collection: the name that versions share.

    Attributes
    ----------
    versions : int
        How many it has.
    """

    project: str
    name: str
    type: str
    description: str | None
    versions: int
    created_at: float


@dataclass(frozen=True, slots=True)
class AliasMove:
    """Someone moved an alias.

    Attributes
    ----------
    before, after : int or None
        N of the ``vN`` that had it and that has it now; None: no version.
    run, run_name, host : str or None
        Which run did, and on which machine; None: not a run.
    by : str or None
        Who did, ``user@host``; None: not known, as of moves that earlier versions wrote.
    at : float
        Seconds since the epoch, UTC.
    """

    alias: str
    before: int | None
    after: int | None
    run: str | None
    run_name: str | None
    host: str | None
    at: float
    by: str | None = None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is about to be written.

    Attributes
    ----------
    record : RunRecord
        Without its number and name.
    named : callable
        Returns its name, given its number.
    uses : sequence of int
        The ids of the versions that it takes as inputs.
    """

    record: RunRecord
    named: Callable[[int], str]
    uses: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class RunEnd:
    """What a run ends with that logs one version last.

    Attributes
    ----------
    changes : mapping
        The fields that it gets.
    uses : sequence of int
        The ids of the versions that it took; that which it logs is none of them.
    """

    changes: Mapping[str, Any]
    uses: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that is about to be written.

    Attributes
    ----------
    digest : str
        Of the manifest.
    record : str
        Digest of the record object, from which the row can be made again.
    contents : iterable of (path, digest, ...)
        The entries, for finding versions by what they hold.
    fingerprints : mapping
        Of those entries that have one: path -> fingerprint.
    """

    project: str
    name: str
    type: str
    digest: str
    record: str
    size: int
    entries: int
    description: str | None
    metadata: Mapping[str, Any] | None
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    contents: Iterable[tuple[Any, ...]]
    locations: Mapping[str, Location] = field(default_factory=dict)
    ttl: float | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit led to.

    Attributes
    ----------
    version : VersionRecord
        As it is after.
    created : bool
        False: the collection had this content, and its aliases moved to that version.
    run : RunRecord or None
        The run, if it was written with the version: as it is after.
    """

    version: VersionRecord
    created: bool
    run: RunRecord | None = None

    @property
    def version_id(self) -> int:
        """Its catalogue number."""
        return self.version.id


@dataclass(frozen=True, slots=True)
class Migrated:
    """A catalogue that an earlier version made was brought up to date.

    Attributes
    ----------
    before : str
        Its last migration.
    copy : str
        Where it is kept as it was.
    """

    before: str
    copy: str
