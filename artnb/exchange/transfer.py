"""Push and pull: the projects of a repository to another store, or from one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from artnb.catalog import SentVersion
from artnb.errors import CommError, StoreReadOnlyError, nearest
from artnb.exchange.copying import Exchanged, copy_project
from artnb.exchange.peers import receiving_side, sending_side
from artnb.repository import Repository

__all__ = ["pull", "push"]


def push(
    repository: Repository,
    url: str,
    projects: Sequence[str] = (),
    *,
    take_aliases: bool = False,
    take_deletions: bool = False,
) -> Iterator[Exchanged]:
    """Copy projects to another store, and yield what came of each.

    Only what is missing there travels; to push again what was pushed changes nothing. What
    is killed half-way leaves the other side whole and can be repeated.

    Parameters
    ----------
    url : str
        The folder of a repository, or the URL of a store that needs none.
    projects : sequence of str
        Default: all.
    take_aliases : bool
        Where both sides moved an alias, this side's wins; else the other side's stays.
    take_deletions : bool
        What was deleted here is deleted there, too, unless it has an alias there.

    Raises
    ------
    CommError, InvalidValueError, StoreError, CatalogError, MissingExtraError
        Nothing of the project that it happened in was entered there.
    """
    wanted = _named(projects, repository.projects(), str(repository.root))
    with receiving_side(repository, url, wanted) as target:
        for project in wanted:
            yield copy_project(
                repository.parts,
                target,
                project,
                take_aliases=take_aliases,
                take_deletions=take_deletions,
            )


def pull(
    repository: Repository,
    url: str,
    projects: Sequence[str] = (),
    *,
    take_aliases: bool = False,
    take_deletions: bool = False,
) -> Iterator[Exchanged]:
    """Copy projects from another store, and yield what came of each.

    Everything there is proved before it is entered here: digests, names, paths; no value
    is loaded. Where the settings require signatures, a version without a good one is refused
    and with it its project. The rest is as for `push`, the other way round.
    """
    if repository.read_only:
        raise StoreReadOnlyError(
            f"Nothing can be pulled: the repository {repository.root} may not be written. Change "
            "its permissions, or set ARTNB_DIR to a folder that you may write."
        )
    with sending_side(repository, url, projects) as source:
        there = source.catalog.projects()
        for project in _named(projects, there, source.store.backend.location):
            yield copy_project(
                source,
                repository.parts,
                project,
                take_aliases=take_aliases,
                take_deletions=take_deletions,
                admit=lambda version, record: _admit(repository, version, record),
            )


def _admit(repository: Repository, version: SentVersion, record: bytes) -> None:
    """Refuse a version that the settings ask a signature of, and that has no good one."""
    provenance = repository.provenance
    if provenance.signing.policy == "off":
        return
    try:
        body = json.loads(record)
    except ValueError:
        body = None
    row = version.row
    provenance.signing.enforce(
        provenance.of_record(body, row), f"{row.ref} of project {row.project!r}, as it is sent,"
    )


def _named(wanted: Sequence[str], there: Sequence[str], place: str) -> list[str]:
    for project in wanted:
        if project not in there:
            raise CommError(
                f"There is no project {project!r} in {place}; {nearest(project, there)}"
            )
    return list(dict.fromkeys(wanted)) or list(there)
