"""The rules of a commit: types are kept, equal content is one version, aliases move."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from artnb import ownjson as json
from artnb.catalog.base import NewRun, NewVersion
from artnb.catalog.contents import (
    Sections,
    add_fingerprints,
    add_sections,
    has_contents,
    link_sections,
)
from artnb.catalog.generations import check_alive
from artnb.catalog.journal import kept_subject, note
from artnb.catalog.parts import add_parts, forget_parts
from artnb.catalog.records import RUN_COLUMNS, RUN_QUERY, in_order, run_from, run_values
from artnb.catalog.session import Cursor, Many, Session
from artnb.environment import person
from artnb.errors import InvalidValueError, TypeMismatchError, UsageError
from artnb.model import Edge, Location, RunRecord, VersionRecord

__all__ = [
    "add_edge",
    "add_locations",
    "add_run",
    "change_run",
    "collection_id",
    "enter_edge",
    "insert_run",
    "insert_version",
    "keep_blobs",
    "lock_collection",
    "mark_deleted",
    "move_aliases",
    "note_edge",
    "project_id",
    "remove_alias",
    "write_run",
]


def project_id(db: Session, name: str) -> int:
    """Return the id of a project, made if it is not there."""
    query = "select id from projects where name = ?"
    row = db.execute(query, (name,)).fetchone()
    if row is None:
        made = db.execute(
            "insert into projects (name, created_at) values (?, ?) on conflict do nothing "
            "returning id",
            (name, time.time()),
        ).fetchone()
        row = made or db.execute(query, (name,)).fetchone()  # another writer was quicker
        if made is not None:
            note(db, "projects", row[0])
    return int(row[0])


def insert_run(db: Session, project: int, run: RunRecord) -> None:
    """Write a run that is not there.

    Raises
    ------
    InvalidValueError
        There is one with that id.
    """
    marks = ", ".join("?" * (len(RUN_COLUMNS) + 1))
    done = db.execute(
        f"insert into runs (project_id, {', '.join(RUN_COLUMNS)}) values ({marks}) "
        "on conflict do nothing returning 1",
        (project, *run_values(run)),
    )
    if done.fetchone() is None:
        row = db.execute("select state from runs where id = ?", (run.id,)).fetchone()
        if row["state"] == "deleted":
            raise InvalidValueError(
                f"Run id {run.id!r} was that of a run which is deleted, and is not used again. "
                "Leave `id` out, or choose another."
            )
        raise InvalidValueError(
            f"Run id {run.id!r} is taken. To go on with that run: resume='allow'; for a new one "
            "leave `id` out, or choose another."
        )


def add_run(db: Session, new: NewRun) -> RunRecord:
    """Write a new run and what it takes, and return it with its number and name."""
    project = project_id(db, new.record.project)
    number = db.execute(
        "update projects set next_run = next_run + 1 where id = ? returning next_run - 1",
        (project,),
    ).fetchone()[0]
    run = new.record.with_changes(number=number, name=new.named(number))
    insert_run(db, project, run)
    note(db, "projects", project)
    note(db, "runs", run.id)
    for version_id in new.uses:
        add_edge(db, Edge(run.id, version_id, "used"))
    return run


def change_run(
    db: Session,
    run_id: str,
    changes: Mapping[str, Any] | Callable[[RunRecord], Mapping[str, Any]],
    gathered: int | None,
) -> RunRecord | None:
    """Do what `Runs.change_run` says; None also if there is no such run, or it is deleted."""
    row = db.execute(f"{RUN_QUERY} where r.id = ? for update of r", (run_id,)).fetchone()
    if row is None or row["state"] == "deleted":
        return None
    if gathered is not None and not _remove_worker_rows(db, run_id, gathered):
        return None
    run = run_from(row)
    run = run.with_changes(**(changes(run) if callable(changes) else changes))
    write_run(db, run)
    return run


def write_run(db: Session, run: RunRecord) -> None:
    """Write all fields of a run that is there."""
    assigned = ", ".join(f"{column} = ?" for column in RUN_COLUMNS)
    db.execute(f"update runs set {assigned} where id = ?", (*run_values(run), run.id))
    note(db, "runs", run.id)


def _remove_worker_rows(db: Session, run_id: str, count: int) -> bool:
    query = "select count(*) from worker_rows where run_id = ?"
    if db.execute(query, (run_id,)).fetchone()[0] != count:
        return False
    if count:
        db.execute("delete from worker_rows where run_id = ?", (run_id,))
    return True


def add_locations(db: Session, locations: Mapping[str, Location]) -> None:
    """Write where blobs lie; those that have a place keep it.

    Only a place in a recipe gives way: whoever writes that blob found that a part of it is
    gone, and has written the whole anew under a lease on all that it needs.
    """
    # Sorted, and first: two writers of the same blobs wait for each other here, in one order.
    db.executemany(
        "insert into blobs values (?, ?, ?, ?) on conflict (digest) do update set "
        "object = excluded.object, start = excluded.start, length = excluded.length "
        "where blobs.object like 'recipe/%'",
        [(digest, at.object, at.offset, at.length) for digest, at in sorted(locations.items())],
    )
    forget_parts(db, locations)
    add_parts(db, locations)


def keep_blobs(
    db: Session, digests: Iterable[str], locations: Mapping[str, Location], run_id: str = ""
) -> None:
    """Write that a run needs blobs, and where those lie that are new.

    Parameters
    ----------
    run_id : str
        The run, which need not be written yet; none: they are kept for good.

    Raises
    ------
    LeaseLostError
        A collector was quicker.
    """
    wanted = sorted(set(digests))  # so that two writers of the same wait for each other in order
    check_alive(db, wanted, locations)
    if locations:
        add_locations(db, locations)
    db.executemany(
        "insert into kept values (?, ?) on conflict do nothing",
        [(digest, run_id) for digest in wanted],
    )
    note(db, "kept", *(kept_subject(digest, run_id) for digest in wanted))


def add_edge(db: Session, edge: Edge, at: float | None = None) -> bool:
    """Write that a run logged or used a version, now or earlier; return whether that is new."""
    return note_edge(db, edge.run, enter_edge(db, edge, at))


def enter_edge(db: Session, edge: Edge, at: float | None = None) -> Cursor:
    """Write an edge and return what `note_edge` is to be given: they need not be one trip each."""
    return db.execute(
        "insert into edges values (?, ?, ?, ?) on conflict do nothing returning 1",
        (edge.run, edge.version, edge.kind, time.time() if at is None else at),
    )


def note_edge(db: Session, run_id: str, entered: Cursor) -> bool:
    """Note a run whose edge is new, and return whether it is."""
    new = entered.fetchone() is not None
    if new:
        note(db, "runs", run_id)
    return new


def insert_version(
    db: Session, project: int, new: NewVersion, sections: Sections
) -> tuple[int, VersionRecord | None]:
    """Return the id of the version with this content, and if it had to be made the version.

    It is returned with its aliases, which are still to be moved.
    """
    # Before the collection is locked, for all who log a version of that name wait for it.
    held = add_sections(db, sections)
    collection, number, same = _locked_collection(db, project, new)
    made = None
    if same is not None:
        version_id = same
        _update(db, version_id, new)
    else:
        made = _insert(db, collection, number, new)
        version_id = made.id
    if made is not None or not has_contents(db, version_id):
        link_sections(db, version_id, held)
    add_fingerprints(db, version_id, new.fingerprints.items())
    return version_id, made


def move_aliases(
    db: Session, version_id: int, aliases: Iterable[str], run_id: str | None, now: float
) -> None:
    """Point aliases at a version whose collection is locked, and note who moved them."""
    wanted = list(dict.fromkeys(aliases))
    rows = db.execute(
        "select v.collection_id, a.alias, a.version_id from versions v left join aliases a "
        "on a.collection_id = v.collection_id and a.alias in many(?) where v.id = ?",
        (Many(wanted), version_id),
    ).fetchall()
    collection = rows[0][0]
    present = {alias: version for _, alias, version in rows}
    moved = [alias for alias in wanted if present.get(alias) != version_id]
    db.executemany(
        "insert into aliases values (?, ?, ?) "
        "on conflict (collection_id, alias) do update set version_id = excluded.version_id",
        [(collection, alias, version_id) for alias in moved],
    )
    by = person()
    moves = [
        db.execute(
            "insert into alias_moves "
            "(collection_id, alias, version_id, run_id, moved_at, moved_by) "
            "values (?, ?, ?, ?, ?, ?) returning id",
            (collection, alias, version_id, run_id, now, by),
        )
        for alias in moved
    ]
    note(db, "alias_moves", *(move.fetchone()[0] for move in moves))


def remove_alias(db: Session, version_id: int, alias: str, run_id: str | None, now: float) -> None:
    """Take an alias from a version, and note who did."""
    lock_collection(db, version_id)
    moves = db.execute(
        "insert into alias_moves (collection_id, alias, version_id, run_id, moved_at, moved_by) "
        "select collection_id, alias, null, ?, ?, ? from aliases "
        "where version_id = ? and alias = ? returning id",
        (run_id, now, person(), version_id, alias),
    ).fetchall()
    for move in moves:
        note(db, "alias_moves", move[0])
    db.execute("delete from aliases where version_id = ? and alias = ?", (version_id, alias))


def mark_deleted(
    db: Session,
    version: VersionRecord,
    delete_aliases: bool,
    run_id: str | None,
    now: float,
) -> None:
    """Mark a version deleted and take its aliases; ``latest`` goes to the newest that is left."""
    if version.aliases and not delete_aliases:
        raise UsageError(
            f"{version.ref} of project {version.project!r} has the aliases "
            f"{', '.join(map(repr, version.aliases))} and was not deleted. Move them, or delete "
            "it with its aliases: delete(delete_aliases=True), or artnb delete --aliases."
        )
    for alias in version.aliases:
        remove_alias(db, version.id, alias, run_id, now)
    db.execute(
        "update versions set state = 'deleted', deleted_at = ? where id = ?", (now, version.id)
    )
    note(db, "versions", version.id)
    if "latest" in version.aliases:
        newest = db.execute(
            "select w.id from versions v join versions w on w.collection_id = v.collection_id "
            "where v.id = ? and w.state != 'deleted' order by w.number desc limit 1",
            (version.id,),
        ).fetchone()
        if newest is not None:
            move_aliases(db, newest[0], ["latest"], run_id, now)


def lock_collection(db: Session, version_id: int) -> None:
    """Keep others from the aliases and versions of a version's collection until the end."""
    db.execute(
        "select id from collections where id = (select collection_id from versions where id = ?) "
        "for update",
        (version_id,),
    )


