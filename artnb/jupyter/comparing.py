"""``%artnb diff``: two versions beside each other."""

from __future__ import annotations

from os.path import relpath

from artnb.diff import Change, EntryDiff, ValueDiff, VersionDiff
from artnb.errors import UsageError
from artnb.jupyter.display import Lines, Shown, Table, size_text
from artnb.model import VersionRecord
from artnb.own_texts import differing_code
from artnb.repository import Repository

__all__ = ["about_code", "before", "changes_table", "code_parts", "shown_diff"]

_MOST_CHANGES = 100


def before(repository: Repository, version: VersionRecord) -> VersionRecord:
    """Return the version of the collection that came before `version`."""
    older = [
        each
        for each in repository.versions(version.project, version.name)
        if each.number < version.number
    ]
    if not older:
        raise UsageError(
            f"{version.ref} is the first version; name another to compare it with: "
            f"%artnb diff {version.ref} OTHER."
        )
    return older[0]


def shown_diff(found: VersionDiff) -> Table:
    """Return a difference as it is displayed."""
    title = f"{found.old.ref} → {found.new.ref}"
    if not found:
        return Table(title, empty=f"No difference: {_entries(found.same)} the same.")
    rows = [(entry.path, entry.state, _summary(entry)) for entry in found.entries]
    parts: list[Shown] = []
    facts = (*found.facts, *(_named("metadata", change) for change in found.metadata))
    if facts:
        parts.append(changes_table("", facts))
    for entry in found.entries:
        if entry.value.changes:
            parts.append(changes_table(entry.path, entry.value.changes))
        if entry.value.lines:
            parts.append(Lines(entry.path, entry.value.lines))
    return Table(
        title,
        ("entry", "", "how") if rows else (),
        rows,
        parts=parts,
        empty=f"{_entries(found.same)} the same.",
        foot=f"{_entries(found.same)} the same." if found.same and rows else "",
    )


def code_parts(repository: Repository, old: VersionRecord, new: VersionRecord) -> list[Shown]:
    """Return which of the person's own modules differ between the runs that made two versions."""
    runs = repository.maker(old.id), repository.maker(new.id)
    if runs[0] is None or runs[1] is None:
        return []
    found = differing_code(repository, runs[0], runs[1])
    return [part for path, how in found for part in about_code(f"module {relpath(path)}", how)]


def about_code(name: str, found: ValueDiff) -> list[Shown]:
    """Return how the text of a file of code differs."""
    return [Lines(f"{name}: {found.summary}", found.lines)] if found else []


def changes_table(title: str, changes: tuple[Change, ...]) -> Table:
    """Return changes as a table, long ones cut."""
    rows = [(each.what, each.before, each.after, each.note) for each in changes[:_MOST_CHANGES]]
    more = len(changes) - _MOST_CHANGES
    foot = f"and {more:,} more" if more > 0 else ""
    return Table(title, ("what", "before", "after", ""), rows, foot=foot)


def _summary(entry: EntryDiff) -> str:
    if entry.state == "renamed" and entry.old is not None:
        return f"was {entry.old.path}"
    if entry.state != "changed" or entry.old is None or entry.new is None:
        kept = entry.new or entry.old
        return "" if kept is None else f"{kept.format}, {size_text(kept.size)}"
    if entry.problem and "--trust" in entry.problem:
        return f"not compared: {entry.new.format} can run code: add --trust to compare it"
    if entry.problem:
        return f"not compared: {entry.problem}"
    return entry.value.summary or "the same values, written in other bytes"


def _named(where: str, change: Change) -> Change:
    return Change(f"{where} {change.what}", change.before, change.after, change.note)


def _entries(count: int) -> str:
    return f"{count:,} {'entry is' if count == 1 else 'entries are'}"
