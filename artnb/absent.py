"""Names of W&B that mean nothing without its server: asked for, they say what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

__all__ = ["Advising", "absent_name"]

_NO_ACCOUNTS = (
    "there are no accounts: who may read and write is said by the store's and the catalogue's own "
    "permissions"
)
_NO_QUEUES = "no server hands out work: call the script, or let your scheduler do so"
_NO_WATCH = (
    "no server watches what is logged: act on it in the script that logs, or say it by "
    "artnb.alert(title, text)"
)
_NO_SWEEPS = (
    "there are no sweeps: loop over the parameters with artnb.init(group='sweep', config=...), and "
    "read the runs by Api().runs(filters={'group': 'sweep'})"
)
_TENSORBOARD = "what TensorBoard's writers write is not read: log it with run.log"

_OF_MLFLOW_AND_OTHERS = {
    "active_run": "artnb.run is the open run, or None",
    "autolog": (
        "a cell under %%artifact needs no calls; in a script "
        "artnb.config.update(model.get_params())"
    ),
    "end_run": "artnb.finish() ends the open run",
    "load_model": "artnb.use_artifact(name).get(entry) returns what artifact.add kept there",
    **dict.fromkeys(
        ("log_dict", "log_text"), "write a file, and artnb.save(path) keeps it with the run"
    ),
    **dict.fromkeys(("log_figure", "log_image"), "artnb.log({name: figure})"),
    **dict.fromkeys(("log_input", "track"), "artnb.init(), then artnb.use_artifact(name)"),
    **dict.fromkeys(("log_metric", "log_metrics"), "artnb.log({name: value}, step=...)"),
    **dict.fromkeys(("log_param", "log_params"), "artnb.config.update({name: value})"),
    "search_runs": "artnb.Api().runs(project, filters, order='-summary_metrics.NAME')",
    "set_experiment": "artnb.init(project=...)",
    **dict.fromkeys(("set_tag", "set_tags"), "artnb.run.tags += (tag,)"),
    "start_run": "artnb.init(job_type=...)",
}
"""Names of MLflow and LaminDB that are tried first."""

_WHY: Mapping[str, Mapping[str, str]] = {
    "artnb": {
        **_OF_MLFLOW_AND_OTHERS,
        "Config": "the open run's is artnb.config, and a dict does for artnb.init(config=...)",
        "EvalTable": "log an artnb.Table",
        "Graph": "artnb.graph() shows the lineage",
        "profiler": "a trace is a file: artnb.save(path) keeps it with the run",
    },
    "Api": {
        **dict.fromkeys(
            (
                "create_team", "create_user", "organization", "team", "user", "user_agent",
                "users", "api_key",
            ),
            _NO_ACCOUNTS,
        ),
        **dict.fromkeys(
            ("create_run_queue", "job", "list_jobs", "queued_run", "run_queue",
             "upsert_run_queue"),
            _NO_QUEUES,
        ),
        **dict.fromkeys(
            (
                "automation", "automations", "create_automation", "delete_automation",
                "integrations", "slack_integrations", "update_automation",
                "webhook_integrations",
            ),
            _NO_WATCH,
        ),
        "create_custom_chart": "charts are drawn of what is logged: artnb.plot, or log a figure",
        "create_registry": (
            "a registry is a project, and begins with its first link: "
            "artnb.link_artifact(artifact, 'wandb-registry-NAME/COLLECTION')"
        ),
        "create_run": "a run begins where it runs: artnb.init(project=..., id=...)",
        "reports": "there are no reports: artnb.graph(project).to_html(path) writes a page",
        "sweep": _NO_SWEEPS,
        "sync_tensorboard": _TENSORBOARD,
    },
    "Run": {
        "config_static": "run.config.as_dict() returns a copy of the config",
    },
    "PublicRun": {
        "user": f"{_NO_ACCOUNTS}; run.host says on which machine it ran",
        "create": "a run begins where it runs: artnb.init(project=..., id=...)",
        "download_history_exports": (
            "all rows are here: run.history().to_parquet(path) writes them to a file"
        ),
        "stop": (
            "no server reaches the process: end it on its machine (run.host, run.pid), and the "
            "run is closed as crashed by whoever opens the repository there next"
        ),
        "update_state": (
            "a run's state is what became of its process: who opens the repository on its machine "
            "next closes a lost one as crashed, and artnb.init(id=..., resume='must') goes on"
        ),
    },
    "Artifact": {
        "distributed_id": (
            "it is given where parts are added: run.upsert_artifact(..., distributed_id=...)"
        ),
        "get_added_local_path_name": "add_file returns the entry: artifact.add_file(path).path",
        "json_encode": "its parts are attributes: name, type, metadata, digest, manifest, ...",
    },
    "Runs": dict.fromkeys(
        ("cursor", "last_response", "more", "next"), "all runs are in the list, and len() counts"
    ),
    "Entry": {
        "ref_url": (
            "a version's files are referred to by the version: run.use_artifact(name) notes where "
            "they come from, and artifact.new_draft() begins with all of them, with no bytes copied"
        ),
    },
    "File": {
        **dict.fromkeys(
            ("display", "to_html"),
            "file.download() puts it in a folder; pictures are shown by artnb.Image(path)",
        ),
        "delete": "a run's files go with it: run.delete()",
        **dict.fromkeys(
            ("direct_url", "path_uri", "url"),
            "its bytes have no address of their own: file.download() puts them in a folder",
        ),
        "md5": "file.sha256 is its digest",
    },
    "ArtifactCollection": dict.fromkeys(
        ("change_type", "load", "save"),
        "a collection is what its versions are: change them, each with version.save(), and log "
        "under another name what is to have another type",
    ),
    "Project": {
        **dict.fromkeys(("display", "to_html"), "artnb.graph(project) shows it"),
        "owner": _NO_ACCOUNTS,
        "sweeps": _NO_SWEEPS,
    },
}  # fmt: skip


_SHOWN = {
    "Artifact": "An artifact", "ArtifactCollection": "A collection", "Entry": "An entry",
    "File": "A file", "Project": "A project", "PublicRun": "A run", "Run": "A run",
    "Runs": "A list of runs",
}  # fmt: skip


def absent_name(owner: str, name: str) -> AttributeError:
    """Return the error for a name that a class, as the table above has it, does not have."""
    what = f"{_SHOWN.get(owner, owner)} has no {name!r}"
    why = _WHY.get(owner, {}).get(name)
    return AttributeError(f"{what}: {why}." if why else f"{what}.", name=name)


class Advising:
    """A class whose handles say of names that they lack what to do instead.

    Parameters
    ----------
    owner : str
        What the table above calls it; a subclass without one is what its parent is.
    """

    __slots__ = ()

    _owner: ClassVar[str]

    def __init_subclass__(cls, owner: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if owner is not None:
            cls._owner = owner

    if not TYPE_CHECKING:  # else every name would be one

        def __getattr__(self, name: str) -> Any:
            if hasattr(type(self), name):  # a property of its own failed: once more, for its error
                return object.__getattribute__(self, name)
            raise absent_name(self._owner, name)
