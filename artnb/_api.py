"""The one process-wide thing: which run is open."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any, Literal, cast

from artnb._options import Settings as InitSettings
from artnb._options import check_id, completed, config_mapping, settle_unknown
from artnb._run import Run
from artnb._run.continuing import run_to_resume
from artnb.artifact import set_collection_reader, set_run_giver, set_run_reader
from artnb.bags import plain_config
from artnb.disabled import DisabledRun
from artnb.ending import Ending
from artnb.errors import InvalidValueError, NoRunError, UsageError, nearest
from artnb.exiting import ignore_exits
from artnb.finished import show_finished
from artnb.model import RunRecord
from artnb.public_run import PublicRun
from artnb.public_types import ArtifactCollection
from artnb.repository import Repository, open_repository, read_from
from artnb.settings import Settings, check_mode
from artnb.shell import in_notebook, notebook_name, running_shell, running_source
from artnb.warning import warn
from artnb.worker import remember

__all__ = [
    "BeforeInit",
    "begin_cell",
    "current_repository",
    "current_run",
    "end_cell",
    "init",
    "required_run",
]

_REINIT = ("default", "return_previous", "finish_previous", "create_new")
_REINIT_OF = {None: "default", False: "return_previous", True: "finish_previous"}
_DEFAULT_PROJECT = "uncategorized"
_AUTO = "auto"  # the job type of a run that a draft's own save() makes

_open_runs: list[Run] = []
_cells: list[tuple[Callable[[], Run], bool]] = []  # see `begin_cell`
_lock = threading.RLock()
_ending = Ending(_open_runs)
atexit.register(_ending.finish_all)


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
    resume: bool | Literal["allow", "must", "never", "auto"] | None = None,
    allow_val_change: bool | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    save_code: bool | None = None,
    settings: InitSettings | Mapping[str, Any] | None = None,
    **unknown: Any,
) -> Run:
    """Open a run and make it the current one.

    Parameters
    ----------
    project : str, optional
        Default: ``ARTNB_PROJECT``, else ``uncategorized``.
    job_type : str, optional
        The kind of work, such as ``train``: the run's type in the lineage graph.
    config : mapping, argparse.Namespace, absl flags or path of a JSON or YAML file, optional
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
        The folder whose repository is used; default: the working directory's, as for a folder
        below it that has none. `Api` and `graph` then read there, too.
    mode : {'online', 'offline', 'disabled'}, optional
        ``disabled`` returns a run whose every call does nothing.
    reinit : {'return_previous', 'finish_previous', 'create_new'} or bool, optional
        What becomes of a run that is open.
    resume : {'allow', 'must', 'never', 'auto'} or bool, optional
        What becomes of an `id` that a run has: ``allow`` goes on with it, or begins one;
        ``must`` fails if there is none, ``never`` if there is one. ``auto`` (or True) is
        ``allow``, and without an id goes on with this machine's newest run of the project and
        job type if that crashed or failed. Steps, config and summary go on from what they were,
        what `config` says now goes before; the run is open once more.
    config_exclude_keys, config_include_keys : sequence of str, optional
        Keys of `config` that are left out, or the only ones that are taken.
    allow_val_change : bool, optional
        Whether config values may be replaced; default: in notebooks.
    save_code : bool, optional
        Whether the script's or cell's source is kept with the run; default True.
    settings : artnb.Settings or mapping, optional
        The same by W&B's names: ``run_id``, ``run_name``, ...; what is given here goes before.

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
    asked = completed(
        {
            "project": project, "job_type": job_type, "name": name, "group": group, "tags": tags,
            "notes": notes, "id": id, "dir": dir, "mode": mode, "reinit": reinit, "resume": resume,
            "allow_val_change": allow_val_change, "save_code": save_code, **unknown,
        },
        settings,
        os.environ if current_run() is None else {},  # of the first run, not of those within
    )  # fmt: skip
    return _open(config_mapping(config, config_exclude_keys, config_include_keys), **asked)


