"""Which runs, in which order: W&B's filters, which are MongoDB's, over records of runs.

They are answered in Python: what they ask of is text in the catalogue, which each database
would compare by rules of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.model import RunRecord

__all__ = ["ABSENT", "FIELDS", "ordered_runs", "read_field", "run_filter", "value_at"]

Test = Callable[[RunRecord], bool]
Read = Callable[[RunRecord], Any]

ABSENT = object()
"""What `value_at` returns where there is nothing."""

# W&B's `name` is the id; what people call a run is its `display_name`.
FIELDS: Mapping[str, Read] = {
    "name": lambda run: run.id,
    "id": lambda run: run.id,
    "display_name": lambda run: run.name,
    "number": lambda run: run.number,
    "project": lambda run: run.project,
    "state": lambda run: run.state,
    "job_type": lambda run: run.job_type,
    "group": lambda run: run.group,
    "tags": lambda run: list(run.tags),
    "notes": lambda run: run.notes,
    "host": lambda run: run.host,
    "commit": lambda run: run.git_commit,
    "created_at": lambda run: run.created_at,
    "finished_at": lambda run: run.finished_at,
    "heartbeat_at": lambda run: run.heartbeat_at,
    "duration": lambda run: None if run.finished_at is None else run.finished_at - run.created_at,
}
_OTHER_NAMES = {
    "displayName": "display_name",
    "jobType": "job_type",
    "createdAt": "created_at",
    "finishedAt": "finished_at",
    "heartbeatAt": "heartbeat_at",
}
_TIMES = ("created_at", "finished_at", "heartbeat_at")
_MAPPINGS: Mapping[str, Callable[[RunRecord], Mapping[str, Any]]] = {
    "config": lambda run: run.config,
    "summary_metrics": lambda run: run.summary,
    "summary": lambda run: run.summary,
}


def run_filter(filters: Mapping[str, Any] | None) -> Test:
    """Return what says of a run whether the filters let it through.

    Raises
    ------
    InvalidValueError
        A field or operator is not known, or its value is of no use; the message names both.
    """
    if filters is None:
        return _all_of(())
    if not isinstance(filters, Mapping):
        raise InvalidValueError(
            f"filters={filters!r} is no dict of fields; write {{'state': 'finished'}}."
        )
    return _all_of([_condition(key, wanted) for key, wanted in filters.items()])


def ordered_runs(runs: Iterable[RunRecord], order: str) -> list[RunRecord]:
    """Return runs by a field, from small to great, or with ``-`` before it from great to small.

    Those that do not have it come last.

    Raises
    ------
    InvalidValueError
        The field is not known.
    """
    _, read = _field(order[1:] if order.startswith(("+", "-")) else order)
    keyed = [(_sort_key(read(run)), run) for run in runs]
    having = [(key, run.number, run) for key, run in keyed if key is not None]
    having.sort(key=lambda each: each[:2], reverse=order.startswith("-"))
    return [run for *_, run in having] + [run for key, run in keyed if key is None]


def read_field(run: RunRecord, name: str) -> Any:
    """Return a run's field, such as ``state`` or ``summary.loss``; None where it has none.

    Raises
    ------
    InvalidValueError
        The field is not known.
    """
    found = _field(name)[1](run)
    return None if found is ABSENT else found


# conditions ---------------------------------------------------------------------------


def _condition(key: str, wanted: Any) -> Test:
    if key in _GROUPS:
        if not isinstance(wanted, Sequence) or isinstance(wanted, str) or not wanted:
            raise InvalidValueError(f"{key} wants a list of filters, not {wanted!r}.")
        return _GROUPS[key]([run_filter(each) for each in wanted])
    if isinstance(key, str) and key.startswith("$"):
        raise InvalidValueError(
            f"filters: {key!r} cannot stand here; of groups there are {', '.join(_GROUPS)}, and a "
            f"field has its operators inside: {{'config.lr': {{'$gt': 0.1}}}}."
        )
    name, read = _field(key)
    tests = _value_tests(name, wanted)
    return lambda run: all(test(read(run)) for test in tests)


def _all_of(tests: Sequence[Test]) -> Test:
    return lambda run: all(test(run) for test in tests)


def _any_of(tests: Sequence[Test]) -> Test:
    return lambda run: any(test(run) for test in tests)


def _none_of(tests: Sequence[Test]) -> Test:
    return lambda run: not any(test(run) for test in tests)


_GROUPS: Mapping[str, Callable[[Sequence[Test]], Test]] = {
    "$and": _all_of,
    "$or": _any_of,
    "$nor": _none_of,
}


def _value_tests(name: str, wanted: Any) -> list[Callable[[Any], bool]]:
    """Return what a field's value has to pass: each operator, or equality."""
    operators = isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted)
    if not operators:
        return [_operator(name, "$eq", wanted)]
    return [_operator(name, operator, operand) for operator, operand in wanted.items()]


