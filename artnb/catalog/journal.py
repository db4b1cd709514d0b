"""The journal: rows written down in the store, so that a lost catalogue can be made again.

Each transaction marks the rows that it changes in the *outbox*. From time to time the
marked rows are written to the store as one **entry**, under a number that counts up, and
the marks are taken off; an entry may say the rows of an earlier one again. Whoever reads all
entries in order, the later row over the earlier, has the catalogue as it was at the last one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from artnb.catalog.contents import add_contents, add_fingerprints
from artnb.catalog.parts import add_parts
from artnb.catalog.session import Connections, Many, Session
from artnb.digest import canonical_json
from artnb.model import Location

__all__ = ["SOURCES", "Journal", "JournalEntry", "kept_subject", "note"]

SOURCES: Mapping[str, str] = {
    "projects": "id",
    "collections": "id",
    "runs": "id",
    "versions": "id",
    "alias_moves": "id",
    "kept": "digest",
}
"""The tables that are written down, in the order in which rows refer to each other -> key."""

_MARKED: Mapping[str, str] = {**SOURCES, "generations": "key"}
"""What is marked in the outbox -> key. An entry says of the last which key is dead up to where."""

_KEPT_SUBJECT = "case when run_id = '' then digest else digest || ' ' || run_id end"
_AT_ONCE = 5_000
_ALL = 2**62


def note(db: Session, source: str, *subjects: object) -> None:
    """Mark rows of a table as changed, in the transaction that changes them."""
    db.executemany(
        "insert into outbox (source, subject) values (?, ?) "
        "on conflict (source, subject) do update set change = outbox.change + 1",
        [(source, str(subject)) for subject in subjects],
    )


def kept_subject(digest: str, run_id: str) -> str:
    """Return how a row of ``kept`` is marked in the outbox."""
    return f"{digest} {run_id}" if run_id else digest


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """Rows as they were at one moment.

    Attributes
    ----------
    body : bytes
        What is written to the store.
    marks : tuple of (source, subject, change)
        What is taken off the outbox once it is written.
    """

    body: bytes
    marks: tuple[tuple[str, str, int], ...]


class Journal:
    """What of one catalogue is still to be written down."""

    def __init__(self, db: Connections) -> None:
        self._db = db

    def mark_all(self) -> None:
        """Mark every row as changed, so that all are written down again."""
        with self._db.transaction(alone=True) as db:
            for source, key in _MARKED.items():
                subject = _KEPT_SUBJECT if source == "kept" else key
                db.execute(
                    f"insert into outbox (source, subject) select ?, {subject} from {source} "
                    "where true "
                    "on conflict (source, subject) do update set change = outbox.change + 1",
                    (source,),
                )

    @property
    def state(self) -> tuple[str, int, bool]:
        """The catalogue's identity, how many entries it began, and whether `waits`.

        As long as it is the same, and nothing waits, all that there is was written down.
        """
        row = self._db.row(
            "select name, entries, (select count(*) from outbox) as waiting from identity"
        )
        assert row is not None  # written by the migration that made the table
        return row["name"], row["entries"], bool(row["waiting"])

    @property
    def waits(self) -> bool:
        """Whether a row changed that is not written down."""
        return self._db.row("select 1 from outbox limit 1") is not None

    def next_entry(
        self, *, whole: bool = False, again: Mapping[str, Any] | None = None
    ) -> JournalEntry | None:
        """Return the rows that changed, or None if all are written down.

        Parameters
        ----------
        whole : bool
            All of them, however many: for a reader that must see all or none.
        again : mapping, optional
            What an earlier entry says: its rows, too, as they are now.
        """
        if not self.waits:
            return None
        # Neither needs a sync: after a power cut the same rows are written down once more.
        with self._db.transaction(durable=False, alone=True) as db:
            # What others refer to first: a reader of the entries so far finds no row that
            # refers to one of a later entry.
            places = " ".join(f"when '{name}' then {n}" for n, name in enumerate(_MARKED))
            query = (
                f"select source, subject, change from outbox order by case source {places} end "
                "limit ?"
            )
            marks = [tuple(row) for row in db.execute(query, (_ALL if whole else _AT_ONCE,))]
            name, number = db.execute(
                "update identity set entries = entries + 1 returning name, entries"
            ).fetchone()
            wanted = {
                source: {m[1] for m in marks if m[0] == source}.union(_keys(again, source))
                for source in _MARKED
            }
            body = {
                "artnb": 1,
                "catalog": name,
                "entry": number,
                "at": time.time(),
                "rows": {
                    source: _kept(db, wanted[source])
                    if source == "kept"
                    else _rows(db, source, key, wanted[source])
                    for source, key in SOURCES.items()
                },
                "edges": _rows(db, "edges", "run_id", wanted["runs"]),
                "fingerprints": _fingerprints(db, wanted["versions"]),
                "dead": {
                    row["key"]: row["dead"]
                    for row in _rows(db, "generations", "key", wanted["generations"])
                },
            }
        # Of what is marked and not there any more: the rows that earlier entries have of it.
        marked = {subject for source, subject, _ in marks if source == "kept"}
        body["released"] = sorted(marked - _keys(body, "kept"))
        if again is not None:
            _keep_lost(body, again)
        return JournalEntry(canonical_json(body), tuple(marks))

    def restore(
        self,
        name: str,
        entries: int,
        rows: Mapping[str, Iterable[Mapping[str, Any]]],
        contents: Mapping[int, Iterable[tuple[str, str]]],
        fingerprints: Mapping[int, Mapping[str, str]],
        places: Mapping[str, Location],
        dead: Mapping[str, int],
    ) -> None:
        """Fill a new catalogue, in one transaction.

        Parameters
        ----------
        name : str
            The identity of the catalogue that wrote the rows.
        entries : int
            How many entries it wrote.
        rows : mapping
            Table -> rows; columns that this version does not know are left out.
        contents : mapping
            Version's id -> the (path, digest) of what it holds.
        fingerprints : mapping
            Version's id -> path -> fingerprint.
        dead : mapping
            Key -> its last dead generation.
        """
        with self._db.transaction(alone=True) as db:
            for table in (*SOURCES, "edges"):
                _insert(db, table, rows.get(table, ()))
            for table, key in SOURCES.items():
                if key == "id" and table != "runs":
                    db.settle_ids(table)
            for version, held in contents.items():
                add_contents(db, version, held)
                add_fingerprints(db, version, fingerprints.get(version, {}).items())
            db.executemany(
                "insert into blobs values (?, ?, ?, ?)",
                [(d, at.object, at.offset, at.length) for d, at in places.items()],
            )
            add_parts(db, places)
            db.executemany("insert into generations values (?, ?)", list(dead.items()))
            db.execute(
                "insert into aliases select collection_id, alias, version_id from alias_moves m "
                "where version_id is not null and id = (select max(id) from alias_moves o "
                "where o.collection_id = m.collection_id and o.alias = m.alias)"
            )
            db.execute(
                "update projects set next_run = greater(next_run, coalesce("
                "(select max(number) + 1 from runs where project_id = projects.id), 1))"
            )
            db.execute(
                "update collections set next_version = greater(next_version, coalesce("
                "(select max(number) + 1 from versions where collection_id = collections.id), 0))"
            )
            db.execute("update identity set name = ?, entries = ?", (name, entries))

    def written(self, entry: JournalEntry) -> None:
        """Take the marks off; those of rows that changed meanwhile stay."""
        with self._db.transaction(durable=False, alone=True) as db:
            db.executemany(
                "delete from outbox where source = ? and subject = ? and change = ?", entry.marks
            )


def _keys(entry: Mapping[str, Any] | None, source: str) -> set[str]:
    if entry is not None and source == "generations":
        return set(entry.get("dead", ()))
    rows = entry["rows"].get(source, ()) if entry is not None else ()
    return {_subject(source, row) for row in rows}


def _subject(source: str, row: Mapping[str, Any]) -> str:
    if source == "kept":
        return kept_subject(row["digest"], row.get("run_id", ""))
    return str(row[SOURCES[source]])


def _keep_lost(body: dict[str, Any], earlier: Mapping[str, Any]) -> None:
    """Say what an earlier entry says and the catalogue, perhaps an older copy of it, does not."""
    runs, released = _keys(body, "runs"), set(body["released"])
    for source in SOURCES:
        there = _keys(body, source) | (released if source == "kept" else set())
        body["rows"][source] += [
            row for row in earlier["rows"].get(source, ()) if _subject(source, row) not in there
        ]
    body["edges"] += [edge for edge in earlier["edges"] if edge["run_id"] not in runs]
    body["fingerprints"] = {**earlier["fingerprints"], **body["fingerprints"]}
    body["released"] = sorted(released.union(earlier.get("released", ())) - _keys(body, "kept"))
    body["dead"] = {**earlier.get("dead", {}), **body["dead"]}


def _rows(db: Session, table: str, key: str, subjects: Iterable[str]) -> list[dict[str, Any]]:
    query = f"select * from {table} where {key} in many(?)"
    wanted = Many(int(s) if key == "id" and table != "runs" else s for s in subjects)
    return [dict(row) for row in db.execute(query, (wanted,))]


def _kept(db: Session, subjects: set[str]) -> list[dict[str, Any]]:
    # Of a blob that many runs keep only the rows that are meant: one more with each cell.
    found = _rows(db, "kept", "digest", {subject.partition(" ")[0] for subject in subjects})
    return [row for row in found if _subject("kept", row) in subjects]


def _fingerprints(db: Session, versions: Iterable[str]) -> dict[str, dict[str, str]]:
    query = "select * from fingerprints where version_id in many(?)"
    found: dict[str, dict[str, str]] = {}
    for version, path, mark in db.execute(query, (Many(int(v) for v in versions),)):
        found.setdefault(str(version), {})[path] = mark
    return found


def _insert(db: Session, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    known = [column[0] for column in db.execute(f"select * from {table} limit 0").description]
    for row in rows:
        columns = [column for column in known if column in row]
        db.execute(
            f"insert into {table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))})",
            [row[column] for column in columns],
        )
