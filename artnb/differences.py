"""``%artnb diff`` and ``artnb diff``: two versions or two runs beside each other."""

from __future__ import annotations

from dataclasses import replace
from os.path import relpath

from artnb.comparison import compare
from artnb.diff import Change, EntryDiff, ValueDiff, VersionDiff, compare_keys
from artnb.diff.text import compare_text
from artnb.display import Lines, Shown, Table, size_text
from artnb.errors import CommError, UsageError, nearest
from artnb.logged_files import without_files
from artnb.model import RunRecord, VersionRecord
from artnb.own_texts import differing_code
from artnb.refs import parse_ref
from artnb.repository import Repository
from artnb.upkeep import run_label

__all__ = ["about_code", "changes_table", "shown_diff", "shown_differences"]

_MOST_CHANGES = 100


def shown_differences(
    repository: Repository, project: str, ref: str, other: str | None, *, trust: bool = False
) -> Table:
    """Return what differs between two versions or two runs, as it is displayed.

    Parameters
    ----------
    ref, other : str
        Two versions, or two runs by name or id. Without `other` it is `ref`, compared with the
        version before it.
    trust : bool
        Load formats that can run code, too.

    Raises
    ------
    CommError, UsageError
    """
    try:
        found = _resolved(repository, project, ref)
    except CommError:
        run = repository.find_run(project, ref)
        if run is None:
            raise
        return _of_runs(repository, run, _other_run(repository, project, run, other))
    old, new = (
        (_before(repository, found), found)
        if other is None
        else (found, _resolved(repository, project, other))
    )
    shown = shown_diff(compare(repository, old, new, trust=trust))
    return replace(shown, parts=[*shown.parts, *_modules_of(repository, old, new)])


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


def _modules_of(repository: Repository, old: VersionRecord, new: VersionRecord) -> list[Shown]:
    """Return which of the person's own modules differ between the runs that made two versions."""
    runs = repository.maker(old.id), repository.maker(new.id)
    if runs[0] is None or runs[1] is None:
        return []
    return _modules(repository, runs[0], runs[1])


def _modules(repository: Repository, old: RunRecord, new: RunRecord) -> list[Shown]:
    found = differing_code(repository, old, new)
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


def _before(repository: Repository, version: VersionRecord) -> VersionRecord:
    """Return the version of the collection that came before `version`."""
    older = [
        each
        for each in repository.versions(version.project, version.name)
        if each.number < version.number
    ]
    if not older:
        raise UsageError(
            f"{version.ref} is the first version; name another to compare it with: "
            f"diff {version.ref} OTHER."
        )
    return older[0]


def _resolved(repository: Repository, project: str, text: str) -> VersionRecord:
    return repository.resolve(parse_ref(text), project)


def _other_run(
    repository: Repository, project: str, run: RunRecord, other: str | None
) -> RunRecord:
    found = repository.find_run(project, other) if other else None
    if found is None:
        names = [each.name for each in repository.runs(project) if each.id != run.id]
        what = f"There is no run {other!r}" if other else "Name another run to compare it with"
        raise UsageError(f"{run.name} is a run. {what}; {nearest(other or '', names)}")
    return found


def _of_runs(repository: Repository, old: RunRecord, new: RunRecord) -> Table:
    """Return what differs between two runs: settings, metrics, inputs, outputs, code."""
    facts = zip(_facts(repository, old), _facts(repository, new), strict=True)
    code = [repository.code(run.id) or "" for run in (old, new)]
    parts: list[Shown] = [
        changes_table(title, changes)
        for title, changes in (
            ("", tuple(Change(name, a, b) for (name, a), (_, b) in facts if a != b)),
            ("settings", compare_keys(old.config, new.config)),
            ("metrics", compare_keys(without_files(old.summary), without_files(new.summary))),
        )
        if changes
    ]
    if code[0] != code[1]:
        parts += about_code("code", compare_text(*code))
    parts += _modules(repository, old, new)
    title = f"run {run_label(old)} → run {run_label(new)}"
    return Table(title, parts=parts, empty="" if parts else "No difference.")


def _facts(repository: Repository, run: RunRecord) -> list[tuple[str, str]]:
    return [
        ("job type", run.job_type or ""),
        ("state", run.state),
        ("used", ", ".join(version.ref for version in repository.used(run.id))),
        ("made", ", ".join(version.ref for version in repository.logged(run.id))),
        ("commit", run.git_commit or ""),
    ]


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
