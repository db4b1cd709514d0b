"""Whether a store is the one that a catalogue means."""

from __future__ import annotations

from artnb.catalog import Catalog
from artnb.errors import StoreError
from artnb.keys import catalog_key
from artnb.store import Backend, uncached

__all__ = ["refuse_other_store"]

_SAMPLES = 3


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
