"""Charts of scikit-learn models, by W&B's names: each call logs one to the open run.

The tables have W&B's columns; the panel draws them as `artnb.plot`'s charts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from artnb._calls import log
from artnb.errors import InvalidValueError, MissingExtraError
from artnb.plot import CustomChart, confusion_matrix, pr_curve, roc_curve
from artnb.serializers import for_numpy
from artnb.table import Table

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_clusterer",
    "plot_confusion_matrix",
    "plot_elbow_curve",
    "plot_feature_importances",
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_precision_recall",
    "plot_regressor",
    "plot_residuals",
    "plot_roc",
    "plot_silhouette",
    "plot_summary_metrics",
]


def plot_classifier(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    y_pred: Any,
    y_probas: Any,
    labels: Sequence[Any] | None,
    is_binary: bool = False,
    model_name: str = "Classifier",
    feature_names: Sequence[str] | None = None,
    log_learning_curve: bool = False,
) -> None:
    """Log all charts of a classifier that was fitted.

    Parameters
    ----------
    labels : sequence or None
        Names of classes that are numbers from 0 on.
    is_binary : bool
        Whether to log how well its probabilities are calibrated, too.
    """
    plot_class_proportions(y_train, y_test, labels)
    if log_learning_curve:
        plot_learning_curve(model, X_train, y_train)
    plot_roc(y_test, y_probas, labels)
    plot_precision_recall(y_test, y_probas, labels)
    if _importances(model) is not None:
        plot_feature_importances(model, feature_names)
    if is_binary:
        plot_calibration_curve(model, X_train, y_train, model_name)
    plot_confusion_matrix(y_test, y_pred, labels)
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)


def plot_regressor(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    model_name: str = "Regressor",
) -> None:
    """Log all charts of a regressor that was fitted."""
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_learning_curve(model, X_train, y_train)
    plot_outlier_candidates(model, X_train, y_train)
    plot_residuals(model, X_train, y_train)


def plot_clusterer(
    model: Any,
    X_train: Any,
    cluster_labels: Any,
    labels: Sequence[Any] | None = None,
    model_name: str = "Clusterer",
) -> None:
    """Log all charts of a clusterer that was fitted."""
    if hasattr(model, "n_clusters"):
        plot_elbow_curve(model, X_train)
    plot_silhouette(model, X_train, cluster_labels, labels)


def plot_roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[Any] | None = None,
    plot_micro: bool = True,
    plot_macro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> None:
    """Log ``roc``: the rate of true against that of false positives of each class."""
    log({"roc": roc_curve(y_true, y_probas, labels, classes_to_plot)})


def plot_precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[Any] | None = None,
    plot_micro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> None:
    """Log ``precision_recall``: precision against recall of each class."""
    log({"precision_recall": pr_curve(y_true, y_probas, labels, classes_to_plot)})


def plot_confusion_matrix(
    y_true: Any = None,
    y_pred: Any = None,
    labels: Sequence[Any] | None = None,
    true_labels: Sequence[Any] | None = None,
    pred_labels: Sequence[Any] | None = None,
    normalize: bool = False,
) -> None:
    """Log ``confusion_matrix``: how often each class was taken for which.

    Parameters
    ----------
    true_labels, pred_labels : sequence, optional
        The only classes to show, of the true ones and of the predicted ones.
    normalize : bool
        Parts of each true class instead of counts.
    """
    names = None if labels is None else [str(label) for label in labels]
    true, predicted = _named(y_true, names), _named(y_pred, names)
    classes = names or sorted({*true, *predicted}, key=str)
    at = {name: n for n, name in enumerate(classes)}
    chart = confusion_matrix(
        y_true=[at[each] for each in true], preds=[at[each] for each in predicted],
        class_names=[str(each) for each in classes],
    )  # fmt: skip
    rows = chart.table.data
    if normalize:
        totals: dict[str, int] = {}
        for was, _, count in rows:
            totals[was] = totals.get(was, 0) + count
        rows = [[was, taken, round(count / max(1, totals[was]), 3)] for was, taken, count in rows]
    for column, shown in ((0, true_labels), (1, pred_labels)):
        if shown is not None:
            kept = {str(each) for each in shown}
            rows = [row for row in rows if row[column] in kept]
    table = Table(chart.table.columns, rows)
    log({"confusion_matrix": CustomChart(table, chart.kind, chart.fields, "Confusion Matrix")})


def plot_feature_importances(
    model: Any = None,
    feature_names: Sequence[str] | None = None,
    title: str = "Feature Importance",
    max_num_features: int = 50,
) -> None:
    """Log ``feature_importances``: how much each feature counts, the most important first.

    Parameters
    ----------
    feature_names : sequence of str, optional
        Default: those of the frame that the model was fitted with, else their places.

    Raises
    ------
    InvalidValueError
        The model has neither ``feature_importances_`` nor ``coef_``.
    """
    found = _importances(model)
    if found is None:
        raise InvalidValueError(
            f"plot_feature_importances: a {type(model).__name__} has no feature_importances_ and "
            "no coef_; is it fitted?"
        )
    names = (
        feature_names if feature_names is not None else getattr(model, "feature_names_in_", None)
    )
    named = [str(n if names is None else names[n]) for n in range(len(found))]
    rows = sorted(zip(named, found, strict=True), key=lambda row: -row[1])[:max_num_features]
    table = Table(["feature_names", "importances"], rows)
    fields = {"label": "feature_names", "value": "importances"}
    log({"feature_importances": CustomChart(table, "bar", fields, title)})


def plot_class_proportions(
    y_train: Any = None, y_test: Any = None, labels: Sequence[Any] | None = None
) -> None:
    """Log ``class_proportions``: how many of each class there are to train and to test with."""
    sets = {"train": _named(y_train, labels), "test": _named(y_test, labels)}
    classes = sorted({each for values in sets.values() for each in values}, key=str)
    rows = [
        [str(each), name, values.count(each)] for each in classes for name, values in sets.items()
    ]
    fields = {"label": "class", "value": "count", "stroke": "dataset"}
    table = Table(["class", "dataset", "count"], rows)
    log({"class_proportions": CustomChart(table, "bar", fields, "Class Proportions")})


def plot_calibration_curve(
    clf: Any = None, X: Any = None, y: Any = None, clf_name: str = "Classifier"
) -> None:
    """Log ``calibration_curve``: how often what was said with which probability is true.

    The model is fitted again, alone and calibrated in two ways, and beside it a logistic
    regression.
    """
    _sklearn()
    from sklearn.base import clone
    from sklearn.calibration import CalibratedClassifierCV, calibration_curve
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=42)
    models = {
        "Logistic": make_pipeline(StandardScaler(), LogisticRegression()),
        f"{clf_name}": clone(clf),
        f"{clf_name} Isotonic": CalibratedClassifierCV(clone(clf), cv=2, method="isotonic"),
        f"{clf_name} Sigmoid": CalibratedClassifierCV(clone(clf), cv=2, method="sigmoid"),
    }
    table = Table(["model", "fraction_of_positives", "mean_predicted_value"])
    for ideal in (0.0, 1.0):
        table.add_data("Perfectly calibrated", ideal, ideal)
    for name, model in models.items():
        model.fit(X_train, y_train)
        if hasattr(model, "predict_proba"):
            scores = model.predict_proba(X_test)[:, 1]
        else:
            scores = model.decision_function(X_test)
            scores = (scores - scores.min()) / max(float(scores.max() - scores.min()), 1e-12)
        for true, said in zip(*calibration_curve(y_test, scores, n_bins=10), strict=True):
            table.add_data(name, float(true), float(said))
    fields = {"x": "mean_predicted_value", "y": "fraction_of_positives", "stroke": "model"}
    log({"calibration_curve": CustomChart(table, "line", fields, "Calibration Curve")})


def plot_learning_curve(
    model: Any = None,
    X: Any = None,
    y: Any = None,
    cv: Any = None,
    shuffle: bool = False,
    random_state: int | None = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> None:
    """Log ``learning_curve``: scores against how much the model was fitted with."""
    _sklearn()
    import numpy as np
    from sklearn.model_selection import learning_curve

    sizes, train, test = learning_curve(
        model, X, y, cv=cv, n_jobs=n_jobs, scoring=scoring, shuffle=shuffle,
        train_sizes=np.linspace(0.1, 1.0, 5) if train_sizes is None else train_sizes,
        random_state=random_state,
    )  # fmt: skip
    table = Table(["dataset", "score", "train_size"])
    for name, scores in (("train", train), ("test", test)):
        for size, score in zip(sizes, scores.mean(axis=1), strict=True):
            table.add_data(name, round(float(score), 3), int(size))
    fields = {"x": "train_size", "y": "score", "stroke": "dataset"}
    log({"learning_curve": CustomChart(table, "line", fields, "Learning Curve")})


def plot_summary_metrics(
    model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None
) -> None:
    """Log ``summary_metrics``: how well the model does what it was not fitted with."""
    _sklearn()
    from sklearn import metrics
    from sklearn.base import is_classifier

    said = model.predict(X_test)
    if is_classifier(model):
        options: dict[str, Any] = {"average": "weighted", "zero_division": 0}
        found = {
            "accuracy_score": metrics.accuracy_score(y_test, said),
            "precision": metrics.precision_score(y_test, said, **options),
            "recall": metrics.recall_score(y_test, said, **options),
            "f1_score": metrics.f1_score(y_test, said, **options),
        }
    else:
        found = {
            "mae": metrics.mean_absolute_error(y_test, said),
            "mse": metrics.mean_squared_error(y_test, said),
            "r2_score": metrics.r2_score(y_test, said),
        }
    rows = [[name, round(float(each), 3), type(model).__name__] for name, each in found.items()]
    table = Table(["metric_name", "metric_value", "model_name"], rows)
    fields = {"label": "metric_name", "value": "metric_value"}
    log({"summary_metrics": CustomChart(table, "bar", fields, "Summary Metrics")})


def plot_outlier_candidates(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Log ``outlier_candidates``: Cook's distance, how much each row moves the regression."""
    _sklearn()
    import numpy as np
    from sklearn.base import clone

    rows, wanted = np.asarray(for_numpy(X), float), np.asarray(for_numpy(y), float)
    residuals = wanted - clone(regressor).fit(rows, wanted).predict(rows)
    leverage = np.clip((rows * np.linalg.pinv(rows).T).sum(axis=1), 0, 1 - 1e-9)
    freedom = max(1, len(rows) - np.linalg.matrix_rank(rows))
    error = max(float(residuals @ residuals) / freedom, 1e-300)
    distance = residuals**2 / error * leverage / (1 - leverage) ** 2 / rows.shape[1]
    threshold = 4 / len(rows)
    above = round(float((distance >= threshold).mean() * 100), 3)
    table = Table(
        ["distance", "instance_indicies", "outlier_percentage", "influence_threshold"],
        [[float(each), n, above, threshold] for n, each in enumerate(distance)],
    )
    fields = {"x": "instance_indicies", "y": "distance"}
    log({"outlier_candidates": CustomChart(table, "scatter", fields, "Outlier Candidates")})


