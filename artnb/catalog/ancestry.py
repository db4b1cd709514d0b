"""What a version came from, and what came of it: the edges followed by the database itself."""

from __future__ import annotations

import json

from artnb.catalog.session import Session
from artnb.model import EdgeKind

__all__ = ["ancestors", "descendants"]

# A version was logged by runs, which used other versions; and so on. `union`, not `union all`:
# what was reached is not followed twice, so that ways that meet again, or a circle, end. The
# kinds are written out, for the indexes of a kind serve no question that has them as values.
_FOLLOW = """
    with recursive reached (version) as (
        select cast(? as bigint)
        union
        select far.version_id from reached
            join edges near on near.version_id = reached.version and near.kind = '{near}'
            join edges far on far.run_id = near.run_id and far.kind = '{far}'
    )
    select all_of(version) from reached
"""


def ancestors(db: Session, version_id: int) -> set[int]:
    """Return the versions that led to one, by their catalogue numbers."""
    return _reached(db, version_id, "logged", "used")


def descendants(db: Session, version_id: int) -> set[int]:
    """Return the versions that one led to, by their catalogue numbers."""
    return _reached(db, version_id, "used", "logged")


def _reached(db: Session, version_id: int, near: EdgeKind, far: EdgeKind) -> set[int]:
    # As one row: to fetch a row for each would take a fifth of the time.
    (found,) = db.execute(_FOLLOW.format(near=near, far=far), (version_id,)).fetchone()
    return set(json.loads(found)) - {version_id}
