"""pandas and polars frames as parquet, which needs pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb.errors import MissingExtraError
from artnb.serializers.base import CannotSave, LacksPackage

__all__ = ["PandasParquet", "PolarsParquet"]


class PandasParquet:
    """``pandas.DataFrame``, ``Series`` and ``Index``, with index and types."""

    name = "parquet"
    suffix = ".parquet"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the frame; CannotSave where it would not come back equal."""
        import pandas as pd

        series, index = type(value) is pd.Series, isinstance(value, pd.Index)
        if not (series or index or type(value) is pd.DataFrame):
            raise CannotSave("a subclass of DataFrame")
        _pyarrow("write")
        if (series or index) and not _is_label(value.name):
            raise CannotSave("a name that is neither text nor a number")
        if not index and value.attrs:
            raise CannotSave("attributes")
        frame = pd.DataFrame(index=value) if index else value
        frame = frame.to_frame("values") if series else frame
        labels = _labels(frame.columns)
        named = frame if labels is None else frame.set_axis([*map(str, frame.columns)], axis=1)
        freq = _freq(frame.index)
        try:
            named.to_parquet(path, engine="pyarrow", compression="zstd")
            back = self._frame(path, freq, labels)
        except OSError:
            raise
        except Exception as error:  # pyarrow has many kinds for columns it cannot hold
            raise CannotSave(str(error)) from error
        if not _same(frame, back):
            raise CannotSave("parquet would change a type")
        meta: dict[str, Any] = {
            "rows": len(frame),
            "columns": {str(name): str(kind) for name, kind in list(frame.dtypes.items())[:200]},
        }
        known = {"freq": freq, "labels": labels, "index": index}
        meta |= {key: note for key, note in known.items() if note}
        return {**meta, "series": [value.name]} if series else meta

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the frame, series or index."""
        _pyarrow("read")
        frame = self._frame(path, meta.get("freq"), meta.get("labels"))
        if meta.get("index"):
            return frame.index
        if "series" not in meta:
            return frame
        return frame["values"].rename(meta["series"][0] if meta["series"] else None)

    @staticmethod
    def _frame(path: Path, freq: str | None, labels: Mapping[str, Any] | None) -> Any:
        import pandas as pd

        frame = pd.read_parquet(path, engine="pyarrow")
        if freq:
            frame.index.freq = freq
        if labels:
            steps = labels.get("range")
            columns = pd.RangeIndex(*steps) if steps else pd.Index(labels["int64"], dtype="int64")
            frame.columns = columns
        return frame


class PolarsParquet:
    """``polars.DataFrame`` and ``Series``."""

    name = "polars-parquet"
    suffix = ".parquet"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the frame; CannotSave for columns of Python objects."""
        import polars as pl

        if type(value) not in (pl.DataFrame, pl.Series):
            raise CannotSave("a LazyFrame or a subclass")
        series = type(value) is pl.Series
        frame = value.to_frame() if series else value
        if any(kind == pl.Object for kind in frame.dtypes):
            raise CannotSave("a column of objects")
        try:
            frame.write_parquet(path, compression="zstd")
        except pl.exceptions.PolarsError as error:
            raise CannotSave(str(error)) from error
        if not pl.read_parquet(path).equals(frame):
            raise CannotSave("parquet would change a type")
        meta = {
            "rows": frame.height,
            "columns": {name: str(kind) for name, kind in list(frame.schema.items())[:200]},
        }
        return {**meta, "series": True} if series else meta

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the frame or series."""
        try:
            import polars as pl
        except ImportError as error:
            raise MissingExtraError("This polars frame", "polars", "frames") from error
        frame = pl.read_parquet(path)
        return frame.to_series() if meta.get("series") else frame


def _pyarrow(doing: str) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        if doing == "write":
            raise LacksPackage("pyarrow", "frames") from error
        raise MissingExtraError("Reading parquet", "pyarrow", "frames") from error


def _is_label(name: Any) -> bool:
    return name is None or type(name) in (str, int)


def _labels(columns: Any) -> dict[str, Any] | None:
    """Return what the columns are called by whose names are numbers; None: their names are text.

    Parquet has text only.
    """
    import pandas as pd

    if all(type(name) is str for name in columns):
        return None
    if columns.name is not None or not columns.is_unique or columns.nlevels > 1:
        raise CannotSave("columns with a name of their own, or several of one name")
    if isinstance(columns, pd.RangeIndex):
        return {"range": [columns.start, columns.stop, columns.step]}
    if str(columns.dtype) != "int64":
        raise CannotSave("columns that are neither text nor whole numbers")
    return {"int64": columns.tolist()}


def _freq(index: Any) -> str | None:
    """Return what parquet does not keep of an index of times: that its steps are regular."""
    import pandas as pd

    regular = isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex))
    return index.freqstr if regular else None


def _same(one: Any, other: Any) -> bool:
    import pandas as pd

    try:
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_flags=True)
    except (AssertionError, TypeError, ValueError):
        return False
    # pandas takes None for nan, bytes for a bytearray and an array for a tuple.
    objects = [name for name, kind in one.dtypes.items() if str(kind) == "object"]
    return all(all(map(_alike, one[name], other[name])) for name in objects)


def _alike(one: Any, other: Any) -> bool:
    """Return whether two cells with equal values have equal types, all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_alike, one.values(), other.values()))
    if hasattr(one, "dtype") and one.dtype != other.dtype:
        return False
    if isinstance(one, (list, tuple)) or str(getattr(one, "dtype", "")) == "object":
        return all(map(_alike, one, other))
    return True
