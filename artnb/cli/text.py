"""What the commands share: how they are added, and how they say sizes, times and names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from artnb.catalog import catalog_exists
from artnb.errors import CommError
from artnb.model import RunRecord, VersionRecord
from artnb.refs import parse_ref
from artnb.repository import Repository, open_repository
from artnb.settings import Settings
from artnb.sizes import size_text as size
from artnb.upkeep import counted, known_project, run_label, when

__all__ = [
    "Commands",
    "add_command",
    "check_recorded",
    "counted",
    "names",
    "project_of",
    "size",
    "version_of",
    "when",
]

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object
Command = Callable[[Repository, argparse.Namespace], int | None]
"""Does the work, prints, and returns the exit status if that is not 0."""


def add_command(
    commands: Commands, name: str, command: Command, text: str, *, begins: bool = False
) -> argparse.ArgumentParser:
    """Add a command and return its parser, for its arguments.

    Parameters
    ----------
    begins : bool
        Whether the command may be what makes a repository here.
    """
    made = commands.add_parser(name, help=text, description=text)

    def run(options: argparse.Namespace) -> int | None:
        settings = Settings.resolve()
        if not begins:
            check_recorded(settings)
        return command(open_repository(settings), options)

    made.set_defaults(run=run)
    return made


def check_recorded(settings: Settings) -> None:
    """Refuse where there is no repository yet.

    One made by a look would catch what is recorded anywhere below it from then on.
    """
    if not settings.root.is_dir() and not catalog_exists(settings.catalog):
        raise CommError(
            f"Nothing is recorded here: there is no {settings.root}, nor a .artnb in a folder "
            "above. Go to the folder of the notebook or script, or name it by ARTNB_DIR=FOLDER."
        )


def project_of(repository: Repository, given: str | None) -> str:
    """Return the project that is given, set, or the only one."""
    if given:
        return known_project(repository, given)
    if repository.settings.project:
        return repository.settings.project
    projects = repository.projects()
    if len(projects) == 1:
        return projects[0]
    if not projects:
        raise CommError(f"Nothing is recorded in {repository.root} yet.")
    raise CommError(f"Say which project: {', '.join(projects)}.")


def version_of(repository: Repository, text: str) -> VersionRecord:
    """Return the version that ``project/name:alias`` names."""
    ref = parse_ref(text)
    return repository.resolve(ref, ref.project or project_of(repository, None))


def names(runs: Sequence[RunRecord]) -> str:
    """Return the runs' names, or that there is none."""
    return ", ".join(map(run_label, runs)) or "no run"
