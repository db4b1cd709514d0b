"""Texts that say why a reference leads nowhere, and what is there instead."""

from __future__ import annotations

from pathlib import Path

from artnb.catalog import Catalog
from artnb.errors import nearest
from artnb.model import VersionRecord
from artnb.refs import ArtifactRef

__all__ = ["why_deleted", "why_missing"]


def why_missing(catalog: Catalog, root: Path, ref: ArtifactRef, project: str) -> str:
    """Say which part of `ref` is not in `project` of the repository at `root`."""
    projects = catalog.projects()
    if project not in projects:
        return f"There is no project {project!r} in {root}; {nearest(project, projects)}"
    names = [collection.name for collection in catalog.collections(project)]
    if ref.name not in names:
        return f"Project {project!r} has no artifact {ref.name!r}; {nearest(ref.name, names)}"
    versions = catalog.versions(project, ref.name)
    known = [label for v in versions for label in (v.version, *v.aliases)]
    return (
        f"The artifact {ref.name!r} of project {project!r} has no version or alias "
        f"{ref.alias!r}; {nearest(ref.alias, known)}"
    )


def why_deleted(catalog: Catalog, version: VersionRecord) -> str:
    """Say that a version was deleted, and which of its collection are left."""
    left = [each.version for each in catalog.versions(version.project, version.name)]
    there = f"there is: {', '.join(left[:8])}" if left else "no version of it is left"
    return (
        f"{version.ref} of project {version.project!r} was deleted; {there}. What it came from "
        "and what used it is still in the graph; log the content again to have it back."
    )
