"""Deleting versions and runs, as the command line and a notebook say it."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from artnb.errors import UsageError
from artnb.listing import runs_where
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository

__all__ = ["DELETE", "about_deleting", "delete_options"]

DELETE = "delete a version, or runs; what came from them stays"


def delete_options(parser: argparse.ArgumentParser) -> None:
    """Add what `about_deleting` takes, but for the version."""
    parser.add_argument(
        "--aliases", action="store_true", help="versions that have aliases, too, with those"
    )
    parser.add_argument(
        "--runs", nargs="*", metavar="ID", help="these runs, or with --where those of a project"
    )
    parser.add_argument(
        "--where", action="append", default=[], metavar="KEY=VALUE",
        help="of the runs only these: --runs --where state=failed",
    )  # fmt: skip
    parser.add_argument("--project", help="of the runs that --where chooses")
    parser.add_argument(
        "--artifacts", action="store_true", help="and the versions that only those runs logged"
    )
    parser.add_argument("--force", action="store_true", help="runs that are running, too")
    parser.add_argument("--dry-run", action="store_true", help="only say which runs would go")


def about_deleting(
    repository: Repository,
    options: argparse.Namespace,
    *,
    find: Callable[[str], VersionRecord],
    project: Callable[[str | None], str],
) -> tuple[list[str], bool]:
    """Delete what the options name, and return what is to be said, and whether all of it went.

    Parameters
    ----------
    find : callable
        Returns the version of ``options.ref``.
    project : callable
        Returns the project of ``options.project``, also where none is given.

    Raises
    ------
    UsageError
        It is not said what to delete, or the version has aliases.
    """
    if options.runs is not None:
        if options.ref is not None:
            raise UsageError("Say what to delete: a version, or --runs; one after the other.")
        return _about_runs(repository, options, project)
    if options.ref is None:
        raise UsageError("Say what to delete: a version, project/name:alias, or --runs ID.")
    if options.dry_run or options.where or options.artifacts or options.force or options.project:
        raise UsageError("--where, --project, --artifacts, --force and --dry-run are about --runs.")
    version = find(options.ref)
    repository.delete(version.id, delete_aliases=options.aliases)
    return [f"deleted {version.project}/{version.ref}; artnb gc frees what only it held"], True


def _about_runs(
    repository: Repository, options: argparse.Namespace, project: Callable[[str | None], str]
) -> tuple[list[str], bool]:
    """Delete runs one by one; what keeps one does not keep the others."""
    chosen = _chosen(repository, options, project)
    if not chosen:
        return ["No run is so."], True
    if options.dry_run:
        return [f"would delete {_told(run)}" for run in chosen], True
    lines, whole = [], True
    for run in chosen:
        try:
            gone = repository.delete_run(
                run.id,
                delete_artifacts=options.artifacts,
                delete_aliases=options.aliases,
                force=options.force,
            )
        except UsageError as error:
            lines.append(f"kept        {_told(run)}: {error}")
            whole = False
        else:
            versions = f" and {', '.join(version.ref for version in gone)}" if gone else ""
            lines.append(f"deleted     {_told(run)}{versions}")
    return [*lines, "artnb gc frees what only they had"], whole


def _chosen(
    repository: Repository, options: argparse.Namespace, project: Callable[[str | None], str]
) -> list[RunRecord]:
    if not options.runs and not options.where:
        raise UsageError("Say which runs: --runs ID, or --runs --where state=failed.")
    named = [repository.run(run_id.split("/")[-1]) for run_id in options.runs]
    if not options.where:
        return named
    among = {run.id for run in named}
    found = runs_where(repository, project(options.project), options.where)
    return [run for run in found if not among or run.id in among]


def _told(run: RunRecord) -> str:
    return f"run {run.name} ({run.id}) {run.state}"
