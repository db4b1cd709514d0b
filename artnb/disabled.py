"""The run of ``mode="disabled"``: every call does nothing, so that a script runs untracked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from tempfile import TemporaryDirectory
from typing import Any

from artnb.absent import Advising
from artnb.artifact import Artifact
from artnb.bags import Config, Summary
from artnb.errors import CommError
from artnb.public_types import RunStatus
from artnb.repository import open_repository
from artnb.settings import Settings

__all__ = ["DisabledRun"]


def _nothing(_: Any) -> None:
    return None


class DisabledRun(Advising, owner="Run"):
    """Takes everything that a `Run` takes and keeps nothing but config and summary.

    Artifacts that are there can be read: that the run used them is not written down.

    Parameters
    ----------
    config : mapping, optional
        What the run is told.
    project, job_type : str, optional
        What it would belong to; its project is where artifacts are looked for.
    settings : Settings, optional
        Whose repository is read; default: the working directory's.
    on_finish : callable
        Called with the run when it is finished.
    """

    id = name = "disabled"
    entity = ""
    group = notes = url = project_url = sweep_id = sweep_url = None
    tags: tuple[str, ...] = ()
    state = "finished"
    step = starting_step = 0
    start_time = 0.0
    resumed = False
    offline = disabled = True
    _exit_code = None

    def __init__(
        self,
        config: Mapping[str, Any] | None = None,
        project: str | None = None,
        job_type: str | None = None,
        settings: Settings | None = None,
        on_finish: Callable[[DisabledRun], None] = _nothing,
    ) -> None:
        self.config = Config(config, _nothing, allow_val_change=True)
        self.summary = Summary({}, _nothing)
        self.project = project
        self.job_type = job_type
        self._settings = settings
        self._on_finish = on_finish
        self._depth = 0
        self._temporary: TemporaryDirectory[str] | None = None

    def log(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    define_metric = alert = watch = unwatch = mark_preempting = _note_error = log
    pin_config_keys = write_logs = log

    def finish(self, *_: Any, **__: Any) -> None:
        """Be the current run no longer."""
        self._on_finish(self)

    def save(self, *_: Any, **__: Any) -> list[str]:
        """Keep nothing."""
        return []

    def restore(self, name: str, *_: Any, **__: Any) -> None:
        """Find nothing."""

    def log_code(self, *_: Any, **__: Any) -> None:
        """Log nothing."""

    def get_url(self) -> None:
        """Return None: it has no page."""

    get_project_url = get_url

    def status(self) -> RunStatus:
        """Return that nothing waits."""
        return RunStatus()

    def to_html(self, *_: Any, **__: Any) -> str:
        """Return nothing to show."""
        return ""

    def display(self, *_: Any, **__: Any) -> bool:
        """Show nothing."""
        return False

    @property
    def dir(self) -> str:
        """A temporary folder, removed when Python ends."""
        if self._temporary is None:
            self._temporary = TemporaryDirectory(prefix="artnb-")
        return self._temporary.name

    @property
    def sync_dir(self) -> str:
        """The same as `dir`."""
        return self.dir

    @property
    def settings(self) -> Settings:
        """How the repository is set up."""
        return self._settings or Settings.resolve()

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"

    def log_artifact(self, artifact: Any, *_: Any, **__: Any) -> Any:
        """Return the draft, or the path, as it is; a draft can be waited for."""
        if isinstance(artifact, Artifact):
            artifact._untracked = True
        return artifact

    log_model = link_artifact = link_model = log_artifact
    upsert_artifact = finish_artifact = log_artifact

    def use_artifact(self, artifact: Any, type: str | None = None, *_: Any, **__: Any) -> Any:
        """Return a version to read; a draft as it is.

        Raises
        ------
        CommError
            There is none.
        """
        if isinstance(artifact, Artifact):
            return artifact
        repository = open_repository(self._settings)
        try:
            version = repository.resolve(artifact, self.project or "uncategorized", type=type)
        except CommError as error:
            raise CommError(
                f"{error.args[0]} With the mode 'disabled' nothing is logged, and only what was "
                "logged before can be used."
            ) from error
        return Artifact._of(version, repository)

    def use_model(self, name: str) -> str:
        """Download a model and return the path of its file or folder."""
        artifact: Artifact = self.use_artifact(name, type="model")
        return artifact._file_or_folder()

    def __enter__(self) -> DisabledRun:
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth == 0:
            self.finish()

    def _reenter(self, config: Mapping[str, Any] | None) -> DisabledRun:
        if config:
            self.config.update(config)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return DisabledRun, (self.config.as_dict(), self.project, self.job_type)