def collection_id(db: Session, project: int, new: NewVersion | VersionRecord) -> int:
    """Return the id of a version's collection, made if it is not there, and locked.

    Raises
    ------
    TypeMismatchError
        It has another type.
    """
    return _locked_collection(db, project, new)[0]


def _locked_collection(
    db: Session, project: int, new: NewVersion | VersionRecord
) -> tuple[int, int, int | None]:
    """Return a collection's id, the number of its next version, and which has that content."""
    columns = "id, type, next_version"
    query = f"select {columns} from collections where project_id = ? and name = ? for update"
    row = None
    while row is None:
        locking = db.execute(query, (project, new.name))
        # In one trip with the lock, for which all others wait from here on; asked behind it.
        alike = db.execute(
            "select v.id from versions v join collections c on c.id = v.collection_id "
            "where c.project_id = ? and c.name = ? and v.digest = ? and v.state != 'deleted'",
            (project, new.name, new.digest),
        )
        row = locking.fetchone()
        if row is None:  # and again, if another writer is quicker
            row = db.execute(
                "insert into collections (project_id, name, type, description, created_at) "
                f"values (?, ?, ?, ?, ?) on conflict do nothing returning {columns}",
                (project, new.name, new.type, new.description, time.time()),
            ).fetchone()
    same = alike.fetchone()
    if row["type"] != new.type:
        raise TypeMismatchError(
            f"The artifact {new.name!r} of project {new.project!r} has the type {row['type']!r}, "
            f"not {new.type!r}. Log with type {row['type']!r}, or choose another name."
        )
    return int(row["id"]), int(row["next_version"]), int(same[0]) if same is not None else None