def _operator(name: str, operator: str, operand: Any) -> Callable[[Any], bool]:
    if operator == "$not":
        tests = _value_tests(name, operand)
        return lambda value: not all(test(value) for test in tests)
    if operator not in _OPERATORS:
        known = [*_OPERATORS, "$not"]
        raise InvalidValueError(
            f"filters: {name!r} has the operator {operator!r}, which does not exist; "
            f"{nearest(operator, known)} There are {', '.join(known)}."
        )
    if name in _TIMES and operator != "$exists":
        operand = _seconds_in(name, operand)
    return _OPERATORS[operator](name, operand)


def _equal(name: str, operand: Any) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        if operand is None:
            return value is None or value is ABSENT
        return _same(value, operand) or any(_same(each, operand) for each in _elements(value))

    return test


def _one_of(name: str, operand: Any) -> Callable[[Any], bool]:
    if isinstance(operand, (str, Mapping)) or not isinstance(operand, Iterable):
        raise InvalidValueError(f"filters: {name!r} wants a list of values, not {operand!r}.")
    tests = [_equal(name, each) for each in operand]
    return lambda value: any(test(value) for test in tests)


def _but(of: Callable[[str, Any], Callable[[Any], bool]]) -> Callable[..., Callable[[Any], bool]]:
    def make(name: str, operand: Any) -> Callable[[Any], bool]:
        test = of(name, operand)
        return lambda value: not test(value)

    return make


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[..., Callable[[Any], bool]]:
    def make(name: str, operand: Any) -> Callable[[Any], bool]:
        bound = _sort_key(operand)
        if bound is None:
            raise InvalidValueError(
                f"filters: {name!r} is compared with {operand!r}; compare with a number or text."
            )

        def test(value: Any) -> bool:
            keys = (_sort_key(each) for each in (value, *_elements(value)))
            # Of one kind only: no number is greater than a text.
            return any(
                key is not None and key[0] == bound[0] and compare(key, bound) for key in keys
            )

        return test

    return make


def _exists(name: str, operand: Any) -> Callable[[Any], bool]:
    return lambda value: (value is not None and value is not ABSENT) == bool(operand)


def _matching(name: str, operand: Any) -> Callable[[Any], bool]:
    try:
        pattern = re.compile(operand)
    except (re.error, TypeError) as error:
        raise InvalidValueError(
            f"filters: {name!r} has the $regex {operand!r}, which is none ({error})."
        ) from None
    return lambda value: any(
        isinstance(each, str) and pattern.search(each) is not None
        for each in (value, *_elements(value))
    )


_OPERATORS: Mapping[str, Callable[[str, Any], Callable[[Any], bool]]] = {
    "$eq": _equal,
    "$ne": _but(_equal),
    "$gt": _compared(lambda a, b: a > b),
    "$gte": _compared(lambda a, b: a >= b),
    "$lt": _compared(lambda a, b: a < b),
    "$lte": _compared(lambda a, b: a <= b),
    "$in": _one_of,
    "$nin": _but(_one_of),
    "$exists": _exists,
    "$regex": _matching,
}


# fields and values --------------------------------------------------------------------


def _field(name: str) -> tuple[str, Read]:
    """Return a field's own name, and what reads it."""
    name = _OTHER_NAMES.get(name, name)
    if name in FIELDS:
        return name, FIELDS[name]
    mapping, dot, path = str(name).partition(".")
    if mapping in _MAPPINGS and dot and path:
        of = _MAPPINGS[mapping]
        return name, lambda run: value_at(of(run), path)
    known = [*FIELDS, *(f"{mapping}.KEY" for mapping in _MAPPINGS)]
    raise InvalidValueError(
        f"A run has no field {name!r} to filter or order by; {nearest(name, known)} There are "
        f"{', '.join(known)}."
    )


def value_at(values: Any, path: str) -> Any:
    """Return what is at a dotted path; a key may have dots itself, and ``.value`` at its end."""
    if not isinstance(values, Mapping):
        return ABSENT
    if path in values:
        return values[path]
    parts = path.split(".")
    for n in range(len(parts) - 1, 0, -1):
        key, rest = ".".join(parts[:n]), ".".join(parts[n:])
        if key in values:
            found = value_at(values[key], rest)
            return values[key] if found is ABSENT and rest == "value" else found
    return ABSENT


def _elements(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(other, tuple):
        other = list(other)
    return bool(one == other)


def _sort_key(value: Any) -> tuple[int, Any] | None:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, (int, float)):
        return (0, value) if value == value else None  # no place for NaN
    return (1, value) if isinstance(value, str) else None


def _seconds_in(name: str, operand: Any) -> Any:
    """Return times as the catalogue has them: seconds since the epoch."""
    if isinstance(operand, (list, tuple, set)):
        return [_seconds_in(name, each) for each in operand]
    if isinstance(operand, str):
        try:
            operand = datetime.fromisoformat(operand)
        except ValueError:
            raise InvalidValueError(
                f"filters: {name!r} is compared with {operand!r}, which is no time; write "
                "'2026-01-31T12:00:00Z' or a datetime."
            ) from None
    if isinstance(operand, datetime):
        # As W&B's: without a zone it is UTC.
        return (operand if operand.tzinfo else operand.replace(tzinfo=UTC)).timestamp()
    return operand
