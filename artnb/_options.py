"""What `init` is given: a config in any of its forms, and options that only W&B's server has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from artnb.bags import mapping_of
from artnb.errors import InvalidValueError, MissingExtraError, UsageError, nearest
from artnb.warning import warn

__all__ = ["Settings", "check_id", "completed", "config_mapping", "settle_unknown"]

_NO_EFFECT = {
    "sync_tensorboard": "what TensorBoard's writers write is not read; log it with run.log",
    "tensorboard": "what TensorBoard's writers write is not read; log it with run.log",
    "monitor_gym": "videos of gym are not taken by themselves; log them with artnb.Video",
    "magic": "nothing is logged by itself",
}
_ACCOUNTS = ("anonymous", "force")  # without accounts both are as they should be
_NEVER = {
    "fork_from": "A run cannot be forked. Begin a new one that uses what the first one logged.",
    "resume_from": "A run cannot be wound back. resume='allow' goes on where it ended.",
}
_OF_SETTINGS = {
    "allow_val_change": "allow_val_change", "fork_from": "fork_from", "mode": "mode",
    "project": "project", "reinit": "reinit", "resume": "resume", "resume_from": "resume_from",
    "root_dir": "dir", "run_group": "group", "run_id": "id", "run_job_type": "job_type",
    "run_name": "name", "run_notes": "notes", "run_tags": "tags", "save_code": "save_code",
    "sync_tensorboard": "sync_tensorboard", "code_dir": "code_dir",
}  # fmt: skip
_OF_ENVIRONMENT = {
    "WANDB_JOB_TYPE": "job_type", "WANDB_NAME": "name", "WANDB_NOTES": "notes",
    "WANDB_RESUME": "resume", "WANDB_RUN_ID": "id", "WANDB_TAGS": "tags",
}  # fmt: skip
_said: set[str] = set()


class Settings:
    """What an `init` is told, as one value: ``init(settings=Settings(run_name="first"))``.

    Parameters
    ----------
    **values
        W&B's names. Those of a run (``project``, ``mode``, ``run_id``, ``run_name``,
        ``run_group``, ``run_job_type``, ``run_notes``, ``run_tags``, ``root_dir``, ``resume``,
        ``reinit``, ``allow_val_change``, ``save_code``, ``disable_code``, ``code_dir``) hold;
        what says how W&B's client works, such as ``start_method``, is kept and does nothing.
        How a repository is set up is said by ``artnb.toml`` and the environment.
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        given = ", ".join(self.__dict__) or "nothing"
        raise AttributeError(
            f"Settings has no {name!r}: it holds what it was given ({given}). What holds for a run "
            "is said by the run: run.name, run.id, run.project, run.dir, ..."
        )

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


def completed(
    given: Mapping[str, Any], settings: Any, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return what an `init` was given, and where that is None what settings say of it.

    Parameters
    ----------
    settings : Settings, mapping or None
        Goes before W&B's variables of `environ`.
    """
    told = dict(settings) if isinstance(settings, Mapping) else dict(vars(settings or Settings()))
    found: dict[str, Any] = {
        name: environ[key] for key, name in _OF_ENVIRONMENT.items() if environ.get(key)
    }
    if "tags" in found:
        found["tags"] = [tag.strip() for tag in found["tags"].split(",") if tag.strip()]
    found |= {name: told[key] for key, name in _OF_SETTINGS.items() if told.get(key) is not None}
    if told.get("disable_code"):
        found["save_code"] = False
    return {**found, **{key: value for key, value in given.items() if value is not None}}


def settle_unknown(given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Take options of W&B that mean nothing here; refuse what is no option at all.

    Raises
    ------
    InvalidValueError
        There is no such option; the nearest is named.
    UsageError
        W&B has it, and a script that relies on it would go wrong.
    """
    for name, value in given.items():
        if name in _NO_EFFECT:
            if value and name not in _said:
                _said.add(name)
                warn(f"artnb.init({name}=...) has no effect: {_NO_EFFECT[name]}.")
        elif name in _NEVER:
            if value is not None:
                raise UsageError(f"artnb.init({name}=...): {_NEVER[name]}")
        elif name not in _ACCOUNTS:
            raise InvalidValueError(f"artnb.init has no option {name!r}; {nearest(name, known)}")


def config_mapping(
    config: Any, exclude: Iterable[str] | str | None, include: Iterable[str] | str | None
) -> dict[str, Any] | None:
    """Return a config as a dict, without the keys that are not wanted.

    Parameters
    ----------
    config : mapping, argparse.Namespace, absl flags, dataclass or path
        A path is of a JSON or YAML file.
    exclude, include : iterable of str, optional
        Keys to leave out, or the only ones to take; a lone text may hold several with commas.

    Raises
    ------
    UsageError
        Both are given.
    InvalidValueError, MissingExtraError
    """
    if exclude and include:
        raise UsageError("Give config_exclude_keys or config_include_keys, not both.")
    values = None if config is None else _mapping(config)
    if values is None:
        return None
    if exclude:
        left_out = _keys(exclude)
        return {key: value for key, value in values.items() if key not in left_out}
    if include:
        wanted = _keys(include)
        return {key: value for key, value in values.items() if key in wanted}
    return values


def check_id(id: str | None) -> str | None:
    """Return a run's id, or raise InvalidValueError."""
    if id is None:
        return None
    if not id or id != id.strip() or any(mark in id for mark in ":;,#?/'"):
        raise InvalidValueError(f"id {id!r}: use text without : ; , # ? / ' and edge spaces.")
    return id


def _keys(given: Iterable[str] | str) -> set[str]:
    return set(given.replace(" ", "").split(",") if isinstance(given, str) else given)


def _mapping(config: Any) -> dict[str, Any]:
    if isinstance(config, (str, os.PathLike)):
        return _file(Path(config))
    if (found := mapping_of(config)) is not None:
        return found
    raise InvalidValueError(
        f"config must be a dict, a Namespace or the path of a file, got {type(config).__name__}."
    )


def _file(path: Path) -> dict[str, Any]:
    import json

    if not path.is_file():
        raise InvalidValueError(f"config: there is no file {str(path)!r}.")
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        found = json.loads(text)
    else:
        try:
            import yaml
        except ImportError as error:
            raise MissingExtraError(f"Reading {path}", "pyyaml") from error
        found = yaml.safe_load(text)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvalidValueError(f"config: {str(path)!r} holds a {type(found).__name__}, no keys.")
    return {key: _value_of(value) for key, value in found.items() if key != "wandb_version"}


def _value_of(value: Any) -> Any:
    """Return a value from the form that W&B writes to a run's config.yaml."""
    if isinstance(value, Mapping) and "value" in value and set(value) <= {"value", "desc"}:
        return value["value"]
    return value
