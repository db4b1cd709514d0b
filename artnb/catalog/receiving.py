"""The rules by which a catalogue takes in a project's rows from another.

A run is the same run where its id is; the row with the later heartbeat holds, but one that
is deleted here stays so. A version
is the same version where its record is, or where its collection holds its content; a new
one keeps its number if that is free, else it gets the next. An alias follows the sender
if the receiver's last move of it is one that the sender knows; if both have moved it
since, the receiver's stays unless it is told otherwise. Of a version's description,
metadata, tags and ttl the later edit holds. Deleting travels only where it is asked for, and
never to a version that has an alias, nor to a run that is running.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from artnb import ownjson as json
from artnb.catalog.commit import add_edge, collection_id, insert_run, project_id, write_run
from artnb.catalog.contents import add_contents, add_fingerprints, has_contents
from artnb.catalog.journal import kept_subject, note
from artnb.catalog.parcel import Parcel, SentEdge, SentMove, SentVersion
from artnb.catalog.records import RUN_QUERY, run_from
from artnb.catalog.session import Session
from artnb.errors import InvalidValueError
from artnb.model import Edge, RunRecord

__all__ = ["AliasConflict", "Received", "Renumbered", "receive"]


@dataclass(frozen=True, slots=True)
class Renumbered:
    """A new version whose number was taken: N of ``vN`` before and now."""

    project: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class AliasConflict:
    """Both sides moved an alias.

    Attributes
    ----------
    ours, theirs : int or None
        N of ``vN``, in the receiver's numbers, that each side has it at; None: at none.
    moved : bool
        Whether the sender's won.
    """

    name: str
    alias: str
    ours: int | None
    theirs: int | None
    moved: bool


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a parcel: how many rows are new, and what was not as the sender has it."""

    runs: int
    updated: int
    versions: int
    edges: int
    aliases: int
    edited: int
    deleted: int
    deleted_runs: int
    renumbered: tuple[Renumbered, ...]
    conflicts: tuple[AliasConflict, ...]

    @property
    def changed(self) -> bool:
        """Whether any row is new or another."""
        counts = (self.runs, self.updated, self.versions, self.edges, self.aliases)
        return any((*counts, self.edited, self.deleted, self.deleted_runs))


def receive(
    db: Session, parcel: Parcel, *, take_aliases: bool, take_deletions: bool = False
) -> Received:
    """Enter a parcel's rows, in the transaction of the caller."""
    project = project_id(db, parcel.project)
    new_runs, updated, deleted_runs = _receive_runs(db, project, parcel.runs, take_deletions)
    ids, new_versions, renumbered = _receive_versions(db, parcel.versions)
    edited = sum(_edit(db, version, ids[version.row.id]) for version in parcel.versions)
    moved, conflicts = _receive_moves(db, project, parcel.moves, ids, take_aliases)
    gone = [v for v in parcel.versions if take_deletions and v.row.state == "deleted"]
    deleted = sum(_delete(db, version, ids[version.row.id]) for version in gone)
    edges = sum(_add_edge(db, edge, ids) for edge in parcel.edges)
    kept = [*parcel.kept, *((version.record, "") for version in parcel.versions)]
    for digest, run_id in kept:
        # A record without a place is of a deleted version whose bytes went, too.
        done = db.execute(
            "insert into kept select digest, ? from blobs where digest = ? on conflict do nothing "
            "returning 1",
            (run_id, digest),
        )
        if done.fetchone() is not None:
            note(db, "kept", kept_subject(digest, run_id))
    return Received(
        new_runs, updated, new_versions, edges, moved, edited, deleted, deleted_runs, renumbered,
        conflicts,
    )  # fmt: skip


def _not_later(at: float | None) -> float:
    """Return a sender's time, or now if its clock is ahead."""
    return min(at or 0.0, time.time())


# runs ---------------------------------------------------------------------------------


def _receive_runs(
    db: Session, project: int, runs: Iterable[RunRecord], take_deletions: bool
) -> tuple[int, int, int]:
    """Return how many runs are new, how many others now, and how many deleted now."""
    taken = {
        row[0] for row in db.execute("select number from runs where project_id = ?", (project,))
    }
    new = updated = deleted = 0
    for run in runs:
        row = db.execute(f"{RUN_QUERY} where r.id = ?", (run.id,)).fetchone()
        if row is None:
            number = run.number if run.number not in taken else max(taken) + 1
            taken.add(number)
            if run.state == "deleted":
                run = run.deleted(_not_later(run.heartbeat_at))
            insert_run(db, project, run.with_changes(number=number))
            note(db, "runs", run.id)
            new += 1
        elif run.state == "deleted":
            deleted += take_deletions and _delete_run(db, run_from(row), run)
        else:
            updated += _update_run(db, run_from(row), run)
    if new:
        db.execute(
            "update projects set next_run = greater(next_run, ?) where id = ?",
            (max(taken) + 1, project),
        )
        note(db, "projects", project)
    return new, updated, deleted


