"""What maintenance asks of the catalogue: every blob's place, and who holds which blob."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from artnb.catalog.contents import CONTENTS
from artnb.catalog.generations import IS_KEPT, bury, end_lease, lapsed_and_held
from artnb.catalog.journal import note
from artnb.catalog.session import Connections, Many, restarts
from artnb.keys import base_of
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

    def records_among(self, digests: Collection[str]) -> set[str]:
        """Return those of the blobs that are versions' records."""
        query = "select record from versions where record in many(?)"
        return {row["record"] for row in self._db.rows(query, (Many(digests),))}

    def contents(self, version_id: int) -> dict[str, str]:
        """Return path -> digest of a version's entries, as the catalogue has them."""
        query = f"select path, digest from {CONTENTS} c where version_id = ?"
        return {row["path"]: row["digest"] for row in self._db.rows(query, (version_id,))}

    def holders(self) -> Iterator[Holder]:
        """Yield each (collection, blob) of the versions that are not deleted, once."""
        # By sections, which the versions of a collection share: each is looked at once.
        query = (
            "with live as (select * from versions where state != 'deleted'), "
            "shared as (select distinct v.collection_id, l.section_id from live v"
            " join version_sections l on l.version_id = v.id), "
            "held (collection_id, digest) as ("
            " select s.collection_id, e.digest from shared s"
            " join section_entries e on e.section_id = s.section_id"
            " union select collection_id, digest from live"
            " union select collection_id, record from live), "
            "whole (collection_id, digest) as (select * from held"
            " union select h.collection_id, pt.part from held h"
            " join parts pt on pt.whole = h.digest) "
            "select p.name as project, c.name, w.digest from whole w "
            "join collections c on c.id = w.collection_id join projects p on p.id = c.project_id"
        )
        for row in self._db.rows(query):
            yield Holder(row["project"], row["name"], row["digest"])

    def kept(self) -> set[str]:
        """Return the blobs that runs keep: code, rows, pictures, files."""
        query = f"select distinct k.digest from kept k where {IS_KEPT}"
        return {row["digest"] for row in self._db.rows(query, (math.inf,))}

    def run_blobs(self, project: str | None = None) -> set[str]:
        """Return the digests of the code and the rows of a project's runs, or of all."""
        query = "select r.code, r.history from runs r join projects p on p.id = r.project_id"
        if project is None:
            rows = self._db.rows(query)
        else:
            rows = self._db.rows(f"{query} where p.name = ?", (project,))
        return {digest for row in rows for digest in row if digest}

    def parts(self) -> dict[str, list[str]]:
        """Return, by the blob that is made of them, the parts of each that is."""
        found: dict[str, list[str]] = {}
        for row in self._db.rows("select whole, part from parts"):
            found.setdefault(row["whole"], []).append(row["part"])
        return found

    @restarts
    def set_state(self, version_ids: Collection[int], state: VersionState) -> None:
        """Mark versions; those that are deleted stay so."""
        if not version_ids:
            return
        with self._db.transaction(alone=True) as db:
            for version_id in version_ids:
                note(db, "versions", version_id)
            db.executemany(
                "update versions set state = ? where id = ? and state != 'deleted'",
                [(state, version_id) for version_id in version_ids],
            )

    @restarts
    def replace_places(
        self, old: Collection[str], places: Mapping[str, Location], lease: str
    ) -> None:
        """Say that blobs which lay in the objects `old` lie elsewhere now; ends the lease."""
        left = Many(old)
        with self._db.transaction(alone=True) as db:
            end_lease(db, lease)
            db.executemany(
                "update blobs set object = ?, start = ?, length = ? where digest = ? "
                "and object in many(?)",
                [(at.object, at.offset, at.length, d, left) for d, at in places.items()],
            )

    # collecting -----------------------------------------------------------------------

    def needed(self, before: float, foreseen: Mapping[int, float] | None = None) -> set[str]:
        """Return every blob that a run or a version needs that was not deleted before that time.

        Parameters
        ----------
        foreseen : mapping, optional
            Versions that are there, and when each is taken to be deleted.
        """
        live = "((state != 'deleted' and not (id in many(?))) or deleted_at > ?)"
        gone = Many(version for version, at in (foreseen or {}).items() if at <= before)
        query = (
            f"with needed (digest) as (select k.digest from kept k where {IS_KEPT} "
            f"union select digest from versions where {live} "
            "union select e.digest from section_entries e where e.section_id in ("
            " select l.section_id from version_sections l join versions v on v.id = l.version_id"
            f" where {live})) select digest from needed "
            "union select p.part from parts p join needed on needed.digest = p.whole"
        )
        given = (before, gone, before, gone, before)
        return {row["digest"] for row in self._db.rows(query, given)}

    def former_holders(self, foreseen: Collection[int] = ()) -> dict[str, str]:
        """Return the project of a deleted version or run that held a blob, by the blob.

        Parameters
        ----------
        foreseen : collection of int
            Versions that are taken to be deleted, too.
        """
        query = (
            "select held.digest, p.name as project from ("
            f" select version_id, digest from {CONTENTS} c"
            " union all select id, digest from versions"
            f" union all select ct.version_id, pt.part from {CONTENTS} ct"
            " join parts pt on pt.whole = ct.digest"
            ") held join versions v on v.id = held.version_id"
            " and (v.state = 'deleted' or v.id in many(?)) "
            "join collections c on c.id = v.collection_id join projects p on p.id = c.project_id "
            "union all select k.digest, p.name from kept k join runs r on r.id = k.run_id "
            "and r.state = 'deleted' join projects p on p.id = r.project_id"
        )
        return {row["digest"]: row["project"] for row in self._db.rows(query, (Many(foreseen),))}

    def dead_generations(self) -> dict[str, int]:
        """Return the last dead generation of each key that has one."""
        rows = self._db.rows("select key, dead from generations")
        return {row["key"]: row["dead"] for row in rows}

    def leased(self, is_alive: Callable[[int], bool]) -> set[str]:
        """Return the blobs that writers at work hold, without changing anything."""
        return self._db.ask(lambda db: lapsed_and_held(db, time.time(), is_alive))[1]

    @restarts
    def bury(
        self,
        objects: Mapping[str, Collection[str]],
        before: float,
        is_alive: Callable[[int], bool],
    ) -> list[str]:
        """Mark objects dead, and return those that nothing needs and that may be deleted.

        Parameters
        ----------
        objects : mapping
            Key -> the blobs in it by its own account.
        """
        with self._db.transaction(alone=True) as db:
            now = time.time()
            dead = [
                key
                for key, digests in objects.items()
                if not bury(db, key, digests, now=now, before=before, is_alive=is_alive)
            ]
            note(db, "generations", *map(base_of, dead))
            return dead
