"""Two versions: which entries came, went, moved or changed, and how; metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from artnb.diff.base import Change, ValueDiff, short
from artnb.diff.modules import SET_OTHERWISE
from artnb.diff.values import compare_values
from artnb.errors import ArtnbError
from artnb.model import Entry, Manifest, VersionRecord
from artnb.texts import Message

__all__ = ["EntryDiff", "VersionDiff", "compare_entry", "compare_keys", "compare_versions"]

Load = Callable[[VersionRecord, Entry], Any]


@dataclass(frozen=True, slots=True)
class EntryDiff:
    """One entry that differs.

    Attributes
    ----------
    path : str
        In the newer version; in the older one, if it was removed.
    old, new : Entry or None
    value : ValueDiff
        How the content differs.
    problem : str or None
        Why the content was not compared.
    """

    path: str
    state: Literal["added", "removed", "renamed", "changed"]
    old: Entry | None
    new: Entry | None
    value: ValueDiff = field(default_factory=ValueDiff)
    problem: str | None = None


@dataclass(frozen=True)
class VersionDiff:
    """What differs between two versions.

    Attributes
    ----------
    facts, metadata : tuple of Change
        Type and description; metadata key by key.
    entries : tuple of EntryDiff
    same : int
        How many entries are equal.
    """

    old: VersionRecord
    new: VersionRecord
    facts: tuple[Change, ...] = ()
    metadata: tuple[Change, ...] = ()
    entries: tuple[EntryDiff, ...] = field(default=())
    same: int = 0

    def __bool__(self) -> bool:
        return bool(self.facts or self.metadata or self.entries)


def compare_versions(
    old: VersionRecord,
    new: VersionRecord,
    manifests: tuple[Manifest, Manifest],
    load: Load | None = None,
) -> VersionDiff:
    """Return what differs between two versions, of one collection or of two.

    Parameters
    ----------
    manifests : tuple of Manifest
        Of `old` and of `new`.
    load : callable
        Returns an entry's value; an `ArtnbError` that it raises becomes the entry's problem.
        Without it the contents are not compared: that is for `compare_entry`, one by one.
    """
    before, after = manifests[0].entries, manifests[1].entries
    moved = _moved(before, after)
    written = _written_otherwise(before, after, moved)
    entries = []
    for path in sorted({*before, *after} - {*moved.values(), *written.values()}):
        one, other = before.get(written.get(path, path)), after.get(path)
        if path in moved:
            entries.append(EntryDiff(path, "renamed", before[moved[path]], other))
        elif one is None or other is None:
            entries.append(EntryDiff(path, "added" if one is None else "removed", one, other))
        elif one.digest != other.digest or one.format != other.format or _is_set(one, other):
            differs = EntryDiff(path, "changed", one, other)
            entries.append(compare_entry(old, new, differs, load) if load else differs)
    differ = sum(entry.state in ("changed", "renamed", "added") for entry in entries)
    return VersionDiff(
        old, new, _facts(old, new), compare_keys(old.metadata, new.metadata), tuple(entries),
        same=len(after) - differ,
    )  # fmt: skip


def compare_entry(
    old: VersionRecord, new: VersionRecord, entry: EntryDiff, load: Load
) -> EntryDiff:
    """Return an entry that changed with how its content differs; any other as it is."""
    if entry.state != "changed" or entry.old is None or entry.new is None:
        return entry
    try:
        found = compare_values(load(old, entry.old), load(new, entry.new))
    except ArtnbError as error:
        return replace(entry, problem=error.message)
    if not found and _is_set(entry.old, entry.new):
        found = ValueDiff(SET_OTHERWISE)  # untrusted, a module comes as its tensors
    return replace(entry, value=found)


def _is_set(old: Entry, new: Entry) -> bool:
    """Return whether what is told of a module, beside its tensors, differs."""
    shapes = old.meta.get("structure"), new.meta.get("structure")
    other = None not in shapes and shapes[0] != shapes[1]  # one from before may tell of none
    return other or old.meta.get("modes") != new.meta.get("modes")


def _moved(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> dict[str, str]:
    """Return, by its new path, the old path of each entry that only has another one."""
    gone = {entry.digest: path for path, entry in before.items() if path not in after}
    return {
        path: gone.pop(entry.digest)
        for path, entry in after.items()
        if path not in before and entry.digest in gone
    }


def _written_otherwise(
    before: Mapping[str, Entry], after: Mapping[str, Entry], moved: Mapping[str, str]
) -> dict[str, str]:
    """Return, by its new path, the old path of each variable that is kept in another format."""
    taken = {*moved, *moved.values()}
    gone = {
        entry.variable: path
        for path, entry in before.items()
        if entry.variable and path not in after and path not in taken
    }
    return {
        path: gone.pop(entry.variable)
        for path, entry in after.items()
        if path not in before and path not in taken and entry.variable in gone
    }


def _facts(old: VersionRecord, new: VersionRecord) -> tuple[Change, ...]:
    pairs = (
        (Message("type"), old.type, new.type),
        (Message("description"), old.description or "", new.description or ""),
    )
    return tuple(Change(what, a, b) for what, a, b in pairs if a != b)


def compare_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the keys of which the values differ, or that are in one of two mappings only."""
    return tuple(
        Change(key, short(old[key]) if key in old else "", short(new[key]) if key in new else "")
        for key in dict.fromkeys((*old, *new))
        if (key in old) != (key in new) or old[key] != new[key]
    )
