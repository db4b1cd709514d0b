"""Which run logged and used which version, and which version holds which content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from artnb.catalog.ancestry import ancestors, descendants
from artnb.catalog.commit import add_edge
from artnb.catalog.contents import CONTENTS
from artnb.catalog.records import RUN_QUERY, VERSION_QUERY, run_from, version_from
from artnb.catalog.session import Many, Row, restarts
from artnb.catalog.versions import Versions
from artnb.model import Edge, EdgeKind, RunRecord, VersionRecord

__all__ = ["Relations"]

# Written out, so that the indexes of one kind are of use.
_OF_KIND: Mapping[EdgeKind, str] = {"logged": "e.kind = 'logged'", "used": "e.kind = 'used'"}


class Relations(Versions):
    """Versions, and how they hang together with runs."""

    @restarts
    def add_edge(self, edge: Edge) -> bool:
        """Write an edge and return whether it is new."""
        with self._db.transaction() as db:
            return add_edge(db, edge)

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

    def latest_elsewhere(self, project: str) -> list[VersionRecord]:
        """Return what is ``latest`` of artifacts of other projects that a project's runs touch."""
        rows = self._db.rows(
            f"{VERSION_QUERY} join aliases l on l.version_id = v.id and l.alias = 'latest' "
            "where p.name != ? and c.id in (select w.collection_id from versions w "
            "join edges e on e.version_id = w.id join runs r on r.id = e.run_id "
            "join projects q on q.id = r.project_id where q.name = ?) order by v.id",
            (project, project),
        )
        return [version_from(row) for row in rows]

    def runs_of(self, version_id: int, kind: EdgeKind, *, deleted: bool = False) -> list[RunRecord]:
        """Return the runs that logged, or used, a version, deleted ones if wanted; oldest first."""
        which = "" if deleted else "and r.state != 'deleted' "
        query = (
            f"{RUN_QUERY} join edges e on e.run_id = r.id where e.version_id = ? "
            f"and {_OF_KIND[kind]} {which}order by e.created_at, r.number"
        )
        return [run_from(row) for row in self._db.rows(query, (version_id,))]

    def maker(self, version_id: int, *, deleted: bool = False) -> RunRecord | None:
        """Return the run that logged a version last, a deleted one if wanted, or None."""
        which = "" if deleted else "and n.state != 'deleted' "
        query = (
            f"{RUN_QUERY} where r.id = (select n.id from runs n join edges e on e.run_id = n.id "
            f"where e.version_id = ? and {_OF_KIND['logged']} {which}"
            "order by e.created_at desc, n.number desc limit 1)"
        )
        row = self._db.row(query, (version_id,))
        return run_from(row) if row else None

    def versions_of(self, run_id: str, kind: EdgeKind) -> list[VersionRecord]:
        """Return the versions that a run logged, or used; oldest edge first."""
        query = (
            f"{VERSION_QUERY} join edges e on e.version_id = v.id where e.run_id = ? "
            f"and {_OF_KIND[kind]} order by e.created_at, v.id"
        )
        return [version_from(row) for row in self._db.rows(query, (run_id,))]

    def ancestors(self, version_id: int) -> set[int]:
        """Return the versions that led to one, of whatever project."""
        return self._db.ask(lambda db: ancestors(db, version_id))

    def descendants(self, version_id: int) -> set[int]:
        """Return the versions that one led to, of whatever project."""
        return self._db.ask(lambda db: descendants(db, version_id))

    def find_fingerprint(
        self, project: str, fingerprint: str, name: str | None = None
    ) -> list[tuple[VersionRecord, str]]:
        """Return the versions and entry paths that hold a value; newest first.

        Parameters
        ----------
        name : str, optional
            Only those of this collection.
        """
        where, values = "f.fingerprint = ? and p.name = ?", [fingerprint, project]
        if name is not None:
            where, values = f"{where} and c.name = ?", [*values, name]
        rows = self._db.rows(
            "select f.version_id, f.path from fingerprints f "
            "join versions v on v.id = f.version_id "
            "join collections c on c.id = v.collection_id join projects p on p.id = c.project_id "
            f"where {where} and v.state != 'deleted' order by f.version_id desc",
            values,
        )
        return self._with_versions(rows)

    def find_digest(self, digest: str) -> list[tuple[VersionRecord, str]]:
        """Return the versions and entry paths that hold bytes; newest first."""
        rows = self._db.rows(
            f"select version_id, path from {CONTENTS} c where digest = ? order by version_id desc",
            (digest,),
        )
        return self._with_versions(rows)

    def _with_versions(self, rows: Sequence[Row]) -> list[tuple[VersionRecord, str]]:
        ids = Many({row["version_id"] for row in rows})
        if not ids:
            return []
        query = f"{VERSION_QUERY} where v.id in many(?)"
        found = {row["id"]: version_from(row) for row in self._db.rows(query, (ids,))}
        return [(found[row["version_id"]], row["path"]) for row in rows]
