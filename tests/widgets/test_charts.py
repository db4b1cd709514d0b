"""The lines of a run's numbers: by step and time, thinned without losing a peak or a gap."""

from __future__ import annotations

import json
import math
import random

import pytest

from artnb.widgets.charts import charts


def lines(rows, rules=(), began=100.0):
    found = charts(rows, list(rules), began)
    json.dumps(found, allow_nan=False)
    return {chart["key"]: chart for chart in found}


def test_each_number_has_step_time_and_value():
    rows = [{"_step": n, "_timestamp": 100.5 + n, "loss": 1 / (n + 1)} for n in range(3)]
    assert lines(rows)["loss"] == {
        "key": "loss", "x": [0, 1, 2], "t": [0.5, 1.5, 2.5], "y": [1.0, 0.5, 1 / 3],
    }  # fmt: skip


def test_rows_without_a_time_begin_with_the_run():
    rows = [{"_step": 0, "a": 1}, {"_step": 1, "_timestamp": "x", "a": 2}]
    assert lines(rows)["a"]["t"] == [0, 0]


@pytest.mark.parametrize("count", [1, 2, 1_999, 2_000, 2_001, 100_000])
def test_a_long_line_is_thinned_and_keeps_its_ends_and_order(count):
    chart = lines([{"_step": n, "x": n} for n in range(count)])["x"]
    assert min(count, 1_000) <= len(chart["x"]) <= 2_001
    assert (chart["x"][0], chart["x"][-1]) == (0, count - 1)
    assert chart["x"] == chart["y"] == sorted(set(chart["x"]))


def test_peaks_and_gaps_of_a_long_line_stay():
    rng = random.Random(1)
    y = [rng.random() for _ in range(100_000)]
    y[31_234], y[62_345], y[77_777] = 50.0, -50.0, math.nan
    chart = lines([{"_step": n, "x": v} for n, v in enumerate(y)])["x"]
    found = dict(zip(chart["x"], chart["y"], strict=True))
    assert (found[31_234], found[62_345], found[77_777]) == (50.0, -50.0, None)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_a_long_line_without_any_number_is_all_gaps(value):
    chart = lines([{"_step": n, "x": value} for n in range(5_000)])["x"]
    assert set(chart["y"]) == {None}
    assert len(chart["x"]) <= 2_001


def test_many_numbers_have_fewer_points_each():
    rows = [{"_step": n, **{f"m{k}": n for k in range(400)}} for n in range(1_500)]
    found = lines(rows)
    assert len(found) == 400
    assert all(200 <= len(chart["x"]) <= 502 for chart in found.values())


def test_another_number_as_axis_is_sorted_and_not_finite_ones_give_way_to_the_step():
    rules = [{"name": "loss", "step_metric": "epoch"}]
    rows = [{"_step": 0, "epoch": 5, "loss": 1}, {"_step": 1, "epoch": math.nan, "loss": 2},
            {"_step": 2, "epoch": 0.5, "loss": 3}]  # fmt: skip
    chart = lines(rows, rules)["loss"]
    assert (chart["x"], chart["y"]) == ([0.5, 1, 5], [3, 2, 1])


def test_hostile_names_are_names():
    rows = [{"_step": 0, "<img src=x onerror=alert(1)>": 1, "__proto__": 2, "": 3, "_hidden": 4}]
    assert set(lines(rows)) == {"<img src=x onerror=alert(1)>", ""}
