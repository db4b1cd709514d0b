"""The catalogue over SQLite: runs, and what is asked about them and their versions."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from artnb.catalog.base import AliasMove, CollectionRecord, Committed, NewVersion
from artnb.catalog.commit import (
    add_locations,
    insert_run,
    insert_version,
    mark_deleted,
    move_alias,
    project_id,
    remove_alias,
)
from artnb.catalog.connection import Connections
from artnb.catalog.generations import (
    check_alive,
    drop_lease,
    end_lease,
    next_keys,
    take_lease,
)
from artnb.catalog.journal import Journal, note
from artnb.catalog.parcel import Parcel, read_parcel
from artnb.catalog.parts import incomplete
from artnb.catalog.receiving import Received, receive
from artnb.catalog.records import (
    RUN_COLUMNS,
    RUN_QUERY,
    VERSION_QUERY,
    run_from,
    run_values,
    version_from,
)
from artnb.catalog.upkeep import Upkeep
from artnb.errors import CommError, InvalidValueError, nearest
from artnb.keys import is_recipe
from artnb.model import Edge, EdgeKind, Location, RunRecord, VersionRecord, VersionState
from artnb.retention import ArtifactTTL

__all__ = ["Catalog"]

_SQL_VARIABLES = 500


class Catalog:
    """Runs, versions and their relations. Safe to use from many threads and processes.

    Parameters
    ----------
    path : Path
        The SQLite file; made if it is not there.
    durable : bool
        Whether a commit returns only when it would survive a power cut.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._db = Connections(path, durable=durable)
        self.upkeep = Upkeep(self._db)
        self.journal = Journal(self._db)
        self.location = str(path)

    @property
    def read_only(self) -> bool:
        """Whether the file may not be written."""
        return self._db.read_only

    @property
    def identity(self) -> str:
        """A name that no other catalogue has."""
        row = self._db.row("select name from identity")
        assert row is not None  # written by the migration that made the table
        return str(row["name"])

    def close(self) -> None:
        """Close every connection."""
        self._db.close()

    # projects -----------------------------------------------------------------------

    def projects(self) -> list[str]:
        """Return the projects' names, oldest first."""
        return [row["name"] for row in self._db.rows("select name from projects order by id")]

    # runs ---------------------------------------------------------------------------

    def add_run(self, run: RunRecord, name: str | None, default_name: Any) -> RunRecord:
        """Write a new run and return it with its number and name.

        Parameters
        ----------
        name : str or None
            None: ``default_name(number)``.
        """
        with self._db.transaction() as db:
            project = project_id(db, run.project)
            number = db.execute(
                "update projects set next_run = next_run + 1 where id = ? returning next_run - 1",
                (project,),
            ).fetchone()[0]
            run = run.with_changes(number=number, name=name or default_name(number))
            try:
                insert_run(db, project, run)
            except sqlite3.IntegrityError as error:
                raise InvalidValueError(
                    f"Run id {run.id!r} is taken. Leave `id` out, or choose another."
                ) from error
            note(db, "projects", project)
            note(db, "runs", run.id)
        return run

    def change_run(self, run_id: str, changes: Mapping[str, Any]) -> RunRecord:
        """Write some fields of a run and return it."""
        with self._db.transaction() as db:
            run = self.run(run_id).with_changes(**changes)
            assigned = ", ".join(f"{column} = ?" for column in RUN_COLUMNS)
            db.execute(f"update runs set {assigned} where id = ?", (*run_values(run), run_id))
            note(db, "runs", run_id)
        return run

    def run(self, run_id: str) -> RunRecord:
        """Return a run; CommError if there is none with that id."""
        row = self._db.row(f"{RUN_QUERY} where r.id = ?", (run_id,))
        if row is None:
            known = [row["id"] for row in self._db.rows("select id from runs")]
            raise CommError(f"There is no run with the id {run_id!r}; {nearest(run_id, known)}")
        return run_from(row)

    def runs(self, project: str) -> list[RunRecord]:
        """Return a project's runs, newest first."""
        query = f"{RUN_QUERY} where p.name = ? order by r.number desc"
        return [run_from(row) for row in self._db.rows(query, (project,))]

    def open_runs(self, host: str) -> list[tuple[str, int]]:
        """Return (id, pid) of the runs of a machine that are said to be running."""
        query = "select id, pid from runs where state = 'running' and host = ? and pid is not null"
        return [(row["id"], row["pid"]) for row in self._db.rows(query, (host,))]

    # collections and versions -------------------------------------------------------

    def collections(self, project: str) -> list[CollectionRecord]:
        """Return a project's collections that have a version, oldest first."""
        rows = self._db.rows(
            "select c.*, (select count(*) from versions v where v.collection_id = c.id "
            "and v.state != 'deleted') versions "
            "from collections c join projects p on p.id = c.project_id "
            "where p.name = ? and versions > 0 order by c.id",
            (project,),
        )
        return [
            CollectionRecord(
                project,
                row["name"],
                row["type"],
                row["description"],
                row["versions"],
                row["created_at"],
            )
            for row in rows
        ]

    def version(self, version_id: int) -> VersionRecord:
        """Return a version; CommError if there is none with that id."""
        row = self._db.row(f"{VERSION_QUERY} where v.id = ?", (version_id,))
        if row is None:
            raise CommError(f"There is no version with the catalogue number {version_id}.")
        return version_from(row)

    def versions(self, project: str, name: str | None = None) -> list[VersionRecord]:
        """Return the versions of a collection, or of a project; newest first, deleted ones not."""
        where, values = "p.name = ? and v.state != 'deleted'", [project]
        if name is not None:
            where, values = f"{where} and c.name = ?", [project, name]
        query = f"{VERSION_QUERY} where {where} order by v.id desc"
        return [version_from(row) for row in self._db.rows(query, values)]

    def find_version(
        self, project: str, name: str, *, number: int | None = None, alias: str | None = None
    ) -> VersionRecord | None:
        """Return the version of that number or alias, or None."""
        if number is not None:
            where, value = "v.number = ?", number
        else:
            where = (
                "v.id = (select version_id from aliases where collection_id = c.id and alias = ?)"
            )
            value = alias  # type: ignore[assignment]
        row = self._db.row(
            f"{VERSION_QUERY} where p.name = ? and c.name = ? and {where}", (project, name, value)
        )
        return version_from(row) if row else None

    def commit(self, new: NewVersion, run_id: str | None, lease: str) -> Committed:
        """Write a version, its aliases, its edge and its blobs' places, in one transaction.

        Parameters
        ----------
        lease : str
            What `take_lease` returned for all its blobs; it ends here.

        Raises
        ------
        TypeMismatchError
            The collection has another type.
        LeaseLostError
            A collector removed the lease: blobs may be gone.
        """
        with self._db.transaction() as db:
            end_lease(db, lease)
            project = project_id(db, new.project)
            add_locations(db, new.locations)
            version_id, created = insert_version(db, project, new)
            if created:
                db.execute("insert into kept values (?) on conflict do nothing", (new.record,))
            now = time.time()
            for alias in dict.fromkeys(("latest", *new.aliases)):
                move_alias(db, version_id, alias, run_id, now)
            if run_id is not None:
                _add_edge(db, Edge(run_id, version_id, "logged"))
        return Committed(version_id, created)

    def change_aliases(
        self, version_id: int, add: Iterable[str], remove: Iterable[str], run_id: str | None
    ) -> None:
        """Move aliases to a version, and take aliases from it."""
        with self._db.transaction() as db:
            now = time.time()
            for alias in add:
                move_alias(db, version_id, alias, run_id, now)
            for alias in remove:
                remove_alias(db, version_id, alias, run_id, now)

    def alias_moves(self, project: str, name: str) -> list[AliasMove]:
        """Return who moved which alias of a collection when, newest first."""
        rows = self._db.rows(
            "select m.alias, m.run_id, m.moved_at, r.name as run_name, r.host, v.number as after, "
            "lag(v.number) over (partition by m.alias order by m.id) as before "
            "from alias_moves m join collections c on c.id = m.collection_id "
            "join projects p on p.id = c.project_id left join versions v on v.id = m.version_id "
            "left join runs r on r.id = m.run_id where p.name = ? and c.name = ? "
            "order by m.id desc",
            (project, name),
        )
        return [
            AliasMove(
                row["alias"], row["before"], row["after"], row["run_id"], row["run_name"],
                row["host"], row["moved_at"],
            )
            for row in rows
        ]  # fmt: skip

    def change_version(
        self,
        version_id: int,
        *,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        tags: Sequence[str] | None = None,
        ttl: float | ArtifactTTL | None = None,
    ) -> None:
        """Write the given ones of a version's description, metadata, tags and ttl."""
        changes = {
            "description": description,
            "metadata": None if metadata is None else json.dumps(dict(metadata)),
            "tags": None if tags is None else json.dumps(list(tags)),
        }
        with self._db.transaction() as db:
            for column, value in changes.items():
                if value is not None:
                    db.execute(
                        f"update versions set {column} = ? where id = ?", (value, version_id)
                    )
            if ttl is not None:
                seconds = None if isinstance(ttl, ArtifactTTL) else ttl
                db.execute("update versions set ttl = ? where id = ?", (seconds, version_id))
            db.execute("update versions set edited_at = ? where id = ?", (time.time(), version_id))
            note(db, "versions", version_id)

    def delete_version(
        self, version_id: int, *, delete_aliases: bool, run_id: str | None
    ) -> VersionRecord:
        """Mark a version deleted; its row and its edges stay, its number is never used again.

        Raises
        ------
        UsageError
            It has aliases, and those are not to be deleted.
        """
        with self._db.transaction() as db:
            version = self.version(version_id)
            if version.state != "deleted":
                mark_deleted(db, version, delete_aliases, run_id, time.time())
        return self.version(version_id)

    def mark_versions(self, digest: str, state: VersionState) -> list[VersionRecord]:
        """Set the state of each version that holds a blob, and return those versions.

        Deleted versions stay as they are and are left out.
        """
        with self._db.transaction() as db:
            query = (
                "with hit (digest) as (select ? union select whole from parts where part = ?) "
                "select id from versions where state != 'deleted' and id in ("
                " select version_id from contents where digest in (select digest from hit)"
                " union select id from versions where digest in (select digest from hit)"
                " union select id from versions where record = ?) order by id"
            )
            ids = [row[0] for row in db.execute(query, (digest, digest, digest))]
            for version_id in ids:
                db.execute("update versions set state = ? where id = ?", (state, version_id))
                note(db, "versions", version_id)
        return [self.version(version_id) for version_id in ids]

    # blobs --------------------------------------------------------------------------

    def locate(self, digests: Iterable[str]) -> dict[str, Location]:
        """Return where each known blob lies; not of those of which a part has no place."""
        wanted = list(dict.fromkeys(digests))
        found = {}
        for start in range(0, len(wanted), _SQL_VARIABLES):
            part = wanted[start : start + _SQL_VARIABLES]
            query = f"select * from blobs where digest in ({','.join('?' * len(part))})"
            for row in self._db.rows(query, part):
                found[row["digest"]] = Location(row["object"], row["start"], row["length"])
        if wholes := [digest for digest, at in found.items() if is_recipe(at.object)]:
            with self._db.reading() as db:
                for digest in incomplete(db, wholes):
                    del found[digest]
        return found

    def add_locations(self, locations: Mapping[str, Location], lease: str) -> None:
        """Write where blobs lie, which ends the lease on them."""
        with self._db.transaction() as db:
            end_lease(db, lease)
            add_locations(db, locations)

    def take_lease(self, digests: Iterable[str]) -> str:
        """Keep collectors from blobs until they are entered, and return the lease's name."""
        with self._db.transaction(durable=False) as db:
            return take_lease(db, digests, time.time())

    def drop_lease(self, lease: str) -> None:
        """End a lease that came to nothing."""
        with self._db.transaction(durable=False) as db:
            drop_lease(db, lease)

    def next_keys(self, bases: Sequence[str]) -> dict[str, str]:
        """Return the key under which each object is to be written."""
        with self._db.reading() as db:
            return next_keys(db, bases)

    def keep(self, digest: str, locations: Mapping[str, Location]) -> None:
        """Note that a run needs a blob, and where it lies if that is new."""
        if not locations and self._db.row("select 1 from kept where digest = ?", (digest,)):
            return
        with self._db.transaction() as db:
            check_alive(db, [digest], locations)
            add_locations(db, locations)
            db.execute("insert into kept values (?) on conflict do nothing", (digest,))
            note(db, "kept", digest)

    def forget_location(self, digest: str, object: str) -> bool:
        """Remove a blob's place, so that its bytes can be written anew.

        Returns
        -------
        bool
            Whether no other blob lies in that object.
        """
        with self._db.transaction() as db:
            db.execute("delete from blobs where digest = ? and object = ?", (digest, object))
            query = "select 1 from blobs where object = ? limit 1"
            return db.execute(query, (object,)).fetchone() is None

    # from one catalogue to another --------------------------------------------------

    def parcel(self, project: str) -> Parcel:
        """Return a project's rows, for another catalogue."""
        return read_parcel(self._db, project)

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
        with self._db.transaction() as db:
            end_lease(db, lease)
            add_locations(db, places)
            return receive(db, parcel, take_aliases=take_aliases, take_deletions=take_deletions)

    # relations ----------------------------------------------------------------------

    def add_edge(self, edge: Edge) -> bool:
        """Write an edge and return whether it is new."""
        with self._db.transaction() as db:
            return _add_edge(db, edge)

    def edges(self, project: str) -> list[Edge]:
        """Return the edges of a project's runs."""
        rows = self._db.rows(
            "select e.* from edges e join runs r on r.id = e.run_id "
            "join projects p on p.id = r.project_id where p.name = ? order by e.created_at",
            (project,),
        )
        return [Edge(row["run_id"], row["version_id"], row["kind"]) for row in rows]

    def used_versions(self, project: str) -> list[VersionRecord]:
        """Return the versions that a project's runs touch, of whatever project; oldest first."""
        rows = self._db.rows(
            f"{VERSION_QUERY} where p.name = ? or v.id in (select e.version_id from edges e "
            "join runs r on r.id = e.run_id join projects q on q.id = r.project_id "
            "where q.name = ?) order by v.id",
            (project, project),
        )
        return [version_from(row) for row in rows]

    def runs_of(self, version_id: int, kind: EdgeKind) -> list[RunRecord]:
        """Return the runs that logged, or used, a version; oldest first."""
        query = (
            f"{RUN_QUERY} join edges e on e.run_id = r.id where e.version_id = ? and e.kind = ? "
            "order by e.created_at, r.number"
        )
        return [run_from(row) for row in self._db.rows(query, (version_id, kind))]

    def versions_of(self, run_id: str, kind: EdgeKind) -> list[VersionRecord]:
        """Return the versions that a run logged, or used; oldest edge first."""
        query = (
            f"{VERSION_QUERY} join edges e on e.version_id = v.id where e.run_id = ? "
            "and e.kind = ? order by e.created_at, v.id"
        )
        return [version_from(row) for row in self._db.rows(query, (run_id, kind))]

    def find_fingerprint(self, project: str, fingerprint: str) -> list[tuple[VersionRecord, str]]:
        """Return the versions and entry paths that hold a value; newest first."""
        rows = self._db.rows(
            "select ct.version_id, ct.path from contents ct "
            "join versions v on v.id = ct.version_id "
            "join collections c on c.id = v.collection_id join projects p on p.id = c.project_id "
            "where ct.fingerprint = ? and p.name = ? and v.state != 'deleted' "
            "order by ct.version_id desc",
            (fingerprint, project),
        )
        return [(self.version(row["version_id"]), row["path"]) for row in rows]

    def find_digest(self, digest: str) -> list[tuple[VersionRecord, str]]:
        """Return the versions and entry paths that hold bytes; newest first."""
        rows = self._db.rows(
            "select version_id, path from contents where digest = ? order by version_id desc",
            (digest,),
        )
        return [(self.version(row["version_id"]), row["path"]) for row in rows]


def _add_edge(db: sqlite3.Connection, edge: Edge) -> bool:
    done = db.execute(
        "insert into edges values (?, ?, ?, ?) on conflict do nothing",
        (edge.run, edge.version, edge.kind, time.time()),
    )
    if done.rowcount > 0:
        note(db, "runs", edge.run)
    return done.rowcount > 0
