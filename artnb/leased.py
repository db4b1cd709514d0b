"""Leases that are taken when files are added, and end when these are logged."""

from __future__ import annotations

import weakref
from collections.abc import Set as AbstractSet

__all__ = ["Lease"]


class Lease:
    """Keeps collectors from blobs that the store has, for whoever holds this.

    Parameters
    ----------
    name : str
        What the catalogue calls it.
    digests : set of str
        The blobs: they were there when it was taken.
    left : list of str
        Gets the name if this is given up without being taken: then it is to be dropped. Not
        at once, for that may happen anywhere, inside a transaction, too.
    """

    def __init__(self, name: str, digests: AbstractSet[str], left: list[str]) -> None:
        self.digests = digests
        self._name = name
        self._given_up = weakref.finalize(self, left.append, name)

    def take(self) -> str | None:
        """Return the name to who ends the lease; None if another has it already."""
        return self._name if self._given_up.detach() is not None else None
