"""Which blobs are made of which: the rows behind the recipes of a store.

A **whole** whose object is a recipe has a row for each of its **parts**. It can be read
while all of them have a place; a part is needed as long as its whole is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from artnb.catalog.session import Many, Session
from artnb.model import Location

__all__ = ["add_parts", "forget_parts", "incomplete", "parts_of", "wholes_of"]


def add_parts(db: Session, locations: Mapping[str, Location]) -> None:
    """Write of which blobs the ones with a new place are made."""
    made = sorted((whole, part) for whole, at in locations.items() for part in at.parts)
    if made:
        db.executemany("insert into parts values (?, ?) on conflict do nothing", made)


def forget_parts(db: Session, wholes: Iterable[str]) -> None:
    """Remove what was written of blobs that lie elsewhere now, or nowhere."""
    db.execute(
        "delete from parts where whole in many(?)",
        (Many(wholes),),
    )


def incomplete(db: Session, wholes: Collection[str]) -> set[str]:
    """Return those of the blobs that cannot be read, for a part of them has no place."""
    if not wholes:
        return set()
    query = (
        "select distinct p.whole from parts p left join blobs b on b.digest = p.part "
        "where p.whole in many(?) and b.digest is null"
    )
    return {row[0] for row in db.execute(query, (Many(wholes),))}


def parts_of(db: Session, wholes: Collection[str]) -> set[str]:
    """Return the parts of blobs."""
    query = "select part from parts where whole in many(?)"
    return {row[0] for row in db.execute(query, (Many(wholes),))}


def wholes_of(db: Session, parts: Collection[str]) -> dict[str, set[str]]:
    """Return whole -> those of its parts that are among `parts`."""
    query = "select whole, part from parts where part in many(?)"
    found: dict[str, set[str]] = {}
    for whole, part in db.execute(query, (Many(parts),)):
        found.setdefault(whole, set()).add(part)
    return found
