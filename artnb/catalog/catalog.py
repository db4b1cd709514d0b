"""The catalogue: its parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from artnb.catalog.base import Migrated
from artnb.catalog.blobs import Blobs
from artnb.catalog.commit import add_locations
from artnb.catalog.generations import end_lease
from artnb.catalog.journal import Journal
from artnb.catalog.parcel import Parcel, read_parcel
from artnb.catalog.receiving import Received, receive
from artnb.catalog.relations import Relations
from artnb.catalog.runs import Runs
from artnb.catalog.session import Connections, restarts
from artnb.catalog.upkeep import Upkeep
from artnb.model import Location

__all__ = ["Catalog"]


class Catalog(Runs, Relations, Blobs):
    """Runs, versions and their relations. Safe to use from many threads and processes.

    Parameters
    ----------
    connections : Connections
        To its database.

    Attributes
    ----------
    location : str
        Where it is, without what is secret.
    """

    def __init__(self, connections: Connections) -> None:
        self._db = connections
        self.upkeep = Upkeep(self._db)
        self.journal = Journal(self._db)
        self.location = connections.location

    @property
    def read_only(self) -> bool:
        """Whether it may not be written."""
        return self._db.read_only

    @property
    def identity(self) -> str:
        """A name that no other catalogue has."""
        row = self._db.row("select name from identity")
        assert row is not None  # written by the migration that made the table
        return str(row["name"])

    @property
    def migrated(self) -> Migrated | None:
        """That it was brought up to date when it was opened here."""
        return self._db.migrated

    def revisions(self) -> AbstractContextManager[Callable[[], object]]:
        """Yield what returns a value that is another one once anybody has changed something.

        For who follows what other processes record: each call asks the database one small
        question. This process's own changes count, too; a run's rows of metrics do not.
        """
        return self._db.revisions()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait until no transaction is open any more, and let none begin in the block.

        Raises
        ------
        CatalogLockedError
            One stays open.
        """
        with self._db.transaction(alone=True):
            yield

    def close(self) -> None:
        """Close every connection."""
        self._db.close()

    # from one catalogue to another --------------------------------------------------

    def parcel(self, project: str) -> Parcel:
        """Return a project's rows, for another catalogue."""
        return read_parcel(self._db, project)

    @restarts
    def receive(
        self,
        parcel: Parcel,
        places: Mapping[str, Location],
        lease: str,
        *,
        take_aliases: bool,
        take_deletions: bool = False,
    ) -> Received:
        """Enter a project's rows from another catalogue, in one transaction.

        Parameters
        ----------
        places : mapping
            Where the blobs lie that are new here.
        lease : str
            What `take_lease` returned for all its blobs; it ends here.
        take_aliases : bool
            Where both sides moved an alias, the sender's wins.

        Raises
        ------
        InvalidValueError
            A run or a collection of that name is another one here. Nothing was changed.
        """
        with self._db.transaction(alone=True) as db:
            end_lease(db, lease)
            add_locations(db, places)
            return receive(db, parcel, take_aliases=take_aliases, take_deletions=take_deletions)
