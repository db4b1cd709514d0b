"""Version control and lineage for everything a notebook makes: no server, no account.

In a notebook::

    %load_ext artnb

    %%artifact mnist-raw --type dataset
    images, labels = load()

In code, with the names and meanings of W&B::

    with artnb.init(project="demo", job_type="train") as run:
        data = run.use_artifact("mnist-raw:latest").download()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "CommError": "artnb.errors",
    "Error": "artnb.errors",
    "UsageError": "artnb.errors",
    "agent": "artnb.ported",
    "controller": "artnb.ported",
    "join": "artnb.ported",
    "login": "artnb.ported",
    "require": "artnb.ported",
    "setup": "artnb.ported",
    "sweep": "artnb.ported",
    "teardown": "artnb.ported",
    "termerror": "artnb.term",
    "termlog": "artnb.term",
    "termwarn": "artnb.term",
    "AlertLevel": "artnb._run.alerting",
    "Api": "artnb.query",
    "Artifact": "artnb.artifact",
    "Classes": "artnb.annotations",
    "JoinedTable": "artnb.joined",
    "ArtifactTTL": "artnb.retention",
    "Histogram": "artnb.histogram",
    "Image": "artnb.image",
    "Audio": "artnb.recordings",
    "Html": "artnb.recordings",
    "Molecule": "artnb.solids",
    "Object3D": "artnb.solids",
    "box3d": "artnb.solids",
    "Plotly": "artnb.figures",
    "Video": "artnb.recordings",
    "Run": "artnb._run",
    "Settings": "artnb._options",
    "Table": "artnb.table",
    "alert": "artnb._calls",
    "define_metric": "artnb._calls",
    "plot_table": "artnb.plot",
    "finish": "artnb._calls",
    "graph": "artnb.widgets",
    "init": "artnb._api",
    "link_artifact": "artnb._calls",
    "link_model": "artnb._calls",
    "log": "artnb._calls",
    "log_artifact": "artnb._calls",
    "log_model": "artnb._calls",
    "mark_preempting": "artnb._calls",
    "pin_config_keys": "artnb.ported",
    "restore": "artnb._calls",
    "save": "artnb._calls",
    "unwatch": "artnb._calls",
    "use_artifact": "artnb._calls",
    "use_model": "artnb._calls",
    "watch": "artnb._calls",
}
_IN_A_RUN = ("Api", "Artifact")
"""What logs and links without a run that was opened: which run does it, `_api` knows."""
_MODULES = ("errors", "plot", "sklearn", "util")
_PLACES = {
    "apis": "artnb.apis",
    "data_types": "artnb.data_types",
    "sdk": "artnb.sdk",
    "wandb_sdk": "artnb.sdk",
}
"""Where W&B keeps its classes; scripts that say so in hints find ours."""
_CALLBACKS = (
    "catboost", "fastai", "gym", "integration", "keras", "lightgbm", "sacred", "tensorboard",
    "tensorflow", "xgboost",
)  # fmt: skip
_OF_THE_RUN = ("config", "run", "summary")

__all__ = [
    "AlertLevel",
    "Api",
    "Artifact",
    "ArtifactTTL",
    "Audio",
    "Classes",
    "CommError",
    "Error",
    "Histogram",
    "Html",
    "Image",
    "JoinedTable",
    "Molecule",
    "Object3D",
    "Plotly",
    "Run",
    "Settings",
    "Table",
    "UsageError",
    "Video",
    "__version__",
    "agent",
    "alert",
    "box3d",
    "config",
    "controller",
    "define_metric",
    "errors",
    "finish",
    "graph",
    "init",
    "join",
    "link_artifact",
    "link_model",
    "load_ipython_extension",
    "log",
    "log_artifact",
    "log_model",
    "login",
    "mark_preempting",
    "pin_config_keys",
    "plot",
    "plot_table",
    "require",
    "restore",
    "run",
    "save",
    "setup",
    "sklearn",
    "summary",
    "sweep",
    "teardown",
    "termerror",
    "termlog",
    "termwarn",
    "unload_ipython_extension",
    "unwatch",
    "use_artifact",
    "use_model",
    "util",
    "watch",
]

if TYPE_CHECKING:
    from artnb import errors, plot, sklearn, util
    from artnb._api import init
    from artnb._calls import (
        alert,
        define_metric,
        finish,
        link_artifact,
        link_model,
        log,
        log_artifact,
        log_model,
        mark_preempting,
        restore,
        save,
        unwatch,
        use_artifact,
        use_model,
        watch,
    )
    from artnb._options import Settings
    from artnb._run import Run
    from artnb._run.alerting import AlertLevel
    from artnb.annotations import Classes
    from artnb.artifact import Artifact
    from artnb.bags import Config, Summary
    from artnb.errors import CommError, Error, UsageError
    from artnb.figures import Plotly
    from artnb.histogram import Histogram
    from artnb.image import Image
    from artnb.joined import JoinedTable
    from artnb.plot import plot_table
    from artnb.ported import (
        agent,
        controller,
        join,
        login,
        pin_config_keys,
        require,
        setup,
        sweep,
        teardown,
    )
    from artnb.query import Api
    from artnb.recordings import Audio, Html, Video
    from artnb.retention import ArtifactTTL
    from artnb.solids import Molecule, Object3D, box3d
    from artnb.table import Table
    from artnb.term import termerror, termlog, termwarn
    from artnb.widgets import graph

    config: Config
    run: Run | None
    summary: Summary


def __getattr__(name: str) -> Any:
    # Slow packages load at first use; run, config and summary are those of this moment.
    # No submodule may be called so: importing it would set the attribute and hide these.
    if name in _WHERE:
        if name in _IN_A_RUN:
            import_module("artnb._api")
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"artnb.{name}")
    if name in _PLACES:
        return import_module(_PLACES[name])
    if name in _OF_THE_RUN:
        from artnb import _api

        found = _api.current_run()
        if name == "run":
            return found
        return getattr(found, name) if found else _api.BeforeInit(name)
    if name in _CALLBACKS:
        raise AttributeError(
            f"artnb has no callbacks for {name}: in a callback of your own call artnb.log, and for "
            "checkpoints artnb.log_model. artnb's README has some of a few lines."
        )
    raise import_module("artnb.absent").absent_name("artnb", name)


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: Any) -> None:
    """Make ``%%artifact`` and ``%artnb`` known to a notebook: ``%load_ext artnb``."""
    from artnb.jupyter import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take them away again: ``%unload_ext artnb``."""
    from artnb.jupyter import unload_ipython_extension as unload

    unload(ipython)