def _update_run(db: Session, ours: RunRecord, theirs: RunRecord) -> bool:
    """Write the sender's state of a run if it is the later one."""
    _refuse_another(ours, theirs)
    if ours.state == "deleted":
        return False
    later = (theirs.heartbeat_at or 0) > (ours.heartbeat_at or 0)
    fuller = (
        any(
            getattr(ours, field) is None and getattr(theirs, field) is not None
            for field in ("code", "history")
        )
        and theirs.heartbeat_at == ours.heartbeat_at
    )
    if not later and not fuller:
        return False
    write_run(db, theirs.with_changes(number=ours.number))
    return True


def _delete_run(db: Session, ours: RunRecord, theirs: RunRecord) -> bool:
    """Delete a run as the sender did, unless it is running here."""
    _refuse_another(ours, theirs)
    if ours.state in ("deleted", "running"):
        return False
    write_run(db, ours.deleted(_not_later(theirs.heartbeat_at)))
    return True


def _refuse_another(ours: RunRecord, theirs: RunRecord) -> None:
    if (ours.project, ours.created_at) != (theirs.project, theirs.created_at):
        raise InvalidValueError(
            f"The run {theirs.id} of project {theirs.project!r} cannot come here: another run "
            f"(of project {ours.project!r}) has that id. Nothing of the project was taken."
        )


# versions -----------------------------------------------------------------------------


def _receive_versions(
    db: Session, versions: Iterable[SentVersion]
) -> tuple[dict[int, int], int, tuple[Renumbered, ...]]:
    """Return the receiver's id of each version, how many are new, and which got new numbers."""
    by_collection: dict[int, list[SentVersion]] = {}
    for version in versions:
        project = project_id(db, version.row.project)
        by_collection.setdefault(collection_id(db, project, version.row), []).append(version)
    ids: dict[int, int] = {}
    fresh: list[tuple[SentVersion, int, int]] = []
    for collection, sent in by_collection.items():
        found = {v.row.id: _same_version(db, collection, v) for v in sent}
        ids.update((theirs, ours) for theirs, ours in found.items() if ours is not None)
        absent = [v for v in sent if found[v.row.id] is None]
        fresh += [(v, collection, n) for v, n in _numbered(db, collection, absent)]
    for version, collection, number in sorted(fresh, key=lambda item: item[0].row.id):
        ids[version.row.id] = _insert_version(db, version, collection, number)
    renumbered = tuple(
        Renumbered(v.row.project, v.row.name, v.row.number, number)
        for v, _, number in fresh
        if number != v.row.number
    )
    return ids, len(fresh), renumbered


def _same_version(db: Session, collection: int, sent: SentVersion) -> int | None:
    """Return the receiver's id of a version, or None; a damaged one is whole again by it."""
    row = db.execute(
        "select id, state from versions where collection_id = ? and "
        "(record = ? or (digest = ? and state != 'deleted')) order by record = ? desc",
        (collection, sent.record, sent.row.digest, sent.record),
    ).fetchone()
    if row is None:
        return None
    if row["state"] == "damaged" and sent.row.state != "deleted":
        db.execute("update versions set state = 'live' where id = ?", (row["id"],))
        note(db, "versions", row["id"])
        if not has_contents(db, row["id"]):
            _add_contents(db, row["id"], sent)
    return int(row["id"])


def _edit(db: Session, sent: SentVersion, ours: int) -> bool:
    """Write the sender's description, metadata, tags and ttl if they are the later ones."""
    row = db.execute("select * from versions where id = ?", (ours,)).fetchone()
    at = _not_later(sent.edited_at)  # a clock that is ahead must not win for ever
    if at <= (row["edited_at"] or 0.0) or row["record"] != sent.record:
        return False
    words = (
        sent.row.description, json.dumps(dict(sent.row.metadata)), json.dumps(list(sent.row.tags)),
        sent.row.ttl,
    )  # fmt: skip
    db.execute(
        "update versions set description = ?, metadata = ?, tags = ?, ttl = ?, edited_at = ? "
        "where id = ?",
        (*words, at, ours),
    )
    note(db, "versions", ours)
    return words != (row["description"], row["metadata"], row["tags"], row["ttl"])


def _delete(db: Session, sent: SentVersion, ours: int) -> bool:
    """Mark a version deleted as the sender has it, unless it has an alias or is another."""
    done = db.execute(
        "update versions set state = 'deleted', deleted_at = ? where id = ? and record = ? "
        "and state != 'deleted' and not exists "
        "(select 1 from aliases where version_id = versions.id) returning 1",
        (_not_later(sent.deleted_at), ours, sent.record),
    )
    deleted = done.fetchone() is not None
    if deleted:
        note(db, "versions", ours)
    return deleted


