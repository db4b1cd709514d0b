"""What a version came from, and what came of it: the edges followed by the database itself."""

from __future__ import annotations

import json
from typing import Literal

from artnb.catalog.session import Session
from artnb.model import EdgeKind

__all__ = ["ancestors", "descendants"]

Order = Literal["asc", "desc"]

# A version was logged by runs, which used other versions; and so on. The kinds are written out,
# for the indexes of a kind serve no question that has them as values.
_STEP = """
    join edges near on near.version_id = reached.version and near.kind = '{near}'
    join edges far on far.run_id = near.run_id and far.kind = '{far}'
"""

# `union`, not `union all`: what was reached is not followed twice, so that ways that meet again,
# or a circle, end. The lists come as one row: to fetch a row for each would take a fifth more.
_FOLLOW = f"""
    with recursive reached (version) as (
        select cast(? as bigint)
        union
        select far.version_id from reached {_STEP}
    )
    select all_of(version) from (select version from reached limit ?) part
"""

# Every step of the catalogue at once. `cross` keeps SQLite from starting at the far side.
_STEPS = """
    select all_of(at), all_of(leads_to) from (
        select near.version_id as at, far.version_id as leads_to
            from edges near cross join edges far
            where near.kind = '{near}' and far.kind = '{far}' and far.run_id = near.run_id
            order by near.version_id {order}
    ) steps
"""

# A step that the database follows costs about as much as five that are read in a row. So it
# follows this part of them, which is all there is for nearly every version, before all are read.
_PART = 16
_FEW = 1_000


def ancestors(db: Session, version_id: int) -> set[int]:
    """Return the versions that led to one, by their catalogue numbers."""
    return _reached(db, version_id, "logged", "used", "desc")


def descendants(db: Session, version_id: int) -> set[int]:
    """Return the versions that one led to, by their catalogue numbers."""
    return _reached(db, version_id, "used", "logged", "asc")


def _reached(db: Session, version_id: int, near: EdgeKind, far: EdgeKind, order: Order) -> set[int]:
    follow = _FOLLOW.format(near=near, far=far)

    def followed(most: int) -> set[int]:
        (found,) = db.execute(follow, (version_id, most)).fetchone()
        return set(json.loads(found))

    (known,) = db.execute("select coalesce(max(id), 0) from versions").fetchone()
    most = max(_FEW, known // _PART)
    found = followed(most)
    if len(found) == most:
        steps = db.execute(_STEPS.format(near=near, far=far, order=order)).fetchone()
        swept = _swept(version_id, *map(json.loads, steps))
        found = followed(known + 1) if swept is None else swept
    return found - {version_id}


def _swept(start: int, at: list[int], leads_to: list[int]) -> set[int] | None:
    """Return what a start leads to, or None where the order of the steps does not tell.

    Versions are numbered as they are made, so that one sweep over the steps in that order finds
    all, except after a rebuild, a pull, or where content came back that an older version had.
    """
    reached = {start}
    for here, there in zip(at, leads_to, strict=True):
        if here in reached:
            reached.add(there)
    whole = all(
        there in reached for here, there in zip(at, leads_to, strict=True) if here in reached
    )
    return reached if whole else None
