"""Rows to records and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from artnb import ownjson as json
from artnb.catalog.session import Row
from artnb.model import RunRecord, VersionRecord

__all__ = [
    "RUN_COLUMNS",
    "RUN_QUERY",
    "VERSION_QUERY",
    "in_order",
    "run_from",
    "run_values",
    "version_from",
]

_RUN_FIELDS = (
    "id", "number", "name", "job_type", "group", "tags", "notes", "config", "summary", "state",
    "code", "history", "notebook", "cell_id", "git_commit", "environment", "outputs", "host", "pid",
    "created_at", "finished_at", "heartbeat_at",
)  # fmt: skip
_JSON_FIELDS = ("tags", "config", "summary", "environment", "outputs")

RUN_COLUMNS = tuple("run_group" if field == "group" else field for field in _RUN_FIELDS)
"""``group`` is a word of SQL."""

VERSION_QUERY = """
select v.*, c.name, c.type, p.name as project,
    (select all_of(a.alias) from aliases a where a.version_id = v.id) as aliases
from versions v join collections c on c.id = v.collection_id join projects p on p.id = c.project_id
"""
RUN_QUERY = "select r.*, p.name as project from runs r join projects p on p.id = r.project_id"


def run_values(run: RunRecord) -> tuple[Any, ...]:
    """Return a run's fields as `RUN_COLUMNS` wants them."""
    values = []
    for field in _RUN_FIELDS:
        value = getattr(run, field)
        if field in _JSON_FIELDS:
            value = list(value) if field == "tags" else dict(value)
            value = json.dumps(value) if value else str(value)
        values.append(value)
    return tuple(values)


def run_from(row: Row) -> RunRecord:
    """Return the run of a row that also has its project's name."""
    fields: dict[str, Any] = {}
    for field, column in zip(_RUN_FIELDS, RUN_COLUMNS, strict=True):
        value = row[column]
        if field in _JSON_FIELDS:
            value = json.loads(value)
        fields[field] = tuple(value) if field == "tags" else value
    return RunRecord(project=row["project"], **fields)


def version_from(row: Row) -> VersionRecord:
    """Return the version of a row that also has its collection, project and aliases."""
    return VersionRecord(
        id=row["id"],
        project=row["project"],
        name=row["name"],
        type=row["type"],
        number=row["number"],
        digest=row["digest"],
        size=row["size"],
        entries=row["entries"],
        description=row["description"],
        metadata=json.loads(row["metadata"]),
        aliases=in_order(json.loads(row["aliases"])),
        tags=tuple(json.loads(row["tags"])),
        state=row["state"],
        created_at=row["created_at"],
        ttl=row["ttl"],
        record=row["record"],
    )


def in_order(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return aliases as a version's record has them: ``latest`` first."""
    return tuple(sorted(aliases, key=lambda alias: (alias != "latest", alias)))
