"""What `define_metric` says of logged numbers: how they are summed up, and against what.

A **rule** is for one metric, or, with ``*`` at its end, for all whose name begins so. A
rule for the metric itself wins over one with a star, the longer star over the shorter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from artnb.errors import InvalidValueError, nearest

__all__ = ["MODES", "MetricRule", "Metrics", "step_metric_of"]

MODES = ("min", "max", "mean", "first", "last", "best", "none", "copy")
"""``best`` is the least or the most, as the goal says.

``copy`` is W&B's word for the default: the last value, without a mapping around it."""

_GOALS = ("minimize", "maximize")


@dataclass(frozen=True, slots=True)
class MetricRule:
    """One call of `define_metric`.

    Attributes
    ----------
    name : str
        A metric, or the beginning of several with ``*`` behind it.
    step_metric : str or None
        The logged number that the charts of these metrics have as x.
    summary : tuple of str
        Of `MODES`; empty stands for the last value.
    goal : {'minimize', 'maximize'} or None
        Which value is the best.
    """

    name: str
    step_metric: str | None = None
    summary: tuple[str, ...] = ()
    goal: str | None = None

    @classmethod
    def checked(
        cls, name: str, step_metric: str | None, summary: str | None, goal: str | None = None
    ) -> MetricRule:
        """Return the rule of a call.

        Raises
        ------
        InvalidValueError
            The name has a star elsewhere than at its end, a mode does not exist, or ``best``
            has no goal.
        """
        if not isinstance(name, str) or not name:
            raise InvalidValueError(f"define_metric: the name must be text, got {name!r}.")
        if "*" in name[:-1]:
            raise InvalidValueError(f"define_metric: {name!r} has a * before its end. Use 'val/*'.")
        modes = tuple(mode.strip() for mode in summary.split(",")) if summary else ()
        for mode in modes:
            if mode not in MODES:
                raise InvalidValueError(
                    f"define_metric: summary {mode!r} does not exist; {nearest(mode, MODES)}"
                )
        if goal is not None and goal not in _GOALS:
            raise InvalidValueError(f"define_metric: goal {goal!r}; {nearest(goal, _GOALS)}")
        if "best" in modes and goal is None:
            raise InvalidValueError(
                f"define_metric: the best {name!r} is the least with goal='minimize', the most "
                "with goal='maximize'. Say which."
            )
        return cls(name, step_metric, modes, goal)

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> MetricRule:
        """Return the rule that a run's record keeps."""
        modes = tuple(rule.get("summary", ()))
        return cls(rule["name"], rule.get("step_metric"), modes, rule.get("goal"))

    def matches(self, key: str) -> bool:
        """Return whether the rule speaks of a metric."""
        return key.startswith(self.name[:-1]) if self.name.endswith("*") else key == self.name


class Metrics:
    """The rules of a run, and what they need of the numbers so far."""

    def __init__(self) -> None:
        self._rules: dict[str, MetricRule] = {}
        self._seen: dict[str, _Seen] = {}

    def add(self, rule: MetricRule, *, overwrite: bool = True) -> MetricRule:
        """Add a rule and return it; one of the same name holds where this says nothing.

        Parameters
        ----------
        overwrite : bool
            Let it hold nowhere.
        """
        before = self._rules.get(rule.name)
        if before is not None and not overwrite:
            rule = replace(
                rule,
                step_metric=rule.step_metric or before.step_metric,
                summary=rule.summary or before.summary,
                goal=rule.goal or before.goal,
            )
        self._rules[rule.name] = rule
        return rule

    def rule(self, key: str) -> MetricRule | None:
        """Return the rule that holds for a metric."""
        return _best(list(self._rules.values()), key)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rules as the run's record keeps them."""
        return [{**asdict(rule), "summary": list(rule.summary)} for rule in self._rules.values()]

    def note(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the summary takes of values just logged; of histograms it takes none."""
        # They are long, and the summary is written each second.
        values = {k: v for k, v in values.items() if type(v) is not dict or not _is_histogram(v)}
        if not self._rules:
            return values
        taken = {}
        for key, value in values.items():
            rule = self.rule(key)
            if rule is None or not rule.summary or rule.summary == ("copy",):
                taken[key] = value
            elif isinstance(value, (int, float)) and "none" not in rule.summary:
                seen = self._seen.setdefault(key, _Seen(value))
                seen.take(value)
                taken[key] = {m: seen.by(m, rule.goal) for m in rule.summary if m != "copy"}
        return taken


def step_metric_of(rules: list[Mapping[str, Any]], key: str) -> str | None:
    """Return the x of a metric's chart by the rules of a run's record, or None."""
    found = _best(list(map(MetricRule.from_json, rules)), key)
    return found.step_metric if found and found.step_metric != key else None


def _is_histogram(value: Mapping[str, Any]) -> bool:
    return value.get("_type") == "histogram"


def _best(rules: list[MetricRule], key: str) -> MetricRule | None:
    fitting = [rule for rule in rules if rule.matches(key)]
    return max(fitting, key=lambda rule: (rule.name == key, len(rule.name)), default=None)


class _Seen:
    """A metric's numbers so far; nan counts for nothing but first and last."""

    def __init__(self, first: float) -> None:
        self.first = self.last = first
        self.min: float | None = None
        self.max: float | None = None
        self._sum, self._count = 0.0, 0

    def take(self, value: float) -> None:
        self.last = value
        if math.isnan(value):
            return
        self.min = value if self.min is None else min(self.min, value)
        self.max = value if self.max is None else max(self.max, value)
        self._sum, self._count = self._sum + value, self._count + 1

    def by(self, mode: str, goal: str | None) -> float | None:
        if mode == "best":
            return self.min if goal == "minimize" else self.max
        found: float | None = getattr(self, mode)
        return found

    @property
    def mean(self) -> float | None:
        return self._sum / self._count if self._count else None
