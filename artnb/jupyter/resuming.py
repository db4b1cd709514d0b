"""``%artnb resume``: what one cell needs, after the kernel was started anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artnb.capture import fingerprint
from artnb.errors import ArtnbError, UntrustedError, UsageError
from artnb.jupyter.display import Table
from artnb.jupyter.restoring import refuse_to_lose
from artnb.jupyter.session import Session
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository

__all__ = ["resume"]

_NOT_LOADED = {
    "code": "a function or class: run the cell that defines it",
    "iterator": "an iterator: it cannot be saved",
    "handle": "an object of artnb's: make it again",
}


@dataclass(frozen=True)
class _Found:
    value: Any
    source: str
    version: VersionRecord | None = None
    path: str = ""


def resume(
    session: Session,
    namespace: dict[str, Any],
    version: VersionRecord,
    *,
    trust: bool = False,
    force: bool = False,
) -> Table:
    """Bind what the run of `version` read, and return what was done.

    Each value is taken from the version that holds it, whichever that is; small settings
    from the run's config.

    Raises
    ------
    UsageError
        A variable of the notebook would be replaced whose value no version holds, and
        `force` is not given; or the run is not one of a cell.
    """
    repository = session.repository
    makers = repository.logged_by(version.id)
    if not makers or "inputs" not in makers[-1].outputs:
        raise UsageError(
            f"{version.ref} was not made by a cell, so what its code reads is not known. Bring its "
            f"values back: %artnb restore {version.ref}."
        )
    found, missing = _inputs(repository, makers[-1], trust)
    if not force:
        values = {name: each.value for name, each in found.items()}
        refuse_to_lose(session, namespace, values, "resume")
    for name, each in found.items():
        namespace[name] = each.value
        if each.version is not None:
            mark = fingerprint(each.value)
            session.remember(name, each.version, each.path, mark, each.value)
    rows = [(name, type(each.value).__name__, each.source) for name, each in found.items()]
    parts = [Table("not loaded", ("variable", "why"), list(missing.items()))] if missing else []
    title = f"ready for the cell of {version.ref}"
    empty = "" if missing else "It reads no variables."
    return Table(title, ("variable", "type", "from"), rows, parts=parts, empty=empty)


def _inputs(
    repository: Repository, run: RunRecord, trust: bool
) -> tuple[dict[str, _Found], dict[str, str]]:
    """Return the values that a run read, and why others are not there."""
    found: dict[str, _Found] = {}
    missing: dict[str, str] = {}
    for name, note in run.outputs["inputs"].items():
        if note["role"] in _NOT_LOADED:
            missing[name] = _NOT_LOADED[note["role"]]
            continue
        try:
            held = _held(repository, run.project, note, trust)
        except ArtnbError as error:
            missing[name] = _reason(error)
            continue
        if held is not None:
            found[name] = held
        elif name in run.config:
            exact = fingerprint(run.config[name]) == note.get("fingerprint")
            source = "config" if exact else "config, as JSON has it"
            found[name] = _Found(run.config[name], source)
        else:
            missing[name] = "no version holds its value: run the cell that makes it"
    return found, missing


def _held(
    repository: Repository, project: str, note: Mapping[str, Any], trust: bool
) -> _Found | None:
    """Return the value that an input had, with the version and the entry that hold it."""
    mark = note.get("fingerprint")
    places = repository.find_fingerprint(project, mark) if mark else []
    # The version that the run used comes first, then the newest.
    places.sort(key=lambda place: place[0].ref != note.get("version"))
    error: ArtnbError | None = None
    for version, path in places:
        try:
            value = repository.load_value(version, path, trust=trust)
        except ArtnbError as reason:
            error = error or reason
            continue
        return _Found(value, version.ref, version, path)
    if error is not None:
        raise error
    return None


def _reason(error: ArtnbError) -> str:
    if isinstance(error, UntrustedError):
        return "its format can run code: add --trust to load it"
    return str(error)