def _numbered(
    db: Session, collection: int, absent: Sequence[SentVersion]
) -> list[tuple[SentVersion, int]]:
    """Return each new version with its number: its own if that is free, else the next."""
    if not absent:
        return []
    query = "select number from versions where collection_id = ?"
    taken = {row[0] for row in db.execute(query, (collection,))}
    numbers: dict[int, int] = {}
    for version in absent:
        if version.row.number not in taken:
            numbers[version.row.id] = version.row.number
            taken.add(version.row.number)
    for version in absent:
        if version.row.id not in numbers:
            numbers[version.row.id] = max(taken) + 1
            taken.add(numbers[version.row.id])
    db.execute(
        "update collections set next_version = greater(next_version, ?) where id = ?",
        (max(taken) + 1, collection),
    )
    note(db, "collections", collection)
    return [(version, numbers[version.row.id]) for version in absent]


def _insert_version(db: Session, version: SentVersion, collection: int, number: int) -> int:
    row = version.row
    state = "deleted" if row.state == "deleted" else "live"
    made = db.execute(
        "insert into versions (collection_id, number, digest, record, size, entries, description, "
        "metadata, tags, state, deleted_at, created_at, ttl) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " returning id",
        (
            collection, number, row.digest, version.record, row.size, row.entries, row.description,
            json.dumps(dict(row.metadata)), json.dumps(list(row.tags)), state, version.deleted_at,
            row.created_at, row.ttl,
        ),
    ).fetchone()  # fmt: skip
    note(db, "versions", made[0])
    _add_contents(db, made[0], version)
    return int(made[0])


def _add_contents(db: Session, version_id: int, sent: SentVersion) -> None:
    held = sent.contents.items()
    add_contents(db, version_id, ((path, digest) for path, (digest, _) in held))
    add_fingerprints(db, version_id, ((path, mark) for path, (_, mark) in held))


# relations ----------------------------------------------------------------------------


def _add_edge(db: Session, edge: SentEdge, ids: dict[int, int]) -> bool:
    if edge.version not in ids:
        return False  # the version was left out
    return add_edge(db, Edge(edge.run, ids[edge.version], edge.kind), edge.at)


def _receive_moves(
    db: Session,
    project: int,
    moves: Iterable[SentMove],
    ids: dict[int, int],
    take: bool,
) -> tuple[int, tuple[AliasConflict, ...]]:
    by_alias: dict[tuple[str, str], list[SentMove]] = {}
    for move in moves:
        by_alias.setdefault((move.name, move.alias), []).append(move)
    moved, conflicts = 0, []
    for (name, alias), theirs in by_alias.items():
        query = "select id from collections where project_id = ? and name = ?"
        row = db.execute(query, (project, name)).fetchone()
        last = theirs[-1].version
        if row is None or (last is not None and not _is_there(db, ids.get(last))):
            continue  # its version was left out, or is deleted here
        ours = db.execute(
            "select version_id, run_id, moved_at from alias_moves where collection_id = ? "
            "and alias = ? order by id",
            (row[0], alias),
        ).fetchall()
        known = {(move["moved_at"], move["run_id"]) for move in ours}
        if (theirs[-1].at, theirs[-1].run) in known:
            continue  # as here, or moved on since
        if ours and (ours[-1]["moved_at"], ours[-1]["run_id"]) not in {
            (move.at, move.run) for move in theirs
        }:
            present, wanted = ours[-1]["version_id"], None if last is None else ids[last]
            if present == wanted:
                continue
            numbers = [_number(db, version) for version in (present, wanted)]
            conflicts.append(AliasConflict(name, alias, numbers[0], numbers[1], take))
            if not take:
                continue
        fresh = [move for move in theirs if (move.at, move.run) not in known]
        _move(db, row[0], alias, fresh, ids)
        moved += 1
    return moved, tuple(conflicts)


def _move(
    db: Session,
    collection: int,
    alias: str,
    moves: Iterable[SentMove],
    ids: dict[int, int],
) -> None:
    """Write moves down as the sender made them, and put the alias where the last one says."""
    version = None
    for move in moves:
        version = None if move.version is None else ids.get(move.version)
        if version is None and move.version is not None:
            continue  # left out
        made = db.execute(
            "insert into alias_moves "
            "(collection_id, alias, version_id, run_id, moved_at, moved_by) "
            "values (?, ?, ?, ?, ?, ?) returning id",
            (collection, alias, version, move.run, move.at, move.by),
        ).fetchone()
        note(db, "alias_moves", made[0])
    db.execute("delete from aliases where collection_id = ? and alias = ?", (collection, alias))
    if version is not None:
        db.execute("insert into aliases values (?, ?, ?)", (collection, alias, version))


def _is_there(db: Session, version: int | None) -> bool:
    query = "select 1 from versions where id = ? and state != 'deleted'"
    return db.execute(query, (version,)).fetchone() is not None


def _number(db: Session, version: int | None) -> int | None:
    row = db.execute("select number from versions where id = ?", (version,)).fetchone()
    return row[0] if row else None
