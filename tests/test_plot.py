"""`artnb.plot`: tables, and how they are drawn."""

import numpy as np
import pytest

import artnb
from artnb.errors import InvalidValueError
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.widgets.describe import describe

TABLE = artnb.Table(["x", "y", "who"], [[2, 20.0, "b"], [1, 10.0, "a"], [3, 30.0, "a"]])


def drawn(chart):
    with artnb.init(project="demo") as run:
        run.log({"loss": 1.0, "chart": chart})
    details = describe(open_repository(), run_node(run.id))
    charts = [each for each in details["charts"] if each["key"] != "loss"]
    assert [table["key"] for table in details["tables"]] == ["chart"]
    assert all(each["step"] == 0 for each in charts)
    return [(each["key"], each["draw"], each["x"], each["y"]) for each in charts]


def test_lines_points_and_counts_are_drawn():
    plot = artnb.plot
    assert drawn(plot.line(TABLE, "x", "y")) == [("chart", "line", [1, 2, 3], [10, 20, 30])]
    assert drawn(plot.line(TABLE, "x", "y", stroke="who")) == [
        ("chart · b", "line", [2], [20]),
        ("chart · a", "line", [1, 3], [10, 30]),
    ]
    assert drawn(plot.scatter(TABLE, "x", "y")) == [("chart", "points", [1, 2, 3], [10, 20, 30])]
    ((key, draw, x, y),) = drawn(plot.histogram(TABLE, "x"))
    assert (key, draw, len(x), sum(y)) == ("chart", "bars", 64, 3)


def named(chart):
    with artnb.init(project="demo") as run:
        run.log({"chart": chart})
    (found,) = describe(open_repository(), run_node(run.id))["charts"]
    return {key: found[key] for key in ("draw", "labels", "y", "counts") if key in found}


def test_bars_have_their_labels_and_those_of_one_are_added():
    assert named(artnb.plot.bar(TABLE, "who", "y")) == {
        "draw": "labels", "labels": ["b", "a"], "y": [20.0, 40.0],
    }  # fmt: skip
    odd = artnb.Table(["n", "v"], [[1, None], [2, float("nan")], [2, 3]])
    assert named(artnb.plot.bar(odd, "n", "v"))["y"] == [None, 3]
    many = artnb.Table(["n", "v"], [[n, n] for n in range(300)])
    assert named(artnb.plot.bar(many, "n", "v"))["labels"] == [str(n) for n in range(100)]


def test_a_matrix_has_the_counts_of_its_classes():
    chart = artnb.plot.confusion_matrix(
        y_true=[0, 0, 1], preds=[0, 1, 1], class_names=["cat", "dog"]
    )
    wanted = {"draw": "matrix", "labels": ["cat", "dog"], "y": [], "counts": [[1, 1], [0, 1]]}
    assert named(chart) == wanted
    same = artnb.plot_table("wandb/confusion_matrix/v1", chart.table, chart.fields)
    assert named(same) == wanted


def test_a_chart_of_wandbs_server_is_drawn_where_it_is_a_known_one():
    assert drawn(artnb.plot.plot_table("me/mine", TABLE, {"x": "x"}, {"title": "t"})) == []
    line = artnb.plot_table("wandb/line/v0", TABLE, {"x": "x", "y": "y"})
    assert drawn(line) == [("chart", "line", [1, 2, 3], [10, 20, 30])]
    two = artnb.Table(["x", "y"], [[1, 2.0]])
    assert drawn(artnb.plot.visualize("wandb/scatter/v0", two)) == [("chart", "points", [1], [2.0])]
    assert drawn(artnb.plot_table("wandb/bar/v0", TABLE, {"x": "x"})) == []  # no such axis


def test_what_is_no_number_is_left_out_of_a_chart():
    table = artnb.Table(["x", "y"], [[1, float("nan")], [None, 2.0], [2, 3.0]])
    assert drawn(artnb.plot.line(table, "x", "y")) == [("chart", "line", [2], [3.0])]
    assert drawn(artnb.plot.scatter(artnb.Table(["x", "y"]), "x", "y")) == []


