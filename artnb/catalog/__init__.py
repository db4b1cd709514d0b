"""Runs, versions, aliases, edges and the places of blobs, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from artnb.catalog.address import FileAddress, parse_address, without_password
from artnb.catalog.base import (
    AliasMove,
    CollectionRecord,
    Committed,
    Migrated,
    NewRun,
    NewVersion,
    RunEnd,
)
from artnb.catalog.catalog import Catalog
from artnb.catalog.generations import LeaseLostError
from artnb.catalog.locks import PATIENCE
from artnb.catalog.migrating import apply_migrations
from artnb.catalog.parcel import Parcel, SentVersion
from artnb.catalog.receiving import AliasConflict, Received, Renumbered
from artnb.catalog.schema import MIGRATIONS
from artnb.catalog.sqlite import SqliteConnections
from artnb.catalog.tables import set_aside
from artnb.errors import MissingExtraError

NEWEST = MIGRATIONS[-1][0]
"""The last change of the tables that this version knows."""

if TYPE_CHECKING:
    from artnb.catalog.postgres import PostgresConnections

__all__ = [
    "NEWEST",
    "AliasConflict",
    "AliasMove",
    "Catalog",
    "CollectionRecord",
    "Committed",
    "LeaseLostError",
    "Migrated",
    "NewRun",
    "NewVersion",
    "Parcel",
    "Received",
    "Renumbered",
    "RunEnd",
    "SentVersion",
    "catalog_exists",
    "catalog_path",
    "open_catalog",
    "renewed_catalog",
    "without_password",
]


def open_catalog(
    address: str | Path,
    *,
    durable: bool = True,
    upgrade: bool = False,
    patience: float = PATIENCE,
) -> Catalog:
    """Return the catalogue at an address, made if it is not there.

    Parameters
    ----------
    address : str or Path
        ``sqlite:///PATH``, ``postgresql://USER@HOST/DATABASE?schema=NAME``, or a file.
    durable : bool
        False: a power cut may take the last transactions, but never damages the catalogue.
    upgrade : bool
        Whether a shared catalogue that an earlier artnb made is brought up to date; a file
        always is, and a copy of it is kept.
    patience : float
        How many seconds a transaction waits for other processes before it is given up.

    Raises
    ------
    CatalogError
        It cannot be opened; the message says why and what to do.
    MissingExtraError
        The package for PostgreSQL is not installed.
    """
    place = FileAddress(address) if isinstance(address, Path) else parse_address(address)
    if isinstance(place, FileAddress):
        return Catalog(
            SqliteConnections(place.path, durable=durable, journal=place.journal, patience=patience)
        )
    kind = _postgres(place.shown)
    return Catalog(kind(str(address), durable=durable, upgrade=upgrade, patience=patience))


def _postgres(shown: str) -> type[PostgresConnections]:
    try:
        from artnb.catalog.postgres import PostgresConnections
    except ImportError as error:
        what = f"The catalogue {without_password(shown)}"
        raise MissingExtraError(what, "psycopg", "postgres") from error
    return PostgresConnections


@contextmanager
def renewed_catalog(
    url: str, check: Callable[[Catalog], None] | None = None
) -> Iterator[tuple[Catalog, str | None]]:
    """Yield an empty catalogue in place of the one on a server, in one transaction.

    Parameters
    ----------
    check : callable, optional
        Called first with the one that is there, which nobody changes any more.

    Yields
    ------
    Catalog
    str or None
        The schema to which the tables that were there are moved.
    """
    connections = _postgres(url)(url, prepare=False)
    try:
        with connections.transaction(alone=True) as session:
            if check is not None:
                check(Catalog(connections))
            before = set_aside(session)
            apply_migrations(session)
            yield Catalog(connections), before
    finally:
        connections.close()


def catalog_exists(url: str) -> bool:
    """Return whether there is something at a catalogue's address; a server is taken to be there."""
    path = catalog_path(url)
    return path is None or path.exists()


def catalog_path(url: str) -> Path | None:
    """Return the file of a catalogue; None if it is on a server."""
    place = parse_address(url)
    return place.path if isinstance(place, FileAddress) else None
