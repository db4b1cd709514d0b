"""The catalogue's tables in a PostgreSQL schema: which there are, who may write, copies."""

from __future__ import annotations

import hashlib

from artnb.catalog.session import Many, Session

__all__ = ["advisory_lock", "applied", "is_read_only", "keep_copy", "present", "set_aside"]

_TABLES = (
    "aliases", "alias_moves", "edges", "contents", "fingerprints", "version_sections",
    "section_entries", "sections", "blobs", "parts", "kept", "generations", "leases", "outbox",
    "worker_rows", "identity", "versions", "collections", "runs", "projects", "migrations",
)  # fmt: skip


def advisory_lock(session: Session, schema: str | None) -> int:
    """Return the number of the lock that all who use the schema share; make it if need be."""
    if schema and not _has_schema(session, schema):
        # `if not exists` alone fails where two do it at once.
        session.execute(
            f"do $$ begin create schema {schema}; "
            "exception when duplicate_schema or unique_violation then null; end $$"
        )
    name = session.execute("select current_schema()").fetchone()[0]
    digest = hashlib.sha256(f"artnb {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def present(session: Session) -> set[str]:
    """Return which of the catalogue's tables the schema has, or others of these names."""
    query = (
        "select tablename from pg_tables "
        "where schemaname = current_schema() and tablename in many(?)"
    )
    return {row[0] for row in session.execute(query, (Many(_TABLES),))}


def applied(session: Session) -> set[str]:
    """Return the migrations that the schema has."""
    if not _has_table(session, "migrations"):
        return set()
    return {row["name"] for row in session.execute("select name from migrations")}


def is_read_only(session: Session) -> bool:
    """Return whether the server is a standby, or the user may not write."""
    query = "select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on'"
    if session.execute(query).fetchone()[0]:
        return True
    if not _has_table(session, "runs"):
        return False
    return not session.execute("select has_table_privilege('runs', 'insert')").fetchone()[0]


def set_aside(session: Session) -> str | None:
    """Move the tables to a schema of their own, and return its name; None: there are none."""
    there = [table for table in _TABLES if _has_table(session, table)]
    if not there:
        return None
    name = _new_schema(session, "artnb_before")
    for table in there:
        session.execute(f"alter table {table} set schema {name}")
    return name


def keep_copy(session: Session, state: str) -> str:
    """Copy the rows to a schema of their own, and return its name."""
    name = _new_schema(session, f"artnb_at_{state.partition('-')[0]}")
    for table in _TABLES:
        if _has_table(session, table):
            session.execute(f"create table {name}.{table} as table {table}")
    return name


def _has_table(session: Session, name: str) -> bool:
    query = "select 1 from pg_tables where schemaname = current_schema() and tablename = ?"
    return session.execute(query, (name,)).fetchone() is not None


def _has_schema(session: Session, name: str) -> bool:
    query = "select 1 from pg_namespace where nspname = ?"
    return session.execute(query, (name,)).fetchone() is not None


def _new_schema(session: Session, name: str) -> str:
    number = 1
    while _has_schema(session, f"{name}_{number}"):
        number += 1
    session.execute(f"create schema {name}_{number}")
    return f"{name}_{number}"
