"""Run: one unit of work, with what it was told, what it logged, what it took and made."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from artnb._run.alerting import RunAlerts
from artnb._run.distributed import RunDistributed
from artnb._run.files import RunFiles
from artnb._run.showing import RunShowing
from artnb._run.watching import RunWatch
from artnb.errors import ArtnbError, CatalogLockedError, StepWarning
from artnb.failure import describe_error, exit_code
from artnb.media import encode
from artnb.metrics import MetricRule, Metrics
from artnb.model import RunRecord
from artnb.repository import Repository
from artnb.warning import warn

__all__ = ["Run"]

_SAVE_SECONDS = 1.0
_SAVE_SHARE = 10  # at most one part in so many of the time goes into saving the summary


class Run(RunDistributed, RunFiles, RunWatch, RunAlerts, RunShowing):
    """A run that is open for writing.

    Not made directly: `artnb.init` returns one. Use it in a ``with`` block, or call
    `finish`; what is not finished when Python ends is finished then.

    Examples
    --------
    >>> with artnb.init(project="demo", config={"lr": 0.1}) as run:  # doctest: +SKIP
    ...     run.log({"loss": 0.5})
    ...     run.summary["accuracy"] = 0.97
    """

    _step: int
    _pending: dict[str, Any]
    _metrics: Metrics
    _summary_due: float
    _exit_code: int | None
    _depth: int
    _held_outside: bool
    _on_finish: Callable[[Run], None] | None
    _process: int

    def __init__(
        self, record: RunRecord, repository: Repository, *, allow_val_change: bool = False
    ) -> None:
        super().__init__(record, repository, allow_val_change=allow_val_change)
        put = self.__dict__
        put["_step"] = 0
        put["_starting_step"] = 0
        put["_pending"] = {}
        put["_metrics"] = Metrics()
        put["_summary_due"] = 0.0
        put["_exit_code"] = None
        put["_depth"] = 0
        put["_held_outside"] = False
        put["_on_finish"] = None
        put["_watched"] = {}
        put["_saved"] = set()
        put["_hooked"] = []
        put["_models"] = 0
        put["_alerted"] = {}

    @property
    def step(self) -> int:
        """The step that the next `log` writes."""
        return self._step

    @property
    def starting_step(self) -> int:
        """The step that the first `log` wrote: 0, or where a resumed run went on."""
        return self._starting_step

    # logging --------------------------------------------------------------------------

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
    ) -> None:
        """Record values of one moment, and make them the summary's.

        Parameters
        ----------
        data : mapping of str
            Numbers, text, `Image` or lists of them, `Table`, `Histogram`, charts of Plotly,
            Altair and Bokeh, nested mappings; tensors and arrays of one element become
            numbers, of more than 32 a histogram.
        step : int, optional
            The x of the values, such as examples seen. Never goes back: values of a lower
            step than the last are left out, with a `StepWarning`. Default: one more at
            each call.
        commit : bool, optional
            False keeps the row open for more values. Default: True without `step`, False
            with it, where the next higher step closes the row.

        Raises
        ------
        RunFinishedError, TypeError
        """
        self._require_open("log")
        if not isinstance(data, Mapping):
            raise TypeError(f"log takes a dict such as {{'loss': 0.5}}, got {type(data).__name__}.")
        plain, others = dict(data), []
        for key, value in plain.items():
            if not isinstance(key, str):
                raise TypeError(f"log: keys must be text, got {key!r} ({type(key).__name__}).")
            kind = type(value)
            if kind is not float and kind is not int:
                others.append(key)
        if others:
            with self._repository.putting(self.id) as put:
                for key in others:
                    plain[key] = encode(plain[key], put, where=f"log: {key!r}")
        with self._lock:
            self._take(plain, step, commit)

    def define_metric(
        self,
        name: str,
        step_metric: str | MetricRule | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = False,
        summary: str | None = None,
        overwrite: bool | None = None,
        goal: str | None = None,
    ) -> MetricRule:
        """Say how a metric is summed up, and what its chart has as x.

        Parameters
        ----------
        name : str
            A metric, or ``val/*`` for all that begin so.
        step_metric : str, optional
            Another logged number, such as ``epoch``, or what an earlier call returned.
            Default: the step.
        summary : str, optional
            One or several of ``min``, ``max``, ``mean``, ``first``, ``last``, ``best``, with
            commas between: the summary then holds a mapping, ``summary["loss"]["min"]``.
            ``none`` keeps the metric out of it. Default: the last value.
        goal : {'minimize', 'maximize'}, optional
            Which value is the best.
        overwrite : bool, optional
            Forget what an earlier call said of the metric; else it holds where this one says
            nothing.
        step_sync, hidden
            Accepted for W&B's sake.

        Raises
        ------
        RunFinishedError, InvalidValueError

        Examples
        --------
        >>> run.define_metric("val/*", step_metric="epoch", summary="min,last")  # doctest: +SKIP
        """
        self._require_open("define a metric")
        with self._lock:
            axis = step_metric.name if isinstance(step_metric, MetricRule) else step_metric
            rule = MetricRule.checked(name, axis, summary, goal)
            rule = self._metrics.add(rule, overwrite=bool(overwrite))
            self._record = self._repository.add_output(self.id, "metrics", self._metrics.to_json())
        return rule

    def mark_preempting(self) -> None:
        """Say that this machine is taken away soon: another may go on with the run at once."""
        self._require_open("mark it as preempting")
        self._record = self._repository.add_output(self.id, "preempting", [time.time()])

    # ending ---------------------------------------------------------------------------

    def finish(self, exit_code: int | None = None) -> None:
        """Close the run; a second call does nothing, unless the first one failed.

        Parameters
        ----------
        exit_code : int, optional
            Anything but 0 makes the state ``failed``.
        """
        with self._lock:
            if self._finished:
                return
            if self._exit_code is None:  # else this is another try: how it ended is known
                self._exit_code = exit_code or 0
            self.unwatch()
            self._close_row()
            self._keep_files()
            self._repository.settle()  # what cells of the notebook still save
            self._record = self._repository.finish_run(
                self.id,
                "failed" if self._exit_code else "finished",
                config=self.config.as_dict(),
                summary=self.summary.as_dict(),
                sum_up=self._metrics.note,
            )
            self._finished = True
        why = f"the run {self.name} is finished. Start another with artnb.init()."
        self.config.close(why)
        self.summary.close(why)
        if self._on_finish is not None:
            self._on_finish(self)

    def __enter__(self) -> Run:
        self._require_open("enter")
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth or self._held_outside:
            return
        try:
            code = exit_code(error) if error is not None else int(kind is not None)
            if error is not None and code and not self._finished:
                self._note_error(describe_error(error))
            self.finish(exit_code=code)
        except ArtnbError as problem:
            if error is None:
                raise
            # What went wrong inside the block must not be hidden by what follows from it.
            error.add_note(f"The run {self.name} could not be finished, too: {problem}")

    def __repr__(self) -> str:
        job = f" job_type={self.job_type!r}" if self.job_type else ""
        return f"<Run {self.name!r} project={self.project!r}{job} {self.state}>"

    # inner ----------------------------------------------------------------------------

    def _note_error(self, said: Mapping[str, str]) -> None:
        """Keep what `describe_error` says of what ended the run."""
        # That the run is finished as failed counts more.
        with suppress(ArtnbError):
            self._record = self._repository.add_output(self.id, "error", dict(said))

    def _reenter(self, config: Mapping[str, Any] | None) -> Run:
        """Take part in the open run: only its outermost exit finishes it."""
        if self._depth == 0:
            self._held_outside = True
        if config:
            self.config.update(config, allow_val_change=True)
        return self

    def _go_on(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take up where the rows of an earlier part of the run ended."""
        for rule in self._record.outputs.get("metrics", ()):
            self._metrics.add(MetricRule.from_json(rule))
        for row in rows if self._record.outputs.get("metrics") else ():
            self._metrics.note({key: row[key] for key in row if not key.startswith("_")})
        steps = [row["_step"] for row in rows if isinstance(row.get("_step"), int)]
        self._step = self._starting_step = max(steps) + 1 if steps else 0

    def _take(self, values: Mapping[str, Any], step: int | None, commit: bool | None) -> None:
        if step is not None and not self._advance(step):
            return
        self._pending.update(values)
        if commit is True or (commit is None and step is None):
            self._close_row()
        self._note_summary(values)

    def _advance(self, step: int) -> bool:
        if not isinstance(step, int) or isinstance(step, bool):
            step = _whole(step)
        if step < self._step:
            warn(
                f"log(step={step}) of run {self.name} is left out: the run is at step "
                f"{self._step}, and steps never go back. Log with a step of {self._step} or more.",
                StepWarning,
            )
            return False
        if step > self._step:
            if self._pending:
                self._close_row()
            self._step = step
        return True

    def _close_row(self) -> None:
        if self._pending:
            row = {"_step": self._step, "_timestamp": time.time(), **self._pending}
            self._pending = {}
            self._repository.log_row(self.id, row)
        self._step += 1

    def _note_summary(self, values: Mapping[str, Any]) -> None:
        self.summary._values.update(self._metrics.note(values))
        start = time.monotonic()
        if start < self._summary_due:
            return
        try:
            self._save_summary(self.summary.as_dict())
            self._repository.tell_history(self.project, self.id)
        except CatalogLockedError as error:
            # The row is kept and the summary at hand: a training loop need not end for this.
            warn(
                f"The summary of run {self.name} waits: {error} Its rows are kept, and the summary "
                "is written with the next, or when the run finishes."
            )
        end = time.monotonic()
        self.__dict__["_summary_due"] = end + max(_SAVE_SECONDS, _SAVE_SHARE * (end - start))


def _whole(step: Any) -> int:
    try:
        return int(step.item() if hasattr(step, "item") else step)
    except (TypeError, ValueError) as error:
        raise TypeError(f"log: step must be a whole number, got {step!r}.") from error