def plot_residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Log ``residuals``: by how much it is wrong, of rows that it was fitted with and of others."""
    _sklearn()
    from sklearn.base import clone
    from sklearn.model_selection import train_test_split

    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    model = clone(regressor).fit(X_train, y_train)
    scores = [float(model.score(*pair)) for pair in ((X_train, y_train), (X_test, y_test))]
    table = Table(["dataset", "y_pred", "residuals", "train_score", "test_score"])
    for name, rows, wanted in (("train", X_train, y_train), ("test", X_test, y_test)):
        for said, true in zip(model.predict(rows), for_numpy(wanted), strict=True):
            table.add_data(name, float(said), float(said - true), *scores)
    fields = {"x": "y_pred", "y": "residuals", "stroke": "dataset"}
    log({"residuals": CustomChart(table, "scatter", fields, "Residuals")})


def plot_elbow_curve(
    clusterer: Any = None,
    X: Any = None,
    cluster_ranges: Iterable[int] | None = None,
    n_jobs: int = 1,
    show_cluster_time: bool = True,
) -> None:
    """Log ``elbow_curve``: what each number of clusters leaves unexplained, and its time."""
    _sklearn()
    from sklearn.base import clone

    table = Table(["cluster_ranges", "errors", "clustering_time"])
    for count in sorted(range(1, 10, 2) if cluster_ranges is None else cluster_ranges):
        began = time.perf_counter()
        score = clone(clusterer).set_params(n_clusters=int(count)).fit(X).score(X)
        table.add_data(int(count), abs(float(score)), time.perf_counter() - began)
    fields = {"x": "cluster_ranges", "y": "errors"}
    log({"elbow_curve": CustomChart(table, "line", fields, "Elbow Curve")})


def plot_silhouette(
    clusterer: Any = None,
    X: Any = None,
    cluster_labels: Any = None,
    labels: Sequence[Any] | None = None,
    metric: str = "euclidean",
    kmeans: bool = True,
) -> None:
    """Log ``silhouette_plot``: how well each row fits its cluster, sorted, a line for each.

    Parameters
    ----------
    cluster_labels : sequence of int, optional
        The cluster of each row; default: what the clusterer finds.
    labels : sequence, optional
        Names of the clusters, if there is one for each.
    """
    _sklearn()
    import numpy as np
    from sklearn.metrics import silhouette_samples

    found = clusterer.fit_predict(X) if cluster_labels is None else cluster_labels
    clusters = np.asarray(for_numpy(found))
    values = silhouette_samples(X, clusters, metric=metric)
    present = np.unique(clusters).tolist()
    names = present if labels is None or len(labels) != len(present) else list(labels)
    table = Table(["x", "y", "colors", "silhouette_avg"])
    at, mean = 0, float(values.mean())
    for name, cluster in zip(names, present, strict=True):
        for value in np.sort(values[clusters == cluster]):
            table.add_data(at, float(value), str(name), mean)
            at += 1
    fields = {"x": "x", "y": "y", "stroke": "colors"}
    log({"silhouette_plot": CustomChart(table, "line", fields, "Silhouette")})


def _sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("artnb.sklearn", "scikit-learn") from error


def _named(values: Any, labels: Sequence[Any] | None) -> list[Any]:
    """Return classes, by their names where they are places of `labels`."""
    values = for_numpy(values)
    found = list(values.tolist() if hasattr(values, "tolist") else values)
    if labels is None or not all(type(each) is int and 0 <= each < len(labels) for each in found):
        return found
    return [str(labels[each]) for each in found]


def _importances(model: Any) -> list[float] | None:
    import numpy as np

    if hasattr(model, "feature_importances_"):
        return [float(each) for each in model.feature_importances_]
    if hasattr(model, "coef_"):  # of several classes: over all of them
        return [float(each) for each in np.abs(np.atleast_2d(model.coef_)).mean(axis=0)]
    return None
