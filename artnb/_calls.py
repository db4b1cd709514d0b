"""Module-level calls that speak to the open run: ``artnb.log`` is ``artnb.run.log``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Literal

from artnb._api import current_repository, current_run, required_run
from artnb._run.alerting import AlertLevel
from artnb._run.files import put_out
from artnb.artifact import Artifact
from artnb.metrics import MetricRule

__all__ = [
    "alert",
    "define_metric",
    "finish",
    "link_artifact",
    "link_model",
    "log",
    "log_artifact",
    "log_model",
    "mark_preempting",
    "restore",
    "save",
    "unwatch",
    "use_artifact",
    "use_model",
    "watch",
]


def define_metric(name: str, *args: Any, **options: Any) -> MetricRule:
    """Say how a metric of the current run is summed up; see `Run.define_metric`."""
    return required_run("define_metric").define_metric(name, *args, **options)


def finish(exit_code: int | None = None) -> None:
    """Close the current run; without one, do nothing."""
    if run := current_run():
        run.finish(exit_code)


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Record values in the current run; see `Run.log`."""
    required_run("log").log(data, step=step, commit=commit)


def save(
    glob_str: str | os.PathLike[str],
    base_path: str | os.PathLike[str] | None = None,
    policy: Literal["live", "now", "end"] = "live",
    glob: bool = True,
) -> list[str]:
    """Keep files with the current run; see `Run.save`."""
    return required_run("save").save(glob_str, base_path, policy, glob)


def log_artifact(
    artifact_or_path: Artifact | str | os.PathLike[str],
    name: str | None = None,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> Artifact:
    """Log an artifact as the current run's output; see `Run.log_artifact`."""
    return required_run("log_artifact").log_artifact(artifact_or_path, name, type, aliases, tags)


def use_artifact(
    artifact_or_name: Artifact | str,
    type: str | None = None,
    aliases: Sequence[str] | None = None,
    use_as: str | None = None,
) -> Artifact:
    """Take an artifact as the current run's input; see `Run.use_artifact`."""
    return required_run("use_artifact").use_artifact(artifact_or_name, type, aliases, use_as)


def log_model(
    path: str | os.PathLike[str], name: str | None = None, aliases: Sequence[str] | None = None
) -> Artifact:
    """Log a model with the current run; see `Run.log_model`."""
    return required_run("log_model").log_model(path, name, aliases)


def use_model(name: str) -> str:
    """Take a model as the current run's input; see `Run.use_model`."""
    return required_run("use_model").use_model(name)


def link_artifact(
    artifact: Artifact, target_path: str, aliases: Sequence[str] | None = None
) -> Artifact:
    """Link a version to a registry's collection; see `Run.link_artifact`."""
    return required_run("link_artifact").link_artifact(artifact, target_path, aliases)


def link_model(
    path: str | os.PathLike[str],
    registered_model_name: str,
    name: str | None = None,
    aliases: Sequence[str] | None = None,
) -> Artifact:
    """Log a model and link it in the model registry; see `Run.link_model`."""
    return required_run("link_model").link_model(path, registered_model_name, name, aliases)


def restore(
    name: str,
    run_path: str | None = None,
    replace: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> IO[str]:
    """Put out a file that a run kept, and return it, opened; see `Run.restore`.

    With `run_path` no run need be open.
    """
    if run_path is None or current_run() is not None:
        return required_run("restore").restore(name, run_path, replace, root)
    repository = current_repository()
    run = repository.run(run_path.strip("/").split("/")[-1])
    files = run.outputs.get("files", {})
    return put_out(
        repository.read_blob, files, name, Path(root or "."), replace=replace, run=run.name
    )


def alert(
    title: str,
    text: str,
    level: AlertLevel | str | None = None,
    wait_duration: float | timedelta | None = None,
) -> None:
    """Say something that should be noticed, and keep it with the current run; see `Run.alert`."""
    required_run("alert").alert(title, text, level, wait_duration)


def mark_preempting() -> None:
    """Say that this machine is taken away soon; see `Run.mark_preempting`."""
    required_run("mark_preempting").mark_preempting()


def watch(
    models: Any,
    criterion: Any = None,
    log: Literal["gradients", "parameters", "all"] | None = "gradients",
    log_freq: int = 1000,
    idx: int | None = None,
    log_graph: bool = False,
) -> None:
    """Log histograms of a torch model's gradients and parameters; see `Run.watch`."""
    required_run("watch").watch(models, criterion, log, log_freq, idx, log_graph)


def unwatch(models: Any = None) -> None:
    """Watch models no longer; see `Run.unwatch`."""
    required_run("unwatch").unwatch(models)
