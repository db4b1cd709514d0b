"""The one process-wide thing: which run is open, and the module-level calls on it."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from artnb._run import Run
from artnb.artifact import Artifact, set_draft_logger
from artnb.disabled import DisabledRun
from artnb.draft import check_metadata
from artnb.errors import ArtnbError, InvalidValueError, NoRunError, nearest
from artnb.finished import show_finished
from artnb.repository import Repository, open_repository
from artnb.settings import Settings
from artnb.worker import remember

__all__ = [
    "begin_cell",
    "current_repository",
    "current_run",
    "define_metric",
    "end_cell",
    "finish",
    "init",
    "log",
    "log_artifact",
    "log_model",
    "login",
    "save",
    "use_artifact",
    "use_model",
]

_REINIT = ("default", "return_previous", "finish_previous", "create_new")
_REINIT_OF = {None: "default", False: "return_previous", True: "finish_previous"}
_DEFAULT_PROJECT = "uncategorized"
_AUTO = "auto"  # the job type of a run that a draft's own save() makes

_open_runs: list[Run] = []
_cells: list[tuple[Callable[[], Run], bool]] = []  # see `begin_cell`
_lock = threading.RLock()
_exiting = False


def init(
    project: str | None = None,
    job_type: str | None = None,
    config: Mapping[str, Any] | str | None = None,
    *,
    name: str | None = None,
    group: str | None = None,
    tags: str | Sequence[str] | None = None,
    notes: str | None = None,
    id: str | None = None,
    entity: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    mode: Literal["online", "offline", "disabled"] | None = None,
    reinit: bool | str | None = None,
    allow_val_change: bool | None = None,
    save_code: bool | None = None,
    **unknown: Any,
) -> Run:
    """Open a run and make it the current one.

    Parameters
    ----------
    project : str, optional
        Default: ``ARTNB_PROJECT``, else ``uncategorized``.
    job_type : str, optional
        The kind of work, such as ``train``: the run's type in the lineage graph.
    config : mapping, argparse.Namespace or path of a JSON or YAML file, optional
        What the run is told.
    name : str, optional
        Default: two words and a number, such as ``sunny-smoke-1``.
    group, notes : str, optional
    tags : str or sequence of str, optional
    id : str, optional
        Default: 8 random characters.
    entity : str, optional
        Accepted and ignored: there are no accounts.
    dir : path, optional
        The folder whose repository is used; default: the working directory's.
    mode : {'online', 'offline', 'disabled'}, optional
        ``disabled`` returns a run whose every call does nothing.
    reinit : {'return_previous', 'finish_previous', 'create_new'} or bool, optional
        What becomes of a run that is open.
    allow_val_change : bool, optional
        Whether config values may be replaced; default: in notebooks.
    save_code : bool, optional
        Whether the script's or cell's source is kept with the run; default True.

    Returns
    -------
    Run
        A context manager; else call ``finish``.

    Notes
    -----
    An `init` with the project and job type of the open run, or with neither, takes part
    in that run, and only the outermost exit finishes it: so helper functions may say
    ``with artnb.init(...)`` themselves. In an artifact cell that run is the cell's. Inside
    the cell, or a ``with`` block, another job type opens a run within the run. Otherwise a
    new `init` finishes the open run in a notebook and
    returns it in a script, as W&B has it.

    Examples
    --------
    >>> with artnb.init(project="demo", job_type="train") as run:   # doctest: +SKIP
    ...     run.log({"loss": 0.25})
    """
    if unknown:
        raise InvalidValueError(_unknown_option(next(iter(unknown))))
    settings = Settings.resolve(None if dir is None else Path(dir))
    if (mode or settings.mode) == "disabled":
        project = project or settings.project or _DEFAULT_PROJECT
        return _open_disabled(_config_mapping(config), project, job_type, settings)
    with _lock:
        if present := _present_run(project, job_type, name, id, reinit):
            return present._reenter(_config_mapping(config))
        repository = open_repository(settings)
        in_notebook = _in_notebook()
        values = check_metadata(_config_mapping(config), "config")
        record = repository.start_run(
            project or settings.project or _DEFAULT_PROJECT,
            job_type=job_type,
            name=name,
            run_id=_checked_id(id),
            group=group or settings.group,
            tags=(tags,) if isinstance(tags, str) else tuple(tags or ()),
            notes=notes,
            config=values,
            code=_source() if save_code is not False else None,
            notebook=_notebook_name() if in_notebook else None,
        )
        run = Run(
            record,
            repository,
            allow_val_change=in_notebook if allow_val_change is None else allow_val_change,
        )
        remember(run)
        run._on_finish = _closed
        _open_runs.append(run)
        return run


def define_metric(name: str, *args: Any, **options: Any) -> None:
    """Say how a metric of the current run is summed up; see `Run.define_metric`."""
    _required("define_metric").define_metric(name, *args, **options)


def finish(exit_code: int | None = None) -> None:
    """Close the current run; without one, do nothing."""
    if run := current_run():
        run.finish(exit_code)


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Record values in the current run; see `Run.log`."""
    _required("log").log(data, step=step, commit=commit)


