"""Charts for `Run.log`, by W&B's names: a table, and what of it is drawn how.

What is kept is the table, whole; the graph's panel draws lines, points, bars and matrices of
its columns, and shows the rows of all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from artnb.errors import InvalidValueError, nearest
from artnb.serializers import for_numpy
from artnb.table import Table

__all__ = [
    "CustomChart",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "roc_curve",
    "scatter",
    "visualize",
]

_OF_WANDB = {
    "wandb/area-under-curve": "line",
    "wandb/bar": "bar",
    "wandb/confusion_matrix": "confusion_matrix",
    "wandb/histogram": "histogram",
    "wandb/line": "line",
    "wandb/lineplot": "line",
    "wandb/lineseries": "line",
    "wandb/scatter": "scatter",
}
"""What is drawn of the charts that W&B's own calls make; any version of theirs."""


class CustomChart:
    """A table with what is drawn of it.

    Attributes
    ----------
    table : Table
    kind : str
        ``line``, ``scatter``, ``bar``, ``histogram``, ``confusion_matrix``, or whatever
        `plot_table` was given.
    fields : dict
        The column of each axis: ``x``, ``y``, ``stroke``, ``value``, ``label``.
    title : str
    """

    def __init__(self, table: Table, kind: str, fields: Mapping[str, str], title: str = "") -> None:
        if not isinstance(table, Table):
            raise InvalidValueError(f"plot: a {type(table).__name__} is no artnb.Table.")
        for column in fields.values():
            if column not in table.columns:
                raise InvalidValueError(
                    f"plot: the table has no column {column!r}; {nearest(column, table.columns)}"
                )
        self.table = table
        self.kind = kind
        self.fields = dict(fields)
        self.title = title

    def __repr__(self) -> str:
        return f"<CustomChart {self.kind} of {self.table!r}>"


