"""The run of ``mode="disabled"``: every call does nothing, so that a script runs untracked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artnb.bags import Config, Summary

__all__ = ["DisabledRun"]


def _forget(_: dict[str, Any]) -> None:
    return None


class DisabledRun:
    """Takes everything that a `Run` takes and keeps nothing but config and summary."""

    id = name = "disabled"
    project = job_type = group = notes = None
    tags: tuple[str, ...] = ()
    state = "finished"
    step = 0

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self.config = Config(config, _forget, allow_val_change=True)
        self.summary = Summary({}, _forget)

    def log(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def define_metric(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def finish(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def save(self, *_: Any, **__: Any) -> list[str]:
        """Keep nothing."""
        return []

    def log_artifact(self, artifact: Any, *_: Any, **__: Any) -> Any:
        """Return the draft as it is."""
        return artifact

    log_model = use_artifact = log_artifact

    def __enter__(self) -> DisabledRun:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        return DisabledRun, (self.config.as_dict(),)
