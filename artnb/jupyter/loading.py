"""Loading a version from the graph's panel: as ``%artnb load``, but it asks where that does not."""

from __future__ import annotations

from typing import Any

from artnb.errors import UsageError
from artnb.jupyter.restoring import (
    about_problems,
    bind,
    known_values,
    load_values,
    would_lose,
)
from artnb.jupyter.session import Session
from artnb.model import VersionRecord
from artnb.repository import Repository

__all__ = ["load_version"]


def load_version(
    session: Session,
    namespace: dict[str, Any],
    repository: Repository,
    version: VersionRecord,
    *,
    replace: bool,
) -> dict[str, Any]:
    """Bind the values of a version, unless that would lose a value and `replace` is not set.

    Returns
    -------
    dict
        ``loaded``, ``problems`` and ``asks``, as `artnb.widgets.notebook.load` says.

    Raises
    ------
    UsageError
        The version holds no value that can be loaded.
    """
    own = repository is session.repository
    known = known_values(session, namespace, version) if own else {}
    loaded = load_values(repository, version, trust=False, known=known)
    if not loaded.values:
        raise UsageError(about_problems(version, loaded))
    lost = [] if replace else would_lose(session, namespace, loaded.values)
    if not lost:
        bind(session, namespace, version, loaded)
    named = [f"{name} ({type(value).__name__})" for name, value in loaded.values.items()]
    return {
        "loaded": [] if lost else named,
        "problems": [[name, why] for name, why in loaded.problems.items()],
        "asks": lost,
    }