def _open(
    told: dict[str, Any] | None,
    *,
    project: str | None = None,
    job_type: str | None = None,
    name: str | None = None,
    group: str | None = None,
    tags: str | Sequence[str] | None = None,
    notes: str | None = None,
    id: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    mode: str | None = None,
    reinit: bool | str | None = None,
    resume: bool | str | None = None,
    allow_val_change: bool | None = None,
    save_code: bool | None = None,
    code_dir: str | None = None,
    place: Settings | None = None,
    **unknown: Any,
) -> Run:
    settle_unknown(unknown, _OPTIONS)
    settings = place or _settings_of(dir)
    if check_mode(mode or settings.mode) == "disabled":
        project = project or settings.project or _DEFAULT_PROJECT
        return _open_disabled(told, project, job_type, settings)
    with _lock:
        if present := _present_run(project, job_type, name, id, reinit):
            return present._reenter(told)
        repository = open_repository(settings)
        if place is None:
            read_from(settings if dir else None)
        in_kernel = in_notebook()
        default = settings.project or _DEFAULT_PROJECT
        given: dict[str, Any] = {
            "job_type": job_type,
            "name": name,
            "group": group or settings.group,
            "tags": (tags,) if isinstance(tags, str) else tuple(tags or ()),
            "notes": notes,
            "config": plain_config(told),
            "code": running_source() if save_code is not False else None,
            "notebook": notebook_name() if in_kernel else None,
        }
        resumed = run_to_resume(repository, resume, check_id(id), project, default, job_type)
        if resumed is not None:
            record = _resumed(repository, resumed, given)
        else:
            record = repository.start_run(project or default, run_id=id, **given)
        run = Run(
            record,
            repository,
            allow_val_change=in_kernel if allow_val_change is None else allow_val_change,
        )
        if resumed is not None:
            run._go_on(repository.history(record.id))
        remember(run)
        run._on_finish = _closed
        _open_runs.append(run)
        _ending.watch()
    if code_dir:
        run.log_code(code_dir)
    return run


_OPTIONS = tuple(key for key in signature(init).parameters if key != "unknown")


def _resumed(repository: Repository, run: RunRecord, given: dict[str, Any]) -> RunRecord:
    """Open a run again; what is given now goes before what it has."""
    changes = {key: value for key, value in given.items() if value}
    changes["config"] = {**run.config, **given["config"]}
    if changes.get("job_type", run.job_type) != run.job_type:
        raise UsageError(
            f"The run {run.name} has the job type {run.job_type!r}, not {given['job_type']!r}: it "
            "cannot go on as another kind of work. Leave `job_type` out, or begin a new run."
        )
    return repository.resume_run(run.id, **changes)


def current_run() -> Run | None:
    """Return the open run, the innermost of several, else that of the cell, else None."""
    if _open_runs:
        return _open_runs[-1]
    return _cells[-1][0]() if _cells else None


def _settings_of(dir: str | os.PathLike[str] | None) -> Settings:
    """Return the settings of the repository for a run that is to lie in `dir`."""
    here = Settings.resolve()
    if dir is None:
        return here
    there = Settings.resolve(Path(dir))
    # Scripts for W&B name a folder for its logs, and say nothing of it to what reads them later.
    below = here.root.parent in there.root.parents
    return here if below and not there.has_place else there


def begin_cell(run: Callable[[], Run], *, joined: bool = True) -> None:
    """Let module-level calls speak to a cell's run, until `end_cell`, while no other is open.

    Parameters
    ----------
    run : callable
        Returns the handle, always the same.
    joined : bool
        Whether an `init` in the cell may take part in its run.
    """
    read_from(None)
    _cells.append((run, joined))


def end_cell(run: Callable[[], Run]) -> None:
    """End what `begin_cell` began."""
    _cells[:] = [each for each in _cells if each[0] != run]


def current_repository() -> Repository:
    """Return the open run's repository, else the working directory's."""
    run = current_run()
    return run._repository if run else open_repository()


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


def required_run(doing: str) -> Run:
    """Return the open run; NoRunError, which names what was called, without one."""
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
        if not in_notebook():
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
        if not _open_runs:
            ignore_exits()


def _closed(run: Run) -> None:
    _forget(run)
    if run.job_type == _AUTO or _ending.of_notebook:
        return
    try:
        show_finished(run._record, run._repository, running_shell())
    except Exception as error:
        # The run is finished and kept: that it could not be said must not fail the cell.
        warn(f"The run {run.name} is finished, but: {error!r}")


@contextmanager
def _some_run(project: str | None, repository: Repository | None) -> Iterator[Run]:
    """Give the open run, else one of its own for what a person does without one."""
    if run := current_run():
        yield run
        return
    place = repository.settings if repository else None
    with _open(None, project=project, job_type=_AUTO, place=place) as own:
        yield own


set_run_giver(_some_run)
set_run_reader(PublicRun)
set_collection_reader(ArtifactCollection)
