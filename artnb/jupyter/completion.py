"""Tab completion for ``%artnb`` and ``%%artifact``."""

from __future__ import annotations

from typing import Any

from artnb.errors import ArtnbError
from artnb.jupyter.header import option_names
from artnb.jupyter.parsers import COMMANDS, TAKE_REFS, command_options
from artnb.jupyter.session import Session

__all__ = ["register", "unregister"]

_KEYS = ("%artnb", "%%artifact")


def register(shell: Any, session: Session) -> None:
    """Make the completers known to the shell."""
    shell.set_hook("complete_command", _of(session, _complete_artnb), str_key="%artnb")
    shell.set_hook("complete_command", _of(session, _complete_artifact), str_key="%%artifact")


def unregister(shell: Any) -> None:
    """Take them away."""
    known = shell.strdispatchers["complete_command"].strs
    for key in _KEYS:
        known.pop(key, None)


def _of(session: Session, complete: Any) -> Any:
    def completer(shell: Any, event: Any) -> list[str]:
        try:
            return list(complete(session, event.text_until_cursor.split(" ")[1:]))
        except ArtnbError:
            return []  # a repository that cannot be read: nothing to offer, and no noise

    return completer


def _complete_artnb(session: Session, words: list[str]) -> list[str]:
    if len(words) <= 1:
        return [*COMMANDS, "--help"]
    if words[-1].startswith("-"):
        return command_options(words[0])
    if words[0] == "auto":
        return ["on", "off"]
    if words[0] == "project":
        return session.repository.projects()
    return _refs(session, words[-1]) if words[0] in TAKE_REFS else []


def _refs(session: Session, begun: str) -> list[str]:
    repository, project = session.repository, session.project
    name, colon, _ = begun.partition(":")
    if not colon:
        return _names(session)
    versions = repository.versions(project, name)
    labels = [label for version in versions for label in (*version.aliases, version.version)]
    # IPython may take what stands after the colon, or all of it, as the word to complete.
    return [*labels, *(f"{name}:{label}" for label in labels)]


def _complete_artifact(session: Session, words: list[str]) -> list[str]:
    before = words[-2] if len(words) > 1 else ""
    if words and words[-1].startswith("-"):
        return option_names()
    collections = session.repository.collections(session.project)
    if before == "--type":
        return sorted({"dataset", "model", "figure", "result", *(c.type for c in collections)})
    return _names(session) if len(words) <= 1 else option_names()


def _names(session: Session) -> list[str]:
    return [collection.name for collection in session.repository.collections(session.project)]
