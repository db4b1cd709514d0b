"""Which run an `init` goes on with, by W&B's words for it."""

from __future__ import annotations

from artnb.environment import HOST
from artnb.errors import CommError, InvalidValueError, RunDeletedError, UsageError, nearest
from artnb.model import RunRecord
from artnb.repository import Repository
from artnb.resuming import why_still_open

__all__ = ["run_to_resume"]

_WAYS = ("allow", "must", "never", "auto")


def run_to_resume(
    repository: Repository,
    resume: bool | str | None,
    run_id: str | None,
    project: str | None,
    default_project: str,
    job_type: str | None,
) -> RunRecord | None:
    """Return the run that goes on, or None where a new one begins.

    Parameters
    ----------
    resume : {'allow', 'must', 'never', 'auto'} or bool, optional
        True stands for ``auto``.
    project : str, optional
        As it was given: where none was, the run may be of any.
    default_project : str
        Where ``auto`` without an id looks.

    Raises
    ------
    UsageError
        There is no such run, or there is one and must not be.
    """
    way = {True: "auto", False: None, "": None}.get(resume, resume)
    if way is None:
        return None
    if way not in _WAYS:
        raise InvalidValueError(f"resume={resume!r} does not exist; {nearest(str(way), _WAYS)}")
    if run_id is None:
        if way == "must":
            raise UsageError("resume='must' needs the id of the run: artnb.init(id=...).")
        if way == "auto":
            return _last_ended_badly(repository, project or default_project, job_type)
        return None
    try:
        found = repository.run(run_id)
    except RunDeletedError as error:
        raise UsageError(
            f"resume={way!r}: {error.args[0]} Leave `id` out, or choose another."
        ) from error
    except CommError as error:
        if way == "must":
            raise UsageError(
                f"resume='must': {error.args[0]} With resume='allow' it would be a new run."
            ) from error
        return None
    if way == "never":
        raise UsageError(
            f"resume='never': there is a run with the id {run_id!r} already, {found.name} of "
            f"project {found.project!r} ({found.state}). resume='allow' goes on with it; for a new "
            "run leave `id` out, or choose another."
        )
    if project not in (None, found.project):
        raise UsageError(
            f"The run {run_id!r} is of project {found.project!r}, not {project!r}: it cannot go on "
            "there. Name its project, or choose another id."
        )
    return found


def _last_ended_badly(
    repository: Repository, project: str, job_type: str | None
) -> RunRecord | None:
    """Return this machine's newest run of a kind if it crashed or failed."""
    for run in repository.runs(project):
        if run.host == HOST and run.job_type == job_type and run.cell_id is None:
            if run.state == "running":
                return None if why_still_open(run, repository.is_open(run.id)) else run
            return run if run.state in ("crashed", "failed") else None
    return None
