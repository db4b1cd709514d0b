"""What a person changes in the panel: aliases, tags, the description, a run's notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from artnb.errors import InvalidValueError, StoreReadOnlyError
from artnb.model import RunRecord
from artnb.refs import check_tag
from artnb.repository import Repository
from artnb.texts import Message
from artnb.widgets.nodes import record_of, version_of

__all__ = ["edit_aliases", "edit_tags", "edit_text"]

_LONGEST_TEXT = 100_000


def edit_aliases(repository: Repository, params: Mapping[str, Any]) -> None:
    """Add and take aliases of a version."""
    _refuse_if_read_only(repository)
    version = version_of(repository, params.get("node"))
    repository.set_aliases(version.id, _texts(params, "add"), _texts(params, "remove"))


def edit_tags(repository: Repository, params: Mapping[str, Any]) -> None:
    """Add and take tags of a version or a run; their order stays."""
    _refuse_if_read_only(repository)
    record = record_of(repository, params.get("node"))
    add = [check_tag(tag) for tag in _texts(params, "add")]
    remove = set(_texts(params, "remove"))
    tags = [tag for tag in dict.fromkeys((*record.tags, *add)) if tag not in remove]
    if isinstance(record, RunRecord):
        repository.update_run(record.id, tags=tuple(tags))
    else:
        repository.update_version(record.id, tags=tags)


def edit_text(repository: Repository, params: Mapping[str, Any]) -> None:
    """Write a version's description, or a run's notes.

    Raises
    ------
    InvalidValueError
        It is no text, or longer than 100,000 characters.
    """
    _refuse_if_read_only(repository)
    text = params.get("text")
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        what = (
            Message("{0} characters", f"{len(text):,}")
            if isinstance(text, str)
            else type(text).__name__
        )
        raise InvalidValueError(
            Message(
                "A description is text of at most {0} characters, not {1}. Keep longer ones as a "
                "file of the artifact.",
                f"{_LONGEST_TEXT:,}",
                what,
            )
        )
    record = record_of(repository, params.get("node"))
    if isinstance(record, RunRecord):
        repository.update_run(record.id, notes=text)
    else:
        repository.update_version(record.id, description=text)


def _refuse_if_read_only(repository: Repository) -> None:
    if repository.read_only:
        raise StoreReadOnlyError(
            Message(
                "Nothing can be changed: the repository {0} may not be written. Change its "
                "permissions first.",
                repository.root,
            )
        )


def _texts(params: Mapping[str, Any], name: str) -> list[str]:
    given = params.get(name) or ()
    return [str(each) for each in given] if isinstance(given, Iterable) else []
