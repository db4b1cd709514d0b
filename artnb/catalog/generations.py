"""Which bytes may be deleted, safely beside writers: leases, generations, the two marks.

A **writer** takes a *lease* on the digests it is about to log (one transaction; of a large
folder when it is added), writes the bytes that are missing, and enters them in a second
transaction, which ends the lease and fails if a collector has removed it meanwhile. Who
writes little takes none, and looks in the second whether all is still there
(`check_alive`). A **collector** marks an object *dead* in a transaction in which nothing
refers to a blob in it and no lease names one, writes that down in the store, where a
catalogue that is made again finds it, and deletes the bytes after. A dead generation
of a key is dead for ever: whoever needs those bytes again writes the next one. So whatever
comes late, from a process that was frozen or that died half-way, finds either its lease or
its generation gone, and no commit ever names bytes that are deleted.

These functions are the transitions, each inside a transaction of its caller; the tests
run every interleaving of them, of rebuilds, too.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping

from artnb.catalog.parts import forget_parts, incomplete, wholes_of
from artnb.catalog.session import Cursor, Many, Session
from artnb.environment import HOST
from artnb.errors import CatalogError
from artnb.keys import base_of, generation_of, in_generation, is_recipe
from artnb.model import Location

__all__ = [
    "IS_KEPT",
    "LeaseLostError",
    "bury",
    "check_alive",
    "dead_generations",
    "drop_lease",
    "end_lease",
    "end_leases",
    "lapsed_and_held",
    "leased",
    "look_alive",
    "next_keys",
    "referenced",
    "take_lease",
]

LEASE_SECONDS = 24 * 3600.0

IS_KEPT = (
    "not exists (select 1 from runs gone where gone.id = k.run_id and gone.state = 'deleted' "
    "and gone.heartbeat_at <= ?)"
)
"""Of a row `k` of ``kept``: that its run, if it has one, was not deleted until that time."""

_DIGEST_BYTES = 32


class LeaseLostError(CatalogError):
    """A collector was quicker: look again at what is there, and write what is not."""


def take_lease(db: Session, digests: Iterable[str], now: float) -> str:
    """Keep collectors from the digests until the lease ends, and return its name."""
    name = uuid.uuid4().hex
    # One row however many digests: ten thousand rows would cost as much as the commit.
    packed = bytes.fromhex("".join(digests))
    db.execute(
        "insert into leases values (?, ?, ?, ?, ?)",
        (name, HOST, os.getpid(), now + LEASE_SECONDS, packed),
    )
    return name


def end_leases(db: Session, names: Collection[str]) -> Callable[[], None]:
    """End leases in the transaction that enters what they were for.

    Returns
    -------
    callable
        To be called before anything relies on them: raises LeaseLostError if a collector
        removed one, for then bytes may be gone.
    """
    ended = db.execute("delete from leases where name in many(?) returning 1", (Many(names),))

    def check() -> None:
        if len(ended.fetchall()) < len(names):
            raise LeaseLostError("The lease ended before the bytes were entered.")

    return check


def end_lease(db: Session, name: str) -> None:
    """Do as `end_leases` with one, checked at once."""
    end_leases(db, [name])()


def drop_lease(db: Session, name: str) -> None:
    """End a lease that is of no more use; one that is gone is no error."""
    db.execute("delete from leases where name = ?", (name,))


def leased(db: Session, now: float, is_alive: Callable[[int], bool]) -> set[str]:
    """Remove the leases of writers that are gone, and return what the others hold.

    Parameters
    ----------
    is_alive : callable
        Says of a process number of this machine whether there is such a process.
    """
    lapsed, held = lapsed_and_held(db, now, is_alive)
    for name in lapsed:
        drop_lease(db, name)
    return held


def lapsed_and_held(
    db: Session, now: float, is_alive: Callable[[int], bool]
) -> tuple[list[str], set[str]]:
    """Return the leases of writers that are gone, and the digests that the others hold."""
    lapsed: list[str] = []
    held: set[str] = set()
    for name, host, pid, expires_at, packed in db.execute("select * from leases").fetchall():
        if expires_at < now or (host == HOST and not is_alive(pid)):
            lapsed.append(name)
            continue
        places = range(0, len(packed), _DIGEST_BYTES)
        held.update(packed[at : at + _DIGEST_BYTES].hex() for at in places)
    return lapsed, held


def dead_generations(db: Session, bases: Iterable[str]) -> dict[str, int]:
    """Return the last dead generation of each key that has one."""
    return dict(_dead_among(db, bases).fetchall())


def _dead_among(db: Session, bases: Iterable[str]) -> Cursor:
    query = "select key, dead from generations where key in many(?)"
    return db.execute(query, (Many(bases),))


def next_keys(db: Session, bases: Iterable[str]) -> dict[str, str]:
    """Return the key under which each object is to be written: the first that is not dead."""
    wanted = list(bases)
    dead = dead_generations(db, wanted)
    return {base: in_generation(base, dead.get(base, -1) + 1) for base in wanted}


def check_alive(db: Session, digests: Iterable[str], locations: Mapping[str, Location]) -> None:
    """Do as `look_alive`, checked at once."""
    look_alive(db, digests, locations)()


def look_alive(
    db: Session, digests: Iterable[str], locations: Mapping[str, Location]
) -> Callable[[], None]:
    """Ask whether blobs that are entered without a lease are there.

    Parameters
    ----------
    digests : iterable of str
        All that are needed: each has a place in the catalogue, or a new one.
    locations : mapping
        The places that are new.

    Returns
    -------
    callable
        To be called before anything relies on them: raises LeaseLostError if a collector
        marked one of them dead since it was looked up or written.
    """
    objects = {at.object for at in locations.values()}
    known = Many({digest for digest in digests if digest not in locations})
    dead = _dead_among(db, map(base_of, objects)) if objects else None
    query = "select digest, object from blobs where digest in many(?)"
    found = db.execute(query, (known,)) if known else None

    def check() -> None:
        last = dict(dead.fetchall()) if dead is not None else {}
        if any(generation_of(key) <= last.get(base_of(key), -1) for key in objects):
            raise LeaseLostError("An object was collected before it was entered.")
        there = found.fetchall() if found is not None else []
        wholes = [digest for digest, key in there if is_recipe(key)]
        if len(there) < len(known) or incomplete(db, wholes):
            raise LeaseLostError("A blob was collected before it was referred to.")

    return check


def referenced(db: Session, digests: Collection[str], before: float) -> set[str]:
    """Return those of the digests that a run or a version needs, or whose whole one needs.

    Parameters
    ----------
    before : float
        What was deleted later than this needs its blobs still.
    """
    live = "(v.state != 'deleted' or v.deleted_at > ?)"
    query = f"""
        select k.digest from kept k where k.digest in many(?) and {IS_KEPT}
        union select v.digest from versions v where v.digest in many(?) and {live}
        union select e.digest from section_entries e where e.digest in many(?) and exists (
            select 1 from version_sections l join versions v on v.id = l.version_id
            where l.section_id = e.section_id and {live})
    """
    wholes = wholes_of(db, digests)
    wanted = Many([*digests, *wholes])
    given = (wanted, before, wanted, before, wanted, before)
    needed = {row[0] for row in db.execute(query, given)}
    of_wholes = {part for whole in needed & wholes.keys() for part in wholes[whole]}
    return needed.intersection(digests) | of_wholes


def bury(
    db: Session,
    key: str,
    digests: Collection[str],
    *,
    now: float,
    before: float,
    is_alive: Callable[[int], bool],
) -> set[str]:
    """Mark an object dead, unless a blob in it is needed; return the blobs that are.

    Parameters
    ----------
    digests : collection of str
        All that the object holds by its own account: a writer may have written it and
        not entered it yet.
    """
    # Dead is what has an earlier generation, too: a writer of a catalogue that was made again
    # since may have left this one beside that which the new catalogue found.
    query = "select digest, object from blobs where digest in many(?)"
    base, last = base_of(key), generation_of(key)
    rows = {
        digest
        for digest, at in db.execute(query, (Many(digests),))
        if base_of(at) == base and generation_of(at) <= last
    }
    held = leased(db, now, is_alive)
    needed = referenced(db, rows, before) | (held & set(digests))
    # Who found a blob in its place holds a lease on that alone, and needs its parts.
    for whole, parts in wholes_of(db, digests).items():
        if whole in held:
            needed |= parts
    if not needed:
        db.executemany("delete from blobs where digest = ?", [(digest,) for digest in rows])
        forget_parts(db, rows)
        db.execute(
            "insert into generations values (?, ?) "
            "on conflict (key) do update set dead = greater(generations.dead, excluded.dead)",
            (base_of(key), generation_of(key)),
        )
    return needed
