"""The lists of ls and runs, on the command line and in a notebook alike: rows of text."""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.filters import FIELDS, ordered_runs, read_field, run_filter
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.sizes import size_text

__all__ = [
    "RUNS",
    "ChosenRuns",
    "Listing",
    "aligned",
    "chosen_runs",
    "list_artifacts",
    "list_runs",
    "list_versions",
    "newest_versions",
    "runs_options",
    "runs_where",
    "shortened",
]

RUNS = "a project's runs with their metrics and settings, newest first"

_MOST_KEYS = 6
"""Metrics and settings that are columns of their own accord."""

_LONGEST = 40
_OPERATORS = {"=": "$eq", "!=": "$ne", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
_CONDITION = re.compile(r"\s*([^=!<>]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)

Moment = Callable[[float], str]
"""How a time is said."""


@dataclass(frozen=True)
class Listing:
    """Rows of text under a head.

    Attributes
    ----------
    columns : sequence of str
    rows : sequence of sequence of str
    foot : str
        What is said below them.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: str = ""

    def lines(self) -> list[str]:
        """Return it as text, in columns."""
        lines = aligned([self.columns, *self.rows]) if self.rows else []
        return [*lines, self.foot] if self.foot else lines


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line of text for each row, its columns below each other."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    """Return how many columns a text takes where Korean, Chinese and Japanese take two each."""
    if text.isascii():
        return len(text)
    composed = unicodedata.normalize("NFC", text)
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in composed
    )


def shortened(value: Any, most: int) -> str:
    """Return a value as text of at most so many characters."""
    text = str(value)
    return text if len(text) <= most else text[: most - 3] + "..."


def newest_versions(repository: Repository, project: str) -> list[tuple[VersionRecord, int]]:
    """Return the newest version of each artifact of a project, and how many it has."""
    newest: dict[str, VersionRecord] = {}
    for version in repository.versions(project):  # newest first
        newest.setdefault(version.name, version)
    return [
        (newest[each.name], each.versions)
        for each in repository.collections(project)
        if each.name in newest
    ]


def list_artifacts(repository: Repository, project: str, said: Moment) -> Listing:
    """Return the artifacts of a project, each with its newest version."""
    rows = []
    for version, count in newest_versions(repository, project):
        facts = (version.type, version.version, str(count), size_text(version.size))
        rows.append((version.name, *facts, said(version.created_at)))
    return Listing(("artifact", "type", "newest", "versions", "size", "made"), rows)


def list_versions(versions: Iterable[VersionRecord], said: Moment) -> Listing:
    """Return the versions of an artifact."""
    rows = [
        (
            *(version.version, ", ".join(version.aliases), str(version.entries)),
            *(size_text(version.size), said(version.created_at)),
        )
        for version in versions
    ]
    return Listing(("version", "aliases", "entries", "size", "made"), rows)


def runs_options(parser: argparse.ArgumentParser) -> None:
    """Add what `list_runs` takes."""
    parser.add_argument(
        "--sort", metavar="KEY",
        help="by a metric, a setting or a field, the smallest first; --sort=-KEY: the greatest",
    )  # fmt: skip
    parser.add_argument(
        "--where", action="append", default=[], metavar="KEY=VALUE",
        help="only these; also !=, <, <=, > and >=, and more than once: --where 'loss<0.5'",
    )  # fmt: skip
    parser.add_argument(
        "--show", metavar="KEY,...", help="these metrics, settings or fields as columns"
    )
    parser.add_argument("--last", type=int, default=50, metavar="N", help="default 50; 0: all")


def runs_where(repository: Repository, project: str, conditions: Sequence[str]) -> list[RunRecord]:
    """Return the runs of a project for which all conditions, such as ``loss<0.5``, hold.

    Raises
    ------
    InvalidValueError
        No run has such a key, or a condition is none.
    """
    every = repository.runs(project)
    return _chosen(_Keys(every), every, conditions)


@dataclass(frozen=True, slots=True)
class ChosenRuns:
    """The runs that options choose, in their order.

    Attributes
    ----------
    shown : sequence of RunRecord
    more : int
        How many ``--last`` leaves out.
    fields : sequence of str
        What of metrics and settings is told of them.
    heads : sequence of str
        How these are called.
    """

    shown: Sequence[RunRecord]
    more: int
    fields: Sequence[str]
    heads: Sequence[str]


def chosen_runs(repository: Repository, project: str, options: argparse.Namespace) -> ChosenRuns:
    """Return the runs that the options of `runs_options` choose.

    A key is the name of a metric in the summary, of a setting in the config, or of a field such
    as ``state``; where two of these are called so, of the first. ``summary.KEY`` and
    ``config.KEY`` say which.

    Raises
    ------
    InvalidValueError
        No run has such a key, or a condition is none.
    """
    every = repository.runs(project)
    keys = _Keys(every)
    runs = _chosen(keys, every, options.where)
    if options.sort:
        downwards = options.sort.startswith("-")
        name = keys.field(options.sort.lstrip("+-"))
        runs = ordered_runs(runs, f"-{name}" if downwards else name)
    shown = runs[: options.last] if options.last > 0 else runs
    wanted = [key.strip() for key in options.show.split(",")] if options.show else None
    fields = list(map(keys.field, wanted)) if wanted else _telling(shown)
    heads = wanted or [name.partition(".")[2] for name in fields]
    return ChosenRuns(shown, len(runs) - len(shown), fields, heads)


def list_runs(
    repository: Repository, project: str, options: argparse.Namespace, said: Moment
) -> Listing:
    """Return `chosen_runs` with what they used and logged, their metrics and settings."""
    chosen = chosen_runs(repository, project, options)
    rows = [_row(repository, run, chosen.fields, said) for run in chosen.shown]
    return Listing(
        ("run", "id", "job type", "state", *chosen.heads, "used", "logged", "began"),
        rows,
        f"and {chosen.more:,} more: --last 0" if chosen.more else "",
    )


def _row(
    repository: Repository, run: RunRecord, fields: Sequence[str], said: Moment
) -> tuple[str, ...]:
    def refs(versions: Iterable[VersionRecord]) -> str:
        return ", ".join(version.ref for version in versions)

    return (
        *(run.name, run.id, run.job_type or "", run.state),
        *(_said(read_field(run, name)) for name in fields),
        *(refs(repository.used(run.id)), refs(repository.logged(run.id)), said(run.created_at)),
    )


def _telling(runs: Sequence[RunRecord]) -> list[str]:
    """Return the metrics, and the settings that are not the same in all runs that have them."""
    metrics: dict[str, None] = {}
    settings: dict[str, set[str]] = {}
    for run in runs:
        for key, value in run.summary.items():
            if type(value) in (int, float) and not key.startswith("_"):
                metrics[f"summary.{key}"] = None
        for key, value in run.config.items():
            if isinstance(value, int | float | str) and not key.startswith("_"):
                settings.setdefault(f"config.{key}", set()).add(repr(value))
    differing = [name for name, values in settings.items() if len(values) > 1]
    return [*metrics, *differing][:_MOST_KEYS]


class _Keys:
    """What a key means: it depends on which metrics and settings the runs have."""

    def __init__(self, runs: Sequence[RunRecord]) -> None:
        self._bags = {
            "summary": {key for run in runs for key in run.summary},
            "config": {key for run in runs for key in run.config},
        }

    def field(self, key: str) -> str:
        """Return the field that a key means; InvalidValueError if no run has such a one."""
        for bag, keys in self._bags.items():
            if key in keys:
                return f"{bag}.{key}"
        bag, dot, rest = key.partition(".")
        if key in FIELDS or (dot and rest in self._bags.get(bag, ())):
            return key
        known = sorted({*FIELDS}.union(*self._bags.values()))
        raise InvalidValueError(f"No run has {key!r}; {nearest(key, known)}")


def _chosen(keys: _Keys, runs: Sequence[RunRecord], texts: Sequence[str]) -> list[RunRecord]:
    conditions = [_condition(keys, text) for text in texts]
    return list(filter(run_filter({"$and": conditions} if conditions else None), runs))


def _condition(keys: _Keys, text: str) -> dict[str, Any]:
    """Return the filter that a condition such as ``loss<0.5`` means."""
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise InvalidValueError(f"--where {text!r} is no condition; write KEY=VALUE or KEY<0.5")
    key, operator, value = found.groups()
    return {keys.field(key): {_OPERATORS[operator]: _value(value)}}


def _value(text: str) -> Any:
    plain = {"true": True, "false": False, "none": None, "null": None}
    if text.lower() in plain:
        return plain[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text.strip("'\"")


def _said(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.5g}" if isinstance(value, float) else shortened(value, _LONGEST)
