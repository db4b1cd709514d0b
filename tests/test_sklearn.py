"""`artnb.sklearn`: charts of scikit-learn models by W&B's names, drawn in the panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import artnb
from artnb.errors import InvalidValueError, NoRunError
from artnb.lineage import run_node
from artnb.repository import open_repository
from artnb.table import Table
from artnb.widgets.describe import describe

IRIS = datasets.load_iris(as_frame=True)
X, Y = IRIS.data, IRIS.target
NAMES = list(IRIS.target_names)
RIGHT = Y.to_numpy() < 2  # of two classes


@pytest.fixture
def logged():
    """Call a function in a run; return its tables and its charts, by key."""

    def call(plot, *args, **kwargs):
        with artnb.init(project="demo") as run:
            plot(*args, **kwargs)
        repository = open_repository()
        rows = repository.history(run.id)
        values = {key: value for row in rows for key, value in row.items() if key[0] != "_"}
        tables = {
            key: Table.from_bytes(repository.read_blob(value["sha256"]))
            for key, value in values.items()
        }
        charts = describe(repository, run_node(run.id))["charts"]
        return tables, {chart["key"]: chart for chart in charts}

    return call


def test_all_charts_of_a_classifier(logged):
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)
    tables, charts = logged(
        artnb.sklearn.plot_classifier, model, X, X, Y, Y, model.predict(X), model.predict_proba(X),
        NAMES, log_learning_curve=True,
    )  # fmt: skip
    assert list(tables) == [
        "class_proportions", "learning_curve", "roc", "precision_recall", "feature_importances",
        "confusion_matrix", "summary_metrics",
    ]  # fmt: skip
    assert charts["class_proportions · train"]["labels"] == sorted(NAMES)
    assert charts["class_proportions · test"]["y"] == [50, 50, 50]
    importances = charts["feature_importances"]
    assert set(importances["labels"]) == set(X.columns)
    assert importances["y"] == sorted(importances["y"], reverse=True)
    matrix = charts["confusion_matrix"]
    assert matrix["labels"] == NAMES
    assert np.sum(matrix["counts"]) == 150
    assert np.trace(matrix["counts"]) / 150 == pytest.approx(
        charts["summary_metrics"]["y"][0], abs=1e-3
    )
    assert {f"roc · {name}" for name in NAMES} <= set(charts)
    assert charts["learning_curve · train"]["draw"] == "line"


def test_how_well_a_binary_classifier_is_calibrated(logged):
    model = LogisticRegression().fit(X[RIGHT], Y[RIGHT])
    _, charts = logged(artnb.sklearn.plot_calibration_curve, model, X[RIGHT], Y[RIGHT], "Mine")
    ideal = charts["calibration_curve · Perfectly calibrated"]
    assert (ideal["x"], ideal["y"]) == ([0, 1], [0, 1])
    assert {f"calibration_curve · {n}" for n in ("Logistic", "Mine", "Mine Sigmoid")} <= set(charts)
    # Without probabilities it is judged by its decisions.
    logged(artnb.sklearn.plot_calibration_curve, LinearSVC(), X[RIGHT], Y[RIGHT])


def test_all_charts_of_a_regressor_which_stays_as_it_was_fitted(logged):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    wanted = rows @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=60)
    wanted[7] += 100
    model = Ridge(alpha=0.5).fit(rows[:30], wanted[:30])
    before = model.coef_.copy()
    tables, charts = logged(
        artnb.sklearn.plot_regressor, model, pd.DataFrame(rows), rows, wanted, wanted
    )
    assert set(tables) == {"summary_metrics", "learning_curve", "outlier_candidates", "residuals"}
    assert charts["summary_metrics"]["labels"] == ["mae", "mse", "r2_score"]
    distances = charts["outlier_candidates"]["y"]
    assert max(range(60), key=distances.__getitem__) == 7
    assert tables["outlier_candidates"].get_column("influence_threshold")[0] == 4 / 60
    assert charts["residuals · test"]["draw"] == "points"
    assert len(tables["residuals"]) == 60
    assert (model.coef_ == before).all()


def test_all_charts_of_a_clusterer(logged):
    model = KMeans(n_clusters=3, random_state=0, n_init=1)
    found = model.fit_predict(X)
    tables, charts = logged(artnb.sklearn.plot_clusterer, model, X, found, NAMES)
    assert charts["elbow_curve"]["x"] == [1, 3, 5, 7, 9]
    assert charts["elbow_curve"]["y"] == sorted(charts["elbow_curve"]["y"], reverse=True)
    assert model.n_clusters == 3
    assert {f"silhouette_plot · {name}" for name in NAMES} <= set(charts)
    assert len(tables["silhouette_plot"]) == 150
    _, more = logged(artnb.sklearn.plot_silhouette, model, X)
    assert "silhouette_plot · 0" in more


def test_a_matrix_of_parts_and_of_some_classes(logged):
    plot = artnb.sklearn.plot_confusion_matrix
    _, charts = logged(plot, ["a", "a", "b"], ["a", "b", "b"], normalize=True)
    assert charts["confusion_matrix"]["counts"] == [[0.5, 0.5], [0.0, 1.0]]
    tables, _ = logged(plot, [0, 1, 1], [0, 0, 1], ["x", "y"], true_labels=["y"], pred_labels=["x"])
    assert tables["confusion_matrix"].data == [["y", "x", 1]]


def test_weights_of_several_classes_count_together(logged):
    model = LogisticRegression(max_iter=1_000).fit(X.to_numpy(), Y)
    _, charts = logged(artnb.sklearn.plot_feature_importances, model, max_num_features=2)
    assert charts["feature_importances"]["labels"] == ["2", "3"]


def test_what_has_no_importances_or_no_run_is_said(logged):
    with pytest.raises(InvalidValueError, match="KMeans has no feature_importances_"):
        logged(artnb.sklearn.plot_feature_importances, KMeans())
    with pytest.raises(NoRunError):
        artnb.sklearn.plot_confusion_matrix([0], [0])
