"""What ``--json`` prints of versions and runs: for programs, in the names of the API."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from artnb import ownjson as json
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository

__all__ = ["json_option", "print_json", "run_facts", "version_facts"]


def json_option(parser: argparse.ArgumentParser) -> None:
    """Let a command print JSON."""
    parser.add_argument("--json", action="store_true", help="all of it as JSON, for programs")


def print_json(facts: Any) -> None:
    """Print what every JSON reader takes: of nan and inf their names."""
    print(json.dumps(_finite(facts), indent=1, ensure_ascii=False, default=str))


def version_facts(version: VersionRecord) -> dict[str, Any]:
    """Return what a version is."""
    return {
        "project": version.project,
        "name": version.name,
        "version": version.version,
        "type": version.type,
        "aliases": list(version.aliases),
        "tags": list(version.tags),
        "state": version.state,
        "description": version.description,
        "metadata": dict(version.metadata),
        "digest": version.digest,
        "size": version.size,
        "file_count": version.entries,
        "created_at": _moment(version.created_at),
    }


def run_facts(repository: Repository, run: RunRecord) -> dict[str, Any]:
    """Return what a run is, with the versions that it used and logged."""
    return {
        "project": run.project,
        "id": run.id,
        "name": run.name,
        "job_type": run.job_type,
        "group": run.group,
        "tags": list(run.tags),
        "notes": run.notes,
        "state": run.state,
        "config": dict(run.config),
        "summary": dict(run.summary),
        "used": [f"{v.project}/{v.ref}" for v in repository.used(run.id)],
        "logged": [f"{v.project}/{v.ref}" for v in repository.logged(run.id)],
        "created_at": _moment(run.created_at),
        "finished_at": _moment(run.finished_at),
    }


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
