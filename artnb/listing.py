"""The lists of ls and runs, on the command line and in a notebook alike: rows of text."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.filters import FIELDS, ordered_runs, read_field, run_filter
from artnb.model import RunRecord, VersionRecord
from artnb.repository import Repository
from artnb.sizes import size_text

__all__ = ["RUNS", "Listing", "list_artifacts", "list_runs", "list_versions", "runs_options"]

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
        grid = [self.columns, *self.rows] if self.rows else []
        widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in grid
        ]
        return [*lines, self.foot] if self.foot else lines


def list_artifacts(repository: Repository, project: str, said: Moment) -> Listing:
    """Return the artifacts of a project, each with its newest version."""
    rows = []
    for collection in repository.collections(project):
        newest = repository.versions(project, collection.name)[0]
        facts = (collection.type, newest.version, size_text(newest.size))
        rows.append((collection.name, *facts, said(newest.created_at)))
    return Listing(("artifact", "type", "newest", "size", "made"), rows)


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


def list_runs(
    repository: Repository, project: str, options: argparse.Namespace, said: Moment
) -> Listing:
    """Return runs with what they used and logged, their metrics and settings.

    Parameters
    ----------
    options
        As `runs_options` has them. A key is the name of a metric in the summary, of a setting
        in the config, or of a field such as ``state``; where two of these are called so, of
        the first. ``summary.KEY`` and ``config.KEY`` say which.

    Raises
    ------
    InvalidValueError
        No run has such a key, or a condition is none.
    """
    every = repository.runs(project)
    conditions = _conditions(every, options.where)
    runs = list(filter(run_filter({"$and": conditions} if conditions else None), every))
    if options.sort:
        downwards = options.sort.startswith("-")
        name = _field(every, options.sort.lstrip("+-"))
        runs = ordered_runs(runs, f"-{name}" if downwards else name)
    shown = runs[: options.last] if options.last > 0 else runs
    wanted = [key.strip() for key in options.show.split(",")] if options.show else None
    fields = [_field(every, key) for key in wanted] if wanted else _telling(shown)
    heads = wanted or [name.partition(".")[2] for name in fields]
    rows = [_row(repository, run, fields, said) for run in shown]
    more = len(runs) - len(shown)
    return Listing(
        ("run", "id", "job type", "state", *heads, "used", "logged", "began"),
        rows,
        f"and {more:,} more: --last 0" if more else "",
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


def _field(runs: Sequence[RunRecord], key: str) -> str:
    """Return the field that a key means."""
    bags: Mapping[str, set[str]] = {
        "summary": {each for run in runs for each in run.summary},
        "config": {each for run in runs for each in run.config},
    }
    for bag, keys in bags.items():
        if key in keys:
            return f"{bag}.{key}"
    bag, dot, rest = key.partition(".")
    if key in FIELDS or (dot and rest in bags.get(bag, ())):
        return key
    known = sorted({*bags["summary"], *bags["config"], *FIELDS})
    raise InvalidValueError(f"No run has {key!r}; {nearest(key, known)}")


def _conditions(runs: Sequence[RunRecord], texts: Iterable[str]) -> list[dict[str, Any]]:
    """Return the filters that conditions such as ``loss<0.5`` mean."""
    filters = []
    for text in texts:
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise InvalidValueError(f"--where {text!r} is no condition; write KEY=VALUE or KEY<0.5")
        key, operator, value = found.groups()
        filters.append({_field(runs, key): {_OPERATORS[operator]: _value(value)}})
    return filters


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
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
