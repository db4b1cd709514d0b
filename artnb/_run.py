"""Run: one unit of work, with what it was told, what it logged, what it took and made."""

from __future__ import annotations

import glob as globbing
import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from artnb.artifact import Artifact
from artnb.bags import Config, Summary
from artnb.errors import (
    ArtnbError,
    CatalogLockedError,
    InvalidValueError,
    RunFinishedError,
    StepWarning,
    nearest,
)
from artnb.media import encode
from artnb.metrics import MetricRule, Metrics
from artnb.model import RunRecord, RunState
from artnb.refs import check_tag
from artnb.repository import Repository

__all__ = ["Run"]

_SAVE_SECONDS = 1.0
_SAVE_SHARE = 10  # at most one part in so many of the time goes into saving the summary
_WRITABLE = ("name", "notes", "tags")


class Run:
    """A run that is open for writing.

    Not made directly: `artnb.init` returns one. Use it in a ``with`` block, or call
    `finish`; what is not finished when Python ends is finished then.

    Examples
    --------
    >>> with artnb.init(project="demo", config={"lr": 0.1}) as run:  # doctest: +SKIP
    ...     run.log({"loss": 0.5})
    ...     run.summary["accuracy"] = 0.97
    """

    config: Config
    summary: Summary
    _record: RunRecord
    _repository: Repository
    _lock: Any
    _step: int
    _pending: dict[str, Any]
    _metrics: Metrics
    _summary_due: float
    _exit_code: int | None
    _depth: int
    _held_outside: bool
    _finished: bool
    _on_finish: Callable[[Run], None] | None
    _process: int

    def __init__(
        self, record: RunRecord, repository: Repository, *, allow_val_change: bool = False
    ) -> None:
        put = self.__dict__  # __setattr__ is closed to what a person may misspell
        put["_record"] = record
        put["_repository"] = repository
        put["_lock"] = threading.RLock()
        put["_step"] = 0
        put["_pending"] = {}
        put["_metrics"] = Metrics()
        put["_summary_due"] = 0.0
        put["_exit_code"] = None
        put["_depth"] = 0
        put["_held_outside"] = False
        put["_finished"] = False
        put["_on_finish"] = None
        put["_process"] = os.getpid()
        put["config"] = Config(record.config, self._save_config, allow_val_change=allow_val_change)
        put["summary"] = Summary(record.summary, self._save_summary)

    # what it is -----------------------------------------------------------------------

    @property
    def id(self) -> str:
        """8 characters."""
        return self._record.id

    @property
    def name(self) -> str:
        """``sunny-smoke-1``, or what the person chose."""
        return self._record.name

    @property
    def project(self) -> str:
        """The project's name."""
        return self._record.project

    @property
    def job_type(self) -> str | None:
        """The kind of work: ``train``, ``load-data``, ..."""
        return self._record.job_type

    @property
    def group(self) -> str | None:
        """What several runs are gathered under."""
        return self._record.group

    @property
    def notes(self) -> str | None:
        """Text for people."""
        return self._record.notes

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags."""
        return self._record.tags

    @property
    def state(self) -> RunState:
        """``running``, ``finished``, ``failed`` or ``crashed``."""
        return self._record.state

    @property
    def step(self) -> int:
        """The step that the next `log` writes."""
        return self._step

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"

    @property
    def dir(self) -> str:
        """The repository's folder."""
        return str(self._repository.root)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _WRITABLE:
            self._require_open(f"set {name}")
            if name == "tags":
                value = (value,) if isinstance(value, str) else tuple(value)
                value = tuple(check_tag(tag) for tag in value)
            self.__dict__["_record"] = self._repository.update_run(self.id, **{name: value})
        elif name in self.__dict__ and name.startswith("_"):
            self.__dict__[name] = value
        else:
            raise InvalidValueError(
                f"A run has no attribute {name!r} that can be set; {nearest(name, _WRITABLE)} "
                f"For values of your own: run.config[{name!r}] or run.summary[{name!r}]."
            )

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
            Numbers, text, `Image` or lists of them, nested mappings; tensors and arrays of
            one element become numbers.
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
        plain = {}
        for key, value in data.items():
            if not isinstance(key, str):
                raise TypeError(f"log: keys must be text, got {key!r} ({type(key).__name__}).")
            kind = type(value)
            plain[key] = (
                value
                if kind is float or kind is int
                else encode(value, self._repository.put_blob, where=f"log: {key!r}")
            )
        with self._lock:
            self._take(plain, step, commit)

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool = False,
        summary: str | None = None,
        **_: Any,
    ) -> None:
        """Say how a metric is summed up, and what its chart has as x.

        Parameters
        ----------
        name : str
            A metric, or ``val/*`` for all that begin so.
        step_metric : str, optional
            Another logged number, such as ``epoch``. Default: the step.
        summary : str, optional
            One or several of ``min``, ``max``, ``mean``, ``first``, ``last``, with commas
            between: the summary then holds a mapping, ``summary["loss"]["min"]``. ``none``
            keeps the metric out of it. Default: the last value.
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
            self._metrics.add(MetricRule.checked(name, step_metric, summary))
            self._record = self._repository.add_output(self.id, "metrics", self._metrics.to_json())

    def save(
        self,
        glob_str: str | os.PathLike[str],
        base_path: str | os.PathLike[str] | None = None,
        policy: str = "live",
    ) -> list[str]:
        """Keep files with the run and return their paths; none found is no error.

        Parameters
        ----------
        glob_str : path
            A file, or a pattern such as ``plots/*.png``.
        base_path : path, optional
            Folder that the kept names are relative to; default: each file's own.
        policy : str
            Accepted for W&B's sake: files are kept as they are now.
        """
        self._require_open("save")
        kept: dict[str, Any] = {}
        pattern = os.fspath(glob_str)
        found = sorted(globbing.glob(pattern, recursive=True))  # noqa: PTH207 - may be absolute
        paths = [Path(name) for name in found if Path(name).is_file()]
        for path in paths:
            name = os.path.relpath(path, base_path) if base_path else path.name
            data = path.read_bytes()
            kept[Path(name).as_posix()] = {
                "sha256": self._repository.put_blob(data),
                "size": len(data),
            }
        if paths:
            self._record = self._repository.add_output(self.id, "files", kept)
        return [str(path) for path in paths]

    # artifacts ------------------------------------------------------------------------

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | os.PathLike[str],
        name: str | None = None,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
    ) -> Artifact:
        """Log an artifact as this run's output and return it.

        Parameters
        ----------
        artifact_or_path : Artifact or path
            A draft, or a file or folder that becomes one.
        name, type : str, optional
            Of an artifact made from a path; default ``run-<id>-<name>``, ``unspecified``.
        aliases : sequence of str, optional
            ``latest`` comes by itself.

        Notes
        -----
        Content that the name has already makes no new version; the aliases move to the
        version that has it.
        """
        self._require_open("log_artifact")
        aliases = [aliases] if isinstance(aliases, str) else list(aliases or [])
        artifact = self._as_artifact(artifact_or_path, name, type)
        if artifact._version is not None:  # an edge from this run, and its aliases
            self._repository.set_aliases(artifact._version.id, add=aliases, run_id=self.id)
            self._repository.link_output(self.id, artifact._version.id)
            artifact._show(self._repository.version(artifact._version.id))
            return artifact
        draft = artifact._drafted()
        done = self._repository.commit(
            self.project,
            draft.name,
            draft.type,
            draft.take(),
            run_id=self.id,
            aliases=aliases,
            description=artifact.description,
            metadata=artifact.metadata,
            tags=[*artifact.tags, *(tags or [])],
            ttl=artifact._ttl,
        )
        artifact._show(done.version)
        return artifact

    def use_artifact(
        self,
        artifact_or_name: Artifact | str,
        type: str | None = None,
        aliases: Sequence[str] | None = None,
    ) -> Artifact:
        """Take an artifact as this run's input and return it.

        Parameters
        ----------
        artifact_or_name : str or Artifact
            ``name``, ``name:alias``, ``name:vN``, ``project/name:alias``; a draft is logged
            first.
        type : str, optional
            What its type must be.

        Raises
        ------
        CommError
            It is not there; the message says which part, and the nearest names.
        """
        self._require_open("use_artifact")
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact._version is None:
                self.log_artifact(artifact, aliases=aliases)
        else:
            version = self._repository.resolve(artifact_or_name, self.project, type=type)
            artifact = Artifact._of(version, self._repository)
        self._repository.use(self.id, artifact._logged("use").id)
        return artifact

    def log_model(
        self, path: str | os.PathLike[str], name: str | None = None,
        aliases: Sequence[str] | None = None,
    ) -> Artifact:  # fmt: skip
        """Log a file or folder as an artifact of the type ``model``."""
        return self.log_artifact(path, name or f"run-{self.id}-{Path(path).name}", "model", aliases)

    def use_model(self, name: str) -> str:
        """Take a model as input, download it, and return the path of its file or folder."""
        return self.use_artifact(name, type="model")._file_or_folder()

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
            self._close_row()
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
            self.finish(exit_code=0 if kind is None else 1)
        except ArtnbError as problem:
            if error is None:
                raise
            # What went wrong inside the block must not be hidden by what follows from it.
            error.add_note(f"The run {self.name} could not be finished, too: {problem}")

    def __repr__(self) -> str:
        job = f" job_type={self.job_type!r}" if self.job_type else ""
        return f"<Run {self.name!r} project={self.project!r}{job} {self.state}>"

    # inner ----------------------------------------------------------------------------

    def _reenter(self, config: Mapping[str, Any] | None) -> Run:
        """Take part in the open run: only its outermost exit finishes it."""
        if self._depth == 0:
            self._held_outside = True
        if config:
            self.config.update(config, allow_val_change=True)
        return self

    def _take(self, values: Mapping[str, Any], step: int | None, commit: bool | None) -> None:
        if step is not None and not self._advance(step):
            return
        self._pending.update(values)
        if commit is True or (commit is None and step is None):
            self._close_row()
        self._note_summary(values)

    def _require_open(self, doing: str) -> None:
        if self._finished:
            raise RunFinishedError(
                f"Cannot {doing}: the run {self.name} is {self.state}. Start another with "
                "artnb.init(), or do it inside the `with` block."
            )

    def _advance(self, step: int) -> bool:
        if not isinstance(step, int) or isinstance(step, bool):
            step = _whole(step)
        if step < self._step:
            warnings.warn(
                f"log(step={step}) of run {self.name} is left out: the run is at step "
                f"{self._step}, and steps never go back. Log with a step of {self._step} or more.",
                StepWarning,
                stacklevel=3,
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
            warnings.warn(
                f"The summary of run {self.name} waits: {error} Its rows are kept, and the summary "
                "is written with the next, or when the run finishes.",
                stacklevel=4,
            )
        end = time.monotonic()
        self.__dict__["_summary_due"] = end + max(_SAVE_SECONDS, _SAVE_SHARE * (end - start))

    def _save_config(self, values: dict[str, Any]) -> None:
        self._record = self._repository.update_run(self.id, config=values)

    def _save_summary(self, values: dict[str, Any]) -> None:
        self._record = self._repository.update_run(self.id, summary=values)

    def _as_artifact(
        self, given: Artifact | str | os.PathLike[str], name: str | None, type: str | None
    ) -> Artifact:
        if isinstance(given, Artifact):
            return given
        path = Path(given)
        artifact = Artifact(name or f"run-{self.id}-{path.name}", type or "unspecified")
        if path.is_dir():
            artifact.add_dir(path)
        else:
            artifact.add_file(path)
        return artifact


def _whole(step: Any) -> int:
    try:
        return int(step.item() if hasattr(step, "item") else step)
    except (TypeError, ValueError) as error:
        raise TypeError(f"log: step must be a whole number, got {step!r}.") from error
