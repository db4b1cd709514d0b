"""What the panel asks of two versions: which files differ, then, one by one, how."""

from __future__ import annotations

from typing import Any

from artnb.comparison import content_of
from artnb.diff import Change, EntryDiff, VersionDiff, compare_entry, compare_versions
from artnb.errors import CommError, UsageError, nearest
from artnb.lineage import version_node
from artnb.model import Entry, VersionRecord
from artnb.repository import Repository
from artnb.texts import Message
from artnb.widgets.nodes import version_of

__all__ = ["compare", "compare_file"]

_MOST_FILES = 1_000
_MOST_CHANGES = 200
_LARGEST = 256 << 20
"""Bytes of a value that is read into the kernel's memory for a click."""


def compare(repository: Repository, node: object, other: object) -> dict[str, Any]:
    """Return which files of two versions differ, the older one first; no contents are read.

    Raises
    ------
    CommError
        There is no such version.
    StoreError
        A manifest is missing or damaged.
    """
    found = _compared(repository, node, other)
    differ = found.entries
    return {
        "old": _end(found.old),
        "new": _end(found.new),
        "facts": [_change(each) for each in (*found.facts, *found.metadata)],
        "files": [_file(each) for each in differ[:_MOST_FILES]],
        "more": max(0, len(differ) - _MOST_FILES),
        "same": found.same,
    }


def compare_file(
    repository: Repository, node: object, other: object, path: object
) -> dict[str, Any]:
    """Return how one file differs: in a few words, part by part, line by line.

    Returns
    -------
    dict
        ``summary`` is empty where the values are equal and only their bytes differ;
        ``problem`` says why the contents were not compared.

    Raises
    ------
    CommError
        There is no such version, or no file of that name that both have and that differs.
    """
    found = _compared(repository, node, other)
    changed = {each.path: each for each in found.entries if each.state == "changed"}
    if not isinstance(path, str) or path not in changed:
        raise CommError(
            Message(
                "No file {0} differs in {1} and {2}; {3}",
                repr(path),
                found.old.ref,
                found.new.ref,
                nearest(path, changed),
            )
        )
    entry = compare_entry(
        found.old,
        found.new,
        changed[path],
        lambda version, each: _content(repository, found, version, each),
    )
    summary, changes = entry.value.summary, entry.value.changes
    if [change.note for change in changes] == [summary]:
        changes = ()  # an array: all is said
    return {
        "summary": summary,
        "changes": [_change(each) for each in changes[:_MOST_CHANGES]],
        "lines": list(entry.value.lines),
        "more": max(0, len(changes) - _MOST_CHANGES),
        "problem": entry.problem,
    }


def _compared(repository: Repository, node: object, other: object) -> VersionDiff:
    old, new = sorted(
        (version_of(repository, other), version_of(repository, node)),
        key=lambda version: (version.created_at, version.id),
    )
    return compare_versions(old, new, (repository.manifest(old), repository.manifest(new)))


def _content(
    repository: Repository, found: VersionDiff, version: VersionRecord, entry: Entry
) -> Any:
    if entry.size > _LARGEST:
        old, new = (f"{each.project}/{each.ref}" for each in (found.old, found.new))
        raise UsageError(
            Message(
                "{0} MiB are too much to compare here. In the notebook: %artnb diff {1} {2}",
                f"{entry.size / 2**20:,.0f}",
                old,
                new,
            )
        )
    return content_of(repository, version, entry)


def _end(version: VersionRecord) -> dict[str, str]:
    return {"node": version_node(version.id), "version": version.version}


def _change(change: Change) -> dict[str, str]:
    return {
        "what": change.what,
        "before": change.before,
        "after": change.after,
        "note": change.note,
    }


def _file(entry: EntryDiff) -> dict[str, Any]:
    kept = entry.new or entry.old
    return {
        "path": entry.path,
        "state": entry.state,
        "was": entry.old.path if entry.state == "renamed" and entry.old else None,
        "size": kept.size if kept else 0,
    }
