"""What the line below a cell says, and why values were left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from artnb.capture import Input
from artnb.display import Line, size_text
from artnb.jupyter.choosing import SECRET
from artnb.jupyter.session import Held
from artnb.jupyter.taking import Kept
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Commit

__all__ = [
    "changed_after",
    "changed_since",
    "moved_on",
    "notes_on_files",
    "notes_on_left_out",
    "notes_on_others",
    "over_budget",
    "saved_line",
]

_MOST_FILES = 3
_MOST_INPUTS = 3


def changed_after(changed: Collection[str], held: Mapping[str, Held], name: str) -> list[str]:
    """Return which values the cell of an artifact changed that a version of another one holds."""
    there = {each: held[each].version for each in sorted(changed) if each in held}
    refs = [f"{each} (saved in {v.ref})" for each, v in there.items() if v.name != name]
    return [f"changed {', '.join(refs)}"] if refs else []


def changed_since(
    inputs: Mapping[str, Input], held: Mapping[str, Held], namespace: Mapping[str, Any]
) -> list[str]:
    """Return which values a cell is about to read that are not as their version holds them.

    Of the same object other content tells that; a name that was bound anew is another value.
    """
    names = [
        name
        for name, read in sorted(inputs.items())
        if read.fingerprint is not None
        and held[name].fingerprint is not None
        and held[name].object.is_same(namespace.get(name))
    ]
    said = ", ".join(f"{name} (saved in {held[name].version.ref})" for name in names)
    each = "it was" if len(names) == 1 else "they were"
    return [f"no version holds {said} as {each} read: {each} changed since"] if names else []


def moved_on(names: Collection[str]) -> str:
    """Return what is said of iterators that the cell took something from."""
    return f"{', '.join(sorted(names))} moved on: run again, the cell takes what comes next"


def over_budget(
    left_out: Mapping[str, str], read: Collection[str], named: Collection[str], budget: int
) -> dict[str, str]:
    """Return why values are too large to be hashed, by name.

    Parameters
    ----------
    read : collection of str
        Those of the cell's inputs.
    named : collection of str
        The names of ``--out``, which are kept all the same.
    """
    large = {name: why for name, why in left_out.items() if "over the budget" in why}
    return large | {
        name: f"over the budget of {size_text(budget)}" for name in read if name not in named
    }


def notes_on_left_out(
    large: Mapping[str, str], left_out: Mapping[str, str], how_to_keep: Callable[[str], str]
) -> list[str]:
    """Return what is said of values that are not kept because they are large, or secret."""
    notes = [f"{name} is {why}: {how_to_keep(name)}" for name, why in large.items()]
    secret = [name for name, why in left_out.items() if why == SECRET]
    return notes + [f"{name} is {SECRET}, and not kept: {how_to_keep(name)}" for name in secret]


def notes_on_files(left_out: Mapping[str, str]) -> list[str]:
    """Return what is said of files that the cell wrote and that could not be taken."""
    first = [f"{path} ({why})" for path, why in list(left_out.items())[:_MOST_FILES]]
    more = len(left_out) - len(first)
    return [f"not kept: {', '.join(first)}{f' and {more} more' if more else ''}"]


def notes_on_others(paths: Sequence[str], told: set[str]) -> list[str]:
    """Return what is said of files that other programs wrote while the cell ran.

    Each is told of once, for there are programs that write on and on: `told` has those before.
    """
    new = [path for path in paths if path not in told]
    told.update(new)
    more = f" and {len(new) - _MOST_FILES} more" if len(new) > _MOST_FILES else ""
    first = ", ".join(new[:_MOST_FILES])
    return [f"not of this cell, for another program wrote it: {first}{more}"] if new else []


def _pickled_for_want(kept: Sequence[Kept]) -> Iterator[str]:
    """Yield what is said of values that are pickles because a package is missing."""
    names: dict[tuple[str, ...], list[str]] = {}
    for item in kept:
        if "lacks" in item.content.meta:
            names.setdefault(tuple(item.content.meta["lacks"]), []).append(item.name)
    for (package, extra), each in names.items():
        pickles = "a pickle" if len(each) == 1 else "pickles"
        install = f"pip install 'artnb[{extra}]'"
        yield f"{', '.join(each)} kept as {pickles}, for {package} is not installed: {install}"


def saved_line(
    commit: Commit,
    kept: Sequence[Kept],
    run: RunRecord,
    notes: list[str],
    inputs: Iterable[VersionRecord] = (),
) -> Line:
    """Return what is said of a version: what it is made of and from."""
    version = commit.version
    stubs = [f"{item.name} ({item.kind})" for item in kept if item.is_stub]
    notes = [*notes, f"could not be saved: {', '.join(stubs)}"] if stubs else notes
    notes = [*notes, *_pickled_for_want(kept)]
    notes += [f"of {each.name} only the tensors: {each.torn}" for each in kept if each.torn]
    if not commit.created:
        return Line(version.name, [f"unchanged ({version.version})", f"run {run.name}", *notes])
    entries = f"{version.entries} {'entry' if version.entries == 1 else 'entries'}"
    made = [entries, size_text(version.size), *_made_from(inputs)]
    return Line(version.ref, [*made, f"run {run.name}", *notes])


def _made_from(inputs: Iterable[VersionRecord]) -> list[str]:
    refs = list(dict.fromkeys(version.ref for version in inputs))
    more = f" and {len(refs) - _MOST_INPUTS} more" if len(refs) > _MOST_INPUTS else ""
    return [f"from {', '.join(refs[:_MOST_INPUTS])}{more}"] if refs else []
