"""Which versions are to go by their ttl or by the rules of the settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from artnb.model import VersionRecord
from artnb.retention import KeepRules

__all__ = ["Expired", "find_expired"]


@dataclass(frozen=True, slots=True)
class Expired:
    """A version that is to go, and why."""

    version: VersionRecord
    reason: str


def find_expired(
    versions: Iterable[VersionRecord], keep: KeepRules | None, ttl: float | None, now: float
) -> list[Expired]:
    """Return the versions to delete.

    Parameters
    ----------
    versions : iterable of VersionRecord
        All that are not deleted.
    keep : KeepRules or None
        What is given stays, whatever its ttl; the rest goes. None: only a ttl ends a version.
    ttl : float or None
        Seconds that a version has which has none of its own; None: for ever.
    """
    found = []
    seen: dict[tuple[str, str], int] = {}
    for version in sorted(versions, key=lambda version: -version.number):
        collection = (version.project, version.name)
        seen[collection] = seen.get(collection, 0) + 1
        if keep is not None and _is_kept(version, keep, seen[collection]):
            continue
        own = ttl if version.ttl is None else version.ttl
        if own and version.created_at + own < now:
            found.append(Expired(version, f"its ttl of {own:.0f} s is over"))
        elif keep is not None:
            found.append(Expired(version, "no rule of `keep` holds for it"))
    return found


def _is_kept(version: VersionRecord, keep: KeepRules, place: int) -> bool:
    return (
        place <= keep.last
        or (keep.aliased and bool(version.aliases))
        or (keep.tagged and bool(version.tags))
    )
