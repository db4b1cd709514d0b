"""Histogram: how many values lie between which bounds, for `Run.log`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from artnb.errors import InvalidValueError
from artnb.serializers import for_numpy

__all__ = ["Histogram"]

_MOST_BINS = 512


class Histogram:
    """The distribution of many values at one moment.

    Parameters
    ----------
    sequence : array, tensor or sequence of numbers, optional
        Values of any shape; nan and infinite ones are counted apart.
    np_histogram : tuple of (counts, edges), optional
        As `numpy.histogram` returns it; instead of `sequence`.
    num_bins : int
        How many bins of one width, at most 512.

    Attributes
    ----------
    histogram, bins : list
        The counts, and the edges around them: one more.
    left_out : int
        How many values are nan or infinite.

    Raises
    ------
    InvalidValueError

    Examples
    --------
    >>> Histogram([1, 1, 3], num_bins=2).histogram
    [2, 1]
    """

    def __init__(
        self,
        sequence: Any = None,
        np_histogram: tuple[Sequence[float], Sequence[float]] | None = None,
        num_bins: int = 64,
    ) -> None:
        self.left_out = 0
        if (sequence is None) == (np_histogram is None):
            raise InvalidValueError("Histogram: give values, or np_histogram=(counts, edges).")
        if np_histogram is not None:
            if len(np_histogram) != 2:
                raise InvalidValueError("Histogram: np_histogram is a pair of counts and edges.")
            counts, edges = np_histogram
        else:
            _check_bins(num_bins)
            counts, edges, self.left_out = _counted(sequence, num_bins)
        self.histogram: list[float] = _listed(counts)
        self.bins: list[float] = _listed(edges)
        _check_bins(len(self.histogram))
        if len(self.bins) != len(self.histogram) + 1:
            raise InvalidValueError(
                f"Histogram: {len(self.histogram)} counts need {len(self.histogram) + 1} edges, "
                f"got {len(self.bins)}."
            )
        if not all(map(math.isfinite, self.bins)):
            raise InvalidValueError("Histogram: the edges of bins are finite numbers.")

    def to_json(self) -> dict[str, Any]:
        """Return what a row holds, in W&B's form: bins of one width by the first and the width."""
        found: dict[str, Any] = {"_type": "histogram", "values": self.histogram}
        low, count = self.bins[0], len(self.histogram)
        width = (self.bins[-1] - low) / count
        small = 1e-6 * abs(width)
        if all(abs(low + n * width - edge) <= small for n, edge in enumerate(self.bins)):
            found["packedBins"] = {"min": low, "size": width, "count": count}
        else:
            found["bins"] = self.bins
        if self.left_out:
            found["leftOut"] = self.left_out
        return found

    def __repr__(self) -> str:
        return (
            f"<Histogram of {sum(self.histogram):g} values in {len(self.histogram)} bins from "
            f"{self.bins[0]:.4g} to {self.bins[-1]:.4g}>"
        )


def _check_bins(count: int) -> None:
    if not 0 < count <= _MOST_BINS:
        raise InvalidValueError(f"Histogram: {count} bins; use 1 to {_MOST_BINS}.")


def _counted(given: Any, num_bins: int) -> tuple[Any, Any, int]:
    import numpy as np

    try:
        values = np.asarray(for_numpy(given), dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(
            f"Histogram: cannot count this {type(given).__name__}: {error}"
        ) from error
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, bins=num_bins)
    return counts, edges, len(values) - len(finite)


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)
