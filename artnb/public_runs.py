"""Several runs as `Api.runs` gives them: a list, whose rows can be read as one."""

from __future__ import annotations

from typing import Any, Literal

from artnb.absent import Advising
from artnb.errors import InvalidValueError, MissingExtraError, nearest
from artnb.public_run import PublicRun

__all__ = ["Runs"]

_FORMATS = ("default", "pandas", "polars")


class Runs(Advising, list[PublicRun], owner="Runs"):
    """A list of runs."""

    def histories(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        format: Literal["default", "pandas", "polars"] = "default",
        stream: str = "default",
    ) -> Any:
        """Return the rows of all the runs, each with its run's id as ``run_id``.

        Parameters
        ----------
        samples : int
            At most so many of a run, evenly spread.
        keys : list of str, optional
            Only these, and only the rows that have all of them.
        x_axis : str
            Accepted for W&B's sake: each row has its ``_step``.
        format : {'default', 'pandas', 'polars'}
            A list of dicts, or a DataFrame.
        stream : str
            Only ``default``; see `PublicRun.history`.

        Examples
        --------
        >>> rows = artnb.Api().runs("demo").histories(format="pandas")  # doctest: +SKIP
        >>> rows.groupby("run_id")["loss"].min()                        # doctest: +SKIP
        """
        if format not in _FORMATS:
            raise InvalidValueError(f"histories: format {format!r}; {nearest(format, _FORMATS)}")
        rows = [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, x_axis, pandas=False, stream=stream)
        ]
        if format == "default":
            return rows
        try:
            if format == "pandas":
                import pandas

                return pandas.DataFrame(rows)
            import polars

            return polars.DataFrame(rows, infer_schema_length=None)
        except ImportError as error:
            raise MissingExtraError("Runs.histories", format, "frames") from error

    def upgrade_to_full(self) -> None:
        """Do nothing: each run is whole."""
