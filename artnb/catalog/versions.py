"""What is asked and written about collections, versions and aliases."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from artnb import ownjson as json
from artnb.catalog.base import (
    AliasMove,
    CollectionRecord,
    Committed,
    NewRun,
    NewVersion,
    RunEnd,
)
from artnb.catalog.commit import (
    add_edge,
    add_locations,
    add_run,
    change_run,
    enter_edge,
    insert_version,
    keep_blobs,
    lock_collection,
    mark_deleted,
    move_aliases,
    note_edge,
    project_id,
    remove_alias,
)
from artnb.catalog.contents import CONTENTS, cut
from artnb.catalog.generations import end_leases, look_alive
from artnb.catalog.journal import note
from artnb.catalog.records import VERSION_QUERY, version_from
from artnb.catalog.session import Connections, Session, restarts
from artnb.errors import CommError
from artnb.model import Edge, RunRecord, VersionRecord, VersionState
from artnb.retention import ArtifactTTL
from artnb.texts import Message

__all__ = ["Versions"]


class Versions:
    """The part of a catalogue that knows collections, their versions and aliases."""

    _db: Connections

    def collections(self, project: str) -> list[CollectionRecord]:
        """Return a project's collections that have a version, oldest first."""
        rows = self._db.rows(
            "select c.*, (select count(*) from versions v where v.collection_id = c.id "
            "and v.state != 'deleted') versions "
            "from collections c join projects p on p.id = c.project_id "
            "where p.name = ? and exists (select 1 from versions v where v.collection_id = c.id "
            "and v.state != 'deleted') order by c.id",
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

    def collection_type(self, project: str, name: str) -> str | None:
        """Return the type of a collection that has a version, or None."""
        return self.type_and_identity(project, name)[0]

    def type_and_identity(self, project: str, name: str) -> tuple[str | None, str]:
        """Return a collection's type, as above, and the catalogue's identity: one question."""
        row = self._db.row(
            "select i.name, (select c.type from collections c "
            "join projects p on p.id = c.project_id where p.name = ? and c.name = ? and exists ("
            "select 1 from versions v where v.collection_id = c.id and v.state != 'deleted')) "
            "as type from identity i",
            (project, name),
        )
        assert row is not None  # written by the migration that made the table
        return row["type"], row["name"]

    def version(self, version_id: int) -> VersionRecord:
        """Return a version; CommError if there is none with that id."""
        row = self._db.row(f"{VERSION_QUERY} where v.id = ?", (version_id,))
        if row is None:
            raise CommError(
                Message("There is no version with the catalogue number {0}.", version_id)
            )
        return version_from(row)

    def versions(self, project: str, name: str | None = None) -> list[VersionRecord]:
        """Return the versions of a collection, or of a project; newest first, deleted ones not."""
        where, values = "p.name = ? and v.state != 'deleted'", [project]
        if name is not None:
            where, values = f"{where} and c.name = ?", [project, name]
        query = f"{VERSION_QUERY} where {where} order by v.id desc"
        return [version_from(row) for row in self._db.rows(query, values)]

    def versions_with(self, digest: str) -> list[VersionRecord]:
        """Return the versions with a manifest, of whatever project, oldest first."""
        query = f"{VERSION_QUERY} where v.digest = ? and v.state != 'deleted' order by v.id"
        return [version_from(row) for row in self._db.rows(query, (digest,))]

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

    @restarts
    def commit(
        self,
        new: NewVersion,
        run_id: str | None,
        *leases: str,
        unleased: Collection[str] = (),
        begins: NewRun | None = None,
        ends: RunEnd | None = None,
    ) -> Committed:
        """Write a version, its aliases, its edge and its blobs' places, in one transaction.

        Parameters
        ----------
        leases : str
            What `take_lease` returned for its blobs; they end here.
        unleased : collection of str
            The digests for which none was taken.
        begins : NewRun, optional
            The run, where it is not written yet. The place of its code is one of the version's.
        ends : RunEnd, optional
            How the run ends with this version. It does not if other processes log for it:
            their rows are to be gathered first.

        Raises
        ------
        TypeMismatchError
            The collection has another type.
        LeaseLostError
            A collector removed a lease, or a blob for which there was none.
        """
        sections = cut(new.contents)  # before: others wait for the transaction
        with self._db.transaction() as db:
            check_leases = end_leases(db, leases)
            check_others = look_alive(db, unleased, new.locations) if unleased else None
            project = project_id(db, new.project)
            check_leases()
            if check_others is not None:
                check_others()
            add_locations(db, new.locations)
            run = _begun(db, begins, ends) if begins is not None else None
            version_id, made = insert_version(db, project, new, sections)
            if made is not None:
                keep = "insert into kept (digest) values (?) on conflict do nothing"
                db.execute(keep, (new.record,))
            logged = run_id and enter_edge(db, Edge(run_id, version_id, "logged"))
            move_aliases(db, version_id, ("latest", *new.aliases), run_id, time.time())
            if run_id and logged:
                note_edge(db, run_id, logged)
                for used in ends.uses if ends is not None else ():
                    if used != version_id:
                        add_edge(db, Edge(run_id, used, "used"))
                if ends is not None and begins is None:
                    closing = ends.changes
                    run = change_run(db, run_id, lambda now: now.ended(closing), 0)
            if made is None:
                found = db.execute(f"{VERSION_QUERY} where v.id = ?", (version_id,))
        # Where it is asked for: in one trip with the commit.
        version = made if made is not None else version_from(found.fetchone())
        return Committed(version, made is not None, run)

    @restarts
    def change_aliases(
        self, version_id: int, add: Sequence[str], remove: Sequence[str], run_id: str | None
    ) -> None:
        """Move aliases to a version, and take aliases from it."""
        with self._db.transaction() as db:
            lock_collection(db, version_id)
            now = time.time()
            move_aliases(db, version_id, add, run_id, now)
            for alias in remove:
                remove_alias(db, version_id, alias, run_id, now)

    def alias_moves(self, project: str, name: str) -> list[AliasMove]:
        """Return who moved which alias of a collection when, newest first."""
        rows = self._db.rows(
            "select m.alias, m.run_id, m.moved_at, m.moved_by, r.name as run_name, r.host, "
            "v.number as after, "
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
                row["host"], row["moved_at"], row["moved_by"],
            )
            for row in rows
        ]  # fmt: skip

    @restarts
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

    @restarts
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
            lock_collection(db, version_id)
            version = self.version(version_id)
            if version.state != "deleted":
                mark_deleted(db, version, delete_aliases, run_id, time.time())
        return self.version(version_id)

    @restarts
    def mark_versions(self, digest: str, state: VersionState) -> list[VersionRecord]:
        """Set the state of each version that holds a blob, and return those versions.

        Deleted versions stay as they are and are left out.
        """
        with self._db.transaction(alone=True) as db:
            query = (
                "with hit (digest) as (select ? union select whole from parts where part = ?) "
                "select id from versions where state != 'deleted' and id in ("
                f" select version_id from {CONTENTS} c where digest in (select digest from hit)"
                " union select id from versions where digest in (select digest from hit)"
                " union select id from versions where record = ?) order by id"
            )
            ids = [row[0] for row in db.execute(query, (digest, digest, digest))]
            for version_id in ids:
                db.execute("update versions set state = ? where id = ?", (state, version_id))
                note(db, "versions", version_id)
        return [self.version(version_id) for version_id in ids]


def _begun(db: Session, new: NewRun, ends: RunEnd | None) -> RunRecord:
    """Write a run, with its end if it is over."""
    if new.record.code is not None:
        keep_blobs(db, [new.record.code], {}, new.record.id)
    if ends is not None:
        new = replace(new, record=new.record.with_changes(**ends.changes))
    return add_run(db, new)
