"""`define_metric`: what the summary takes of a metric, and what its chart has as x."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import artnb
from artnb.errors import InvalidValueError, NoRunError, RunFinishedError
from artnb.metrics import MetricRule, Metrics, step_metric_of
from artnb.repository import open_repository
from artnb.widgets.describe import describe


def logged(rules, *values, key="loss"):
    """Return what a summary holds after some values of one metric."""
    metrics, summary = Metrics(), {}
    for rule in rules:
        metrics.add(MetricRule.checked(*rule))
    for value in values:
        summary.update(metrics.note({key: value}))
    return summary


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (None, 2.0),
        ("copy", 2.0),
        ("last", {"last": 2.0}),
        ("first", {"first": 3.0}),
        ("min", {"min": 1.0}),
        ("max", {"max": 3.0}),
        ("mean", {"mean": 2.0}),
        ("min, max", {"min": 1.0, "max": 3.0}),
    ],
)
def test_the_summary_is_as_the_rule_says(mode, expected):
    assert logged([("loss", None, mode)], 3.0, 1.0, 2.0) == {"loss": expected}


def test_none_keeps_the_metric_out():
    assert logged([("loss", None, "none")], 1.0) == {}


def test_a_metric_without_a_rule_is_its_last_value():
    assert logged([("other", None, "min")], 1.0, 2.0) == {"loss": 2.0}


def test_the_nearest_rule_wins():
    rules = [("*", None, "min"), ("val/*", None, "max"), ("val/loss", None, "first")]
    assert logged(rules, 2.0, 1.0, 3.0, key="val/loss") == {"val/loss": {"first": 2.0}}
    assert logged(rules, 2.0, 1.0, 3.0, key="val/acc") == {"val/acc": {"max": 3.0}}
    assert logged(rules, 2.0, 1.0, 3.0, key="acc") == {"acc": {"min": 1.0}}


@given(st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), min_size=1))
def test_min_max_and_mean_pass_over_nan(values):
    (found,) = logged([("loss", None, "min,max,mean")], *values).values()
    numbers = [value for value in values if not math.isnan(value)]
    if not numbers:
        assert found == {"min": None, "max": None, "mean": None}
    else:
        assert (found["min"], found["max"]) == (min(numbers), max(numbers))
        assert found["mean"] == pytest.approx(sum(numbers) / len(numbers))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a*b", None, None), r"before its end"),
        (("", None, None), "must be text"),
        ((3, None, None), "must be text"),
        (("loss", None, "minn"), "did you mean 'min'"),
    ],
)
def test_a_wrong_rule_is_refused(arguments, said):
    with pytest.raises(InvalidValueError, match=said):
        MetricRule.checked(*arguments)


def test_the_run_keeps_its_rules_and_the_chart_follows_them():
    with artnb.init(project="p") as run:
        artnb.define_metric("epoch")
        artnb.define_metric("val/*", step_metric="epoch", summary="max")
        for epoch, accuracy in ((0, 0.5), (1, 0.9), (2, 0.7)):
            run.log({"epoch": epoch})
            run.log({"train": 1.0})
            run.log({"val/accuracy": accuracy})
    assert run.summary["val/accuracy"] == {"max": 0.9}
    charts = {c["key"]: c for c in describe(open_repository(), f"r:{run.id}")["charts"]}
    assert charts["val/accuracy"]["x"] == [0, 1, 2]
    assert charts["val/accuracy"]["y"] == [0.5, 0.9, 0.7]
    assert charts["train"]["x"] == [1, 4, 7]
    assert charts["epoch"]["x"] == [0, 3, 6]


def test_a_metric_is_not_its_own_x():
    assert step_metric_of([{"name": "*", "step_metric": "epoch"}], "epoch") is None
    assert step_metric_of([{"name": "*", "step_metric": "epoch"}], "loss") == "epoch"


def test_it_needs_an_open_run():
    with pytest.raises(NoRunError):
        artnb.define_metric("loss")
    with artnb.init(project="p") as run:
        pass
    with pytest.raises(RunFinishedError):
        run.define_metric("loss")
