"""Which catalogues use a store, by the marks that they leave in it.

A mark keeps every other catalogue's collector from the store, for that knows nothing of what
the one needs. A catalogue that is made again has a name of its own and leaves its mark *before*
it reads what the former one wrote down. A collector looks for marks *after* it has written down
what is dead, and before it deletes: so either the new catalogue knows what is dead, or nothing
is deleted (`tests/catalog/test_generations.py` runs every interleaving).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from artnb.catalog import Catalog
from artnb.digest import canonical_json
from artnb.errors import ObjectMissingError, StoreError
from artnb.keys import catalog_key
from artnb.store import Backend, uncached

__all__ = ["Mark", "leave_mark", "marks_in", "refuse_other_store", "refuse_others", "succeeded"]

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """That a catalogue uses a store.

    Attributes
    ----------
    identity : str
        The catalogue's.
    location, host : str
        Where it is, and the machine that said so; empty: not known.
    follows : tuple of str
        The catalogues whose place it took.
    """

    identity: str
    location: str = ""
    host: str = ""
    follows: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.location or self.identity}" + (f" on {self.host}" if self.host else "")


def leave_mark(backend: Backend, mark: Mark) -> None:
    """Say in a store that a catalogue uses it; what was said of that one before stays."""
    note = {"artnb": 1, "catalog": mark.location, "host": mark.host}
    if mark.follows:
        note["follows"] = list(mark.follows)
    backend.put_bytes(catalog_key(mark.identity), canonical_json(note))


def marks_in(backend: Backend) -> list[Mark]:
    """Return the marks in a store; of one that cannot be read just whose it is."""
    found = []
    for key, _ in list(backend.listing("catalog/")):
        identity = key.removeprefix("catalog/").replace("/", "")
        mark = Mark(identity)
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            try:
                with backend.open(key) as stream:
                    note = json.loads(stream.read())
            except ObjectMissingError:
                continue  # removed just now
            follows = tuple(map(str, note.get("follows", ())))
            mark = Mark(identity, str(note["catalog"]), str(note.get("host", "")), follows)
        found.append(mark)
    return found


def succeeded(backend: Backend, among: Iterable[str]) -> set[str]:
    """Return those of some catalogues whose place another one of them took."""
    wanted, marks = set(among), marks_in(backend)
    gone = {former for mark in marks if mark.identity in wanted for former in mark.follows}
    return (wanted & gone) - {mark.identity for mark in marks}


def refuse_others(backend: Backend, identity: str) -> None:
    """Raise StoreError if another catalogue needs bytes that the one knows nothing of."""
    if all(key == catalog_key(identity) for key, _ in backend.listing("catalog/")):
        return
    marks = marks_in(backend)
    former = {name for mark in marks if mark.identity == identity for name in mark.follows}
    for mark in marks:
        if identity in mark.follows:
            raise StoreError(
                f"The catalogue {mark} was made again (`artnb rebuild`) since this process opened "
                "it. Nothing more was collected; run `artnb gc` anew."
            )
        # A process of one that is no more may have left its mark once more since.
        if mark.identity != identity and mark.identity not in former:
            raise StoreError(
                f"The store {backend.location} is used by another catalogue, too ({mark}), whose "
                "versions this one does not know. Nothing more was collected. Use one catalogue "
                "for one store; if that one is gone for good, delete the object "
                f"{catalog_key(mark.identity)}."
            )


def refuse_other_store(catalog: Catalog, backend: Backend) -> None:
    """Raise StoreError if what a catalogue knows lies in another store.

    Two configurations that name one catalogue and two stores would each have a part of the
    bytes, and each would take the other's versions for damaged; so would anybody whose store
    is an unmounted disk.
    """
    store = uncached(backend)
    if store.exists(catalog_key(catalog.identity)):
        return
    # The first artnb left no mark.
    some = catalog.some_objects(_SAMPLES)
    if some and not any(map(store.exists, some)):
        raise StoreError(
            f"The versions of the catalogue {catalog.location} lie in another store than "
            f"{backend.location}: neither its mark nor its objects are there. Nothing was changed. "
            "Correct ARTNB_STORE or ARTNB_CATALOG: all who use a catalogue name one store. If this "
            "is the one, bring it back (is a disk not mounted?); if what was in it is lost, "
            "`artnb verify --repair FOLDER` fills it again."
        )