def line(
    table: Table,
    x: str,
    y: str,
    stroke: str | None = None,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """Return a chart of lines along x, one for each value of the column `stroke`."""
    return CustomChart(
        table, "line", {"x": x, "y": y, **({"stroke": stroke} if stroke else {})}, title
    )


def scatter(
    table: Table, x: str, y: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """Return a chart of points."""
    return CustomChart(table, "scatter", {"x": x, "y": y}, title)


def bar(
    table: Table, label: str, value: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """Return a chart of bars with labels."""
    return CustomChart(table, "bar", {"label": label, "value": value}, title)


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """Return a chart of how often values of a column are."""
    return CustomChart(table, "histogram", {"value": value}, title)


def line_series(
    xs: Iterable[Any],
    ys: Iterable[Iterable[Any]],
    keys: Iterable[str] | None = None,
    title: str = "",
    xname: str = "x",
    split_table: bool = False,
) -> CustomChart:
    """Return a chart of several lines.

    Parameters
    ----------
    xs : sequence of numbers, or of such
        One for all lines, or one for each.
    ys : sequence of sequences of numbers
    keys : sequence of str, optional
        The lines' names; default ``line_0``, ``line_1``, ...

    Raises
    ------
    InvalidValueError
        There are more or fewer of one than of another.
    """
    lines = [list(each) for each in ys]
    given: list[Any] = list(xs)
    each_has = bool(given) and isinstance(given[0], Iterable)
    axes = [list(each) for each in given] if each_has else [given] * len(lines)
    names = [f"line_{n}" for n in range(len(lines))] if keys is None else [str(k) for k in keys]
    if not len(axes) == len(lines) == len(names):
        raise InvalidValueError(
            f"plot.line_series: {len(axes)} xs, {len(lines)} ys, {len(names)} keys."
        )
    table = Table([xname, "lineKey", "lineVal"], allow_mixed_types=True)
    for axis, values, name in zip(axes, lines, names, strict=True):
        for x, y in zip(axis, values, strict=False):
            table.add_data(x, name, y)
    fields = {"x": xname, "y": "lineVal", "stroke": "lineKey"}
    return CustomChart(table, "line", fields, title)


def confusion_matrix(
    probs: Sequence[Sequence[float]] | None = None,
    y_true: Sequence[Any] | None = None,
    preds: Sequence[Any] | None = None,
    class_names: Sequence[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return a matrix of how often each class was taken for which.

    Parameters
    ----------
    probs : array (n, classes), optional
        The likeliest class is the prediction; instead of `preds`.
    y_true, preds : sequence
        Classes: numbers of `class_names`, or any labels without them.

    Raises
    ------
    InvalidValueError
    """
    import numpy as np

    if y_true is None or (probs is None) == (preds is None):
        raise InvalidValueError("plot.confusion_matrix: give y_true, and either probs or preds.")
    found = np.argmax(np.asarray(probs), axis=1) if probs is not None else preds
    predicted, true = _listed(found), _listed(y_true)
    if len(predicted) != len(true):
        raise InvalidValueError(
            f"plot.confusion_matrix: {len(predicted)} predictions for {len(true)} true classes."
        )
    present = {*predicted, *true}
    if class_names is None:
        classes: list[Any] = sorted(present)
        names = [f"Class_{n + 1}" for n in range(len(classes))]
    else:
        classes, names = list(range(len(class_names))), [str(name) for name in class_names]
        if unknown := present - set(classes):
            raise InvalidValueError(
                f"plot.confusion_matrix: the class {min(unknown)!r} has no name among "
                f"{len(names)} class_names."
            )
    at = {each: n for n, each in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    for was, taken in zip(true, predicted, strict=True):
        counts[at[was], at[taken]] += 1
    rows = [
        [names[i], names[j], int(counts[i, j])]
        for i in range(len(classes))
        for j in range(len(classes))
    ]
    columns = ["Actual", "Predicted", "nPredictions"]
    return CustomChart(
        Table(columns, rows), "confusion_matrix", {name: name for name in columns}, title
    )


def pr_curve(
    y_true: Sequence[Any],
    y_probas: Sequence[Sequence[float]],
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    interp_size: int = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return precision against recall, a line for each class.

    Parameters
    ----------
    y_true : sequence
        The true classes.
    y_probas : array (n, classes)
        In the order of the classes, sorted.
    labels : sequence of str, optional
        Names of classes that are numbers.
    interp_size : int
        At how many recalls from 1 to 0 the precision is given: the best at that recall or
        a higher one.
    """
    import numpy as np

    table = Table(["class", "precision", "recall"], allow_mixed_types=True)
    recalls = np.linspace(0, 1, interp_size)[::-1]
    for name, hits, misses, positives, _ in _classes(y_true, y_probas, labels, classes_to_plot):
        precision, reached = hits / (hits + misses), hits / max(positives, 1)
        for recall in recalls:
            best = precision[reached >= recall - 1e-12]
            table.add_data(name, round(float(best.max(initial=0.0)), 3), round(float(recall), 3))
    fields = {"x": "recall", "y": "precision", "stroke": "class"}
    return CustomChart(table, "line", fields, title)


def roc_curve(
    y_true: Sequence[Any],
    y_probas: Sequence[Sequence[float]],
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return the rate of true against that of false positives, a line for each class.

    Parameters
    ----------
    y_true, y_probas, labels
        As `pr_curve` has them.
    """
    table = Table(["class", "fpr", "tpr"], allow_mixed_types=True)
    for name, hits, misses, positives, others in _classes(
        y_true, y_probas, labels, classes_to_plot
    ):
        table.add_data(name, 0.0, 0.0)
        for hit, miss in zip(hits, misses, strict=True):
            table.add_data(
                name,
                round(float(miss / max(others, 1)), 3),
                round(float(hit / max(positives, 1)), 3),
            )
    return CustomChart(table, "line", {"x": "fpr", "y": "tpr", "stroke": "class"}, title)


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: Mapping[str, str],
    string_fields: Mapping[str, str] | None = None,
    split_table: bool = False,
) -> CustomChart:
    """Return a table for a chart of W&B's server.

    Parameters
    ----------
    vega_spec_name : str
        The charts that W&B's own calls make, such as ``wandb/bar/v0``, are drawn as by
        these calls; any other is kept and shown as its table.
    fields : dict
        The column of each axis.
    """
    title = dict(string_fields or {}).get("title", "")
    kind = _OF_WANDB.get(vega_spec_name.rpartition("/")[0], vega_spec_name)
    return CustomChart(data_table, kind, fields, title)


def visualize(id: str, value: Table) -> CustomChart:
    """Return a table for a chart, of which the columns are called as its axes are."""
    return plot_table(id, value, {name: name for name in value.columns})


def _classes(
    y_true: Sequence[Any],
    y_probas: Any,
    labels: Sequence[str] | None,
    classes_to_plot: Sequence[Any] | None,
) -> Iterable[tuple[str, Any, Any, int, int]]:
    """Yield for each class its name and, from the highest threshold down, hits and misses."""
    import numpy as np

    true, scores = np.asarray(_listed(y_true)), np.asarray(_listed(y_probas), dtype=float)
    classes = np.unique(true)
    if scores.ndim != 2 or len(scores) != len(true) or scores.shape[1] < len(classes):
        raise InvalidValueError(
            f"plot: y_probas of the shape {scores.shape} for {len(true)} values of {len(classes)} "
            "classes; use (n, classes)."
        )
    for n, each in enumerate(classes):
        if classes_to_plot is not None and each not in list(classes_to_plot):
            continue
        named = labels is not None and classes.dtype.kind in "iu"
        order = np.argsort(-scores[:, n], kind="stable")
        mine = (true == each)[order]
        # Equal scores are one threshold: only the last of them is a point.
        ends = np.append(np.flatnonzero(np.diff(scores[order, n])), len(order) - 1)
        hits, misses = np.cumsum(mine)[ends], np.cumsum(~mine)[ends]
        name = str(labels[int(each)]) if named and labels is not None else str(each)
        yield name, hits, misses, int(mine.sum()), int((~mine).sum())


def _listed(values: Any) -> list[Any]:
    values = for_numpy(values)
    return list(values.tolist() if hasattr(values, "tolist") else values)
