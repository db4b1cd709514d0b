"""Which versions are out of date, and why: their inputs have newer versions, or are so themselves.

Pure: it is given versions and functions that answer about them. What else makes a version
out of date (a file, a variable, a function that changed) the caller finds, and it spreads
from there. The page marks the same versions (`js/src/stale.ts`; tests hold the two together).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from artnb.model import RunRecord, VersionRecord

__all__ = ["Cell", "Reason", "cell_of", "made_instead", "newest_of_cells", "outdated"]

Cell = tuple[str, str]

Kind = Literal[
    "newer", "outdated", "variable", "setting", "function", "class", "cell", "file", "module",
    "package", "saved",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a version is out of date.

    Attributes
    ----------
    kind : str
        ``newer``: an input has another current version. ``outdated``: an input is out of
        date itself. ``saved``: a value was changed after it was saved. The others: what
        the run read is other now.
    name : str
        The input's.
    then, now : str
        What the run had, and what is there now.
    """

    kind: Kind
    name: str
    then: str = ""
    now: str = ""

    @property
    def text(self) -> str:
        """What became of it, without its name."""
        known = {"outdated": "is out of date", "saved": "was changed after it was saved"}
        return known.get(self.kind, self.now)

    def __str__(self) -> str:
        if self.kind == "newer":
            return f"{self.name}:{self.then} was used, {self.name}:{self.now} is current"
        if self.kind == "outdated":
            return f"{self.name}:{self.then} {self.text}"
        if self.kind == "saved":
            return f"{self.name} {self.text}"
        if self.kind == "cell":
            return "the cell was edited"
        change = f": {self.then} → {self.now}" if self.then and self.now else f" {self.now}"
        return f"{self.kind} {self.name}{change}"


def cell_of(run: RunRecord) -> Cell | None:
    """Return what stands for a run's cell: a copy of a notebook has cells of the same ids."""
    return (run.notebook or f"{run.host} {run.pid}", run.cell_id) if run.cell_id else None


def newest_of_cells(runs: Iterable[RunRecord]) -> dict[Cell, RunRecord]:
    """Return the newest run of each cell that begins with a name and has come to its end.

    Parameters
    ----------
    runs : iterable of RunRecord
        Oldest first.
    """
    done = [run for run in runs if run.job_type and run.state == "finished"]
    return {cell: run for run in done if (cell := cell_of(run)) is not None}


def made_instead(
    version: VersionRecord,
    maker: RunRecord | None,
    newest: Mapping[Cell, RunRecord],
    made: Callable[[str], Sequence[VersionRecord]],
) -> VersionRecord | None:
    """Return what the cell of a version makes now instead, under another name; or None.

    Nothing makes the old artifact any more, so it is not out of date: it is left as it is.

    Parameters
    ----------
    maker : RunRecord or None
        The run that logged the version last.
    newest : mapping
        As `newest_of_cells` gives them.
    made : callable
        Returns the versions that the run of an id logged.
    """
    cell = cell_of(maker) if maker is not None else None
    now = newest.get(cell) if cell else None
    if maker is None or now is None or now.job_type == maker.job_type:
        return None
    there = made(now.id)
    if any((each.project, each.name) == (version.project, version.name) for each in there):
        return None
    return next((each for each in there if each.name == now.job_type), None)


def outdated(
    current: Sequence[VersionRecord],
    used: Callable[[VersionRecord], Sequence[VersionRecord]],
    latest: Callable[[VersionRecord], VersionRecord | None],
    known: Mapping[int, Sequence[Reason]],
) -> dict[int, list[Reason]]:
    """Return the reasons of each version that is out of date, by its id.

    Parameters
    ----------
    current : sequence of VersionRecord
        The current version of each collection.
    used : callable
        Returns the versions that went into a version.
    latest : callable
        Returns the current version of a version's collection; None where all were deleted.
    known : mapping
        Reasons that are known already, by the version's id.
    """
    found = {version.id: list(known.get(version.id, ())) for version in current}
    # A cell that goes on from its own last result is not out of date by having done so.
    inputs = {
        version.id: [
            each
            for each in used(version)
            if (each.project, each.name) != (version.project, version.name)
        ]
        for version in current
    }
    for version in current:
        for each in inputs[version.id]:
            newest = latest(each)
            if newest is not None and newest.id != each.id:
                reason = Reason("newer", each.name, each.version, newest.version)
                found[version.id].append(reason)
    _spread(found, inputs)
    return {version_id: reasons for version_id, reasons in found.items() if reasons}


def _spread(found: dict[int, list[Reason]], inputs: Mapping[int, list[VersionRecord]]) -> None:
    makes: dict[int, list[tuple[int, VersionRecord]]] = {}
    for version_id, sources in inputs.items():
        for each in sources:
            makes.setdefault(each.id, []).append((version_id, each))
    waiting = [version_id for version_id, reasons in found.items() if reasons]
    while waiting:
        source = waiting.pop()
        for version_id, each in makes.get(source, ()):
            if not found[version_id]:
                waiting.append(version_id)
            reason = Reason("outdated", each.name, each.version)
            if reason not in found[version_id]:
                found[version_id].append(reason)
