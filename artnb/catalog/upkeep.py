"""What maintenance asks of the catalogue: every blob's place, and who holds which blob."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from artnb.catalog.connection import Connections
from artnb.model import Location, VersionState

__all__ = ["Holder", "Upkeep"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A collection's hold on a blob through one of its versions."""

    project: str
    name: str
    digest: str


class Upkeep:
    """Questions and corrections over the whole catalogue; each is one transaction."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def places(self) -> dict[str, Location]:
        """Return where each blob lies."""
        return {
            row["digest"]: Location(row["object"], row["start"], row["length"])
            for row in self._db.rows("select * from blobs")
        }

    def records(self) -> dict[int, str]:
        """Return the digest of each version's record object, by the version's number here."""
        return {
            row["id"]: row["record"] for row in self._db.rows("select id, record from versions")
        }

    def contents(self, version_id: int) -> dict[str, str]:
        """Return path -> digest of a version's entries, as the catalogue has them."""
        query = "select path, digest from contents where version_id = ?"
        return {row["path"]: row["digest"] for row in self._db.rows(query, (version_id,))}

    def holders(self) -> Iterator[Holder]:
        """Yield each (collection, blob) of the versions that are not deleted, once."""
        query = (
            "select distinct p.name as project, c.name, held.digest from ("
            " select version_id, digest from contents"
            " union all select id, digest from versions"
            " union all select id, record from versions) held "
            "join versions v on v.id = held.version_id and v.state != 'deleted' "
            "join collections c on c.id = v.collection_id join projects p on p.id = c.project_id"
        )
        for row in self._db.rows(query):
            yield Holder(row["project"], row["name"], row["digest"])

    def kept(self) -> set[str]:
        """Return the blobs that runs keep: code, rows, pictures, files."""
        return {row["digest"] for row in self._db.rows("select digest from kept")}

    def run_blobs(self, project: str | None = None) -> set[str]:
        """Return the digests of the code and the rows of a project's runs, or of all."""
        query = (
            "select r.code, r.history from runs r join projects p on p.id = r.project_id "
            "where ? is null or p.name = ?"
        )
        rows = self._db.rows(query, (project, project))
        return {digest for row in rows for digest in row if digest}

    def set_state(self, version_ids: Iterable[int], state: VersionState) -> None:
        """Mark versions; those that are deleted stay so."""
        with self._db.transaction() as db:
            db.executemany(
                "update versions set state = ? where id = ? and state != 'deleted'",
                [(state, version_id) for version_id in version_ids],
            )

    def replace_places(self, old: str, places: Mapping[str, Location]) -> None:
        """Say that blobs which lay in the object `old` lie elsewhere now."""
        with self._db.transaction() as db:
            db.executemany(
                "update blobs set object = ?, start = ?, length = ? "
                "where digest = ? and object = ?",
                [(at.object, at.offset, at.length, d, old) for d, at in places.items()],
            )
