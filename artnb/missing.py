"""Texts that say why a reference leads nowhere, and what is there instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from artnb.catalog import Catalog
from artnb.errors import CommError, nearest
from artnb.model import RunRecord, VersionRecord
from artnb.refs import ArtifactRef
from artnb.texts import Message

__all__ = ["why_deleted", "why_missing"]


def why_missing(catalog: Catalog, root: Path, ref: ArtifactRef, project: str) -> str:
    """Say which part of `ref` is not in `project` of the repository at `root`."""
    projects = catalog.projects()
    if project not in projects:
        return Message(
            "There is no project {0} in {1}; {2}", repr(project), root, nearest(project, projects)
        )
    names = [collection.name for collection in catalog.collections(project)]
    if ref.name not in names:
        run = next((run for run in catalog.runs(project) if run.job_type == ref.name), None)
        if run is not None:
            return Message(
                "Project {0} has no artifact {1}, only runs that made no version of it; the newest "
                "is {2} ({3}). '%artnb show {2}' shows it, '%artnb runs' lists them.",
                repr(project),
                repr(ref.name),
                run.name,
                _ended(run),
            )
        if (table := _logged_table(catalog, ref.name)) is not None:
            run_id, files, key = table
            return (  # not translated: whoever asks so writes code
                "A table that was logged is a file of its run here, no artifact: "
                f"artnb.Api().run({run_id!r}).files(pattern={files!r}) has it, with its columns "
                "and data as JSON. To use one as an input, log it in an artifact: "
                f"artifact.add(table, {key!r})."
            )
        return Message(
            "Project {0} has no artifact {1}; {2}",
            repr(project),
            repr(ref.name),
            nearest(ref.name, names),
        )
    versions = catalog.versions(project, ref.name)
    known = [label for v in versions for label in (v.version, *v.aliases)]
    return Message(
        "The artifact {0} of project {1} has no version or alias {2}; {3}",
        repr(ref.name),
        repr(project),
        repr(ref.alias),
        nearest(ref.alias, known),
    )


def _logged_table(catalog: Catalog, name: str) -> tuple[str, str, str] | None:
    """Return run, files and key of a logged table, for W&B's name of it: ``run-ID-KEY``."""
    start, _, rest = name.partition("-")
    run_id, _, key = rest.partition("-")
    if start != "run" or not key:
        return None
    try:
        logged = catalog.run(run_id).summary.get(key)
    except CommError:
        return None
    is_table = isinstance(logged, Mapping) and logged.get("_type") == "table-file"
    return (run_id, f"media/table/{key}_*", key) if is_table else None


def why_deleted(catalog: Catalog, version: VersionRecord) -> Message:
    """Say that a version was deleted, and which of its collection are left."""
    left = [each.version for each in catalog.versions(version.project, version.name)]
    there = (
        Message("there is: {0}.", ", ".join(left[:8]))
        if left
        else Message("no version of it is left.")
    )
    return Message(
        "{0} of project {1} was deleted; {2} What it came from and what used it is still in the "
        "graph; log the content again to have it back.",
        version.ref,
        repr(version.project),
        there,
    )


def _ended(run: RunRecord) -> str:
    """Return a run's state, with the error that it failed with."""
    error = run.outputs.get("error") if run.state == "failed" else None
    if not error:
        return run.state
    lines = str(error.get("message", "")).splitlines()
    said = f"{error.get('name', '')}: {lines[0]}" if lines else str(error.get("name", ""))
    return f"{run.state}: {said[:200]}"
