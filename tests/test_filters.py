"""W&B's filters and orders of runs: what each operator lets through, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from artnb.errors import InvalidValueError
from artnb.filters import ordered_runs, run_filter
from artnb.model import RunRecord

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
RUNS = [
    RunRecord(
        "aa", "p", 1, "calm-owl-1", job_type="train", group="one", tags=("base", "old"),
        config={"lr": 0.1, "deep": {"layers": 2}, "on": True, "a.b": "dots", "sizes": [8, 16]},
        summary={"acc": 0.9, "loss": {"min": 0.2}}, state="finished",
        created_at=NEW_YEAR, finished_at=NEW_YEAR + 60, host="here",
    ),
    RunRecord(
        "bb", "p", 2, "bold-fox-2", job_type="train", tags=("base",), notes="again",
        config={"lr": 0.5, "opt": "adam", "on": 1}, summary={"acc": 0.7}, state="crashed",
        created_at=NEW_YEAR + 3600,
    ),
    RunRecord(
        "cc", "p", 3, "mild-elk-3", job_type="load", config={"lr": "fast", "none": None},
        summary={"acc": float("nan")}, state="running", created_at=NEW_YEAR + 7200,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "passing"),
    [
        (None, "aa bb cc"),
        ({}, "aa bb cc"),
        ({"state": "finished"}, "aa"),
        ({"state": "finished", "job_type": "load"}, ""),
        ({"jobType": "train"}, "aa bb"),
        ({"name": "bb"}, "bb"),
        ({"display_name": {"$regex": "^bold|elk"}}, "bb cc"),
        ({"displayName": "calm-owl-1"}, "aa"),
        ({"group": None}, "bb cc"),
        ({"notes": {"$exists": True}}, "bb"),
        ({"notes": {"$exists": False}}, "aa cc"),
        ({"config.lr": 0.1}, "aa"),
        ({"config.lr": {"$gt": 0.1}}, "bb"),
        ({"config.lr": {"$gte": 0.1, "$lt": 0.5}}, "aa"),
        ({"config.lr": {"$lte": 1}}, "aa bb"),
        ({"config.lr": {"$gt": "a"}}, "cc"),
        ({"config.lr": {"$ne": 0.1}}, "bb cc"),
        ({"config.lr": {"$in": [0.1, "fast"]}}, "aa cc"),
        ({"config.lr": {"$nin": [0.1, "fast"]}}, "bb"),
        ({"config.lr": {"$not": {"$gt": 0.1}}}, "aa cc"),
        ({"config.lr.value": 0.5}, "bb"),
        ({"config.opt": {"$ne": "adam"}}, "aa cc"),
        ({"config.opt": {"$exists": True}}, "bb"),
        ({"config.none": None}, "aa bb cc"),
        ({"config.deep.layers": 2}, "aa"),
        ({"config.deep": {"layers": 2}}, "aa"),
        ({"config.a.b": "dots"}, "aa"),
        ({"config.on": True}, "aa"),
        ({"config.on": 1}, "bb"),
        ({"config.sizes": 16}, "aa"),
        ({"config.sizes": [8, 16]}, "aa"),
        ({"config.sizes": {"$gt": 8}}, "aa"),
        ({"tags": "base"}, "aa bb"),
        ({"tags": {"$in": ["old", "new"]}}, "aa"),
        ({"tags": {"$nin": ["old"]}}, "bb cc"),
        ({"tags": {"$regex": "^ol"}}, "aa"),
        ({"summary_metrics.acc": {"$gt": 0.8}}, "aa"),
        ({"summary.loss.min": {"$lt": 1}}, "aa"),
        ({"duration": {"$gte": 60}}, "aa"),
        ({"created_at": {"$gt": "2026-01-01T00:30:00Z"}}, "bb cc"),
        ({"createdAt": {"$lte": datetime(2026, 1, 1, 1, tzinfo=UTC)}}, "aa bb"),
        ({"created_at": {"$gte": datetime(2026, 1, 1, 2)}}, "cc"),
        ({"created_at": {"$in": [NEW_YEAR, "2026-01-01T02:00:00+00:00"]}}, "aa cc"),
        ({"finished_at": {"$exists": False}}, "bb cc"),
        ({"$or": [{"config.lr": 0.1}, {"config.opt": "adam"}]}, "aa bb"),
        ({"$and": [{"tags": "base"}, {"$nor": [{"name": "aa"}, {"name": "cc"}]}]}, "bb"),
        ({"$or": [{"name": "aa"}, {"name": "bb"}], "state": {"$ne": "crashed"}}, "aa"),
    ],
)
def test_the_runs_that_pass(filters, passing):
    passes = run_filter(filters)
    assert " ".join(run.id for run in RUNS if passes(run)) == passing


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("+created_at", "aa bb cc"),
        ("created_at", "aa bb cc"),
        ("-created_at", "cc bb aa"),
        ("-summary_metrics.acc", "aa bb cc"),
        ("+summary_metrics.acc", "bb aa cc"),
        ("+config.lr", "aa bb cc"),
        ("-config.lr.value", "cc bb aa"),
        ("+display_name", "bb aa cc"),
        ("-duration", "aa bb cc"),
    ],
)
def test_the_order(order, ids):
    """What a run does not have, or is no number, comes last; texts come after numbers."""
    assert " ".join(run.id for run in ordered_runs(RUNS, order)) == ids


def test_runs_of_one_moment_are_in_the_order_of_their_numbers():
    same = [run.with_changes(created_at=NEW_YEAR) for run in RUNS]
    assert [run.number for run in ordered_runs(same, "-created_at")] == [3, 2, 1]
    assert [run.number for run in ordered_runs(same[::-1], "+created_at")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("state", r"filters='state' is no dict"),
        ({"stat": "finished"}, r"no field 'stat'.*did you mean 'state'"),
        ({"cofnig.lr": 1}, r"no field 'cofnig\.lr'.*config\.KEY"),
        ({"config": {}}, r"no field 'config' .*config\.KEY"),
        ({"config.lr": {"$gtt": 1}}, r"'config\.lr' has the operator '\$gtt'.*\$gte"),
        ({"config.lr": {"$gt": 1, "other": 2}}, r"the operator 'other', which does not exist"),
        ({"config.lr": {"$gt": None}}, r"compared with None; compare with a number or text"),
        ({"config.lr": {"$in": "ab"}}, r"wants a list of values, not 'ab'"),
        ({"config.lr": {"$regex": "("}}, r"has the \$regex '\(', which is none"),
        ({"created_at": {"$gt": "yesterday"}}, r"'yesterday', which is no time; write '2026"),
        ({"$gt": 1}, r"'\$gt' cannot stand here; of groups there are \$and, \$or, \$nor"),
        ({"$or": {"state": "finished"}}, r"\$or wants a list of filters"),
        ({"$or": []}, r"\$or wants a list of filters"),
        ({"$or": ["finished"]}, r"'finished' is no dict"),
        ({3: 1}, r"no field 3"),
    ],
)
def test_what_cannot_be_filtered_by_is_said(filters, said):
    with pytest.raises(InvalidValueError, match=said):
        run_filter(filters)


def test_an_order_by_what_no_run_has_is_refused_also_where_there_are_no_runs():
    with pytest.raises(InvalidValueError, match=r"no field 'creatd_at'.*did you mean 'created_at'"):
        ordered_runs([], "-creatd_at")


def test_a_time_without_a_zone_is_utc():
    east = datetime(2026, 1, 1, 9, tzinfo=UTC) + timedelta(0)
    assert run_filter({"created_at": {"$lt": east.isoformat()}})(RUNS[0])
    assert not run_filter({"created_at": {"$lt": "2026-01-01T09:00:00+09:00"}})(RUNS[0])
    assert run_filter({"created_at": {"$lte": "2026-01-01T00:00:00"}})(RUNS[0])
