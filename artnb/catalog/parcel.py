"""All rows of one project, as they travel from one catalogue to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from artnb.catalog.contents import CONTENTS
from artnb.catalog.records import RUN_QUERY, VERSION_QUERY, run_from, version_from
from artnb.catalog.session import Connections, Many
from artnb.model import EdgeKind, RunRecord, VersionRecord

__all__ = ["Parcel", "SentEdge", "SentMove", "SentVersion", "read_parcel"]


@dataclass(frozen=True, slots=True)
class SentVersion:
    """A version on its way.

    Attributes
    ----------
    row : VersionRecord
        Its `id` is the sender's; `aliases` are left to the moves.
    record : str
        Digest of the record object. No two versions share it, so it tells whether the
        receiver has this very one.
    contents : mapping
        Path -> (digest, fingerprint or None).
    edited_at : float or None
        When its description, metadata, tags or ttl were last written.
    """

    row: VersionRecord
    record: str
    deleted_at: float | None
    contents: Mapping[str, tuple[str, str | None]]
    edited_at: float | None = None


@dataclass(frozen=True, slots=True)
class SentMove:
    """An alias was moved; `version` is the sender's id, None where the alias was taken away.

    Attributes
    ----------
    by : str or None
        Who did it, ``user@host``, where that is known.
    """

    name: str
    alias: str
    version: int | None
    run: str | None
    at: float
    by: str | None = None


@dataclass(frozen=True, slots=True)
class SentEdge:
    """A run logged or used a version; `version` is the sender's id."""

    run: str
    version: int
    kind: EdgeKind
    at: float


@dataclass(frozen=True, slots=True)
class Parcel:
    """A project's runs and versions, with the versions of other projects that its runs touch.

    Attributes
    ----------
    runs : tuple of RunRecord
        By number.
    versions : tuple of SentVersion
        In the order in which they were made.
    moves : tuple of SentMove
        Of the project's own collections, oldest first.
    kept : tuple of (str, str)
        What the runs need: a blob, such as code, rows or pictures, and the run.
    """

    project: str
    runs: tuple[RunRecord, ...]
    versions: tuple[SentVersion, ...]
    moves: tuple[SentMove, ...]
    edges: tuple[SentEdge, ...]
    kept: tuple[tuple[str, str], ...] = ()


def read_parcel(db: Connections, project: str) -> Parcel:
    """Return a project's rows; beside writers, what they add meanwhile may be left out."""
    # What refers is read before what it refers to, so that the latter is surely there.
    edges = tuple(
        SentEdge(row["run_id"], row["version_id"], row["kind"], row["created_at"])
        for row in db.rows(
            "select e.* from edges e join runs r on r.id = e.run_id join projects p "
            "on p.id = r.project_id where p.name = ? order by e.created_at, e.version_id",
            (project,),
        )
    )
    moves = tuple(
        SentMove(
            row["name"],
            row["alias"],
            row["version_id"],
            row["run_id"],
            row["moved_at"],
            row["moved_by"],
        )
        for row in db.rows(
            "select m.*, c.name from alias_moves m join collections c on c.id = m.collection_id "
            "join projects p on p.id = c.project_id where p.name = ? order by m.id",
            (project,),
        )
    )
    wanted = Many(sorted({edge.version for edge in edges}))
    where = "(p.name = ? or v.id in many(?))"
    contents: dict[int, dict[str, tuple[str, str | None]]] = {}
    rows = db.rows(f"{VERSION_QUERY} where {where} order by v.id", (project, wanted))
    for row in db.rows(
        f"select ct.*, f.fingerprint from {CONTENTS} ct left join fingerprints f "
        "on f.version_id = ct.version_id and f.path = ct.path "
        "join versions v on v.id = ct.version_id join collections c "
        f"on c.id = v.collection_id join projects p on p.id = c.project_id where {where}",
        (project, wanted),
    ):
        held = contents.setdefault(row["version_id"], {})
        held[row["path"]] = (row["digest"], row["fingerprint"])
    versions = tuple(
        SentVersion(
            version_from(row),
            row["record"],
            row["deleted_at"],
            contents.get(row["id"], {}),
            row["edited_at"],
        )
        for row in rows
    )
    runs = db.rows(f"{RUN_QUERY} where p.name = ? order by r.number, r.created_at", (project,))
    return Parcel(project, tuple(map(run_from, runs)), versions, moves, edges)
