"""Where blobs lie, and the leases that keep collectors from them."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from artnb.catalog.commit import add_locations, keep_blobs
from artnb.catalog.generations import IS_KEPT, drop_lease, end_lease, next_keys, take_lease
from artnb.catalog.journal import kept_subject, note
from artnb.catalog.parts import incomplete
from artnb.catalog.session import Connections, Many, restarts
from artnb.keys import is_recipe
from artnb.model import Location

__all__ = ["Blobs"]

_MISSING = (
    "select value from each_of(?) where not exists (select 1 from blobs b "
    " where b.digest = value and (b.object not like 'recipe/%' or not exists ("
    "  select 1 from parts p left join blobs q on q.digest = p.part"
    "  where p.whole = b.digest and q.digest is null)))"
)


class Blobs:
    """The part of a catalogue that knows where bytes are."""

    _db: Connections

    def locate(self, digests: Iterable[str]) -> dict[str, Location]:
        """Return where each known blob lies; not of those of which a part has no place."""
        wanted = Many(set(digests))
        rows = self._db.rows("select * from blobs where digest in many(?)", (wanted,))
        found = {
            row["digest"]: Location(row["object"], row["start"], row["length"]) for row in rows
        }
        if wholes := [digest for digest, at in found.items() if is_recipe(at.object)]:
            for digest in self._db.ask(lambda db: incomplete(db, wholes)):
                del found[digest]
        return found

    def missing(self, digests: Iterable[str]) -> set[str]:
        """Return those of the blobs that `locate` would not find."""
        return {row[0] for row in self._db.rows(_MISSING, (Many(set(digests)),))}

    def some_objects(self, count: int) -> list[str]:
        """Return the keys of some objects that no store but this catalogue's has, if there are any.

        That is the records of its versions; of contents others may have the same.
        """
        query = (
            "select b.object from versions v join blobs b on b.digest = v.record "
            f"order by v.id desc limit {count}"
        )
        rows = self._db.rows(query) or self._db.rows(f"select object from blobs limit {count}")
        return [row["object"] for row in rows]

    @restarts
    def add_locations(self, locations: Mapping[str, Location], lease: str) -> None:
        """Write where blobs lie, which ends the lease on them."""
        with self._db.transaction() as db:
            end_lease(db, lease)
            add_locations(db, locations)

    @restarts
    def take_lease(self, digests: Collection[str]) -> str:
        """Keep collectors from blobs until they are entered, and return the lease's name."""
        with self._db.transaction(durable=False) as db:
            return take_lease(db, digests, time.time())

    @restarts
    def lease(self, digests: Collection[str]) -> tuple[str, set[str]]:
        """Do as `take_lease`, and return also which of the blobs are `missing`, under it."""
        with self._db.transaction(durable=False) as db:
            name = take_lease(db, digests, time.time())
            # Beside no collector, and read after the commit, with which it is one trip.
            missing = db.execute(_MISSING, (Many(digests),))
        return name, {row[0] for row in missing.fetchall()}

    @restarts
    def drop_lease(self, lease: str) -> None:
        """End a lease that came to nothing."""
        with self._db.transaction(durable=False) as db:
            drop_lease(db, lease)

    def next_keys(self, bases: Sequence[str]) -> dict[str, str]:
        """Return the key under which each object is to be written."""
        return self._db.ask(lambda db: next_keys(db, bases))

    @restarts
    def keep(
        self, digests: Collection[str], locations: Mapping[str, Location], run_id: str = ""
    ) -> None:
        """Note that a run needs blobs, and where those lie that are new; see `keep_blobs`."""
        if not locations:
            query = "select digest from kept where run_id = ? and digest in many(?)"
            known = self._db.rows(query, (run_id, Many(digests)))
            digests = set(digests).difference(row[0] for row in known)
        if digests:
            with self._db.transaction() as db:
                keep_blobs(db, digests, locations, run_id)

    @restarts
    def keep_too(self, digests: Collection[str], run_id: str) -> None:
        """Note that a run needs those of the blobs, too, that something else there keeps."""
        with self._db.transaction() as db:
            rows = db.execute(
                f"insert into kept select distinct k.digest, ? from kept k "
                f"where k.digest in many(?) and {IS_KEPT} on conflict do nothing returning digest",
                (run_id, Many(digests), math.inf),
            ).fetchall()
            note(db, "kept", *(kept_subject(row[0], run_id) for row in rows))

    def unowned(self, among: Collection[str] | None = None) -> set[str]:
        """Return the blobs, or those of some, that are kept for good though they are no record.

        What was placed before it was written down which run needs it.
        """
        which = "" if among is None else "and digest in many(?) "
        query = (
            f"select digest from kept where run_id = '' {which}"
            "and digest not in (select record from versions)"
        )
        values = () if among is None else (Many(among),)
        return {row["digest"] for row in self._db.rows(query, values)}

    @restarts
    def own(self, owners: Mapping[str, Collection[str]], *, all_known: bool) -> None:
        """Note which runs need blobs of those that are kept for good.

        Parameters
        ----------
        owners : mapping
            Digest -> the runs.
        all_known : bool
            Whether these, and those noted before, are all that need any: what has one of them
            is no longer kept for good then.
        """
        pairs = sorted((digest, run) for digest, runs in owners.items() for run in runs)
        with self._db.transaction(alone=True) as db:
            db.executemany("insert into kept values (?, ?) on conflict do nothing", pairs)
            note(db, "kept", *(kept_subject(*pair) for pair in pairs))
            if all_known:
                gone = db.execute(
                    "delete from kept where run_id = '' "
                    "and digest in (select k.digest from kept k where k.run_id != '') "
                    "and digest not in (select record from versions) returning digest"
                ).fetchall()
                note(db, "kept", *(row[0] for row in gone))

    @restarts
    def forget_location(self, digest: str, object: str) -> bool:
        """Remove a blob's place, so that its bytes can be written anew.

        Returns
        -------
        bool
            Whether no other blob lies in that object.
        """
        with self._db.transaction(alone=True) as db:
            db.execute("delete from blobs where digest = ? and object = ?", (digest, object))
            query = "select 1 from blobs where object = ? limit 1"
            return db.execute(query, (object,)).fetchone() is None
