"""What the panel does in the notebook: only the extension, a layer above, can."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Protocol

from artnb.errors import UsageError
from artnb.model import VersionRecord
from artnb.repository import Repository
from artnb.texts import Message
from artnb.widgets.nodes import version_of

__all__ = ["EXTENSION", "Notebook", "load"]

EXTENSION = "_artnb_extension"
"""The attribute of a shell that has the extension."""


class Notebook(Protocol):
    """The part of the extension that the panel calls."""

    def load_version(
        self, repository: Repository, version: VersionRecord, *, replace: bool
    ) -> dict[str, Any]:
        """Bind a version's values, or say which variables that would lose."""


def load(repository: Repository, params: Mapping[str, Any]) -> dict[str, Any]:
    """Put the values of the version ``node`` into the notebook.

    Parameters
    ----------
    params : mapping
        ``node``; ``replace``: also variables whose value no version holds.

    Returns
    -------
    dict
        ``loaded``: what is bound now, as text; ``problems``: what is not, and why;
        ``asks``: names whose value would be lost, in which case nothing was bound.

    Raises
    ------
    UsageError
        The extension is not loaded here, a tracked cell runs, or there are no values.
    """
    version = version_of(repository, params.get("node"))
    notebook = _notebook()
    if notebook is None:
        raise UsageError(
            Message(
                "The values go into a notebook through artnb's extension, which is not loaded "
                "here. Run `%load_ext artnb`, then `%artnb load {0}/{1}`.",
                version.project,
                version.ref,
            )
        )
    return notebook.load_version(repository, version, replace=params.get("replace") is True)


def _notebook() -> Notebook | None:
    ipython = sys.modules.get("IPython")  # where there is a shell it was imported
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, EXTENSION, None)
