"""Rows and manifests of a foreign store, hostile until they have passed here."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from artnb.catalog import Parcel, SentVersion
from artnb.clashes import find_folder_clash
from artnb.errors import CatalogError, InvalidNameError, InvalidPathError
from artnb.model import Location, Manifest, RunRecord
from artnb.refs import (
    check_alias,
    check_collection,
    check_entry_path,
    check_project,
    check_tag,
    check_type,
    version_number,
)

__all__ = ["check_manifest", "check_parcel", "check_record", "is_place"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"(sha256|pack|record)/[0-9a-f]{2}/[0-9a-f]{62}(\.g[0-9]{1,9})?")
_RECIPE = re.compile(r"recipe/[0-9a-f]{2}/[0-9a-f]{62}(\.g[0-9]{1,9})?")
_FORMAT = 1
_MOST_BYTES = 1 << 62
_STATES = ("running", "finished", "failed", "crashed", "deleted")
_TEXTS = ("job_type", "group", "notes", "notebook", "cell_id", "git_commit", "host")
_TIMES = ("finished_at", "heartbeat_at")


def check_parcel(parcel: Parcel) -> Parcel:
    """Return a parcel of which each name, digest, number and kind is one that artnb makes.

    Raises
    ------
    InvalidValueError, CatalogError
        Something is not; the message says what.
    """
    check_project(parcel.project)
    runs = tuple(_checked_run(run, parcel.project) for run in parcel.runs)
    for version in parcel.versions:
        _check_version(version)
    for move in parcel.moves:
        check_collection(move.name)
        if version_number(check_alias(move.alias)) is not None:
            raise InvalidNameError(f"alias {move.alias!r} names a version and cannot be moved.")
        right = _is_number(move.at) and _is_text(move.run) and _is_person(move.by)
        _require(right, f"a move of alias {move.alias!r}")
    known = {run.id for run in runs}
    for edge in parcel.edges:
        right = edge.run in known and edge.kind in ("logged", "used") and _is_number(edge.at)
        _require(right, f"an edge of run {edge.run!r}")
    return replace(parcel, runs=runs)


def check_manifest(data: bytes, what: str) -> Manifest:
    """Return a manifest whose paths stay inside the artifact, on every system.

    Raises
    ------
    InvalidPathError
        A path leaves it.
    CatalogError
        It is no manifest, or one of a newer format.
    """
    try:
        body = json.loads(data)
        newer = isinstance(body, dict) and body.get("artnb") != _FORMAT
        manifest = Manifest({}) if newer else Manifest.from_bytes(data)
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError
    ) as error:  # fmt: skip
        raise CatalogError(f"The manifest of {what} cannot be read as one: {error!r}.") from error
    if newer:
        raise CatalogError(
            f"The manifest of {what} has the format {body.get('artnb')!r}, not {_FORMAT}. "
            "Upgrade: pip install -U artnb."
        )
    if clash := find_folder_clash(manifest.entries):
        raise InvalidPathError(
            f"In {what} the entry {clash[0]!r} is a file, and {clash[1]!r} would lie in it."
        )
    if manifest.size >= _MOST_BYTES:
        raise CatalogError(f"The manifest of {what} claims {manifest.size} bytes, which none has.")
    for entry in manifest:
        right = (
            check_entry_path(entry.path) == entry.path
            and 0 <= entry.size < _MOST_BYTES
            and len(entry.format) <= 128
            and _is_text(entry.variable)
            and _is_text(entry.ref)
            and (entry.ref is not None or _is_digest(entry.digest))
            and isinstance(entry.meta, dict)
        )
        _require(right, f"the entry {entry.path!r} of {what}")
    return manifest


def check_record(data: bytes, version: SentVersion, receiver: str) -> bool:
    """Return whether a record object is one of this version, and not made up in our name.

    Parameters
    ----------
    receiver : str
        The identity of the catalogue here: what bears it, a rebuild takes for its own.
    """
    try:
        body = json.loads(data)
        found = (body["artnb"], body["manifest"])
        return found == (_FORMAT, version.row.digest) and bool(body["catalog"] != receiver)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def is_place(at: Location, *, recipe: bool = False) -> bool:
    """Return whether a place names an object, or a recipe, and not a file somewhere else."""
    numbers = type(at.offset) is int and type(at.length) is int
    pattern = _RECIPE if recipe else _KEY
    named = isinstance(at.object, str) and bool(pattern.fullmatch(at.object))
    return named and numbers and at.offset >= 0 and 0 <= at.length < _MOST_BYTES


def _checked_run(run: RunRecord, project: str) -> RunRecord:
    what = f"the run {str(run.id)[:40]!r} of project {project!r}"
    _require(_is_id(run.id), f"the id of {what}")
    right = (
        isinstance(run.name, str)
        and isinstance(run.number, int)
        and 0 <= run.number < 1 << 31
        and run.state in _STATES
        and all(_is_text(getattr(run, field)) for field in _TEXTS)
        and all(d is None or _is_digest(d) for d in (run.code, run.history))
        and all(isinstance(getattr(run, f), dict) for f in ("config", "summary", "outputs"))
        and isinstance(run.environment, dict)
        and _is_number(run.created_at)
        and all(getattr(run, f) is None or _is_number(getattr(run, f)) for f in _TIMES)
    )
    _require(right, what)
    for tag in run.tags:
        check_tag(tag)
    # Without a process number nobody here takes the run for one of this machine's.
    return run.with_changes(pid=None)


def _check_version(version: SentVersion) -> None:
    row = version.row
    check_project(row.project), check_collection(row.name), check_type(row.type)
    right = (
        _is_digest(row.digest)
        and _is_digest(version.record)
        and isinstance(row.number, int)
        and 0 <= row.number < 1 << 31
        and row.state in ("live", "damaged", "deleted")
        and _is_number(row.created_at)
        and isinstance(row.size, int)
        and isinstance(row.entries, int)
        and isinstance(row.metadata, dict)
        and _is_text(row.description)
        and (row.state != "deleted" or _is_number(version.deleted_at))
        and (version.edited_at is None or _is_number(version.edited_at))
        and (row.ttl is None or _is_number(row.ttl))
    )
    _require(right, f"{row.ref} of project {row.project!r}")
    for tag in row.tags:
        check_tag(tag)
    for path, (digest, mark) in version.contents.items():
        right = check_entry_path(path) == path and isinstance(digest, str) and _is_text(mark)
        _require(right, f"the entry {path!r} of {row.ref}")


def _require(right: bool, what: str) -> None:
    if not right:
        raise CatalogError(
            f"{what[0].upper()}{what[1:]} has a value that artnb does not write. Nothing of the "
            "project was taken; ask whoever keeps that store."
        )


def _is_id(value: Any) -> bool:
    """Return whether a run's id is one that is also the name of a file here."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= 128
        and value.isprintable()
        and not any(mark in value for mark in "/\\:")
        and value not in (".", "..")
    )


def _is_person(value: Any) -> bool:
    """Return whether it may be printed as it is."""
    return value is None or (isinstance(value, str) and value.isprintable() and len(value) <= 512)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)
