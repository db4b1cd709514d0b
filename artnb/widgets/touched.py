"""The files that a run read and wrote, with the versions that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from artnb.capture.files import partial_reasons
from artnb.errors import ArtnbError
from artnb.lineage import version_node
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository

__all__ = ["touched_files"]

_MOST_MANIFESTS = 50
_CERTAIN = frozenset(("audit", "fanotify"))
"""Those of what may have seen a file that see only what the run's own process does."""


def touched_files(
    repository: Repository,
    run: RunRecord,
    used: Sequence[VersionRecord],
    logged: Sequence[VersionRecord],
) -> dict[str, Any] | None:
    """Return what the run's record says of files, or None if it says nothing.

    Returns
    -------
    dict
        ``root``: what relative paths begin at; ``partial``: why there may be more, as a text or
        what the page makes one from, or None;
        ``reads`` and ``writes``: each with ``path``, ``size``, ``sha256``, ``rewritten``,
        ``unsure`` (perhaps a program did it that is none of the run's), and ``node`` and
        ``version`` of the version that holds it, where one does; ``more``: how many of each
        are not listed; ``others``: paths that other programs wrote while it ran.
    """
    notes = run.outputs
    if not (notes.get("reads") or notes.get("writes") or notes.get("others")):
        return None
    read_from = _by_ref(used, run.project)
    kept = _entries(repository, logged) if notes.get("writes") else {}
    root, partial = notes.get("files_root"), notes.get("files_partial")
    known = {str(each): each.to_json() for each in partial_reasons(str(root))}
    return {
        "root": root,
        "partial": known.get(str(partial), partial),
        "reads": [
            _file(note, read_from.get(str(note.get("version"))), run.project)
            for note in _notes(run, "reads")
        ],
        "writes": [
            _file(note, kept.get(str(note.get("entry"))), run.project)
            for note in _notes(run, "writes")
        ],
        "more": {key: int(notes.get(f"{key}_more", 0)) for key in ("reads", "writes")},
        "others": [str(path) for path in notes.get("others", ())],
    }


def _notes(run: RunRecord, key: str) -> list[Mapping[str, Any]]:
    return [note for note in run.outputs.get(key, ()) if isinstance(note, Mapping)]


def _file(note: Mapping[str, Any], version: VersionRecord | None, seen_in: str) -> dict[str, Any]:
    return {
        "path": str(note.get("path")),
        "size": note.get("size"),
        "sha256": note.get("sha256"),
        "rewritten": bool(note.get("rewritten")),
        "unsure": _CERTAIN.isdisjoint(note.get("by", _CERTAIN)),
        "node": version and version_node(version.id),
        "version": version.ref_in(seen_in) if version else note.get("version"),
    }


def _by_ref(used: Sequence[VersionRecord], seen_in: str) -> dict[str, VersionRecord | None]:
    """Return the versions by what notes call them: older ones do not say another's project."""
    found: dict[str, VersionRecord | None] = {}
    for version in used:
        found[version.ref] = None if version.ref in found else version
    return found | {version.ref_in(seen_in): version for version in used}


def _entries(repository: Repository, logged: Sequence[VersionRecord]) -> dict[str, VersionRecord]:
    """Return the version of a run that holds an entry, by the entry's path."""
    found: dict[str, VersionRecord] = {}
    for version in logged[:_MOST_MANIFESTS]:
        try:
            found |= dict.fromkeys(repository.manifest(version).entries, version)
        except ArtnbError:
            continue  # deleted or damaged: its own panel says so
    return found
