"""What the line below a cell says, and why values were left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from artnb.jupyter.choosing import SECRET
from artnb.jupyter.display import Line, size_text
from artnb.jupyter.session import Held
from artnb.jupyter.taking import Kept
from artnb.model import RunRecord, VersionRecord

__all__ = ["changed_after", "notes_on_files", "notes_on_left_out", "over_budget", "saved_line"]

_MOST_FILES = 3


def changed_after(changed: Collection[str], held: Mapping[str, Held], name: str) -> list[str]:
    """Return which values the cell of an artifact changed that a version of another one holds."""
    there = {each: held[each].version for each in sorted(changed) if each in held}
    refs = [f"{each} (saved in {v.ref})" for each, v in there.items() if v.name != name]
    return [f"changed {', '.join(refs)}"] if refs else []


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
    version: VersionRecord, created: bool, kept: Sequence[Kept], run: RunRecord, notes: list[str]
) -> Line:
    """Return what is said of a version."""
    stubs = [f"{item.name} ({item.kind})" for item in kept if item.is_stub]
    notes = [*notes, f"could not be saved: {', '.join(stubs)}"] if stubs else notes
    notes = [*notes, *_pickled_for_want(kept)]
    if not created:
        return Line(version.name, [f"unchanged ({version.version})", f"run {run.name}", *notes])
    entries = f"{version.entries} {'entry' if version.entries == 1 else 'entries'}"
    return Line(version.ref, [entries, size_text(version.size), f"run {run.name}", *notes])
