"""Many staged files as one: a list for each thing that is known of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from artnb.leased import Lease
from artnb.store.base import Staged

__all__ = ["StagedFiles", "among", "digests_of", "held_by", "present", "size_of"]


@dataclass(frozen=True, slots=True, eq=False)
class StagedFiles(Sequence[Staged]):
    """Files that are staged; an object for each is made when it is asked for.

    Of ten thousand files all but a few are often in the store already: to make objects of
    all, and to let Python's collector count them, takes longer than what is to be done.

    Attributes
    ----------
    digests, sizes, sources : sequence
        Of each file: SHA-256 in hex, bytes, the person's file.
    copies : mapping
        The stages of those whose bytes the store had not, by their places.
    lease : Lease or None
        What keeps the bytes of the others there until they are logged.
    """

    digests: Sequence[str]
    sizes: Sequence[int]
    sources: Sequence[str]
    copies: Mapping[int, Staged]
    lease: Lease | None = None

    def __len__(self) -> int:
        return len(self.digests)

    @overload
    def __getitem__(self, place: int) -> Staged: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Staged]: ...
    def __getitem__(self, place: int | slice) -> Staged | Sequence[Staged]:
        if isinstance(place, slice):
            return [self[n] for n in range(*place.indices(len(self)))]
        n = range(len(self))[place]
        return self.copies.get(n) or Staged(self.digests[n], self.sizes[n], self.sources[n])


def digests_of(staged: Sequence[Staged]) -> set[str]:
    """Return the digests of stages and of their parts."""
    if type(staged) is StagedFiles:
        return set(staged.digests) | digests_of(held_by(staged))
    digests = {item.digest for item in staged}
    digests.update(part.digest for item in staged if item.parts for part in item.parts)
    return digests


def among(staged: Sequence[Staged], digests: Collection[str]) -> Iterable[Staged]:
    """Return the stages that have one of the digests."""
    if type(staged) is StagedFiles:
        return [staged[n] for n, digest in enumerate(staged.digests) if digest in digests]
    return [item for item in staged if item.digest in digests]


def held_by(staged: Sequence[Staged]) -> Sequence[Staged]:
    """Return those of the stages that hold memory or a file, and are to be discarded."""
    return list(staged.copies.values()) if type(staged) is StagedFiles else staged


def size_of(staged: Sequence[Staged]) -> int:
    """Return how many bytes stages are together."""
    if type(staged) is StagedFiles:
        return sum(staged.sizes)
    return sum(item.size for item in staged)


def present(staged: Sequence[Staged | None]) -> Sequence[Staged]:
    """Return the stages, without those that are None."""
    if type(staged) is StagedFiles:
        return staged
    return [item for item in staged if item is not None]
