"""Which migrations a catalogue has, and the others put in."""

from __future__ import annotations

import time
from collections.abc import Collection

from artnb.catalog.schema import MIGRATIONS
from artnb.catalog.session import Session
from artnb.errors import CatalogError, InvalidValueError

__all__ = ["apply_migrations", "last_of", "missing", "refuse_foreign", "refuse_newer"]

_NOBODY_ELSES = frozenset(("alias_moves", "worker_rows", "section_entries", "version_sections"))
"""Names of tables that other programs do not have, as they have runs and projects."""


def refuse_foreign(tables: Collection[str], location: str, instead: str) -> None:
    """Raise InvalidValueError if there are tables, and they are another program's.

    Parameters
    ----------
    instead : str
        What to write into ARTNB_CATALOG.
    """
    if tables and _NOBODY_ELSES.isdisjoint(tables):
        raise InvalidValueError(
            f"{location} is no catalogue of artnb's: tables of another program are in it "
            f"({', '.join(sorted(tables)[:3])}). Set ARTNB_CATALOG to {instead}. Nothing was "
            "changed."
        )


def refuse_newer(applied: Collection[str], location: str) -> None:
    """Raise CatalogError if there is a migration that this version does not know."""
    known = {name for name, _ in MIGRATIONS}
    if newer := sorted(set(applied) - known):
        raise CatalogError(
            f"The catalogue {location} was written by a newer artnb (it has {newer[-1]}). "
            "Upgrade: pip install -U artnb. Nothing was changed."
        )


def missing(applied: Collection[str]) -> list[str]:
    """Return the migrations that are still to be applied, in order."""
    return [name for name, _ in MIGRATIONS if name not in applied]


def last_of(applied: Collection[str]) -> str:
    """Return the name of the last migration, or ``empty``."""
    return max(applied, default="empty")


def apply_migrations(session: Session) -> None:
    """Apply what is missing, each with its record, in the transaction of the caller."""
    session.execute(
        "create table if not exists migrations (name text primary key, applied_at real)"
    )
    applied = {row["name"] for row in session.execute("select name from migrations")}
    for name, statements in MIGRATIONS:
        if name in applied:
            continue
        for statement in filter(str.strip, statements.split(";")):
            session.execute(statement)
        session.execute("insert into migrations values (?, ?)", (name, time.time()))
