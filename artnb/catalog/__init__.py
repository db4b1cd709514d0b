"""Runs, versions, aliases, edges and the places of blobs, in SQLite."""

from __future__ import annotations

from pathlib import Path

from artnb.catalog.base import AliasMove, CollectionRecord, Committed, NewVersion
from artnb.catalog.catalog import Catalog
from artnb.catalog.generations import LeaseLostError
from artnb.catalog.parcel import Parcel, SentVersion
from artnb.catalog.receiving import AliasConflict, Received, Renumbered
from artnb.errors import InvalidValueError

__all__ = [
    "AliasConflict",
    "AliasMove",
    "Catalog",
    "CollectionRecord",
    "Committed",
    "LeaseLostError",
    "NewVersion",
    "Parcel",
    "Received",
    "Renumbered",
    "SentVersion",
    "catalog_path",
    "open_catalog",
]


def open_catalog(url: str, *, durable: bool = True) -> Catalog:
    """Return the catalogue at ``sqlite:///PATH``, made if it is not there.

    Parameters
    ----------
    durable : bool
        False: a power cut may take the last transactions, but never damages the file.
    """
    return Catalog(catalog_path(url), durable=durable)


def catalog_path(url: str) -> Path:
    """Return the file of the catalogue at ``sqlite:///PATH``."""
    scheme, mark, path = url.rpartition(":///")
    if mark and scheme != "sqlite":
        raise InvalidValueError(
            f"A catalogue on {scheme!r} is not supported; set ARTNB_CATALOG to sqlite:///PATH."
        )
    return Path(path).expanduser()
