"""What a store holds that nothing needs: decided from facts, before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from artnb.keys import base_of, generation_of, is_blobs, is_pack
from artnb.maintenance.expiry import Expired
from artnb.model import Location
from artnb.store import ObjectStat

__all__ = ["Collected", "Facts", "Plan", "make_plan"]

_REWRITE_BELOW = 0.5
"""A pack of which less than this part is needed is rewritten without the rest."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a collection is decided from.

    Attributes
    ----------
    objects : mapping
        Every object in the store, by key.
    places : mapping
        Every blob that the catalogue places.
    needed : set of str
        Blobs that a version or a run needs.
    spared : set of str
        Those of them that only versions deleted within the grace need.
    held : set of str
        Blobs that a writer at work may be about to need.
    dead : mapping
        Key without generation -> its last dead generation.
    before : float
        Objects written later than this stay.
    """

    objects: Mapping[str, ObjectStat]
    places: Mapping[str, Location]
    needed: Set[str]
    spared: Set[str]
    held: Set[str]
    dead: Mapping[str, int]
    before: float

    def blobs_in(self) -> dict[str, dict[str, int]]:
        """Return, by object, the blobs placed there and their lengths."""
        found: dict[str, dict[str, int]] = {}
        for digest, at in self.places.items():
            found.setdefault(at.object, {})[digest] = at.length
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What can go.

    Attributes
    ----------
    leftovers : tuple of str
        Dead already: the one who marked them died before deleting them.
    unneeded : tuple of str
        Objects without a needed blob.
    wasteful : mapping
        Packs that are worth rewriting -> the blobs in them that are needed.
    young : int
        Bytes that only the grace keeps.
    """

    leftovers: tuple[str, ...]
    unneeded: tuple[str, ...]
    wasteful: Mapping[str, tuple[str, ...]]
    young: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection freed, or would free.

    Attributes
    ----------
    objects, bytes : int
        That were deleted; what a rewritten pack still needs is not among the bytes.
    projects : mapping
        Project -> bytes that its deleted versions held; None: what no version held.
    rewritten : int
        Packs that were rewritten with what is needed of them.
    young : int
        Bytes that nothing needs and that the grace keeps.
    expired : tuple of Expired
        Versions that were deleted, or would be, by their ttl or the rules of `keep`.
    compacted : int
        Entries of the journal that one entry of all rows took the place of.
    """

    objects: int
    bytes: int
    projects: Mapping[str | None, int]
    rewritten: int
    young: int
    expired: tuple[Expired, ...] = ()
    compacted: int = 0


def make_plan(facts: Facts) -> Plan:
    """Return what nothing needs."""
    blobs_in = facts.blobs_in()
    leftovers, unneeded, wasteful = [], [], {}
    young = sum(at.length for digest, at in facts.places.items() if digest in facts.spared)
    for key, stat in sorted(facts.objects.items()):
        if not is_blobs(key):
            continue
        if generation_of(key) <= facts.dead.get(base_of(key), -1):
            leftovers.append(key)
            continue
        lengths = blobs_in.get(key, {})
        needed = tuple(d for d in lengths if d in facts.needed or d in facts.held)
        old_enough = stat.modified is not None and stat.modified <= facts.before
        if not needed and old_enough:
            unneeded.append(key)
        elif not needed:
            young += stat.size
        elif is_pack(key) and old_enough and _is_wasteful(stat.size, [lengths[d] for d in needed]):
            wasteful[key] = needed
    return Plan(tuple(leftovers), tuple(unneeded), wasteful, young)


def _is_wasteful(size: int, needed: list[int]) -> bool:
    return sum(needed) < size * _REWRITE_BELOW
