"""Histogram: what it counts, and how a row and the panel have it."""

import math

import numpy as np
import pytest
import torch

import artnb
from artnb.errors import InvalidValueError
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.widgets.describe import describe


@pytest.mark.parametrize(
    "values",
    [
        [1, 2, 2, 3],
        np.array([[1, 2], [2, 3]], dtype=np.float32),
        torch.tensor([1.0, 2, 2, 3], requires_grad=True),
        torch.tensor([1.0, 2, 2, 3], dtype=torch.bfloat16),
    ],
)
def test_it_counts_as_numpy_does(values):
    found = artnb.Histogram(values)
    counts, edges = np.histogram([1, 2, 2, 3], bins=64)
    assert found.histogram == counts.tolist()
    assert found.bins == edges.tolist()
    assert artnb.Histogram(values, num_bins=2).histogram == [1, 3]


def test_what_is_no_number_is_counted_apart():
    found = artnb.Histogram([0.0, 1.0, float("nan"), float("inf")], num_bins=1)
    assert (found.histogram, found.left_out) == ([2], 2)
    assert found.to_json()["leftOut"] == 2
    assert artnb.Histogram([], num_bins=3).histogram == [0, 0, 0]
    assert sum(artnb.Histogram([5.0, 5.0]).histogram) == 2


def test_one_that_is_counted_already_is_taken_as_it_is():
    found = artnb.Histogram(np_histogram=np.histogram([1, 2, 4], bins=[0, 2, 5]))
    assert found.to_json() == {"_type": "histogram", "values": [1, 2], "bins": [0, 2, 5]}
    packed = artnb.Histogram(np_histogram=([1, 2], [0.0, 2.0, 4.0])).to_json()
    assert packed["packedBins"] == {"min": 0.0, "size": 2.0, "count": 2}
    assert "bins" not in packed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give values"),
        ({"sequence": [1], "np_histogram": ([1], [0, 1])}, "give values"),
        ({"np_histogram": ([1], [0])}, "1 counts need 2 edges"),
        ({"np_histogram": ([1], [0, math.inf])}, "finite"),
        ({"np_histogram": ([1],)}, "pair"),
        ({"sequence": [1], "num_bins": 513}, "1 to 512"),
        ({"sequence": ["a"]}, "cannot count this list"),
    ],
)
def test_what_is_no_histogram_is_refused(given, said):
    with pytest.raises(InvalidValueError, match=said):
        artnb.Histogram(**given)


def test_it_is_a_rows_value_and_a_chart_of_bars_but_not_in_the_summary():
    with artnb.init(project="demo") as run:
        for n in range(2):
            run.log({"weights": artnb.Histogram([n, n, n + 4], num_bins=2), "loss": 1.0})
    rows = artnb.Api().run(run.id).history(pandas=False)
    assert [row["weights"]["values"] for row in rows] == [[2, 1], [2, 1]]
    assert artnb.Api().run(run.id).summary == {"loss": 1.0}
    details = describe(open_repository(), run_node(run.id))
    (chart,) = (each for each in details["charts"] if each["key"] == "weights")
    assert chart == {
        "key": "weights", "x": [2.0, 4.0], "y": [2, 1], "step": 1, "draw": "bars",
    }  # fmt: skip


def test_a_worker_puts_none_into_the_summary_either():
    with artnb.init(project="demo") as run:
        value = artnb.Histogram([1]).to_json()
        run._repository.add_worker_row(run.id, {"_timestamp": 1.0, "h": value, "a": 2})
    assert artnb.Api().run(run.id).summary == {"a": 2}