def _insert(db: Session, collection: int, number: int, new: NewVersion) -> VersionRecord:
    now, metadata = time.time(), json.dumps(dict(new.metadata or {}))
    db.execute("update collections set next_version = ? where id = ?", (number + 1, collection))
    row = db.execute(
        "insert into versions (collection_id, number, digest, record, size, entries, description, "
        "metadata, tags, created_at, ttl) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        (
            collection,
            number,
            new.digest,
            new.record,
            new.size,
            new.entries,
            new.description,
            metadata,
            json.dumps(list(new.tags)),
            now,
            new.ttl,
        ),
    ).fetchone()
    note(db, "collections", collection)
    note(db, "versions", row[0])
    return VersionRecord(
        id=int(row[0]), project=new.project, name=new.name, type=new.type, number=number,
        digest=new.digest, size=new.size, entries=new.entries, description=new.description,
        metadata=json.loads(metadata), aliases=in_order({"latest", *new.aliases}),
        tags=new.tags, state="live", created_at=now, ttl=new.ttl, record=new.record,
    )  # fmt: skip


def _update(db: Session, version_id: int, new: NewVersion) -> None:
    # Bytes logged again make a damaged version whole, and may bring new words for it.
    db.execute("update versions set state = 'live' where id = ?", (version_id,))
    note(db, "versions", version_id)
    if new.description is not None:
        db.execute(
            "update versions set description = ? where id = ?", (new.description, version_id)
        )
    if new.metadata:
        text = json.dumps(dict(new.metadata))
        db.execute("update versions set metadata = ? where id = ?", (text, version_id))
    if new.ttl is not None:
        db.execute("update versions set ttl = ? where id = ?", (new.ttl, version_id))
    if new.tags:
        row = db.execute("select tags from versions where id = ?", (version_id,)).fetchone()
        tags = list(dict.fromkeys([*json.loads(row["tags"]), *new.tags]))
        db.execute("update versions set tags = ? where id = ?", (json.dumps(tags), version_id))