def test_a_long_line_is_thinned():
    table = artnb.Table(["x", "y"], [[n, n] for n in range(10_000)])
    ((_, _, x, _),) = drawn(artnb.plot.line(table, "x", "y"))
    assert len(x) == 2_000


def test_a_series_of_lines():
    chart = artnb.plot.line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"], xname="step")
    assert chart.table.columns == ["step", "lineKey", "lineVal"]
    assert drawn(chart) == [
        ("chart · a", "line", [0, 1], [1, 2]),
        ("chart · b", "line", [0, 1], [3, 4]),
    ]
    apart = artnb.plot.line_series([[0, 1], [5, 6]], [[1, 2], [3, 4]])
    assert [row[:2] for row in apart.table.data] == [
        [0, "line_0"], [1, "line_0"], [5, "line_1"], [6, "line_1"],
    ]  # fmt: skip
    with pytest.raises(InvalidValueError, match="2 xs, 1 ys"):
        artnb.plot.line_series([[0], [1]], [[1]])


def test_a_confusion_matrix_counts():
    chart = artnb.plot.confusion_matrix(
        y_true=[0, 1, 1, 1], preds=np.array([0, 1, 0, 1]), class_names=["cat", "dog"]
    )
    assert chart.table.data == [
        ["cat", "cat", 1], ["cat", "dog", 0], ["dog", "cat", 1], ["dog", "dog", 2],
    ]  # fmt: skip
    probs = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]]
    by_probs = artnb.plot.confusion_matrix(
        probs=probs, y_true=[0, 1, 1, 1], class_names=["cat", "dog"]
    )
    assert by_probs.table == chart.table
    labels = artnb.plot.confusion_matrix(y_true=["b", "a"], preds=["a", "a"]).table
    assert labels.data[0] == ["Class_1", "Class_1", 1]
    for given, said in [
        ({"y_true": [0], "preds": [0, 1]}, "2 predictions for 1"),
        ({"y_true": [2], "preds": [0], "class_names": ["a"]}, "the class 2"),
        ({"y_true": [0]}, "either probs or preds"),
    ]:
        with pytest.raises(InvalidValueError, match=said):
            artnb.plot.confusion_matrix(**given)


def scores():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 60)
    raw = rng.random((60, 3)).round(1) + np.eye(3)[true] * 0.3  # with equal scores
    return true, raw / raw.sum(axis=1, keepdims=True)


def test_roc_curves_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    true, found = scores()
    table = artnb.plot.roc_curve(true, found, labels=["a", "b", "c"]).table
    for n, name in enumerate("abc"):
        fpr, tpr, _ = metrics.roc_curve(true, found[:, n], pos_label=n, drop_intermediate=False)
        mine = [row[1:] for row in table.data if row[0] == name]
        assert mine == [
            [round(float(a), 3), round(float(b), 3)] for a, b in zip(fpr, tpr, strict=True)
        ]


def test_precision_is_the_best_at_a_recall():
    metrics = pytest.importorskip("sklearn.metrics")
    true, found = scores()
    table = artnb.plot.pr_curve(true, found, classes_to_plot=[1]).table
    assert {row[0] for row in table.data} == {"1"}
    precision, recall, _ = metrics.precision_recall_curve(true, found[:, 1], pos_label=1)
    for _, mine, at in table.data:
        best = precision[:-1][recall[:-1] >= at - 1e-12].max()
        assert mine == round(float(best), 3)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InvalidValueError, match="no column 'z'"):
        artnb.plot.line(TABLE, "x", "z")
    with pytest.raises(InvalidValueError, match=r"no artnb\.Table"):
        artnb.plot.bar([[1]], "a", "b")
    with pytest.raises(InvalidValueError, match=r"shape \(2,\)"):
        artnb.plot.roc_curve([0, 1], [0.1, 0.9])