def save(
    glob_str: str | os.PathLike[str],
    base_path: str | os.PathLike[str] | None = None,
    policy: str = "live",
) -> list[str]:
    """Keep files with the current run; see `Run.save`."""
    return _required("save").save(glob_str, base_path, policy)


def log_artifact(
    artifact_or_path: Artifact | str | os.PathLike[str],
    name: str | None = None,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> Artifact:
    """Log an artifact as the current run's output; see `Run.log_artifact`."""
    return _required("log_artifact").log_artifact(artifact_or_path, name, type, aliases, tags)


def use_artifact(
    artifact_or_name: Artifact | str,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
) -> Artifact:
    """Take an artifact as the current run's input; see `Run.use_artifact`."""
    return _required("use_artifact").use_artifact(artifact_or_name, type, aliases)


def log_model(
    path: str | os.PathLike[str], name: str | None = None, aliases: Sequence[str] | None = None
) -> Artifact:
    """Log a model with the current run; see `Run.log_model`."""
    return _required("log_model").log_model(path, name, aliases)


def use_model(name: str) -> str:
    """Take a model as the current run's input; see `Run.use_model`."""
    return _required("use_model").use_model(name)


def current_run() -> Run | None:
    """Return the open run, the innermost of several, else that of the cell, else None."""
    if _open_runs:
        return _open_runs[-1]
    return _cells[-1][0]() if _cells else None


def begin_cell(run: Callable[[], Run], *, joined: bool = True) -> None:
    """Let module-level calls speak to a cell's run, until `end_cell`, while no other is open.

    Parameters
    ----------
    run : callable
        Returns the handle, always the same.
    joined : bool
        Whether an `init` in the cell may take part in its run.
    """
    _cells.append((run, joined))


def end_cell(run: Callable[[], Run]) -> None:
    """End what `begin_cell` began."""
    _cells[:] = [each for each in _cells if each[0] != run]


def current_repository() -> Repository:
    """Return the open run's repository, else the working directory's."""
    run = current_run()
    return run._repository if run else open_repository()


def login(*_: Any, **__: Any) -> bool:
    """Return True: there is no account. For scripts that were written for W&B."""
    return True


class BeforeInit:
    """Stands for ``artnb.config`` and ``artnb.summary`` while no run is open."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_: Any) -> Any:
        raise NoRunError(f"Call artnb.init() before artnb.{self._name}: there is no open run.")

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        return self._refuse()

    __setattr__ = __getitem__ = __setitem__ = __iter__ = __len__ = __contains__ = _refuse

    def __repr__(self) -> str:
        return f"<artnb.{self._name}: no open run>"


def _required(doing: str) -> Run:
    run = current_run()
    if run is None:
        raise NoRunError(f"Call artnb.init() before artnb.{doing}(): there is no open run.")
    return run


def _present_run(
    project: str | None, job_type: str | None, name: str | None, id: str | None,
    reinit: bool | str | None,
) -> Run | None:  # fmt: skip
    """Return the open run to take part in, after finishing it if that is asked for."""
    run = _joinable()
    if run is not None and run._exit_code is not None:
        run.finish()  # its end was asked for and failed: it takes nothing more
        run = _joinable()
    choice = reinit if isinstance(reinit, str) else _REINIT_OF[reinit]
    if choice not in _REINIT:
        raise InvalidValueError(
            f"reinit={reinit!r} does not exist; {nearest(str(choice), _REINIT)}"
        )
    if run is None or choice == "create_new":
        return None
    if choice == "return_previous":
        return run
    if choice == "default":
        same = (project in (None, run.project)) and (job_type in (None, run.job_type))
        if same and name in (None, run.name) and id in (None, run.id):
            return run
        if run._depth:
            return None
        if not _in_notebook():
            return run
    run.finish()
    return None


def _joinable() -> Run | None:
    """Return the run that an `init` may take part in."""
    if not _open_runs and _cells and not _cells[-1][1]:
        return None
    return current_run()


def _open_disabled(
    config: Mapping[str, Any] | None, project: str, job_type: str | None, settings: Settings
) -> Run:
    """Return a run that keeps nothing, and make it the current one, as one that does."""
    with _lock:
        run: Any = current_run()
        if isinstance(run, DisabledRun):
            return cast(Run, run._reenter(config))
        opened = cast(Run, DisabledRun(config, project, job_type, settings, _forget))
        _open_runs.append(opened)
        return opened


def _forget(run: Any) -> None:
    with _lock:
        if run in _open_runs:
            _open_runs.remove(run)


def _closed(run: Run) -> None:
    _forget(run)
    if run.job_type == _AUTO or _exiting:
        return
    try:
        show_finished(run._record, run._repository, _shell())
    except Exception as error:
        # The run is finished and kept: that it could not be said must not fail the cell.
        warnings.warn(f"The run {run.name} is finished, but: {error!r}", stacklevel=2)


def _log_saved_draft(artifact: Artifact) -> None:
    if run := current_run():
        run.log_artifact(artifact)
        return
    with init(job_type=_AUTO) as own:
        own.log_artifact(artifact)


set_draft_logger(_log_saved_draft)


@atexit.register
def _finish_all() -> None:
    global _exiting
    _exiting = _in_notebook()  # the page is gone: nobody is left to be told
    failed = not _in_notebook() and getattr(sys, "last_value", None) is not None
    for run in reversed(list(_open_runs)):
        try:
            run.finish(exit_code=int(failed))
        except ArtnbError as error:
            sys.stderr.write(
                f"The run {run.name} could not be finished: {error} Its rows are kept; whoever "
                "opens the repository next closes it as crashed.\n"
            )


def _in_notebook() -> bool:
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def _shell() -> Any:
    # Only if IPython is loaded already: importing it to ask would cost 200 ms in a script.
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def _source() -> str | None:
    """Return the source of what calls: the notebook's cell, else the script."""
    shell = _shell()
    if shell is not None:
        cells = shell.user_ns.get("In") or [""]
        return str(cells[-1]) or None
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        return Path(path).read_text("utf-8") if path else None
    except (OSError, UnicodeDecodeError):
        return None


def _notebook_name() -> str | None:
    shell = _shell()
    path = os.environ.get("JPY_SESSION_NAME") or shell.user_ns.get("__vsc_ipynb_file__")
    return Path(path).name if path else None


def _config_mapping(config: Any) -> dict[str, Any] | None:
    if config is None or isinstance(config, Mapping):
        return None if config is None else dict(config)
    if isinstance(config, (str, os.PathLike)):
        return _config_file(Path(config))
    if hasattr(config, "__dict__"):  # argparse.Namespace
        return dict(vars(config))
    raise InvalidValueError(
        f"config must be a dict, a Namespace or the path of a file, got {type(config).__name__}."
    )


def _config_file(path: Path) -> dict[str, Any]:
    import json

    if not path.is_file():
        raise InvalidValueError(f"config: there is no file {str(path)!r}.")
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        return dict(json.loads(text))
    try:
        import yaml
    except ImportError as error:
        from artnb.errors import MissingExtraError

        raise MissingExtraError(f"Reading {path}", "pyyaml") from error
    return dict(yaml.safe_load(text) or {})


def _checked_id(id: str | None) -> str | None:
    if id is None:
        return None
    if not id or id != id.strip() or any(mark in id for mark in ":;,#?/'"):
        raise InvalidValueError(f"id {id!r}: use text without : ; , # ? / ' and edge spaces.")
    return id


def _unknown_option(name: str) -> str:
    import inspect

    known = [key for key in inspect.signature(init).parameters if key != "unknown"]
    return f"artnb.init has no option {name!r}; {nearest(name, known)}"
